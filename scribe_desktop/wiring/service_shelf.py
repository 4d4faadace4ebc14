"""Fetches for the window what a service keeps beside the dictations of this computer."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from scribe_desktop.domain.errors import AudioFileError, Retry, ServiceError
from scribe_desktop.domain.order import Order, ServiceRef
from scribe_desktop.domain.results import Results
from scribe_desktop.domain.session import Remote
from scribe_desktop.protocol.responses import Finished, Gone
from scribe_desktop.services.client import Client
from scribe_desktop.services.library import Library
from scribe_desktop.ui.service_shelf import PastDictation

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
