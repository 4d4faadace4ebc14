"""Finds the one dictation that a few digits of its number mean, or the newest."""

from collections.abc import Sequence

from scribe_desktop.domain.errors import UnknownSession
from scribe_desktop.domain.session import Session, SessionId


def session_meant(known: Sequence[Session], prefix_or_last: str) -> SessionId:
    """The one of `known`, newest first, whose id begins so, or the newest for `last`.

    Raises UnknownSession.
    """
    if prefix_or_last == "last" and known:
        return known[0].session_id
    matches = [s.session_id for s in known if s.session_id.startswith(prefix_or_last)]
    if prefix_or_last in matches:
        return SessionId(prefix_or_last)
    if len(matches) == 1 and prefix_or_last:
        return matches[0]
    if matches and prefix_or_last:
        raise UnknownSession(
            "Several dictations begin with that number.", "Give more of its digits."
        )
    raise UnknownSession("There is no dictation of that number.")
