"""What may be deleted, and when: never before the result is stored here.

A service may forget a session at any time, and then it must be sent again
from this computer. So audio stays until a complete result is stored and the
clinician's own time for it has passed; what failed or is unfinished is never
deleted by the clock.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.session import Delivery, Session, SessionId
from scribe_desktop.domain.settings import Settings

UNDO_S = 7 * 86_400.0
"""How long a cancelled dictation can be taken back."""

SHOWN_S = 3_600.0
"""Notes kept for 0 days stay this long, or nobody could read or insert them."""


class Deletion(StrEnum):
    """What of a session goes."""

    AUDIO = "audio"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Due:
    """A deletion that the rules allow now."""

    session_id: SessionId
    what: Deletion


@dataclass(frozen=True, slots=True)
class Left:
    """Where something of a dictation may still be that was deleted for good."""

    on_service: bool = False
    damaged_stores: int = 0
    """Set aside on this computer with all that was in them, until `aside_is_due`."""

    def __bool__(self) -> bool:
        return self.on_service or self.damaged_stores > 0


def set_aside_sentence(left: Left) -> str:
    """What is left on this computer, in words; empty if nothing is."""
    if not left.damaged_stores:
        return ""
    if left.damaged_stores == 1:
        return "A damaged store that was set aside here may still have it; it goes when notes do."
    return (
        f"{left.damaged_stores} damaged stores that were set aside here may still have it; "
        "they go when notes do."
    )


def due(
    sessions: Iterable[Session], with_audio: frozenset[SessionId], settings: Settings, now: float
) -> tuple[Due, ...]:
    """Everything that may be deleted at `now`; `with_audio` are the sessions that still have some.

    A clock set back deletes nothing; a clock set forward can delete early,
    which no rule of ours can tell from time going by.
    """
    found = []
    for session in sessions:
        if _session_is_due(session, settings, now):
            found.append(Due(session.session_id, Deletion.SESSION))
        elif session.session_id in with_audio and _audio_is_due(session, settings, now):
            found.append(Due(session.session_id, Deletion.AUDIO))
    return tuple(found)


def _session_is_due(session: Session, settings: Settings, now: float) -> bool:
    if session.cancelled_at is not None:
        return _is_withdrawn(session) and now >= session.cancelled_at + UNDO_S
    if session.is_empty and session.stopped_at is not None:
        return _is_withdrawn(session) and now >= session.stopped_at + UNDO_S
    if session.delivery is not Delivery.RESOLVED or session.resolved_at is None:
        return False
    if session.missing_files:
        # The text may lack what was said there, and only this recording has it.
        return False
    return now >= session.resolved_at + max(settings.keep_notes_days * 86_400.0, SHOWN_S)


def _audio_is_due(session: Session, settings: Settings, now: float) -> bool:
    if session.cancelled_at is not None:
        # The row stays until the service was told; the audio need not.
        return now >= session.cancelled_at + UNDO_S
    if session.outcome is not Outcome.COMPLETED or session.resolved_at is None:
        return False
    return now >= session.resolved_at + settings.keep_audio_hours * 3_600.0


def aside_is_due(set_aside_at: float, settings: Settings, now: float) -> bool:
    """Whether a damaged store may go that was set aside when all that was readable was saved.

    It holds what notes hold, so it stays as long as they do, and at least as
    long as a mistake can be undone. A clock set back deletes nothing.
    """
    return now >= set_aside_at + max(settings.keep_notes_days * 86_400.0, UNDO_S)


def _is_withdrawn(session: Session) -> bool:
    """Whether the service holds nothing that it was not told to drop."""
    return session.remote is None or session.withdrawn or session.delivery is Delivery.RESOLVED
