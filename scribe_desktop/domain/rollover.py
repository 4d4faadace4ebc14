"""When a dictation must go on in a linked session, because the service takes no more in this one.

A service limits how long one session may last, in speech and by the clock
(PROTOCOL.md §3). The clinician must never notice: the dictation is cut in a
quiet moment before the limit and goes on, without losing a sample.
"""

from scribe_desktop.domain.audio import seconds
from scribe_desktop.domain.session import Session

MARGIN_S = 60.0
"""Longer than the longest chunk and the time until the next look together."""

EXPIRY_MARGIN_S = 600.0
"""The last chunk and End must arrive before the session expires, on a slow network too."""


def is_due(session: Session, max_session_s: float | None, now: float) -> bool:
    """Whether `session`, which is being recorded, should hand over to a linked one."""
    speech_left_s = float("inf")
    if max_session_s is not None:
        # A service that takes less than twice the margin gets half of what it takes.
        margin_s = min(MARGIN_S, max_session_s / 2)
        speech_left_s = max_session_s - margin_s - seconds(session.frames)
    clock_left_s = float("inf")
    if session.remote is not None and session.remote.expires_at is not None:
        lasts_s = session.remote.expires_at - session.created_at
        margin_s = min(EXPIRY_MARGIN_S, max(lasts_s / 2, 0.0))
        clock_left_s = session.remote.expires_at - margin_s - now
    return speech_left_s <= 0 or clock_left_s <= 0
