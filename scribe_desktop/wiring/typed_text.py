"""Takes a text that was typed or pasted and has notes written from it, as from a dictation.

The text is in the spool before anything is sent. From there it goes the way
of every dictation: sent when the service can be reached, sent again when the
service forgot it, and kept, edited, exported and deleted like any other.
"""

from collections.abc import Callable
from typing import Protocol

from scribe_desktop.domain.errors import DiskFull, ScribeError
from scribe_desktop.domain.order import Order, ServiceRef
from scribe_desktop.domain.results import Outcome, Results
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.rolling_over import new_session_id

LONGEST_TEXT = 500_000
"""Letters; four hours of fast speech have fewer."""


class Store(Protocol):
    """The part of the spool that this uses."""

    def add(self, session: Session, results: Results | None = None) -> None:
        """Keep a new session and its text."""


class TypedText:
    """Call it with a text and an order; it returns the session at once."""

    def __init__(
        self,
        store: Store,
        prepare: Callable[[ServiceRef], None],
        now: Callable[[], float],
    ) -> None:
        self._store = store
        self._prepare = prepare
        self._now = now

    def __call__(
        self, text: str, order: Order, *, session_id: SessionId | None = None
    ) -> SessionId:
        """Keep the text and deliver it; raises ScribeError with nothing kept."""
        _check(text, order)
        at = self._now()
        session = Session(
            session_id or new_session_id(),
            at,
            order,
            capture=Capture.STOPPED,
            started_at=at,
            stopped_at=at,
            typed=True,
        )
        try:
            self._store.add(session, Results(Outcome.COMPLETED, text))
        except DiskFull as error:
            raise DiskFull(
                "The disk of this computer takes nothing, so the text was not kept.",
                "Free some space, then try again.",
            ) from error
        self._prepare(order.service)
        return session.session_id


def _check(text: str, order: Order) -> None:
    if not text.strip():
        raise ScribeError("There is no text yet.", "Type or paste it first.")
    if len(text) > LONGEST_TEXT:
        raise ScribeError(
            "That text is too long for one note.", "Divide it and have each part written."
        )
    if not order.templates:
        raise ScribeError("No template is chosen.", "Choose what is to be written.")
