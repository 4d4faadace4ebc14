"""The spool as the line sees it: what was asked of it is seen at once and written in its turn.

A disk that hangs must not hold up a press, and what was pressed must not look
as if it had been lost: until the disk has it, a session, a change or an edit is
laid over what is stored. With a disk that is well nothing ever lies there.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from scribe_desktop.collaborators import Store
from scribe_desktop.domain.errors import UnknownSession
from scribe_desktop.domain.machine import IllegalEvent
from scribe_desktop.domain.receipts import Receipt
from scribe_desktop.domain.results import Author, Results, ResultsVersion
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.late_write import LateWrites
from scribe_desktop.services.session_numbers import session_meant

Change = Callable[[Session], Session]


@dataclass(frozen=True, eq=False, slots=True)
class _Asked:
    """What the disk may not have yet: a new session, a change of one, or a version."""

    session_id: SessionId
    new: Session | None = None
    change: Change | None = None
    version: ResultsVersion | None = None


class PromptStore:
    """A `Store` that answers at once. Any thread may call."""

    def __init__(self, store: Store, writes: LateWrites, now: Callable[[], float]) -> None:
        self._store = store
        self._writes = writes
        self._now = now
        self._lock = threading.Lock()
        self._asked: tuple[_Asked, ...] = ()
        self._listeners: list[Callable[[Session], None]] = []

    # --- looking ----------------------------------------------------------------------------

    def get(self, session_id: SessionId) -> Session:
        """The session now; raises UnknownSession."""
        asked = self._asked_of(session_id)
        if not asked:
            return self._store.get(session_id)
        try:
            stored = self._store.get(session_id)
        except UnknownSession:
            if asked[0].new is None:
                raise
            stored = asked[0].new
        return _changed(stored, asked)

    def find(self, prefix: str) -> SessionId:
        """The one session whose id begins so, or the newest for `last`; raises UnknownSession."""
        # Also one that the disk has not yet: another patient's must not be taken for it.
        return session_meant(self.sessions(), prefix)

    def sessions(self) -> tuple[Session, ...]:
        """All, newest first."""
        asked = self._asked
        stored = self._store.sessions()
        if not asked:
            return stored
        known = {one.session_id: one for one in stored}
        for one in asked:
            if one.new is not None:
                known.setdefault(one.session_id, one.new)
        shown = [
            _changed(session, [one for one in asked if one.session_id == session_id])
            for session_id, session in known.items()
        ]
        return tuple(sorted(shown, key=lambda session: session.created_at, reverse=True))

    def versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        """All versions, oldest first."""
        # Looked at before the store: whatever leaves this list is stored by then.
        asked = self._asked_of(session_id)
        try:
            found = self._store.versions(session_id)
        except UnknownSession:
            if not asked or asked[0].new is None:
                raise
            found = ()
        for one in asked:
            if one.version is not None and not _holds(found, one.version):
                number = found[-1].version + 1 if found else 1
                found = (*found, replace(one.version, version=number))
        return found

    def receipts(self, session_id: SessionId) -> tuple[Receipt, ...]:
        """The digests of every chunk that was sealed: none of what the disk does not have yet."""
        try:
            return self._store.receipts(session_id)
        except UnknownSession:
            return ()

    def subscribe(self, listener: Callable[[Session], None]) -> object:
        """Call with each new snapshot, also of what is not on disk yet."""
        self._listeners.append(listener)
        return self._store.subscribe(lambda session: listener(self._as_asked(session)))

    # --- changing ---------------------------------------------------------------------------

    def add(self, session: Session) -> None:
        """Keep a new session; raises DiskFull if the disk says so at once."""
        asked = _Asked(session.session_id, new=session)
        self._write(asked, partial(self._store.add, session))

    def update(self, session_id: SessionId, change: Change) -> Session:
        """Fold a change; what `change` raises comes out, with nothing changed."""
        changed = change(self.get(session_id))
        asked = _Asked(session_id, change=change)
        self._write(asked, partial(self._store.update, session_id, change))
        return changed

    def add_version(self, session_id: SessionId, results: Results, author: Author) -> None:
        """Keep another version."""
        before = self.versions(session_id)
        number = before[-1].version + 1 if before else 1
        asked = _Asked(session_id, version=ResultsVersion(number, author, self._now(), results))
        self._write(asked, partial(self._store.add_version, session_id, results, author))

    def settle(self, timeout_s: float) -> bool:
        """Wait until everything is on disk; whether it is."""
        return self._writes.settle(timeout_s)

    def _write(self, asked: _Asked, write: Callable[[], object]) -> None:
        with self._lock:
            self._asked = (*self._asked, asked)
        # A dictation that is not to be recorded must not appear later; all else is kept.
        is_stored = self._writes.within(
            write,
            of=asked.session_id,
            lasts=asked.new is None,
            done=partial(self._forget, asked),
        )
        if not is_stored:
            for listener in tuple(self._listeners):
                listener(self.get(asked.session_id))

    # --- what is not on disk yet ------------------------------------------------------------

    def _asked_of(self, session_id: SessionId) -> list[_Asked]:
        return [one for one in self._asked if one.session_id == session_id]

    def _as_asked(self, stored: Session) -> Session:
        return _changed(stored, self._asked_of(stored.session_id))

    def _forget(self, asked: _Asked) -> None:
        with self._lock:
            self._asked = tuple(one for one in self._asked if one is not asked)


def _holds(stored: tuple[ResultsVersion, ...], waiting: ResultsVersion) -> bool:
    """Whether it was stored a moment ago, and is not yet forgotten here."""
    later = (one for one in stored if one.version >= waiting.version)
    return any((one.author, one.results) == (waiting.author, waiting.results) for one in later)


def _changed(session: Session, asked: list[_Asked]) -> Session:
    for one in asked:
        if one.change is not None:
            try:
                session = one.change(session)
            except IllegalEvent:
                # Stored a moment ago, and not yet forgotten here.
                continue
    return session
