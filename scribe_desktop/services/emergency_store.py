"""Lets a dictation begin although the keyring is locked, and brings it home when it is open again.

The recordings cannot be opened without the key in the keyring, and a keyring
may wait for its password for hours. Speech cannot. So a dictation then goes
into a store of its own, made afresh in the folder of the recordings:

- Its key is random and never touches the disk as it is. It is sealed with the
  *public half* that lies beside the recordings since they were last open
  (`spool.emergency-key`). The private half is made from the key of the
  recordings (services/key_sealing.py), so it is stored nowhere, and whoever
  brings that key back, from the keyring or its backup, opens this store too.
- The sealed key is durable before the store is made, so no kill and no power
  cut leaves a store without it. From there on it is a spool like any other:
  encrypted, a sync at each commit, the tail at most half a second old.
- When the recordings open, all that is in an emergency store is copied into
  them in **one** transaction, which also writes down that it was
  (services/spool_joining.py). A crash before it leaves the emergency store for
  the next start, a crash behind it a copy that is not taken in twice. A
  dictation that is running at that moment does not notice (`Spool.move_into`).
- A store that is damaged is mended first; what cannot be read of it stays
  beside the recordings, with its sealed key.
- Then its sealed key is deleted, so that what is deleted in the recordings
  later cannot be read in the copy; the files go when the program ends.

What this does not cover: recordings that no version with this module has ever
opened have no public half beside them, and wait for the keyring as before.
Whoever can write into the folder of the recordings could lay another public
half there, and then read what is dictated while the keyring is locked; they
could as well replace this program. At each opening it is put right.
"""

import contextlib
import datetime as dt
import logging
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from scribe_desktop.domain.errors import (
    CredentialError,
    DiskFull,
    ScribeError,
    SpoolDamaged,
    SpoolError,
    SpoolKeyLost,
)
from scribe_desktop.services.key_sealing import not_ours, public_half, seal_key, unseal_key
from scribe_desktop.services.places import make_private, write_private
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_rescue import holds_recordings
from scribe_desktop.services.spool_schema import DAMAGE_MARK_FILE, KEY_BYTES

PUBLIC_FILE: Final = "spool.emergency-key"
SEALED_FILE: Final = "spool.sealed-key"
_NAME: Final = "emergency-"
_ASIDE: Final = "set-aside-"
_SAID: Final = "said that a key is missing for "

_log = logging.getLogger(__name__)


class NoEmergencyKey(CredentialError):
    """Nothing lies beside these recordings with which a key could be sealed, or it is damaged."""


@dataclass(frozen=True, slots=True)
class EmergencyStore:
    """An open emergency store; `folder` holds it and nothing else."""

    spool: Spool
    folder: Path
    key: bytes = field(repr=False)

    def forget_key(self) -> None:
        """Make what lies here unreadable: it was taken in elsewhere."""
        _delete_key(self.folder)


def keep_public_half(folder: Path, key: bytes) -> None:
    """Lay beside the recordings what a later start seals with; raises nothing for a full disk."""
    public, path = public_half(key), folder / PUBLIC_FILE
    try:
        if not path.exists() or path.read_bytes() != public:
            write_private(path, public)
    except OSError:
        _log.warning("no emergency key could be kept")


def emergency_folder(folder: Path, at: float) -> Path:
    """Where this run would make its emergency store beside the recordings in `folder`.

    A name that never comes again: by it the recordings know what they have taken in.
    """
    stamp = dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H-%M-%S")
    return folder / f"{_NAME}{stamp}-{secrets.token_hex(8)}"


def open_emergency(own: Path, *, now: Callable[[], float]) -> EmergencyStore:
    """A fresh store at `own`, from `emergency_folder`.

    Raises NoEmergencyKey where the recordings were never opened by a version
    that could have prepared for this or what it left is damaged, and DiskFull.
    """
    key = os.urandom(KEY_BYTES)
    try:
        sealed = seal_key(key, (own.parent / PUBLIC_FILE).read_bytes())
    except (OSError, CredentialError) as error:
        raise NoEmergencyKey(
            "Nothing can be recorded before the keyring is open.", "Unlock the keyring."
        ) from error
    try:
        make_private(own)
        write_private(own / SEALED_FILE, sealed.encode())
    except OSError as error:
        raise DiskFull(
            "The disk of this computer takes nothing, so nothing can be recorded.",
            "Free some space, then start again.",
        ) from error
    _log.warning("records into an emergency store")
    return EmergencyStore(Spool.open(own, key, now=now), own, key)


def take_in_waiting(
    spool: Spool, folder: Path, key: bytes, *, now: Callable[[], float], but: Path | None = None
) -> tuple[ScribeError, ...]:
    """Bring home what earlier starts recorded in an emergency; returns what must be said of it.

    `but` is the store that is being recorded into now. One that cannot be read
    or that another key opens stays where it is and is tried at each start.
    """
    troubles: list[ScribeError] = []
    for waiting in _stores(folder, but):
        try:
            troubles += _take_in(spool, waiting, key, now)
        except (SpoolError, CredentialError, OSError) as error:
            _log.warning("an emergency store waits: %s", type(error).__name__)
            troubles.append(error if isinstance(error, ScribeError) else _no_room())
    return tuple(troubles)


