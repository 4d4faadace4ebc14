"""Runs the local service as a process of its own, so that it can fail without the window.

The first line on standard output is one JSON object that says where it
listens. Started by the program, it gets one JSON line on standard input,

    {"token": "...", "store_key": "64 hex digits", "folder": "where to keep its store",
     "keep_audio_s": 86400, "keep_sessions_s": 2592000}

all but `token` optional, and ends when that pipe closes: a parent that was
killed cannot leave it behind. Started in a terminal it makes its own token
and ends at Ctrl+C or SIGTERM.
"""

import asyncio
import json
import logging
import os
import secrets
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import uvicorn
from filelock import FileLock, Timeout
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from scribe_desktop.domain.errors import ScribeError, SettingsError
from scribe_desktop.server.api import Parts, application, build
from scribe_desktop.server.connections import WatchedConnection
from scribe_desktop.server.guard import is_loopback
from scribe_desktop.server.limits import KEEP_AUDIO_S, KEEP_SESSIONS_S, MAX_FRAME_BYTES
from scribe_desktop.server.service import Service
from scribe_desktop.server.sessions import Keep
from scribe_desktop.server.store import Store

_log = logging.getLogger(__name__)

_KEY_BYTES = 32
_LINE_BYTES = 64 * 1024
_SWEEP_S = 60.0
_LOCK_WAIT_S = 5.0
# An engine that is busy longer than this at the end is left to the end of the process.
_ENGINE_STOP_S = 1.0


@dataclass(frozen=True)
class ServeOptions:
    """How to serve. `store_key` is asked once, when no parent sent a key.

    Without a key and a folder the store is in memory and ends with the run.
    `names` are those by which other computers may call this one, when it
    listens to more than itself; `origins` are web pages that may.
    `token_stdin` reads the line described above and ends at the end of input.
    """

    host: str = "127.0.0.1"
    port: int = 0
    token_stdin: bool = False
    token: str = ""
    folder: Path | None = None
    store_key: Callable[[], bytes] | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None
    names: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    model_folders: tuple[Path, ...] = ()
    keep: Keep = field(default_factory=Keep)


MakeParts = Callable[[Store, str, ServeOptions], Parts]


def run(options: ServeOptions, make_parts: MakeParts) -> int:
    """Serve until told to stop; returns the exit code. Call it on the main thread."""
    with ExitStack() as held:
        try:
            options, key = from_parent(options) if options.token_stdin else (options, None)
            _refuse_open_door(options)
            store = _open_store(options, key, held)
        except ScribeError as error:
            return _say(error, 2)
        token = options.token or secrets.token_urlsafe(32)
        try:
            service = build(replace(make_parts(store, token, options), keep=options.keep))
            with _listen(options) as listener:
                return _serve(service, listener, options, token)
        except ScribeError as error:
            return _say(error, 1)


def _say(error: ScribeError, code: int) -> int:
    """A sentence for a person; a parent, which keeps no sentences, gets the kind of it."""
    _log.error("the service could not serve: %s", type(error).__name__)
    sys.stderr.write(f"{error}\n")
    return code


def _serve(service: Service, listener: socket.socket, options: ServeOptions, token: str) -> int:
    server = _Server(
        _configuration(service, options),
        _announce(listener, options, token),
        service.bell.ring_all,
    )
    if options.token_stdin:
        threading.Thread(target=_end_with_parent, args=(server,), daemon=True).start()
    service.start()
    sweeping = threading.Event()
    sweeper = threading.Thread(target=_sweep_often, args=(service, sweeping), daemon=True)
    sweeper.start()
    try:
        asyncio.run(server.serve(sockets=[listener]))
    finally:
        sweeping.set()
        sweeper.join(_ENGINE_STOP_S)
        if not service.stop(_ENGINE_STOP_S):
            _leave_at_once()
    return 0 if server.started else 1


def _leave_at_once() -> None:
    """End without waiting for the engine, which cannot be interrupted in native code.

    Everything acknowledged is on the disk; an ordinary exit would pull the
    interpreter from under the engine and abort.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


class _Server(uvicorn.Server):
    """A web server that says where it listens, and keeps nobody waiting when it ends."""

    def __init__(
        self,
        config: uvicorn.Config,
        announce: Callable[[], None],
        let_go: Callable[[], None],
    ) -> None:
        super().__init__(config)
        self._announce = announce
        self._let_go = let_go

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop in order at Ctrl+C and SIGTERM, without being killed by them afterwards."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        ours = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in ours}
        try:
            yield
        finally:
            for number, previous in before.items():
                signal.signal(number, previous)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Answer the requests that are held, then end."""
        self._let_go()
        await super().shutdown(sockets)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._announce()


def _configuration(service: Service, options: ServeOptions) -> uvicorn.Config:
    hosts = () if is_loopback(options.host) else (options.host, *options.names)
    return uvicorn.Config(
        application(service, hosts=hosts, origins=options.origins),
        # Addresses hold session ids only, but a log of them is still a diary of a clinic.
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        # By class and not by name: a program that was frozen into one folder holds only what
        # is imported somewhere.
        http=WatchedConnection,
        ws=WebSocketsSansIOProtocol,
        ws_max_size=MAX_FRAME_BYTES,
        limit_concurrency=200,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
        ssl_certfile=options.certificate,
        ssl_keyfile=options.certificate_key,
    )


