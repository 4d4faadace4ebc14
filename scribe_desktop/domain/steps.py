"""What to do next for a session: one pure function that both workers obey.

The upload worker takes Create, Amend, Upload, End, SendText and Withdraw; the
poller takes Poll. Neither decides anything else, so the tests can drive a whole delivery
by calling `next_step` and `apply` in turn.
"""

from dataclasses import dataclass
from typing import TypeAlias

from scribe_desktop.domain.session import Capture, Delivery, Session


@dataclass(frozen=True, slots=True)
class Create:
    """Open a session on the service."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Send file `index`: a chunk, or a piece of one (domain/pieces.py)."""

    index: int


@dataclass(frozen=True, slots=True)
class End:
    """Tell the service that `count` files were all.

    `ask_first`: an End may have gone out before, so look at the status before
    repeating it, because one server processes twice (PROTOCOL.md §1.6).
    """

    count: int
    ask_first: bool


@dataclass(frozen=True, slots=True)
class SendText:
    """Hand over the text that was typed; it stands for all audio and for End.

    `ask_first`: as for End.
    """

    ask_first: bool


@dataclass(frozen=True, slots=True)
class Poll:
    """Ask for the result."""


@dataclass(frozen=True, slots=True)
class Amend:
    """Tell the service what the clinician changed since Create."""


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Tell the service that the session is cancelled."""


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing to do until `until` (epoch seconds), or until something happens (None)."""

    until: float | None = None


Step: TypeAlias = Create | Amend | Upload | End | SendText | Poll | Withdraw | Rest


def next_step(session: Session, now: float) -> Step:
    """The one thing to do for this session; total, and the same at each call."""
    if session.problem is not None and session.retry_at is None:
        return Rest()
    if session.retry_at is not None and session.retry_at > now:
        return Rest(session.retry_at)
    if _comes_to_nothing(session):
        return Withdraw() if is_to_withdraw(session) else Rest()
    match session.delivery:
        case Delivery.UNSENT:
            return Create() if _is_worth_opening(session) else Rest()
        case Delivery.OPEN:
            return _open_step(session)
        case Delivery.ENDED:
            if session.amended:
                return Amend()
            return Poll()
        case _:
            # A dictation is given to another patient after its result, too.
            return Amend() if session.amended else Rest()


def _is_worth_opening(session: Session) -> bool:
    """Opened as soon as the microphone is heard, so that only a chunk and End remain at the stop.

    One that goes on in a pause of hours with nothing in it yet would grow old on the service.
    """
    nothing_yet = session.capture is Capture.PAUSED and session.chunks == 0
    return session.capture is not Capture.STARTING and not nothing_yet


def _open_step(session: Session) -> Step:
    if session.amended:
        # Before End: afterwards the notes are already being written.
        return Amend()
    if session.typed:
        return SendText(ask_first=session.end_sent)
    if session.accepted < session.files:
        return Upload(session.accepted)
    if session.capture is Capture.STOPPED:
        return End(session.files, ask_first=session.end_sent)
    return Rest()


def is_to_withdraw(session: Session) -> bool:
    """Whether the service has yet to be told that it was thrown away."""
    delivered = session.delivery is Delivery.RESOLVED
    is_open = session.remote is not None and not session.withdrawn and not delivered
    return is_open and _comes_to_nothing(session)


def _comes_to_nothing(session: Session) -> bool:
    return session.is_cancelled or session.is_empty