def waiting_stores(folder: Path, but: Path | None = None) -> list[Path]:
    """The emergency stores beside the recordings in `folder` that did not come home yet."""
    return [store for store in _stores(folder, but) if holds_recordings(store)]


def say_what_waits_for_its_key(
    spool: Spool, folder: Path, key: bytes, *, but: Path | None = None
) -> list[ScribeError]:
    """What to say, once, of stores that only an earlier key of the recordings opens."""
    unsaid = [
        store
        for store in waiting_stores(folder, but)
        if _is_for_another(store, key) and spool.recall(_SAID + store.name) is None
    ]
    # A disk that takes nothing has it said again; the recordings are open all the same.
    with contextlib.suppress(DiskFull):
        for store in unsaid:
            spool.remember(_SAID + store.name, value=True)
    if not unsaid:
        return []
    return [
        SpoolKeyLost(
            "What was dictated while the keyring was locked opens only with an earlier key of "
            "the recordings. It is safe and stays on this computer.",
            "Import that key from its backup.",
        )
    ]


def _is_for_another(store: Path, key: bytes) -> bool:
    try:
        sealed = _sealed_key(store)
        return sealed is not None and unseal_key(sealed, key) is None
    except (OSError, CredentialError):
        return False


def _stores(folder: Path, but: Path | None) -> list[Path]:
    return [store for store in sorted(folder.glob(f"{_NAME}*")) if store != but]


def _sealed_key(store: Path) -> str | None:
    try:
        return (store / SEALED_FILE).read_text()
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise not_ours() from error


def _no_room() -> DiskFull:
    return DiskFull(
        "What was dictated while the keyring was locked cannot be brought to the other "
        "recordings at the moment. It is safe.",
        "Check the disk and its free space, then start again.",
    )


def _take_in(
    spool: Spool, waiting: Path, key: bytes, now: Callable[[], float]
) -> list[ScribeError]:
    sealed = _sealed_key(waiting)
    troubles: list[ScribeError] = []
    if holds_recordings(waiting):
        if sealed is not None:
            own = unseal_key(sealed, key)
            if own is None:
                # Sealed for recordings whose key is gone; it opens with the backup of that key.
                return []
            troubles = join_mended(spool, waiting, own, now)
        elif spool.taken_in(waiting.name) is None:
            raise SpoolDamaged(
                "A recording that was made while the keyring was locked has lost its key. "
                "It was not deleted.",
                "Ask whoever looks after this computer for a backup of its files.",
            )
    keep_what_was_damaged(waiting)
    remove(waiting)
    return troubles


def join_mended(
    spool: Spool, waiting: Path, own: bytes, now: Callable[[], float]
) -> list[ScribeError]:
    """Take in another store, after what is damaged of it was set aside within its folder."""
    troubles = _mended(waiting, own, now)
    try:
        spool.take_in(waiting, own)
    except SpoolDamaged:
        if not (waiting / DAMAGE_MARK_FILE).exists():
            raise
        # It was sound a moment ago.
        troubles += _mended(waiting, own, now)
        spool.take_in(waiting, own)
    if not troubles and any(waiting.glob(f"{_ASIDE}*")):
        # An earlier start was cut short before it could say so.
        troubles.append(_was_damaged())
    return troubles


def _mended(waiting: Path, own: bytes, now: Callable[[], float]) -> list[ScribeError]:
    """Set a damaged store aside within its folder and save what can be read of it."""
    try:
        Spool.open(waiting, own, now=now).close()
    except SpoolDamaged as damage:
        Spool.open(waiting, own, now=now).close()
        return [damage]
    return []


def _was_damaged() -> SpoolDamaged:
    return SpoolDamaged(
        "A file with recordings on this computer was damaged. It was set aside, and what can "
        "be read of it was saved.",
        "Check the dictations that are marked with a gap.",
    )


def keep_what_was_damaged(waiting: Path) -> None:
    """Lay what was set aside in such a store beside what was set aside otherwise."""
    for aside in waiting.glob(f"{_ASIDE}*"):
        if (waiting / SEALED_FILE).exists():
            write_private(aside / SEALED_FILE, (waiting / SEALED_FILE).read_bytes())
        aside.rename(waiting.parent / f"{aside.name}-{secrets.token_hex(4)}")


def remove(store: Path) -> None:
    """Delete an emergency store whose sessions are elsewhere, its key first."""
    _delete_key(store)
    # What another program holds open goes at the next start; without its key nobody reads it.
    shutil.rmtree(store, ignore_errors=True)


def _delete_key(store: Path) -> None:
    with contextlib.suppress(OSError):
        (store / SEALED_FILE).unlink(missing_ok=True)
