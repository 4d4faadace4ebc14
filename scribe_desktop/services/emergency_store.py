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
  them in **one** transaction, which also writes down that it was (`take_in`).
  A crash before it leaves the emergency store for the next start, a crash
  behind it a copy that is not taken in twice. A dictation that is running at
  that moment does not notice (`Spool.move_into`).
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
)
from scribe_desktop.services.key_sealing import public_half, seal_key, unseal_key
from scribe_desktop.services.places import make_private, write_private
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_schema import KEY_BYTES, SPOOL_FILE

PUBLIC_FILE: Final = "spool.emergency-key"
SEALED_FILE: Final = "spool.sealed-key"
_NAME: Final = "emergency-"
_ASIDE: Final = "set-aside-"

_log = logging.getLogger(__name__)


class NoEmergencyKey(CredentialError):
    """Nothing lies beside these recordings with which a key could be sealed."""


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
    that could have prepared for this, and DiskFull.
    """
    try:
        public = (own.parent / PUBLIC_FILE).read_bytes()
    except OSError as error:
        raise NoEmergencyKey(
            "Nothing can be recorded before the keyring is open.", "Unlock the keyring."
        ) from error
    key = os.urandom(KEY_BYTES)
    sealed = seal_key(key, public)
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
    for waiting in sorted(folder.glob(f"{_NAME}*")):
        if waiting == but:
            continue
        try:
            troubles += _take_in(spool, waiting, key, now)
        except (SpoolError, CredentialError) as error:
            _log.warning("an emergency store waits: %s", type(error).__name__)
            troubles.append(error)
    return tuple(troubles)


def _take_in(
    spool: Spool, waiting: Path, key: bytes, now: Callable[[], float]
) -> list[ScribeError]:
    try:
        sealed = (waiting / SEALED_FILE).read_text()
    except FileNotFoundError:
        if spool.has_taken_in(waiting.name) or not (waiting / SPOOL_FILE).exists():
            remove(waiting)
            return []
        raise SpoolDamaged(
            "A recording that was made while the keyring was locked has lost its key. "
            "It was not deleted.",
            "Ask whoever looks after this computer for a backup of its files.",
        ) from None
    except (OSError, ValueError) as error:
        raise DiskFull("An emergency recording cannot be read at the moment.") from error
    own = unseal_key(sealed, key)
    if own is None:
        # Sealed for recordings whose key is gone; it opens with the backup of that key.
        return []
    troubles: list[ScribeError] = []
    if not spool.has_taken_in(waiting.name) and (waiting / SPOOL_FILE).exists():
        troubles = _mended(waiting, own, now)
        _log.info("taken in: %d sessions", spool.take_in(waiting, own, once=waiting.name))
    _keep_what_was_damaged(waiting)
    remove(waiting)
    return troubles


def _mended(waiting: Path, own: bytes, now: Callable[[], float]) -> list[ScribeError]:
    """Set a damaged emergency store aside within its folder and save what can be read of it."""
    try:
        Spool.open(waiting, own, now=now).close()
    except SpoolDamaged as damage:
        Spool.open(waiting, own, now=now).close()
        return [damage]
    return []


def _keep_what_was_damaged(waiting: Path) -> None:
    """Lay what was set aside in an emergency store beside what was set aside otherwise."""
    for aside in waiting.glob(f"{_ASIDE}*"):
        shutil.copy2(waiting / SEALED_FILE, aside / SEALED_FILE)
        aside.rename(waiting.parent / f"{aside.name}-{secrets.token_hex(4)}")


def remove(store: Path) -> None:
    """Delete an emergency store whose sessions are elsewhere, its key first."""
    _delete_key(store)
    # What another program holds open goes at the next start; without its key nobody reads it.
    shutil.rmtree(store, ignore_errors=True)


def _delete_key(store: Path) -> None:
    with contextlib.suppress(OSError):
        (store / SEALED_FILE).unlink(missing_ok=True)
