"""Says no to a client in the one shape the protocol has for it.

A refusal is an answer, not a failure: it carries the HTTP status, the
protocol's own word for the error, and a sentence without patient data.
"""

from collections.abc import Mapping
from typing import Any


class Refusal(Exception):
    """The request is refused; `code` is from the protocol's vocabulary."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        details: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = dict(details) if details else None
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The error envelope of the specification; absent keys are absent, never null."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.details is not None:
            error["details"] = self.details
        return {"error": error}


def session_not_found() -> Refusal:
    """Nobody has that session, or it was removed."""
    return Refusal(404, "session_not_found", "There is no session with this id.")


def resource_not_found(what: str) -> Refusal:
    """`what` names the kind of thing, never the thing."""
    return Refusal(404, "resource_not_found", f"There is no such {what}.")


def session_ended() -> Refusal:
    """The session takes no more audio and cannot be ended twice."""
    return Refusal(400, "session_ended", "This session was already ended.")


def invalid(message: str, *, field: str = "", status: int = 422) -> Refusal:
    """The request does not say what it must."""
    details = {"field": field} if field else None
    return Refusal(status, "invalid_request", message, details=details)
