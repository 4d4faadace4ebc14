"""The PIN that hides text while the clinician is away: kept as a slow hash, never itself.

The hash is in the system keyring, and in a private file only where there is
no keyring. Recording goes on behind the lock, and nothing here can reach a
recording. The PIN guards against a glance and a stranger at the keyboard, not
against whoever owns the computer's account: that is what the spool's key is for.
"""

import contextlib
import hashlib
import hmac
import json
import logging
import math
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol

from scribe_desktop.domain.errors import CredentialError
from scribe_desktop.services.places import write_private

PIN_FILE = "pin.json"
TRIES_FILE = "pin_tries.json"
SHORTEST_PIN: Final = 4

_ENTRY = "pin"
_IN_KEYRING: Final = {"kept": "keyring"}
_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}
"""About 60 ms: nothing to a person, a lot to someone who tries them all."""

_FREE_TRIES: Final = 3
_FIRST_WAIT_S: Final = 5.0
_LONGEST_WAIT_S: Final = 300.0
_MOST_DOUBLINGS: Final = 10

log = logging.getLogger(__name__)


class Keyring(Protocol):
    """What is asked of the system keyring; each raises CredentialError and may wait."""

    def read(self, entry: str) -> str | None:
        """An entry or None."""

    def write(self, entry: str, value: str) -> None:
        """Store an entry."""

    def delete(self, entry: str) -> None:
        """Delete an entry if it is there."""


class PinLock:
    """The PIN of this user. `is_set` and `wait_s` return at once; the others may wait.

    The file in `folder` says that there is a PIN without asking the keyring,
    which can hang. Any thread.
    """

    def __init__(
        self, folder: Path, keyring: Keyring | None = None, now: Callable[[], float] = time.time
    ) -> None:
        self._path = folder / PIN_FILE
        self._tries_path = folder / TRIES_FILE
        self._keyring = keyring
        self._now = now
        self._lock = threading.Lock()
        self._is_in_keyring = False

    def look(self) -> None:
        """Ask the keyring whether there is a PIN, so that a deleted file does not take it away."""
        if self._keyring is None or self._path.exists():
            return
        try:
            self._is_in_keyring = self._keyring.read(_ENTRY) is not None
        except CredentialError:
            log.info("the keyring does not tell whether there is a PIN")

    def is_set(self) -> bool:
        """Whether there is a PIN."""
        return self._is_in_keyring or self._path.exists()

    def set_pin(self, pin: str) -> None:
        """Keep a new PIN; empty takes it away. Raises CredentialError."""
        if not pin:
            self.forget()
            return
        if len(pin) < SHORTEST_PIN:
            raise CredentialError(
                "That PIN is too short, so nothing has changed.",
                f"Choose one of at least {SHORTEST_PIN} digits or letters.",
            )
        salt = secrets.token_bytes(16)
        self._keep({"salt": salt.hex(), "hash": _slow_hash(pin, salt).hex()})
        self._count(0)

    def forget(self) -> None:
        """Take the PIN away, and nothing else. Raises CredentialError."""
        if self._keyring is not None:
            # Only where there is no keyring at all can the file be the last of it.
            with contextlib.suppress(CredentialError):
                self._keyring.delete(_ENTRY)
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise _not_stored() from error
        self._is_in_keyring = False
        self._count(0)

    def wait_s(self) -> float:
        """How long until another PIN may be tried."""
        failures, failed_at = self._tries()
        if failures < _FREE_TRIES:
            return 0.0
        doublings = min(failures - _FREE_TRIES, _MOST_DOUBLINGS)
        wait_s = min(_FIRST_WAIT_S * 2.0**doublings, _LONGEST_WAIT_S)
        # A clock that was set back must not make it longer than it would have been.
        return max(0.0, min(wait_s, failed_at + wait_s - self._now()))

    def opens(self, pin: str) -> bool:
        """Whether this is the PIN. Raises CredentialError for a keyring that is locked itself.

        After three wrong ones each further one has to wait, longer each time,
        also over a restart.
        """
        with self._lock:
            wait_s = self.wait_s()
            if wait_s > 0:
                raise CredentialError(
                    "Too many wrong PINs.",
                    f"Try again in {math.ceil(wait_s)} seconds. A recording goes on.",
                )
            record = self._record()
            try:
                salt, expected = bytes.fromhex(record["salt"]), bytes.fromhex(record["hash"])
            except (ValueError, KeyError, TypeError):
                return False  # what cannot be read opens to no PIN
            opens = hmac.compare_digest(_slow_hash(pin, salt), expected)
            self._count(0 if opens else self._tries()[0] + 1)
            return opens

    def _record(self) -> Any:  # noqa: ANN401  JSON
        try:
            record = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            record = _IN_KEYRING
        except (OSError, ValueError):
            return {}
        if record != _IN_KEYRING or self._keyring is None:
            return record
        try:
            return json.loads(self._keyring.read(_ENTRY) or "{}")
        except ValueError:
            return {}

    def _keep(self, record: dict[str, str]) -> None:
        kept: dict[str, str] = record
        if self._keyring is not None:
            try:
                self._keyring.write(_ENTRY, json.dumps(record))
                kept = _IN_KEYRING
            except CredentialError:
                log.info("no keyring for the PIN; its hash is kept in a private file")
        try:
            write_private(self._path, json.dumps(kept).encode())
        except OSError as error:
            raise _not_stored() from error

    def _tries(self) -> tuple[int, float]:
        try:
            record = json.loads(self._tries_path.read_bytes())
            return int(record["failures"]), float(record["at"])
        except (OSError, ValueError, KeyError, TypeError):
            return 0, 0.0

    def _count(self, failures: int) -> None:
        try:
            if failures:
                tries = {"failures": failures, "at": self._now()}
                write_private(self._tries_path, json.dumps(tries).encode())
            else:
                self._tries_path.unlink(missing_ok=True)
        except OSError:
            log.warning("wrong PINs cannot be counted: the disk takes nothing")


def _not_stored() -> CredentialError:
    return CredentialError(
        "The PIN could not be stored, so nothing has changed.", "Make room on the disk."
    )


def _slow_hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, dklen=32, **_COST)
