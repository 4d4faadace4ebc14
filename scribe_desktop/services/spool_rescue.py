"""Opens the spool, and when it cannot be read sets it aside and saves what can be.

A file that we cannot read is never overwritten: it gets a dated name and
stays in the folder. From a damaged one every row that is still readable goes
into a new store, so that one bad block of a disk costs one chunk and not a
week of dictations.
"""

import contextlib
import datetime as dt
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scribe_desktop.domain.errors import DiskFull, SpoolDamaged, SpoolKeyLost
from scribe_desktop.domain.record import read_session
from scribe_desktop.services.places import make_private, write_private
from scribe_desktop.services.spool_file import SpoolFile
from scribe_desktop.services.spool_salvage import copy_readable
from scribe_desktop.services.spool_schema import (
    DAMAGE_MARK_FILE,
    HEAD_FILE,
    KEY_MARK_FILE,
    SPOOL_FILE,
    connect,
    keep_head,
    key_mark,
    prepare,
    translated,
)

_log = logging.getLogger(__name__)

_RESCUE_FILE = "spool.rescued"
_PATCHED_FILE = "spool.patched"
_PARTS = ("", "-wal", "-shm")
_STAMP = "%Y-%m-%dT%H-%M-%S"
_STAMP_LENGTH = 19
_SAVED = "saved"
"""In the mark of a damaged store when what was readable of it is in another one."""


def open_or_set_aside(folder: Path, key: bytes, *, now: Callable[[], float]) -> SpoolFile:
    """Open or create the store in `folder`; see `Spool.open` for what is raised."""
    try:
        return _open_or_set_aside(folder, key, now=now)
    except OSError as error:
        raise DiskFull(
            "The folder with the recordings on this computer takes nothing at the moment.",
            "Check the disk and its free space, then start again.",
        ) from error


def _open_or_set_aside(folder: Path, key: bytes, *, now: Callable[[], float]) -> SpoolFile:
    make_private(folder)
    path = folder / SPOOL_FILE
    if not path.exists():
        _finish_rescue(folder, now())
    if not path.exists():
        _write_key_mark(folder, key)
    elif not is_key_of(folder, key):
        raise set_aside_for_key(folder, now())
    connection = connect(path, key)
    try:
        sound = not (folder / DAMAGE_MARK_FILE).exists() and _is_sound(connection)
    except BaseException:
        connection.close()
        raise
    if not sound:
        connection.close()
        raise _rescue(folder, key, now())
    _write_key_mark(folder, key)
    keep_head(folder)
    return SpoolFile(folder, key, connection)


def holds_recordings(folder: Path) -> bool:
    """Whether there is a store in `folder`, or what a rescue left of one that was cut short."""
    names = (*(SPOOL_FILE + part for part in _PARTS), _RESCUE_FILE)
    return any((folder / name).exists() for name in names)


def set_aside_for_key(folder: Path, at: float) -> SpoolKeyLost:
    """Set a store aside whose key is gone, and return what to tell the clinician."""
    if not (folder / SPOOL_FILE).exists():
        _finish_rescue(folder, at)
    # Nothing of it was saved, so nobody may take it for a damaged store whose time is over.
    (folder / DAMAGE_MARK_FILE).unlink(missing_ok=True)
    _set_aside(folder, at)
    return SpoolKeyLost(
        "The key that opens the recordings on this computer is gone. They were set aside "
        "and are not lost: they open again with the right key.",
        "Import the key from its backup, or go on; new recordings are not affected.",
    )


def aside_for_key(folder: Path, key: bytes) -> Path | None:
    """The newest store that was set aside only because this key was missing."""
    for aside in sorted(folder.glob("set-aside-*"), reverse=True):
        # It may have been damaged, too, and its rescue cut short.
        is_saved = (aside / DAMAGE_MARK_FILE).exists() and not (aside / _RESCUE_FILE).exists()
        waits_for_key = holds_recordings(aside) and not is_saved
        if waits_for_key and (aside / KEY_MARK_FILE).exists() and is_key_of(aside, key):
            return aside
    return None


def damaged_asides(folder: Path) -> tuple[tuple[Path, float], ...]:
    """Every store that was set aside for damage, after what could be read was saved, and when.

    Not those that only wait for their key, nor those of which nothing could be read: nothing
    of theirs was saved.
    """
    return tuple(
        (aside, at)
        for aside in sorted(folder.glob("set-aside-*"))
        if _was_saved(aside) and (at := _set_aside_at(aside.name)) is not None
    )


def _was_saved(aside: Path) -> bool:
    try:
        return (aside / DAMAGE_MARK_FILE).read_text() == _SAVED
    except FileNotFoundError:
        return False


def _set_aside_at(name: str) -> float | None:
    stamp = name.removeprefix("set-aside-")[:_STAMP_LENGTH]
    try:
        return dt.datetime.strptime(stamp, _STAMP).replace(tzinfo=dt.UTC).timestamp()
    except ValueError:
        # Not one of our names: somebody else's folder is not ours to delete.
        return None


