"""The private line between two processes of the program: JSON messages, never pickle.

A local socket or a named pipe that only this user can reach, and a key in a
private file that both sides must prove to know before anything is said: the
holder, so that nobody else commands the microphone, and the asker, so that a
stranger who took the name learns nothing.

Few imports, because a key press should be answered in less than 100 ms.
"""

import contextlib
import hashlib
import hmac
import json
import logging
import os
import secrets
import socket
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Client, Connection, Listener
from pathlib import Path
from typing import Any

from scribe_desktop.domain import errors
from scribe_desktop.domain.errors import ScribeError

_log = logging.getLogger(__name__)

Message = dict[str, Any]

SOCKET_FILE = "socket"

_LONGEST_MESSAGE = 64 * 1024 * 1024
_LONGEST_PROOF = 256
_LONGEST_UNIX_PATH = 100
"""macOS allows 104 bytes, Linux 108, each with the final zero."""


class PeerLeft(Exception):
    """The other side went away, or is not who it should be."""


class Wire:
    """A connection that carries JSON objects. Sending is safe from several threads."""

    def __init__(self, connection: "Connection[Any, Any]") -> None:
        self._connection = connection
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        """Send one object; raises PeerLeft."""
        self._send(json.dumps(message).encode())

    def receive(self, limit_s: float | None = None) -> Message:
        """Wait for one object, `limit_s` at most; raises PeerLeft, also for anything else."""
        try:
            message = json.loads(self._receive(limit_s, _LONGEST_MESSAGE))
        except (ValueError, RecursionError) as error:
            raise PeerLeft from error
        if not isinstance(message, dict):
            raise PeerLeft
        return message

    def has_message(self, within_s: float) -> bool:
        """Whether something can be received; raises PeerLeft."""
        try:
            return self._connection.poll(within_s)
        except (OSError, EOFError) as error:
            raise PeerLeft from error

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError):
            self._connection.close()

    def abort(self) -> None:
        """Tell the other side that we are gone, even while a thread of ours waits on it."""
        if sys.platform != "win32":  # there the end of the process does it
            with contextlib.suppress(OSError):
                twin = socket.socket(fileno=os.dup(self._connection.fileno()))
                with contextlib.closing(twin):
                    twin.shutdown(socket.SHUT_RDWR)

    # --- who is there ----------------------------------------------------------------

    def admit(self, key: bytes, *, limit_s: float) -> None:
        """The holder's half: let the asker prove that it has the key, then prove it too."""
        challenge = secrets.token_bytes(32)
        self._send(challenge)
        answer = self._receive(limit_s, _LONGEST_PROOF)
        proof, theirs = answer[:32], answer[32:]
        if not hmac.compare_digest(proof, _proof(key, b"asker", challenge)):
            _log.warning("a stranger was turned away from the control socket")
            raise PeerLeft
        self._send(_proof(key, b"holder", theirs))

    def introduce(self, key: bytes, *, limit_s: float) -> None:
        """The asker's half."""
        challenge = self._receive(limit_s, _LONGEST_PROOF)
        ours = secrets.token_bytes(32)
        self._send(_proof(key, b"asker", challenge) + ours)
        answer = self._receive(limit_s, _LONGEST_PROOF)
        if not hmac.compare_digest(answer, _proof(key, b"holder", ours)):
            raise PeerLeft

    def _send(self, raw: bytes) -> None:
        try:
            with self._sending:
                self._connection.send_bytes(raw)
        except (OSError, EOFError) as error:
            raise PeerLeft from error

    def _receive(self, limit_s: float | None, longest: int) -> bytes:
        if limit_s is not None and not self.has_message(limit_s):
            raise PeerLeft
        try:
            return self._connection.recv_bytes(longest)
        except (OSError, EOFError) as error:
            raise PeerLeft from error


@dataclass(slots=True)
class Listening:
    """The holder's open socket or pipe."""

    address: str
    _listener: Listener
    _closing: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def open(cls, folder: Path) -> "Listening":
        """Listen where only this user can reach us. The caller holds the lock of `folder`."""
        if sys.platform == "win32":
            address = rf"\\.\pipe\scribe-desktop-{secrets.token_hex(8)}"
            return cls(address, Listener(address, "AF_PIPE"))
        path = _socket_path(folder)
        # We hold the lock, so a socket that is there was left by a killed holder.
        path.unlink(missing_ok=True)
        return cls(str(path), Listener(str(path), "AF_UNIX"))

    def accept_all(self) -> Iterator[Wire]:
        """Each new connection, until `close`."""
        while not self._closing.is_set():
            try:
                connection = self._listener.accept()
            except OSError:
                # Out of file handles, or a caller that hung up at once.
                self._closing.wait(0.1)
                continue
            if self._closing.is_set():
                connection.close()
            else:
                yield Wire(connection)
        self._listener.close()

    def close(self) -> None:
        """End `accept_all`, on whichever thread it waits."""
        self._closing.set()
        # Closing a socket does not wake a thread that waits on it; a call does.
        with contextlib.suppress(OSError):
            dial(self.address).close()


def dial(address: str) -> Wire:
    """Connect; raises OSError when nobody listens there."""
    return Wire(Client(address, "AF_PIPE" if sys.platform == "win32" else "AF_UNIX"))


def answer_error(error: Exception) -> Message:
    """An error as a message; one of ours as itself, a bug without what it says."""
    if isinstance(error, ScribeError):
        return {
            "kind": type(error).__name__,
            "message": error.message,
            "remedy": error.remedy,
        }
    _log.error("a request failed: %s", type(error).__name__)
    return {"kind": "", "message": "That could not be done.", "remedy": "Look at the log."}


def error_in(record: Message) -> ScribeError:
    """The error that the other side raised, of its own kind where we know it."""
    kind = getattr(errors, str(record.get("kind", "")), ScribeError)
    is_ours = isinstance(kind, type) and issubclass(kind, ScribeError)
    # When to try again is for the process that spoke with the service.
    if not is_ours or issubclass(kind, errors.ServiceError):
        kind = ScribeError
    return kind(str(record.get("message", "")), str(record.get("remedy", "")))


def _proof(key: bytes, role: bytes, challenge: bytes) -> bytes:
    return hmac.digest(key, role + challenge, "sha256")


def _socket_path(folder: Path) -> Path:
    path = folder / SOCKET_FILE
    if len(os.fsencode(path)) <= _LONGEST_UNIX_PATH:
        return path
    # A deep home: a short name in a private folder elsewhere, told in the address file.
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:12]
    short = f"scribe-desktop-{os.getuid()}-{name}"
    elsewhere = _short_folder(short)
    private = elsewhere / short
    with contextlib.suppress(FileExistsError):
        private.mkdir(mode=0o700)
    state = private.lstat()
    is_ours = stat.S_ISDIR(state.st_mode) and state.st_uid == os.getuid()
    if not is_ours or state.st_mode & 0o077:
        # Someone else was there first; a fresh name cannot have been foreseen.
        private = Path(tempfile.mkdtemp(prefix="scribe-desktop-", dir=elsewhere))
    return private / SOCKET_FILE


def _short_folder(name: str) -> Path:
    """The first folder for what lives as long as a run in which a socket of that name fits."""
    for folder in (os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir()):
        path = os.path.join(folder, name, SOCKET_FILE)  # noqa: PTH118  only its length counts
        if os.access(folder, os.W_OK) and len(os.fsencode(path)) <= _LONGEST_UNIX_PATH:
            return Path(folder)
    # A temporary folder of this user's own may be as deep as the home. This one never is.
    return Path("/tmp")  # noqa: S108  what is made in it is private