def _announce(listener: socket.socket, options: ServeOptions, token: str) -> Callable[[], None]:
    port = listener.getsockname()[1]
    # "All addresses" is no address that another program could call.
    name = options.names[0] if options.names else options.host
    host = f"[{name}]" if ":" in name else name
    scheme = "https" if options.certificate else "http"
    said = {"url": f"{scheme}://{host}:{port}/voice/v1"}
    if not options.token_stdin and not options.token:
        said["token"] = token

    def announce() -> None:
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()

    return announce


def _listen(options: ServeOptions) -> socket.socket:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listener = socket.socket(family)
    try:
        if os.name == "posix":
            # On Windows this would let another program take the port over.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.host, options.port))
    except (OSError, OverflowError) as error:
        listener.close()
        raise SettingsError(
            f"The local service could not listen on {options.host}, port {options.port}.",
            "Choose another port, or leave the choice to the system with port 0.",
        ) from error
    return listener


def _refuse_open_door(options: ServeOptions) -> None:
    """Raise SettingsError for a service that others could reach unencrypted, or not at all."""
    pair = (options.certificate, options.certificate_key)
    if any(pair) != all(pair):
        raise SettingsError(
            "A certificate needs its key, and a key its certificate.",
            "Give both --certificate and --certificate-key.",
        )
    if any(pair):
        _check_certificate(options)
    elif not is_loopback(options.host):
        raise SettingsError(
            "The service would be open to other computers without encryption.",
            "Give --certificate and --certificate-key, or serve on 127.0.0.1.",
        )


def _check_certificate(options: ServeOptions) -> None:
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # With a password given, an encrypted key is refused instead of asked about.
        context.load_cert_chain(str(options.certificate), str(options.certificate_key), password="")
    except (OSError, ssl.SSLError):
        raise SettingsError(
            "The certificate or its key could not be read.",
            "Both must be PEM files, and the key without a password.",
        ) from None


def _open_store(options: ServeOptions, key: bytes | None, held: ExitStack) -> Store:
    """The store, closed with `held`; the folder belongs to this process until then."""
    if key is None and options.store_key is not None:
        key = options.store_key()
    if key is None or options.folder is None:
        sys.stderr.write("The store is in memory: it ends with this run of the service.\n")
        store = Store.in_memory()
    else:
        _hold(options.folder, held)
        store = Store.open(options.folder, key)
    held.callback(store.close)
    return store


def _hold(folder: Path, held: ExitStack) -> None:
    """Two services over one store would both hear the same sessions."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = FileLock(folder / "service.lock", mode=0o600)
    try:
        # A little patience: one that was told to end may still be ending.
        lock.acquire(timeout=_LOCK_WAIT_S)
    except Timeout:
        raise SettingsError(
            "Another local service is running with the same store.",
            "End the other one first.",
        ) from None
    held.callback(lock.release)


def from_parent(options: ServeOptions, pipe: int = 0) -> tuple[ServeOptions, bytes | None]:
    """Read the parent's one line and the key in it; after it, only the end is waited for."""
    line = bytearray()
    # Read below Python's buffers: a thread blocked in a buffered read of standard
    # input makes the interpreter abort at exit.
    while not line.endswith(b"\n") and len(line) < _LINE_BYTES:
        byte = os.read(pipe, 1)
        if not byte:
            break
        line += byte
    try:
        said: dict[str, Any] = json.loads(line)
        token, hexadecimal, folder = said["token"], said.get("store_key"), said.get("folder")
        key = bytes.fromhex(hexadecimal) if hexadecimal else None
        keep = Keep(
            float(said.get("keep_audio_s", KEEP_AUDIO_S)),
            float(said.get("keep_sessions_s", KEEP_SESSIONS_S)),
        )
    except (ValueError, TypeError, KeyError, AttributeError):
        raise _bad_line() from None
    if not isinstance(token, str) or not token or (key and len(key) != _KEY_BYTES):
        raise _bad_line()
    changed = replace(options, token=token, keep=keep)
    return (replace(changed, folder=Path(folder)) if folder else changed), key


def _bad_line() -> SettingsError:
    return SettingsError(
        "The first line on standard input was not what the service needs.",
        'It must be a JSON object with "token", and may have "store_key" and "folder".',
    )


def _end_with_parent(server: uvicorn.Server) -> None:
    """On a thread: wait for the parent to close the pipe, which it also does by dying."""
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    server.should_exit = True


def _sweep_often(service: Service, stop: threading.Event) -> None:
    while not stop.wait(_SWEEP_S):
        try:
            service.sweep()
        except ScribeError:
            _log.warning("old sessions could not be removed; tried again in a minute")


def now() -> float:
    """Seconds since 1970: sessions expire by the clock on the wall."""
    return time.time()
