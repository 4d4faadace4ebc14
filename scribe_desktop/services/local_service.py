"""Starts the speech service of this computer, watches it, and stops it with the program.

It is a child process, so that a speech engine that crashes takes neither the
window nor a recording with it; it is simply started again. It gets its secrets
through a pipe, never through its arguments or environment, and ends when that
pipe closes, which the system does even for a parent that was killed.
"""

import hashlib
import http.client
import json
import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO
from urllib.parse import urlsplit

import scribe_desktop
from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.services.frugality import stand_behind
from scribe_desktop.services.logs import PrivateFile, as_line
from scribe_desktop.services.places import make_private

_log = logging.getLogger(__name__)

START_LIMIT_S = 30.0
STOP_LIMIT_S = 1.2
KILL_LIMIT_S = 0.4
# A service that ran this long was healthy: its next failure is the first again.
_HEALTHY_S = 60.0
_LONGEST_PAUSE_S = 30.0
# Asked this often, and given this long to answer; so many silences are a hang.
_PROBE_S = 20.0
_MOST_SILENT = 3
_TOKEN_VARIABLE = "SCRIBE_DESKTOP_TOKEN"  # noqa: S105 - the name of a variable, not a token
_LOG_BYTES = 512 * 1024
_LINE_BYTES = 16_000


class Health(StrEnum):
    """How the service is, in the words the window shows."""

    STARTING = "starting"
    READY = "ready"
    RESTARTING = "restarting"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Address:
    """Where the service listens in this run, and the token that opens it."""

    base_url: str
    token: str

    def __repr__(self) -> str:
        return f"Address({self.base_url!r}, token=…)"


@dataclass(frozen=True)
class Keep:
    """For how long the service keeps audio once its text is there, and everything else."""

    audio_hours: float = 24
    notes_days: float = 30

    def in_seconds(self) -> dict[str, float]:
        """As the service reads it."""
        hour_s = 3600.0
        return {
            "keep_audio_s": self.audio_hours * hour_s,
            "keep_sessions_s": self.notes_days * 24 * hour_s,
        }


