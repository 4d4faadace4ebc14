"""Fetches for the window what a service keeps beside the dictations of this computer."""

from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Protocol

from scribe_desktop.domain.dictation import Dictation
from scribe_desktop.domain.errors import AudioFileError, Retry, ServiceError
from scribe_desktop.domain.order import Order, ServiceRef
from scribe_desktop.domain.results import Results
from scribe_desktop.domain.session import Remote, Session, SessionId
from scribe_desktop.protocol.responses import Finished, Gone
from scribe_desktop.services.client import Client
from scribe_desktop.services.library import Library
from scribe_desktop.ui.service_shelf import PastDictation, StoredDocument

LARGEST_RECORDING = 500 * 1024 * 1024

_NOT_OFFERED = frozenset(
    {
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_IMPLEMENTED,
    }
)


class Line(Protocol):
    """Which service is chosen."""

    def usual_order(self) -> Order:
        """What the next dictation would ask for."""


class DictationLine(Protocol):
    """Where our dictations are."""

    def session(self, session_id: SessionId) -> Session:
        """A session as it is now."""

    def dictation(self, session_id: SessionId) -> Dictation:
        """All that is linked to it."""


class ServiceDocuments:
    """The documents that a service keeps beside our dictations."""

    def __init__(
        self,
        line: DictationLine,
        client_for: Callable[[Session], Client],
        audit: Callable[[str, str, str], None],
    ) -> None:
        self._line = line
        self._client_for = client_for
        self._audit = audit

    def listed(self, session_id: SessionId) -> tuple[StoredDocument, ...]:
        """Of each linked session that the service has; raises ServiceError."""
        parts = self._line.dictation(session_id).sessions
        return tuple(document for part in parts for document in self._of(part))

    def _of(self, session: Session) -> Iterator[StoredDocument]:
        if session.remote is None:
            return
        try:
            found = self._library(session).documents(session.remote.remote_id)
        except ServiceError as error:
            if error.status in _NOT_OFFERED:
                return
            raise
        for one in found:
            yield StoredDocument(
                session.session_id,
                one.document_id,
                one.template_id,
                one.name,
                one.status,
                one.updated_at,
            )

    def text(self, document: StoredDocument) -> str:
        """Its text now; raises ServiceError."""
        return self._of_document(document).document_text(document.document_id)

    def save(self, document: StoredDocument, text: str) -> None:
        """Put a text in its place, and write that down; raises ServiceError."""
        session = self._line.session(document.session_id)
        self._of_document(document).save_document(
            session.remote.remote_id if session.remote else "",
            text,
            document_id=document.document_id,
            template_id=document.template_id,
            name=document.name,
        )
        self._audit("document saved", document.session_id, document.document_id)

    def delete(self, document: StoredDocument) -> None:
        """Remove it, and write that down; raises ServiceError."""
        self._of_document(document).delete_document(document.document_id)
        self._audit("document deleted", document.session_id, document.document_id)

    def _of_document(self, document: StoredDocument) -> Library:
        return self._library(self._line.session(document.session_id))

    def _library(self, session: Session) -> Library:
        return Library(self._client_for(session))


class PastSessions:
    """The dictations that the chosen service remembers."""

    def __init__(self, line: Line, client: Callable[[ServiceRef], Client]) -> None:
        self._line = line
        self._client = client

    def past(self, patient_oid: str = "") -> tuple[PastDictation, ...]:
        """The newest first; raises ServiceError."""
        service = self._line.usual_order().service
        return tuple(
            PastDictation(service, one.remote_id, one.patient, one.mode, one.status, one.created_at)
            for one in Library(self._client(service)).history(patient_oid)
        )

    def result(self, past: PastDictation) -> Results | None:
        """What became of it; raises ServiceError."""
        answer = self._client(past.service).get(Remote(past.remote_id, ""))
        if isinstance(answer, Gone):
            raise ServiceError(
                "The service no longer has the text of this dictation.",
                "Ask on the computer where it was dictated.",
                retry=Retry.NEVER,
            )
        return answer.results if isinstance(answer, Finished) else None

    def recording(self, past: PastDictation) -> bytes:
        """All of the sound; raises ServiceError where it is not offered."""
        from scribe_desktop.services.encoder import decode

        client = self._client(past.service)
        try:
            found = Library(client).recording(past.remote_id)
            return decode(client.fetch(found.url, largest=LARGEST_RECORDING))
        except ServiceError as error:
            if error.status not in _NOT_OFFERED:
                raise
            raise ServiceError(
                "The service does not hand out the recording of this dictation.",
                "Its text can be read and copied.",
                retry=Retry.NEVER,
                status=error.status,
            ) from error
        except AudioFileError as error:
            raise ServiceError(
                "What the service sent as the recording cannot be played.",
                "Its text can be read and copied.",
                retry=Retry.NEVER,
            ) from error
