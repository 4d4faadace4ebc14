"""Brings all that is in another store into one that has dictations of its own: whole, and once.

A store is recorded into while it comes home, and whoever reads, writes or
commits may fail or be killed at any moment. So all of it is one transaction,
which also writes down which dictations came under which name. What that means
for a store that is met again:

- It may have been recorded into since, because a commit can be on the disk
  although it was refused. A dictation that has grown there takes the place of
  the shorter one, or comes as another one if that was sent already.
- What was deleted here since does not come again.

Two stores may hold different dictations of one id (a holder was killed, and
the request repeated). Neither is ever left out: the one that comes gets a new
id, or, where it is being recorded into, the one that was here.

Nothing is left out because it cannot be read either: then nothing comes, and
the store is marked, so that the next start saves what can be saved of it.
"""

import contextlib
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from scribe_desktop.domain.errors import SpoolDamaged
from scribe_desktop.domain.record import read_session, session_record
from scribe_desktop.domain.session import Delivery, Session, SessionId
from scribe_desktop.services.spool_schema import prepare, translated

TAKEN_IN = "taken in "
"""The fact that another store's sessions are here, with its name behind it."""

_TAIL_END = "SELECT COALESCE(MAX(at_frame + LENGTH(pcm) / 2), 0) FROM tail WHERE session_id = ?"
"""The frame behind the last one that is not in a chunk yet."""

Names = Mapping[str, SessionId]
"""The ids in another store, and what they are here."""


class Unreadable(Exception):
    """Something of the other store cannot be read; whoever raises it has changed nothing."""


@dataclass(frozen=True, slots=True)
class Came:
    """What a joining did: the sessions as they are here now, and the ids that are no more."""

    sessions: tuple[Session, ...]
    gone: frozenset[SessionId]
    new: int


