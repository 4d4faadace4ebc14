"""What to tell about one dictation: what happened, what it means for it, what to do.

No Qt in here, as in `view_state`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scribe_desktop.domain.audio import Gap
from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.reassurance import of_text
from scribe_desktop.domain.receipts import count_sentence
from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.session import Session
from scribe_desktop.ui.view_state import Tone, rough_duration


class Remedy(StrEnum):
    """What one press of the button beside a sentence does."""

    NONE = ""
    SEND_NOW = "Send now"
    SIGN_IN = "Sign in"
    RESTORE = "Restore"


@dataclass(frozen=True, slots=True)
class Advice:
    """A sentence above the result: what happened, what it means, what to do."""

    message: str
    remedy: str
    action: Remedy
    tone: Tone


def advice_for(session: Session, now: float) -> Advice | None:
    """What to tell about one dictation, or nothing when all is well."""
    if session.is_cancelled:
        return Advice(
            "This dictation was cancelled.", "It is kept for 7 days.", Remedy.RESTORE, Tone.GONE
        )
    if session.is_empty:
        return Advice(
            "Nothing was recorded.",
            "Check the microphone in the bar above and record again.",
            Remedy.NONE,
            Tone.GONE,
        )
    problem = session.problem
    if problem is not None:
        signed_out = problem.retry is Retry.AFTER_SIGN_IN
        when_next = ""
        if session.retry_at is not None and session.retry_at > now:
            when_next = f" Trying again in {rough_duration(session.retry_at - now)}."
        return Advice(
            of_text(problem.message) if session.typed else problem.message,
            f"{problem.remedy}{when_next}".strip(),
            Remedy.SIGN_IN if signed_out else Remedy.SEND_NOW,
            Tone.WARNING if session.retry_at is None else Tone.QUIET,
        )
    return _loss_advice(session)


def _loss_advice(session: Session) -> Advice | None:
    if missing := _missing_advice(session):
        return missing
    if session.outcome is Outcome.FAILED:
        return Advice(
            "The service could not make a note of this dictation.",
            "The text is safe."
            if session.typed
            else "The recording is safe and can be played or sent again.",
            Remedy.NONE,
            Tone.WARNING,
        )
    if session.outcome is Outcome.PARTIAL:
        return Advice(
            "The service could finish only a part of this dictation.",
            "What it wrote is below; compare it with the recording.",
            Remedy.NONE,
            Tone.WARNING,
        )
    return None


def _missing_advice(session: Session) -> Advice | None:
    """What is not in the text, though it was said."""
    lost = tuple(gap for gap in session.gaps if not gap.recorded)
    unheard = tuple(gap for gap in session.gaps if gap.recorded)
    told = []
    if lost:
        told.append(f"{_about(lost)} could not be recorded: {lost[-1].reason}.")
    if unheard:
        told.append(f"{_about(unheard)} were recorded, but not heard by the service.")
    if counted := count_sentence(session):
        told.append(counted)
    if not told:
        return None
    remedy = "The text may miss words there; listen to it before you use it."
    if not lost:
        remedy = "The recording has it: listen to it there and add what is missing."
    return Advice(" ".join(told), remedy, Remedy.NONE, Tone.WARNING)


def _about(gaps: Sequence[Gap]) -> str:
    lost_s = sum(gap.seconds_lost for gap in gaps)
    return f"About {rough_duration(lost_s)}" if lost_s else "A part"