def serve_command() -> list[str]:
    """How this program starts itself as the service, installed or from source."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "serve", "--token-stdin"]
    return [sys.executable, "-m", "scribe_desktop", "serve", "--token-stdin"]


def service_key(spool_key: bytes) -> bytes:
    """The key of the local service's own store: made from the spool's, so that one is kept."""
    return hashlib.blake2b(b"local service", key=spool_key, digest_size=32).digest()


class LocalService:
    """The child process and the thread "local-service" that watches it.

    `key` gives the 32 bytes that open the service's store in `folder`; it is
    called on the watching thread, because a locked keyring can take minutes.
    `keep` says at each start how long the service keeps what it was given.
    `changed` is called on that thread too.
    """

    def __init__(
        self,
        folder: Path,
        key: Callable[[], bytes],
        *,
        log_file: Path,
        command: Sequence[str] | None = None,
        keep: Callable[[], Keep] | None = None,
        changed: Callable[[Health], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._key = key
        self._command = list(command or serve_command())
        self._log_file = log_file
        self._keep = keep or Keep
        self._changed = changed
        self._state = threading.Condition()
        self._health = Health.STOPPED
        self._address: Address | None = None
        self._stop = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    @property
    def health(self) -> Health:
        """How the service is now."""
        with self._state:
            return self._health

    def start(self) -> None:
        """Start the service and keep it running until `stop`; returns at once."""
        with self._state:
            if self._thread is not None:
                return
            # A new event for each start: a thread that still waits for a locked
            # keyring must not take a later start for its own.
            self._stop = threading.Event()
            self._thread = threading.Thread(
                target=self._watch, args=(self._stop,), name="local-service", daemon=True
            )
            self._thread.start()

    def address(self, timeout_s: float = START_LIMIT_S) -> tuple[str, str]:
        """Base URL and token, waiting for the service to be ready.

        Both change when the service was started again, so ask for each
        session. Raises ServiceError when it is not ready in time.
        """
        with self._state:
            self._state.wait_for(lambda: self._address or self._stop.is_set(), timeout_s)
            if self._address is not None:
                return self._address.base_url, self._address.token
        raise ServiceError(
            "The speech service on this computer is not ready. Your recording is safe.",
            "It is started again by itself; the recording is sent as soon as it is ready.",
            retry=Retry.LATER,
        )

    def stop(self) -> None:
        """Stop the service within two seconds; nothing of it is left behind."""
        with self._state:
            self._stop.set()
            child, thread = self._child, self._thread
            self._state.notify_all()
        if child is not None:
            _end(child)
        if thread is not None:
            thread.join(KILL_LIMIT_S)
        with self._state:
            self._thread = None

    def _watch(self, stop: threading.Event) -> None:
        failures = 0
        while not stop.is_set():
            self._say(Health.RESTARTING if failures else Health.STARTING)
            began = time.monotonic()
            try:
                self._run_once(stop)
            except Exception as error:  # noqa: BLE001 - whatever it is, the next start may work
                _log.warning("the local service could not be started: %s", type(error).__name__)
            failures = 1 if time.monotonic() - began > _HEALTHY_S else failures + 1
            with self._state:
                pause = min(_LONGEST_PAUSE_S, 0.25 * 2.0 ** min(failures, 10))
                self._state.wait_for(stop.is_set, pause)
        if stop is self._stop:
            self._say(Health.STOPPED)

    def _run_once(self, stop: threading.Event) -> None:
        """From one start of the child to its end."""
        token = secrets.token_urlsafe(32)
        # The folder travels with the secrets: a path in the arguments is seen by every user.
        line: dict[str, str | float] = {
            "token": token,
            "store_key": self._key().hex(),
            "folder": str(self._folder),
        }
        line |= self._keep().in_seconds()
        child = self._spawn(stop)
        stdin, stdout, stderr = _pipes(child)
        log = threading.Thread(target=self._keep_log, args=(stderr,), daemon=True)
        log.start()
        try:
            stdin.write(json.dumps(line).encode() + b"\n")
            stdin.flush()
            address = Address(_first_line(stdout), token)
            self._say(Health.READY, address)
            _wait_while_it_answers(child, address.base_url)
            _log.info("the local service ended with code %s", child.returncode)
        finally:
            with self._state:
                self._address = None
                self._child = None
            _end(child)
            # Its last words are in the log before the next one says its first.
            log.join(KILL_LIMIT_S)

    def _spawn(self, stop: threading.Event) -> subprocess.Popen[bytes]:
        with self._state:
            if stop.is_set():
                raise ServiceError("The program is closing.", retry=Retry.NEVER)
            windows = sys.platform == "win32"
            self._child = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=_environment(os.environ),
                # Ctrl+C in a terminal is for us: the service must still deliver the text.
                start_new_session=not windows,
                creationflags=_WINDOWS_FLAGS if windows else 0,
            )
            if not windows:
                stand_behind(self._child.pid)
            return self._child

    def _say(self, health: Health, address: Address | None = None) -> None:
        with self._state:
            self._health = health
            self._address = address
            self._state.notify_all()
        self._changed(health)

    def _keep_log(self, stderr: IO[bytes]) -> None:
        """On a thread: what the service reports, into a file that does not grow without end.

        Line by line as structured as our own log, whatever else comes that way.
        """
        make_private(self._log_file.parent)
        log = PrivateFile(
            self._log_file, maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8", delay=True
        )
        with stderr:
            while line := stderr.readline(_LINE_BYTES):
                said = as_line(line.decode("utf-8", "replace").rstrip("\r\n"))
                log.emit(logging.makeLogRecord({"msg": said}))
        log.close()


# CREATE_NO_WINDOW, CREATE_NEW_PROCESS_GROUP and BELOW_NORMAL_PRIORITY_CLASS
_WINDOWS_FLAGS = 0x08000000 | 0x00000200 | 0x00004000


def _environment(ours: Mapping[str, str]) -> dict[str, str]:
    """Ours without the token, and with the place this very package was loaded from."""
    theirs = {name: value for name, value in ours.items() if name != _TOKEN_VARIABLE}
    if not getattr(sys, "frozen", False):
        here = str(Path(scribe_desktop.__file__).resolve().parents[1])
        before = theirs.get("PYTHONPATH")
        theirs["PYTHONPATH"] = here + (os.pathsep + before if before else "")
    return theirs


def _pipes(child: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes], IO[bytes]]:
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise RuntimeError("the child was started without pipes")
    return child.stdin, child.stdout, child.stderr


def _first_line(stdout: IO[bytes]) -> str:
    """The address that the service prints when it is ready; raises ServiceError."""
    lines: SimpleQueue[bytes] = SimpleQueue()
    threading.Thread(target=lambda: lines.put(stdout.readline()), daemon=True).start()
    try:
        return str(json.loads(lines.get(timeout=START_LIMIT_S))["url"])
    except (Empty, ValueError, KeyError, TypeError):
        raise ServiceError(
            "The speech service on this computer did not start.",
            "It is started again by itself.",
            retry=Retry.LATER,
        ) from None


def _wait_while_it_answers(child: subprocess.Popen[bytes], base_url: str) -> None:
    """Return when the child has ended, or has not answered for a long while.

    A service that hangs keeps every dictation waiting; one that is killed is
    there again in a second and goes on with what it had acknowledged.
    """
    silent = 0
    while silent < _MOST_SILENT:
        try:
            child.wait(_PROBE_S)
        except subprocess.TimeoutExpired:
            silent = 0 if _answers(base_url) else silent + 1
        else:
            return
    _log.warning("the local service does not answer; it is started again")
    child.kill()


def _answers(base_url: str) -> bool:
    parts = urlsplit(base_url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=_PROBE_S)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    """Close the pipe, which ends the service; if it does not, kill it."""
    if child.stdin is not None:
        try:
            child.stdin.close()
        except OSError:
            _log.debug("the pipe to the local service was closed already")
    try:
        child.wait(STOP_LIMIT_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait(KILL_LIMIT_S)
    if child.stdout is not None:
        child.stdout.close()
