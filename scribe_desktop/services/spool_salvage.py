"""Copies what can still be read of a damaged spool into a new one.

Row by row, because one bad page makes the look-up of its own rows fail and
of no others. Afterwards every session is made to agree with the chunks that
are left: what is lost becomes a gap on its time line, never a silent hole.
"""

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlcipher3 import dbapi2

from scribe_desktop.domain.audio import Gap, seconds
from scribe_desktop.domain.events import GapNoted, Lapsed
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.record import read_session, session_record
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.services.spool_schema import TABLES, is_unreadable, transaction

LOST_AUDIO = "damaged file"
"""The reason of a gap where a chunk could not be read any more."""

_LATER_TABLES = ("receipts", "sent_files")
"""An older store has none; looking for the rows of a table that is not there takes long."""

_HOPELESS_ROWS = 5000
"""So many rows in a row that fail, with no known last row, are taken for the end."""


_TRIES = 3
"""A disk may refuse for a moment; a bad block of it refuses each time."""


@dataclass(frozen=True, slots=True)
class Rescued:
    """What a rescue brought: sessions saved, and chunks that are gone."""

    sessions: int
    chunks_lost: int


def copy_readable(dial: Callable[[], Any], new: Any, at: float) -> Rescued:  # noqa: ANN401  untyped library
    """Copy every readable row of the store that `dial` opens into `new`, in one transaction."""
    with transaction(new):
        new.execute("PRAGMA defer_foreign_keys = ON")
        with contextlib.closing(_Reader(dial)) as old:
            for table in TABLES:
                for row in old.rows(table):
                    if _is_sound(table, row):
                        _put(new, table, row)
        _adopt_orphans(new, at)
        _mend_receipts(new)
        rows = new.execute("SELECT record FROM sessions").fetchall()
        saved = [read_session(json.loads(record)) for (record,) in rows]
        lost = sum(_reconcile(new, session) for session in saved)
    return Rescued(len(saved), lost)


class _Reader:
    """Reads row by row, with a fresh connection after each page that cannot be read.

    SQLCipher remembers a bad page: the same connection then fails on good
    pages too, or gives zeros for them.
    """

    def __init__(self, dial: Callable[[], Any]) -> None:
        self._dial = dial
        self._connection = dial()

    def close(self) -> None:
        self._connection.close()

    def rows(self, table: str) -> Iterator[Any]:
        if table in _LATER_TABLES and not self._try(
            f"SELECT 1 FROM sqlite_master WHERE name = '{table}'"  # noqa: S608
        ):
            return
        top = self._try(f"SELECT COALESCE(MAX(rowid), 0) FROM {table} NOT INDEXED")  # noqa: S608
        last = top[0][0] if top else None
        number = failures = 0
        while (number < last) if last is not None else (failures < _HOPELESS_ROWS):
            number += 1
            rows = self._try(f"SELECT * FROM {table} NOT INDEXED WHERE rowid = {number}")  # noqa: S608
            failures = 0 if rows is not None else failures + 1
            yield from rows or ()

    def _try(self, query: str) -> list[Any] | None:
        for _ in range(_TRIES):
            try:
                rows: list[Any] = self._connection.execute(query).fetchall()
            except dbapi2.DatabaseError as error:
                self._connection.close()
                self._connection = self._dial()
                if is_unreadable(error):
                    return None
            else:
                return rows
        return None


def _put(new: Any, table: str, row: Any) -> None:  # noqa: ANN401
    """Add a row. One of an older version may want columns: they were always added at the end."""
    columns = [name for _, name, *_ in new.execute(f"PRAGMA table_info({table})")]
    names, marks = ", ".join(columns[: len(row)]), ", ".join("?" * len(row))
    new.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({marks})", row)  # noqa: S608  our own words


def _is_sound(table: str, row: Any) -> bool:  # noqa: ANN401
    if table == "chunks":
        return bool(hashlib.sha256(row[2]).hexdigest() == row[6])
    if table != "sessions":
        return True
    try:
        read_session(json.loads(row[2]))
    except (ValueError, KeyError, TypeError):
        # Its audio, if there is any, is adopted.
        return False
    return True


