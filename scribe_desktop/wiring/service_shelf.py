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
from scribe_desktop.ui.service_shelf import OwnTemplate, PastDictation, StoredDocument

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


class OfferingLine(Line, Protocol):
    """Which service is chosen, and what it offers."""

    def prepare(self) -> None:
        """Ask it anew what it offers, in the background."""


class OwnTemplates:
    """The templates that the clinic described at the chosen service."""

    def __init__(self, line: OfferingLine, client: Callable[[ServiceRef], Client]) -> None:
        self._line = line
        self._client = client

    def own(self) -> tuple[OwnTemplate, ...]:
        """All of them; raises ServiceError, also where there is no such thing."""
        try:
            found = self._library().own_templates()
        except ServiceError as error:
            raise _not_here(error) from error
        return tuple(OwnTemplate(one.template_id, one.title, one.instructions) for one in found)

    def save(self, template: OwnTemplate) -> None:
        """Make or change one; raises ServiceError."""
        library, name = self._library(), template.name.strip()
        try:
            if template.template_id:
                library.change_template(template.template_id, name, template.instructions)
            else:
                library.create_template(name, template.instructions)
        except ServiceError as error:
            raise _template_refused(error) from error
        self._line.prepare()

    def delete(self, template_id: str) -> None:
        """Remove one; gone already is as good. Raises ServiceError."""
        try:
            self._library().delete_template(template_id)
        except ServiceError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise _template_refused(error) from error
        self._line.prepare()

    def _library(self) -> Library:
        return Library(self._client(self._line.usual_order().service))


def _not_here(error: ServiceError) -> ServiceError:
    """What is said of dictations at other times ("it is sent again") has no place here."""
    if error.status == HTTPStatus.FORBIDDEN:
        return _signed_out(error)
    if error.status in _NOT_OFFERED:
        return ServiceError(
            "This service does not let you describe templates.",
            "Those that it has can be chosen above.",
            retry=Retry.NEVER,
            status=error.status,
        )
    return _template_refused(error)


def _template_refused(error: ServiceError) -> ServiceError:
    if error.retry is Retry.AFTER_SIGN_IN and error.status != HTTPStatus.FORBIDDEN:
        return _signed_out(error)
    if error.status == 0 or error.retry is Retry.LATER:
        message, remedy = "The service could not be reached.", "Try again in a moment."
    else:
        message = "The service refused this template."
        remedy = "Perhaps it may not be changed, or its description is not what is expected."
    return ServiceError(message, remedy, retry=error.retry, status=error.status, code=error.code)


def _signed_out(error: ServiceError) -> ServiceError:
    return ServiceError(
        "The service asks you to sign in.",
        "Sign in under Services and accounts, then try again.",
        retry=Retry.AFTER_SIGN_IN,
        status=error.status,
        code=error.code,
    )


class PastSessions:
    """The dictations that the chosen service remembers."""

    def __init__(
        self,
        line: Line,
        client: Callable[[ServiceRef], Client],
        audit: Callable[[str, str, str], None] = lambda *_: None,
    ) -> None:
        self._line = line
        self._client = client
        self._audit = audit

    def take_out(self, past: PastDictation) -> None:
        """Take it out, and write that down; raises ServiceError where one cannot."""
        try:
            Library(self._client(past.service)).archive(past.remote_id)
        except ServiceError as error:
            if error.status not in _NOT_OFFERED:
                raise
            raise ServiceError(
                "This service does not let you take dictations out of its list.",
                "Ask there to have it removed.",
                retry=Retry.NEVER,
                status=error.status,
            ) from error
        self._audit("taken out of the history", "", past.remote_id)

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
