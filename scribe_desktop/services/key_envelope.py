"""Locks the spool's key with a passphrase, for a backup or where there is no keyring.

scrypt makes each guess at the passphrase expensive (about 60 ms and 32 MB);
AES-GCM tells a wrong passphrase from a right one. `cryptography` is used
here and nowhere else.
"""

import base64
import binascii
import json
import os

from scribe_desktop.domain.errors import CredentialError
from scribe_desktop.services.secret import Secret

KIND = "scribe-desktop key, locked with a passphrase"

_COST = {"n": 2**15, "r": 8, "p": 1}
_LARGEST_COST = 2**20
_KEY_BYTES = 32
SHORTEST_PASSPHRASE = 8


class WrongPassphrase(CredentialError):
    """The passphrase does not open the key."""


def lock_key(key: bytes, passphrase: Secret) -> str:
    """The key as JSON text that only the passphrase opens."""
    if len(passphrase.reveal()) < SHORTEST_PASSPHRASE:
        raise CredentialError(
            "That passphrase is too short.",
            f"Choose one of at least {SHORTEST_PASSPHRASE} characters.",
        )
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    salt, nonce = os.urandom(16), os.urandom(12)
    locked = AESGCM(_stretch(passphrase, salt, **_COST)).encrypt(nonce, key, KIND.encode())
    envelope = {
        "kind": KIND,
        **_COST,
        "salt": as_text(salt),
        "nonce": as_text(nonce),
        "locked": as_text(locked),
    }
    return json.dumps(envelope, indent=2) + "\n"


def unlock_key(text: str, passphrase: Secret) -> bytes:
    """The key again; raises WrongPassphrase, or CredentialError for any other text."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        envelope = json.loads(text)
        cost = {name: int(envelope[name]) for name in _COST}
        salt, nonce, locked = (from_text(envelope[name]) for name in ("salt", "nonce", "locked"))
        if envelope["kind"] != KIND or not 1 < cost["n"] * cost["r"] * cost["p"] < _LARGEST_COST:
            raise _not_a_backup()
        key = AESGCM(_stretch(passphrase, salt, **cost)).decrypt(nonce, locked, KIND.encode())
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _not_a_backup() from error
    except InvalidTag as error:
        raise WrongPassphrase(
            "That passphrase does not open the key.", "Type it again; capitals count."
        ) from error
    if len(key) != _KEY_BYTES:
        raise _not_a_backup()
    return key


def _stretch(passphrase: Secret, salt: bytes, *, n: int, r: int, p: int) -> bytes:
    from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

    kdf = Scrypt(salt=salt, length=_KEY_BYTES, n=n, r=r, p=p)
    return kdf.derive(passphrase.reveal().encode())


def _not_a_backup() -> CredentialError:
    return CredentialError(
        "That is not a key of Scribe Desktop, or it is damaged.",
        "Choose the file that “key export” wrote.",
    )


def as_text(raw: bytes) -> str:
    """Bytes as they stand in a file of text."""
    return base64.b64encode(raw).decode()


def from_text(text: str) -> bytes:
    """The bytes again; raises ValueError."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
