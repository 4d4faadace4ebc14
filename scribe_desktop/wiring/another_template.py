"""Has one more template filled from a dictation that the service has already heard."""

import threading
from collections.abc import Callable
from typing import Protocol

from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.results import Note, NoteStatus
from scribe_desktop.domain.session import Delivery, Session, SessionId
from scribe_desktop.services.client import Client
from scribe_desktop.services.library import Library


class Line(Protocol):
    """Where the dictation is, and where the note goes."""

    def session(self, session_id: SessionId) -> Session:
        """The session as it is now."""

    def add_note(self, session_id: SessionId, note: Note) -> None:
        """Store one more note of the service."""


class AnotherTemplate:
    """Call it with a session and a template; it waits for the note and stores it."""

    def __init__(self, line: Line, client_for: Callable[[Session], Client]) -> None:
        self._line = line
        self._client_for = client_for

    def __call__(self, session_id: SessionId, template_id: str) -> None:
        """Raises ServiceError with what to do; what was there before stays."""
        session = self._line.session(session_id)
        if session.remote is None or session.delivery is not Delivery.RESOLVED:
            raise ServiceError(
                "The service does not have this dictation yet.",
                "Wait until it is sent, then run the template.",
                retry=Retry.LATER,
            )
        library = Library(self._client_for(session))
        results = library.fill_template(session.remote, template_id, threading.Event())
        note = next((one for one in results.notes if one.template_id == template_id), None)
        if note is None or note.status is NoteStatus.FAILED:
            raise ServiceError(
                "The service could not fill this template.",
                "The dictation itself is safe; try another template.",
                retry=Retry.NEVER,
            )
        self._line.add_note(session_id, note)
