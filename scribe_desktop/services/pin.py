"""The PIN that hides text while the clinician is away: kept as a slow hash, never itself.

Recording goes on behind the lock. The PIN guards against a glance, not
against whoever owns the computer's account: that is what the spool's key is for.
"""

import hashlib
import hmac
import json
import secrets
from pathlib import Path

from scribe_desktop.domain.errors import CredentialError
from scribe_desktop.services.places import write_private

PIN_FILE = "pin.json"

_COST = {"n": 2**15, "r": 8, "p": 1, "maxmem": 64 * 1024 * 1024}
"""About 60 ms: nothing to a person, a lot to someone who tries them all."""


class PinLock:
    """The PIN of this user, in one file of the configuration folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / PIN_FILE

    def is_set(self) -> bool:
        """Whether there is a PIN."""
        return self._path.exists()

    def set_pin(self, pin: str) -> None:
        """Keep a new PIN; empty takes it away. Raises CredentialError."""
        try:
            if not pin:
                self._path.unlink(missing_ok=True)
                return
            salt = secrets.token_bytes(16)
            record = {"salt": salt.hex(), "hash": _slow_hash(pin, salt).hex()}
            write_private(self._path, json.dumps(record).encode())
        except OSError as error:
            raise CredentialError(
                "The PIN could not be stored, so nothing has changed.", "Make room on the disk."
            ) from error

    def opens(self, pin: str) -> bool:
        """Whether this is the PIN. A file that cannot be read opens to no PIN."""
        try:
            record = json.loads(self._path.read_bytes())
            salt, expected = bytes.fromhex(record["salt"]), bytes.fromhex(record["hash"])
        except (OSError, ValueError, KeyError, TypeError):
            return False
        return hmac.compare_digest(_slow_hash(pin, salt), expected)


def _slow_hash(pin: str, salt: bytes) -> bytes:
    return hashlib.scrypt(pin.encode(), salt=salt, dklen=32, **_COST)