class Joining:
    """One store, `there`, on its way into another; all of it within a transaction of `here`.

    `name` is what the other store is called. With `keeps_names` it is being
    recorded into, under the ids that it has there.
    """

    def __init__(
        self,
        there: Any,  # noqa: ANN401  untyped library
        here: Any,  # noqa: ANN401
        name: str,
        *,
        keeps_names: bool,
    ) -> None:
        self._there = there
        self._here = here
        self._fact = TAKEN_IN + name
        self._keeps_names = keeps_names
        self._names: dict[str, SessionId | None] = {}
        self._copied: dict[int, tuple[str, int]] = {}
        self._gone: set[SessionId] = set()
        self._came: dict[SessionId, Session] = {}
        self._new = 0
        with _strictly():
            prepare(there)
        here.execute("PRAGMA defer_foreign_keys = ON")
        self._before, self._lines_before = self._taken_before()
        if keeps_names:
            for known in self._before.values():
                self._delete(known)

    def copy_ahead(self) -> None:
        """Copy what never changes, while the other store may be written to: most of it."""
        self._choose_names()
        self._copy_chunks()

    def complete(self, at: float, join_audit: Callable[[list[Any], Names], None]) -> Came:
        """Copy all the rest; nobody writes to the other store from here to the commit."""
        sessions = self._choose_names()
        self._copy_chunks()
        for session in sessions:
            if (ours := self._names[session.session_id]) is not None:
                follows = session.follows and (self._names.get(session.follows) or session.follows)
                self._keep(replace(session, session_id=ours, follows=follows))
        for table in self._tables():
            self._copy(table)
        self._copy_facts()
        names = self._before | {old: new for old, new in self._names.items() if new is not None}
        lines = self._read("SELECT * FROM audit ORDER BY number")
        join_audit(lines[self._lines_before :], names)
        fact = {"at": at, "sessions": names, "lines": len(lines)}
        self._here.execute(
            "INSERT OR REPLACE INTO facts VALUES (?, ?)", (self._fact, json.dumps(fact))
        )
        return Came(tuple(self._came.values()), frozenset(self._gone), self._new)

    # --- which come, and under which names -------------------------------------------------

    def _taken_before(self) -> tuple[dict[str, SessionId], int]:
        """What came of this store earlier, and how many lines of its audit."""
        rows = self._here.execute(
            "SELECT value FROM facts WHERE name = ?", (self._fact,)
        ).fetchall()
        if not rows:
            return {}, 0
        names, lines = taken_names(json.loads(rows[0][0]))
        if names is None:
            # An earlier version wrote down only when: all that was there, as it was.
            ids = self._read("SELECT session_id FROM sessions")
            return {one: SessionId(one) for (one,) in ids}, len(
                self._read("SELECT number FROM audit")
            )
        return names, lines

    def _choose_names(self) -> list[Session]:
        sessions = [
            _session(record)
            for (record,) in self._read("SELECT record FROM sessions ORDER BY rowid")
        ]
        for session in sessions:
            if session.session_id not in self._names:
                self._names[session.session_id] = self._name_for(session)
        return sessions

    def _name_for(self, session: Session) -> SessionId | None:
        """What a session of the other store is called here; None if it does not come."""
        ours = session.session_id
        known = None if self._keeps_names else self._before.get(ours)
        if known is not None:
            return self._name_again(session, known)
        self._new += 1
        if self._ours(ours) is None:
            return ours
        if not self._keeps_names:
            return _fresh_id()
        self._rename(ours, _fresh_id())
        return ours

    def _name_again(self, session: Session, known: SessionId) -> SessionId | None:
        """The same for one that came before: its name if there is more of it now."""
        ours = self._ours(known)
        if ours is None or not self._has_grown(session, ours):
            return None
        if ours.delivery is Delivery.UNSENT and ours.remote is None:
            self._delete(known)
            return known
        self._new += 1
        return _fresh_id()

    def _has_grown(self, session: Session, ours: Session) -> bool:
        there = self._read(_TAIL_END, session.session_id)
        here = self._here.execute(_TAIL_END, (ours.session_id,)).fetchall()
        more = max(session.frames, there[0][0]) > max(ours.frames, here[0][0])
        return more or (session.is_cancelled and not ours.is_cancelled)

    # --- the rows here ---------------------------------------------------------------------

    def _ours(self, session_id: SessionId) -> Session | None:
        rows = self._here.execute(
            "SELECT record FROM sessions WHERE session_id = ?", (session_id,)
        ).fetchall()
        return read_session(json.loads(rows[0][0])) if rows else None

    def _delete(self, session_id: SessionId) -> None:
        self._here.execute("DELETE FROM sessions WHERE session_id = ?", (session_id,))
        self._gone.add(session_id)

    def _rename(self, old: SessionId, new: SessionId) -> None:
        """Let a session that is here give way to another one of its id."""
        for table in ("sessions", *self._tables(), "chunks"):
            self._here.execute(
                f"UPDATE {table} SET session_id = ? WHERE session_id = ?",  # noqa: S608  our own words
                (new, old),
            )
        for (record,) in self._here.execute("SELECT record FROM sessions").fetchall():
            session = read_session(json.loads(record))
            if session.session_id == old:
                self._keep(replace(session, session_id=new))
            elif session.follows == old:
                self._keep(replace(session, follows=new))
        self._came.pop(old, None)
        self._gone.add(old)

    def _keep(self, session: Session) -> None:
        self._came[session.session_id] = session
        self._here.execute(
            "INSERT INTO sessions VALUES (?, ?, ?)"
            " ON CONFLICT (session_id) DO UPDATE SET record = excluded.record",
            (session.session_id, session.created_at, _json(session_record(session))),
        )

    def _tables(self) -> list[str]:
        """Whatever belongs to a session, but the sessions, their chunks, and the audit."""
        rows = self._here.execute(
            "SELECT m.name FROM sqlite_master AS m JOIN pragma_table_info(m.name) AS c"
            " WHERE m.type = 'table' AND c.name = 'session_id'"
            " AND m.name NOT IN ('sessions', 'chunks', 'audit')"
        ).fetchall()
        return [name for (name,) in rows]

    # --- copying ---------------------------------------------------------------------------

    def _copy_chunks(self) -> None:
        """Those that were not copied yet; what was deleted there since is deleted here."""
        found = self._read("SELECT rowid, session_id, chunk FROM chunks")
        # Of a dictation that began this moment all comes when it has a name.
        rows = {row: (theirs, chunk) for row, theirs, chunk in found if theirs in self._names}
        for _, (theirs, chunk) in self._copied.items() - rows.items():
            self._here.execute(
                "DELETE FROM chunks WHERE session_id = ? AND chunk = ?",
                (self._names[theirs], chunk),
            )
        columns = _columns(self._here, "chunks")
        for row, (theirs, _) in sorted(rows.items() - self._copied.items()):
            if (ours := self._names[theirs]) is not None:
                self._copy_chunk(row, columns, ours)
        self._copied = rows

    def _copy_chunk(self, row: int, columns: str, ours: SessionId) -> None:
        (chunk,) = self._read(f"SELECT {columns} FROM chunks WHERE rowid = ?", row) or [None]  # noqa: S608  our own words
        if chunk is None:
            # Deleted this moment: it is missed when all is looked at again.
            return
        if hashlib.sha256(chunk[2]).hexdigest() != chunk[6]:
            raise Unreadable
        self._put("chunks", columns, chunk, ours)

    def _copy(self, table: str) -> None:
        columns = _columns(self._here, table)
        for row in self._read(f"SELECT {columns} FROM {table}"):  # noqa: S608  our own words
            if (ours := self._names.get(row[0])) is not None:
                self._put(table, columns, row, ours)

    def _copy_facts(self) -> None:
        """What had been taken in there; all other facts are about that store or old."""
        for name, value in self._read("SELECT name, value FROM facts"):
            if name.startswith(TAKEN_IN):
                self._here.execute("INSERT OR IGNORE INTO facts VALUES (?, ?)", (name, value))

    def _put(self, table: str, columns: str, row: tuple[Any, ...], ours: SessionId) -> None:
        values = (ours, *row[1:])
        marks = ", ".join("?" * len(values))
        self._here.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608

    def _read(self, sql: str, *values: object) -> list[Any]:
        with _strictly():
            rows: list[Any] = self._there.execute(sql, values).fetchall()
        return rows


def taken_names(fact: object) -> tuple[dict[str, SessionId] | None, int]:
    """Which sessions a fact says that were taken in (None: it does not say), and how many lines."""
    if not isinstance(fact, dict):
        return None, 0
    return {old: SessionId(new) for old, new in fact["sessions"].items()}, fact["lines"]


@contextlib.contextmanager
def _strictly() -> Iterator[None]:
    """Damage of the other store is no damage of ours; a disk that refuses is what it is."""
    try:
        with translated():
            yield
    except SpoolDamaged as error:
        raise Unreadable from error


def _session(record: str) -> Session:
    try:
        return read_session(json.loads(record))
    except (ValueError, KeyError, TypeError) as error:
        raise Unreadable from error


def _columns(connection: Any, table: str) -> str:  # noqa: ANN401
    """All of a table, the session's id first."""
    rows = connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
    names = [name for (name,) in rows if name != "session_id"]
    return ", ".join(("session_id", *names))


def _fresh_id() -> SessionId:
    return SessionId(f"ses_{secrets.token_hex(12)}")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
