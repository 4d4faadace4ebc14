"""Opens the spool with its key, whatever has become of either, and says what happened."""

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scribe_desktop.domain.errors import (
    CredentialError,
    DiskFull,
    ScribeError,
    SpoolDamaged,
    SpoolError,
    SpoolKeyLost,
)
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.emergency_store import (
    PUBLIC_FILE,
    join_mended,
    keep_public_half,
    keep_what_was_damaged,
    say_what_waits_for_its_key,
    take_in_waiting,
)
from scribe_desktop.services.key_envelope import unlock_key
from scribe_desktop.services.places import Places
from scribe_desktop.services.secret import Secret
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_rescue import (
    aside_for_key,
    holds_recordings,
    is_key_of,
    set_aside_for_key,
)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedSpool:
    """The open spool, its key, and what the clinician must be told about the opening."""

    spool: Spool
    key: bytes
    notices: tuple[ScribeError, ...] = ()

    def __repr__(self) -> str:
        return f"OpenedSpool(notices={len(self.notices)})"


def has_a_key(folder: Path) -> bool:
    """Whether there are or were recordings in `folder`: then nobody may make a new key for it.

    A rescue that was cut short leaves them under another name for a moment.
    """
    return holds_recordings(folder) or (folder / PUBLIC_FILE).exists()


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
        kept = credentials.spool_key(spool_exists=has_a_key(folder), passphrase=passphrase)
    except SpoolKeyLost:
        if holds_recordings(folder):
            notices.append(set_aside_for_key(folder, now()))
        kept = credentials.spool_key(spool_exists=False, passphrase=passphrase)
    has_key()
    if kept.notice:
        notices.append(CredentialError(kept.notice))
        # A keyring may take minutes, and the recordings are open without it.
        threading.Thread(target=credentials.bring_key_home, name="key", daemon=True).start()
    try:
        spool = Spool.open(folder, kept.key, now=now)
    except (SpoolDamaged, SpoolKeyLost) as trouble:
        notices.append(trouble)
        spool = Spool.open(folder, kept.key, now=now)
    keep_public_half(folder, kept.key)
    notices += take_in_waiting(spool, folder, kept.key, now=now, but=emergency)
    notices += say_what_waits_for_its_key(spool, folder, kept.key, but=emergency)
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
    if spool is None and holds_recordings(folder) and is_key_of(folder, key):
        credentials.store_spool_key(key)
        return 0
    aside = aside_for_key(folder, key)
    if spool is None:
        if aside is None:
            raise _opens_none()
        raise SpoolError("The recordings must be open to take others in.", "Start the program.")
    before = len(spool.sessions())
    if aside is not None:
        _bring_back(spool, aside, key)
    # Sealed for that key while it was lost, there may be emergency recordings, too; those
    # that the others had taken in are known by now.
    troubles = take_in_waiting(spool, folder, key, now=time.time)
    count = len(spool.sessions()) - before
    if aside is None and count == 0:
        raise troubles[0] if troubles else _opens_none()
    return count


def _bring_back(spool: Spool, aside: Path, key: bytes) -> None:
    """Read what was set aside into the open recordings; what is damaged of it stays."""
    join_mended(spool, aside, key, time.time)
    try:
        keep_what_was_damaged(aside)
    except OSError as error:
        raise DiskFull(
            "The disk takes nothing at the moment. The recordings are here, and nothing was "
            "deleted.",
            "Free some space, then import the key again.",
        ) from error
    shutil.rmtree(aside, ignore_errors=True)


def _opens_none() -> CredentialError:
    return CredentialError(
        "That key opens none of the recordings on this computer.",
        "Choose the backup that was made on this computer.",
    )


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
