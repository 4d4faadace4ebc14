"""The dictations that are stored: looked up, edited, set aside and taken back.

The half of the line that needs no microphone. Nothing here waits for a
service; what changes is folded into the spool, and the workers see it there.
"""

from collections.abc import Callable
from dataclasses import replace

from scribe_desktop.collaborators import Listener, Store
from scribe_desktop.domain.dictation import Dictation, linked
from scribe_desktop.domain.errors import UnknownSession
from scribe_desktop.domain.events import (
    Bookmarked,
    BookmarkRemoved,
    Cancelled,
    Event,
    OrderAmended,
    Restored,
)
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.notices import ResultsStored
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Author, Note, Results, ResultsVersion
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.domain.shown_text import heard_versions, shown_versions


class StoredDictations:
    """What `Line` can do with them. Any thread."""

    def __init__(
        self,
        store: Store,
        now: Callable[[], float],
        settings: Callable[[], Settings],
        tell: Listener,
    ) -> None:
        self._store = store
        self._now = now
        self._settings_now = settings
        self._tell_stored = tell

    def knows(self, session_id: SessionId) -> bool:
        """Whether there is that session."""
        try:
            self._store.get(session_id)
        except UnknownSession:
            return False
        return True

    def session(self, session_id: SessionId) -> Session:
        """The session as it is now."""
        return self._store.get(session_id)

    def sessions(self) -> tuple[Session, ...]:
        """All sessions, newest first, cancelled ones included."""
        return self._store.sessions()

    def find(self, prefix: str) -> SessionId:
        """The one session whose id starts so, or `last`; raises UnknownSession."""
        return self._store.find(prefix)

    def dictation(self, session_id: SessionId) -> Dictation:
        """The whole dictation a session belongs to, with the latest results."""
        chain = linked(self._store.sessions(), session_id)
        latest = {
            session.session_id: versions[-1].results
            for session in chain
            if (versions := self.shown_versions(session.session_id))
        }
        receipts = {one.session_id: self._store.receipts(one.session_id) for one in chain}
        return Dictation(chain, latest, receipts)

    def outline(self, session_id: SessionId) -> Dictation:
        """The same without results: no disk is asked, so none can fail it."""
        return Dictation(self._parts(session_id), {})

    def versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        """Every version of the results as it is stored, oldest first."""
        return self._store.versions(session_id)

    def shown_versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        """The same as they are read: with the clinician's rules about text applied."""
        session, versions = self._store.get(session_id), self._store.versions(session_id)
        before = self._frames_before(session)
        return shown_versions(versions, session, self._settings_now(), before)

    def heard_versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        """The same as they were heard: without any rule, but marked where speech is missing."""
        session, versions = self._store.get(session_id), self._store.versions(session_id)
        return heard_versions(versions, session, self._frames_before(session))

    def _frames_before(self, session: Session) -> int:
        """What was recorded in the linked sessions before this one, where a mark needs it."""
        if session.follows is None or not session.gaps:
            return 0
        chain = linked(self._store.sessions(), session.session_id)
        return sum(one.frames for one in chain[: chain.index(session)])

    def bookmark(self, session_id: SessionId, at_frame: int, *, wanted: bool = True) -> None:
        """Mark a place in a recording, or take the mark away."""
        mark = Bookmarked(at_frame) if wanted else BookmarkRemoved(at_frame)
        self._apply(session_id, mark)

    def edit(self, session_id: SessionId, results: Results) -> None:
        """Store the clinician's version."""
        self._store.add_version(session_id, results, Author.CLINICIAN)
        self._tell_stored(ResultsStored(session_id))

    def add_note(self, session_id: SessionId, note: Note) -> None:
        """Store one more note of the service; what the clinician wrote beside it stays."""
        latest = self._store.versions(session_id)[-1]
        others = tuple(one for one in latest.results.notes if one.template_id != note.template_id)
        edited = tuple(key for key in latest.results.edited if key != note.template_id)
        results = replace(latest.results, notes=(*others, note), edited=edited)
        self._store.add_version(session_id, results, latest.author)
        self._tell_stored(ResultsStored(session_id))

    def amend(self, session_id: SessionId, order: Order) -> None:
        """Change patient, templates or languages of a session."""
        self._apply(session_id, OrderAmended(order))

    def discard(self, session_id: SessionId) -> None:
        """Set the whole dictation of a session aside; it can be restored for 7 days."""
        cancelled = Cancelled(self._now())
        for part in self._parts(session_id):
            if not part.is_cancelled:
                self._apply(part.session_id, cancelled)

    def restore(self, session_id: SessionId) -> None:
        """Take the whole dictation back and deliver it; nothing if it was not discarded."""
        for part in self._parts(session_id):
            if part.is_cancelled:
                self._apply(part.session_id, Restored())

    def _parts(self, session_id: SessionId) -> tuple[Session, ...]:
        """The linked sessions that are told as one dictation; raises UnknownSession."""
        self._store.get(session_id)
        return linked(self._store.sessions(), session_id)

    def _apply(self, session_id: SessionId, event: Event) -> None:
        self._store.update(session_id, lambda session: apply(session, event))
