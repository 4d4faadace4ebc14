"""Keeps the key of the spool and the tokens of the services.

In the system keyring. Where there is none, or as long as it is locked, the
key is in a file that only its owner can read, and a notice says so for as
long as that is true; or a passphrase locks it. A key is never made where a
spool exists already: that would shut its recordings away.

Every call may wait for a keyring that asks its owner for a password, so none
belongs on the window's thread.
"""

import base64
import binascii
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from scribe_desktop.domain.errors import CredentialError, SpoolKeyLost
from scribe_desktop.services.key_envelope import lock_key, unlock_key
from scribe_desktop.services.keyring_door import (
    ASK_LIMIT_S,
    KeyringBackend,
    KeyringDoor,
    KeyringMissing,
    KeyringSilent,
)
from scribe_desktop.services.places import make_private, write_private
from scribe_desktop.services.secret import Secret

_log = logging.getLogger(__name__)

KEY_FILE = "spool.key"
KEY_BYTES = 32

_KEY_ENTRY = "spool key"
_PLAIN_KIND = "scribe-desktop key, not locked"
_WAITS = "waits for the keyring"
"""In the key file where the keyring was locked when the key came: what may be replaced there."""
_IF_NONE, _ANYHOW = "where it has none", "in place of any other"

FILE_NOTICE = (
    "This computer has no keyring. The key to the recordings is in a file that only your "
    "user account can read. Use a computer with a keyring, or one whose disk is encrypted."
)

WAITING_NOTICE = (
    "The keyring of this computer did not take the key to the recordings. Until it does, the key "
    "is in a file that only your user account can read; then it goes into the keyring by itself."
)


class PassphraseNeeded(CredentialError):
    """The key is locked with a passphrase that must be asked for."""


@dataclass(frozen=True, slots=True)
class SpoolKey:
    """The key, and a notice to show for as long as it is kept in a weaker place."""

    key: bytes
    notice: str = ""

    def __repr__(self) -> str:
        return "SpoolKey(•••)"


