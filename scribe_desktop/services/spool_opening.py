"""Opens the spool with its key, whatever has become of either, and says what happened."""

import logging
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scribe_desktop.domain.errors import (
    CredentialError,
    ScribeError,
    SpoolDamaged,
    SpoolError,
    SpoolKeyLost,
)
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.emergency_store import keep_public_half, take_in_waiting
from scribe_desktop.services.key_envelope import unlock_key
from scribe_desktop.services.places import Places
from scribe_desktop.services.secret import Secret
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_rescue import aside_for_key, is_key_of, set_aside_for_key
from scribe_desktop.services.spool_schema import SPOOL_FILE

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedSpool:
    """The open spool, its key, and what the clinician must be told about the opening."""

    spool: Spool
    key: bytes
    notices: tuple[ScribeError, ...] = ()

    def __repr__(self) -> str:
        return f"OpenedSpool(notices={len(self.notices)})"


def open_spool(
    folder: Path,
    credentials: Credentials,
    *,
    now: Callable[[], float],
    passphrase: Secret | None = None,
    has_key: Callable[[], None] = lambda: None,
    emergency: Path | None = None,
) -> OpenedSpool:
    """Open the spool; a lost or damaged one is set aside, said, and a new one opened.

    What was recorded while the keyring was locked is taken in, but not the
    store `emergency`, which is in use. `has_key` is called before the disk is.
    Raises what cannot be gone around: a silent keyring, a passphrase to ask
    for, a store of a newer version, a disk that takes nothing.
    """
    notices: list[ScribeError] = []
    try:
        kept = credentials.spool_key(
            spool_exists=(folder / SPOOL_FILE).exists(), passphrase=passphrase
        )
    except SpoolKeyLost:
        notices.append(set_aside_for_key(folder, now()))
        kept = credentials.spool_key(spool_exists=False, passphrase=passphrase)
    has_key()
    if kept.notice:
        notices.append(CredentialError(kept.notice))
    try:
        spool = Spool.open(folder, kept.key, now=now)
    except (SpoolDamaged, SpoolKeyLost) as trouble:
        notices.append(trouble)
        spool = Spool.open(folder, kept.key, now=now)
    keep_public_half(folder, kept.key)
    notices += take_in_waiting(spool, folder, kept.key, now=now, but=emergency)
    for notice in notices:
        _log.warning("opened with a notice: %s", type(notice).__name__)
    return OpenedSpool(spool, kept.key, tuple(notices))


def import_key(
    folder: Path, credentials: Credentials, text: str, passphrase: Secret, *, spool: Spool | None
) -> int:
    """Take a key from its backup and open what it opens; returns how many sessions came back.

    With `spool` None no spool is open: the key becomes the key of the one in
    `folder`, if it fits. Otherwise the store that was set aside for want of
    this key is read into the open one and then removed.
    """
    key = unlock_key(text, passphrase)
    if spool is None and (folder / SPOOL_FILE).exists() and is_key_of(folder, key):
        credentials.store_spool_key(key)
        return 0
    aside = aside_for_key(folder, key)
    # Sealed for that key while it was lost, there may be emergency recordings, too.
    before = 0 if spool is None else len(spool.sessions())
    if spool is not None:
        take_in_waiting(spool, folder, key, now=time.time)
        if aside is None and len(spool.sessions()) > before:
            return len(spool.sessions()) - before
    if aside is None:
        raise CredentialError(
            "That key opens none of the recordings on this computer.",
            "Choose the backup that was made on this computer.",
        )
    if spool is None:
        raise SpoolError("The recordings must be open to take others in.", "Start the program.")
    spool.take_in(aside, key)
    shutil.rmtree(aside)
    return len(spool.sessions()) - before


def import_key_before_opening(places: Places, text: str, passphrase: Secret) -> bool:
    """Bring back the key of recordings that cannot be opened for want of it.

    False if this key is not theirs but that of others that were set aside,
    which are taken in when the spool is open.
    """
    credentials = Credentials(places.keyring_name, places.config)
    try:
        import_key(places.spool, credentials, text, passphrase, spool=None)
    except SpoolError:
        return False
    return True
