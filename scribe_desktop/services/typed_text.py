"""Hands a service a text that was typed, so that it writes notes as if it had been spoken.

EkaScribe's family has this call and the plain specification has not
(PROTOCOL.md §1.12). A service without it answers "not found", which would
mean "I forgot the session" anywhere else, so here it is asked which it was.
"""

from http import HTTPStatus
from typing import Protocol

from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.results import ResultsVersion
from scribe_desktop.domain.session import Remote, SessionId
from scribe_desktop.protocol import errors
from scribe_desktop.protocol.responses import Answer, Finished, Gone

_NO_SUCH_CALL = frozenset(
    {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.NOT_IMPLEMENTED}
)


class TextClient(Protocol):
    """What this needs of the client."""

    def get(self, remote: Remote) -> Answer:
        """Ask how the session stands."""

    def send_text(self, remote: Remote, text: str) -> None:
        """Send the text that the notes are to be written from."""


class TextSpool(Protocol):
    """What this needs of the spool."""

    def versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        """Every version of the results, oldest first."""


def typed_text(spool: TextSpool, session_id: SessionId) -> str:
    """What the clinician typed, as it reads now."""
    versions = spool.versions(session_id)
    return (versions[-1].results.transcript if versions else None) or ""


def hand_over(client: TextClient, remote: Remote, text: str, *, ask_first: bool) -> bool:
    """Send `text` once; False if the service no longer has the session.

    With `ask_first` it may have been sent before, and its reply was lost.
    Raises ServiceError.
    """
    if ask_first:
        answer = client.get(remote)
        if isinstance(answer, Gone):
            return False
        if isinstance(answer, Finished) or answer.ended:
            return True
    try:
        client.send_text(remote, text)
    except ServiceError as error:
        if error.code in errors.ALREADY_ENDED or errors.says_taken(error):
            return True
        if error.status not in _NO_SUCH_CALL:
            raise
        if isinstance(client.get(remote), Gone):
            return False
        raise ServiceError(
            "This service does not write notes from a text; the text is kept on this computer.",
            "Choose another service, then paste the text there.",
            retry=Retry.NEVER,
            status=error.status,
        ) from error
    return True