class Credentials:
    """The secrets of one home; `name` is its name in the keyring, `folder` for the key file."""

    def __init__(
        self,
        name: str,
        folder: Path,
        *,
        backend: KeyringBackend | None = None,
        limit_s: float = ASK_LIMIT_S,
    ) -> None:
        self._keyring = KeyringDoor(name, backend, limit_s=limit_s)
        self._path = folder / KEY_FILE
        self._for_this_run: dict[str, Secret] = {}

    # --- the spool's key -------------------------------------------------------------

    def spool_key(self, *, spool_exists: bool, passphrase: Secret | None = None) -> SpoolKey:
        """The key of the spool; made only if there is no spool yet.

        Raises SpoolKeyLost if a spool exists and its key is nowhere,
        PassphraseNeeded, WrongPassphrase, or KeyringSilent if the keyring may
        have the key and does not give it now.
        """
        if self._path.exists():
            return self._key_from_file(passphrase)
        try:
            text = self._keyring.read(_KEY_ENTRY)
        except (KeyringMissing, KeyringSilent) as error:
            if spool_exists:
                raise KeyringSilent(
                    "The recordings on this computer are safe but locked: the keyring with "
                    "their key does not answer.",
                    "Unlock the keyring, then try again.",
                ) from error
            waits = _IF_NONE if isinstance(error, KeyringSilent) else ""
            return self._to_file(os.urandom(KEY_BYTES), waits)
        if text is not None:
            return SpoolKey(_decoded(text))
        if spool_exists:
            raise SpoolKeyLost(
                "The key that opens the recordings on this computer is gone.",
                "Import the key from its backup.",
            )
        return self._new_key_in_keyring()

    def store_spool_key(self, key: bytes) -> SpoolKey:
        """Keep this key, from a backup, in place of any other."""
        try:
            self._keyring.write(_KEY_ENTRY, _encoded(key))
        except KeyringMissing:
            return self._to_file(key)
        except KeyringSilent:
            return self._to_file(key, waits=_ANYHOW)
        self._path.unlink(missing_ok=True)
        return SpoolKey(key)

    def bring_key_home(self) -> bool:
        """Move a key that waits in the file for a locked keyring there; whether it is done.

        Waits for the keyring. A key that is there already stays, unless this one was
        brought back from its backup: it may open other recordings.
        """
        try:
            text = self._path.read_text()
            record = json.loads(text)
            waits = record.get(_WAITS)
            key = _decoded(record.get("key")) if waits else b""
        except (OSError, ValueError, AttributeError, CredentialError):
            return False
        if not waits:
            return False
        try:
            there = self._keyring.read(_KEY_ENTRY) if waits == _IF_NONE else None
            if there not in (None, _encoded(key)):
                return False
            self._keyring.write(_KEY_ENTRY, _encoded(key))
            if self._path.read_text() != text:
                # Replaced meanwhile, perhaps by one behind a passphrase.
                return False
            self._path.unlink()
        except (CredentialError, OSError):
            return False
        _log.info("the spool key is in the keyring now")
        return True

    def lock_with_passphrase(self, key: bytes, passphrase: Secret) -> None:
        """Keep the key only under a passphrase, asked for at each start."""
        self._write_file(lock_key(key, passphrase))
        try:
            self._keyring.delete(_KEY_ENTRY)
        except (KeyringMissing, KeyringSilent):
            _log.info("no keyring to take the key from")

    def _new_key_in_keyring(self) -> SpoolKey:
        key = os.urandom(KEY_BYTES)
        try:
            self._keyring.write(_KEY_ENTRY, _encoded(key))
        except KeyringMissing:
            return self._to_file(key)
        except KeyringSilent:
            return self._to_file(key, waits=_IF_NONE)
        return SpoolKey(key)

    def _to_file(self, key: bytes, waits: str = "") -> SpoolKey:
        record = {"kind": _PLAIN_KIND, "key": _encoded(key)} | ({_WAITS: waits} if waits else {})
        self._write_file(json.dumps(record) + "\n")
        _log.warning("the spool key is kept in a file: %s", "locked" if waits else "no keyring")
        return SpoolKey(key, WAITING_NOTICE if waits else FILE_NOTICE)

    def _write_file(self, text: str) -> None:
        try:
            make_private(self._path.parent)
            write_private(self._path, text.encode())
        except OSError as error:
            raise CredentialError(
                "The key for the recordings could not be stored.",
                "Free some space on the disk and start again.",
            ) from error

    def _key_from_file(self, passphrase: Secret | None) -> SpoolKey:
        try:
            text = self._path.read_text()
            record = json.loads(text)
            is_plain = record["kind"] == _PLAIN_KIND
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CredentialError(
                "The file with the key to the recordings cannot be read. The recordings are safe.",
                "Import the key from its backup.",
            ) from error
        if is_plain:
            notice = WAITING_NOTICE if record.get(_WAITS) else FILE_NOTICE
            return SpoolKey(_decoded(record.get("key")), notice)
        if passphrase is None:
            raise PassphraseNeeded("The recordings are locked.", "Type your passphrase.")
        return SpoolKey(unlock_key(text, passphrase))

    # --- tokens ----------------------------------------------------------------------

    def token(self, url: str, account: str = "", *, kind: str = "access") -> Secret | None:
        """The token for the origin of `url`, or None; raises KeyringSilent."""
        entry = _token_entry(url, account, kind)
        if entry in self._for_this_run:
            return self._for_this_run[entry]
        try:
            value = self._keyring.read(entry)
        except KeyringMissing:
            return None
        return Secret(value) if value is not None else None

    def store_token(
        self, token: Secret, url: str, account: str = "", *, kind: str = "access"
    ) -> str:
        """Keep a token; the return value is a notice if it is kept for this run only."""
        entry = _token_entry(url, account, kind)
        self._for_this_run.pop(entry, None)
        try:
            self._keyring.write(entry, token.reveal())
        except (KeyringMissing, KeyringSilent):
            self._for_this_run[entry] = token
            return "You are signed in until you close the program: no keyring could be used."
        return ""

    def forget_token(self, url: str, account: str = "", *, kind: str = "access") -> None:
        """Sign out."""
        entry = _token_entry(url, account, kind)
        self._for_this_run.pop(entry, None)
        try:
            self._keyring.delete(entry)
        except KeyringMissing:
            _log.info("no keyring to take the token from")


def _token_entry(url: str, account: str, kind: str) -> str:
    """One entry for each origin: a token never goes to another one."""
    parts = urlsplit(url)
    if not parts.scheme or not parts.hostname:
        raise ValueError("a token belongs to an origin")
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return f"{kind} token {parts.scheme}://{parts.hostname}:{port} {account}".rstrip()


def _encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _decoded(text: object) -> bytes:
    try:
        key = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise CredentialError(
            "The key to the recordings is damaged. The recordings are safe.",
            "Import the key from its backup.",
        )
    return key