def is_key_of(folder: Path, key: bytes) -> bool:
    """Whether the store in `folder` was made with this key, as far as is known."""
    try:
        return (folder / KEY_MARK_FILE).read_text() == key_mark(key)
    except FileNotFoundError:
        return True


def _write_key_mark(folder: Path, key: bytes) -> None:
    if not (folder / KEY_MARK_FILE).exists() or not is_key_of(folder, key):
        write_private(folder / KEY_MARK_FILE, key_mark(key).encode())


def _is_sound(connection: Any) -> bool:  # noqa: ANN401  untyped library
    """Look at every page, whose seal is checked on the way: 0.25 s for 100 MB.

    Not by the seals of the file alone: a page that lies in the log after a
    crash may be torn in the file, and that is no damage.
    """
    try:
        with translated():
            if connection.execute("PRAGMA quick_check(1)").fetchall() != [("ok",)]:
                return False
            prepare(connection)
            for (record,) in connection.execute("SELECT record FROM sessions").fetchall():
                read_session(json.loads(record))
    except (SpoolDamaged, ValueError, KeyError, TypeError):
        return False
    return True


def _set_aside(folder: Path, at: float) -> Path:
    """Move the store, as it is, into a folder with a dated name."""
    stamp = dt.datetime.fromtimestamp(at, dt.UTC).strftime(_STAMP)
    aside = folder / f"set-aside-{stamp}"
    number = 1
    while aside.exists():
        number += 1
        aside = folder / f"set-aside-{stamp}-{number}"
    make_private(aside)
    # Copied first: without its marks nobody could tell later which key opens the store,
    # nor that what it holds was saved.
    for mark in (KEY_MARK_FILE, DAMAGE_MARK_FILE):
        with contextlib.suppress(FileNotFoundError):
            write_private(aside / mark, (folder / mark).read_bytes())
    for name in (*(SPOOL_FILE + part for part in _PARTS), HEAD_FILE, DAMAGE_MARK_FILE):
        with contextlib.suppress(FileNotFoundError):
            (folder / name).rename(aside / name)
    _log.warning("spool set aside: %s", aside.name)
    return aside


def _rescue(folder: Path, key: bytes, at: float) -> SpoolDamaged:
    for part in _PARTS:
        (folder / (_RESCUE_FILE + part)).unlink(missing_ok=True)
    readable = _readable_store(folder, key)
    new = connect(folder / _RESCUE_FILE, key)
    try:
        prepare(new)
        rescued = copy_readable(lambda: connect(readable, key, for_rescue=True), new, at)
    finally:
        new.close()
        for part in _PARTS:
            (folder / (_PATCHED_FILE + part)).unlink(missing_ok=True)
    write_private(folder / DAMAGE_MARK_FILE, _SAVED.encode() if rescued.sessions else b"")
    _set_aside(folder, at)
    _finish_rescue(folder, at)
    _write_key_mark(folder, key)
    _log.warning("spool rescued: %d sessions, %d lost", rescued.sessions, rescued.chunks_lost)
    lost = (
        f"Pieces of audio that could not be saved: {rescued.chunks_lost}."
        if rescued.chunks_lost
        else "No audio was found missing."
    )
    return SpoolDamaged(
        "The file with the recordings on this computer was damaged. It was set aside and "
        f"{rescued.sessions} dictations were saved from it. {lost}",
        "Check the dictations that are marked with a gap.",
    )


def _readable_store(folder: Path, key: bytes) -> Path:
    """The damaged store, or a copy with its first page put back where that one is lost."""
    store, patched = folder / SPOOL_FILE, folder / _PATCHED_FILE
    connection = connect(store, key, for_rescue=True)
    try:
        with translated():
            connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
    except SpoolDamaged:
        if not (folder / HEAD_FILE).exists():
            return store
    else:
        return store
    finally:
        connection.close()
    for part in ("", "-wal"):
        if (folder / (SPOOL_FILE + part)).exists():
            shutil.copyfile(folder / (SPOOL_FILE + part), folder / (_PATCHED_FILE + part))
    with patched.open("r+b") as file:
        file.write((folder / HEAD_FILE).read_bytes())
    return patched


def _finish_rescue(folder: Path, at: float) -> None:
    """Let the rescued store, if there is one, take the place that the damaged one has left."""
    if any((folder / (SPOOL_FILE + part)).exists() for part in _PARTS):
        # A crash while setting aside: the log of the old store must not meet the new one.
        _set_aside(folder, at)
    rescued = folder / _RESCUE_FILE
    # Only a closed store has no log beside it; with one the rescue itself was cut short.
    if rescued.exists() and not (folder / (_RESCUE_FILE + "-wal")).exists():
        # Killed before these had gone: they belong to the damaged one.
        for name in (HEAD_FILE, DAMAGE_MARK_FILE):
            (folder / name).unlink(missing_ok=True)
        rescued.rename(folder / SPOOL_FILE)