def _adopt_orphans(new: Any, at: float) -> None:  # noqa: ANN401
    """Give audio and results whose session is lost a new one, for this computer only.

    Which service and which patient they were meant for is not known any more,
    so they must not leave this computer.
    """
    orphans = new.execute(
        "SELECT session_id FROM chunks UNION SELECT session_id FROM tail"
        " UNION SELECT session_id FROM results EXCEPT SELECT session_id FROM sessions"
    ).fetchall()
    for (session_id,) in orphans:
        chunks, frames = new.execute(
            "SELECT COALESCE(MAX(chunk) + 1, 0), COALESCE(SUM(frames), 0) FROM chunks"
            " WHERE session_id = ?",
            (session_id,),
        ).fetchone()
        session = Session(
            session_id=SessionId(session_id),
            created_at=at,
            order=Order(),
            capture=Capture.RECORDING,
            chunks=chunks,
            frames=frames,
            started_at=at,
        )
        new.execute("INSERT INTO sessions VALUES (?, ?, ?)", (session_id, at, _record(session)))


def _mend_receipts(new: Any) -> None:  # noqa: ANN401
    """Every chunk has a receipt, and every receipt a session."""
    new.execute(
        "INSERT OR IGNORE INTO receipts SELECT session_id, chunk, frames, digest FROM chunks"
    )
    for table in ("receipts", "sent_files"):
        new.execute(
            f"DELETE FROM {table} WHERE session_id NOT IN (SELECT session_id FROM sessions)"  # noqa: S608
        )


def _reconcile(new: Any, session: Session) -> int:  # noqa: ANN401
    """Close the ranks where chunks are lost that the service does not have; count them."""
    rows = new.execute(
        "SELECT chunk, frames FROM chunks WHERE session_id = ? ORDER BY chunk",
        (session.session_id,),
    ).fetchall()
    left = {chunk for chunk, _ in rows}
    lost = [index for index in range(session.accepted_chunks, session.chunks) if index not in left]
    if not lost or session.delivery in (Delivery.ENDED, Delivery.RESOLVED):
        return 0
    frames = sum(count for _, count in rows)
    lost_s = seconds(max(session.frames - frames, 0))
    before = sum(count for chunk, count in rows if chunk < lost[0])
    for number, (chunk, _) in enumerate(rows):
        new.execute(
            "UPDATE chunks SET chunk = ? WHERE session_id = ? AND chunk = ?",
            (number, session.session_id, chunk),
        )
    # What is sent anew has other numbers, and is another recording than the one that was sealed.
    for table in ("receipts", "sent_files"):
        new.execute(f"DELETE FROM {table} WHERE session_id = ?", (session.session_id,))  # noqa: S608
    _mend_receipts(new)
    _move_tail(new, session, frames - session.frames)
    # The numbers changed, so the service must not take them for the old ones.
    session = apply(session, Lapsed())
    session = apply(session, GapNoted(Gap(before, lost_s, LOST_AUDIO)))
    session = replace(session, chunks=len(rows), frames=frames)
    new.execute(
        "UPDATE sessions SET record = ? WHERE session_id = ?",
        (_record(session), session.session_id),
    )
    return len(lost)


def _move_tail(new: Any, session: Session, by_frames: int) -> None:  # noqa: ANN401
    rows = new.execute(
        "SELECT at_frame, pcm FROM tail WHERE session_id = ?", (session.session_id,)
    ).fetchall()
    new.execute("DELETE FROM tail WHERE session_id = ?", (session.session_id,))
    for at_frame, pcm in rows:
        new.execute(
            "INSERT INTO tail VALUES (?, ?, ?)", (session.session_id, at_frame + by_frames, pcm)
        )


def _record(session: Session) -> str:
    return json.dumps(session_record(session), ensure_ascii=False, separators=(",", ":"))
