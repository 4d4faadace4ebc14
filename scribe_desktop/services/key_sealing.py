"""Locks a key away so that only whoever has the key of the recordings gets it back.

Locking needs no secret: the public half lies beside the recordings, and its
private half is made from their key each time, so it is stored nowhere and a
backup of that key opens this too. X25519 with a fresh pair for each lock,
HKDF and AES-GCM, all of `cryptography`.
"""

import json
from typing import TYPE_CHECKING

from scribe_desktop.domain.errors import CredentialError
from scribe_desktop.services.key_envelope import as_text, from_text

if TYPE_CHECKING:
    # Imported where it is used: the first key press need not wait for it.
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

KIND = "scribe-desktop key, sealed for the key of the recordings"

_KEY_BYTES = 32
_PRIVATE = b"scribe-desktop emergency store, private half"
_SHARED = b"scribe-desktop emergency store, sealed key"
_NONCE = bytes(12)
"""Each lock has a key of its own, used once."""


def public_half(spool_key: bytes) -> bytes:
    """What may lie open beside the recordings: it locks and cannot unlock."""
    return _private_half(spool_key).public_key().public_bytes_raw()


def seal_key(key: bytes, public: bytes) -> str:
    """The key as JSON text that only the key behind `public` opens; raises CredentialError."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    once = X25519PrivateKey.generate()
    passing = once.public_key().public_bytes_raw()
    try:
        shared = once.exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError as error:
        raise not_ours() from error
    locked = AESGCM(_stretched(shared, passing + public)).encrypt(_NONCE, key, KIND.encode())
    sealed = {
        "kind": KIND,
        "for": as_text(public),
        "once": as_text(passing),
        "locked": as_text(locked),
    }
    return json.dumps(sealed, indent=2) + "\n"


def unseal_key(text: str, spool_key: bytes) -> bytes | None:
    """The key again, or None if it was sealed for other recordings; raises CredentialError."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    private = _private_half(spool_key)
    try:
        sealed = json.loads(text)
        public, passing, locked = (from_text(sealed[name]) for name in ("for", "once", "locked"))
        if sealed["kind"] != KIND:
            raise not_ours()
        if public != private.public_key().public_bytes_raw():
            return None
        shared = private.exchange(X25519PublicKey.from_public_bytes(passing))
        key = AESGCM(_stretched(shared, passing + public)).decrypt(_NONCE, locked, KIND.encode())
    except (ValueError, KeyError, TypeError, RecursionError, InvalidTag) as error:
        raise not_ours() from error
    if len(key) != _KEY_BYTES:
        raise not_ours()
    return key


def _private_half(spool_key: bytes) -> "X25519PrivateKey":
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

    return X25519PrivateKey.from_private_bytes(_derived(spool_key, b"", _PRIVATE))


def _stretched(shared: bytes, both: bytes) -> bytes:
    return _derived(shared, both, _SHARED)


def _derived(secret: bytes, salt: bytes, purpose: bytes) -> bytes:
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), _KEY_BYTES, salt, purpose).derive(secret)


def not_ours() -> CredentialError:
    """What to say of a file that holds no such key."""
    return CredentialError(
        "The key of an emergency recording is damaged. Nothing of it was deleted.",
        "Ask whoever looks after this computer for a backup of its files.",
    )
