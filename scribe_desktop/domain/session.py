"""One dictation, from the first word to the stored note, as two small machines.

**Capture** says what the microphone does, **Delivery** how far the service
has it. Each is one table of legal transitions; an event that is not in the
table raises `IllegalEvent` and changes nothing. A session is a fold of its
events, and everything a worker does next is `next_step(session, now)`: the
threads hold no state of their own, so a restart anywhere changes nothing.

What always holds (tests/domain/test_session_machine.py proves each one):

1. Chunks are accepted strictly in index order, each once.
2. End is ordered only when the microphone is stopped and every chunk is
   accepted, and it carries exactly that count.
3. A resolved session takes no further delivery events.
4. A receipt for an earlier remote session never counts for the present one.
5. Every stopped session with audio resolves once the service heals.
6. Cancel is legal everywhere, loses nothing, and can be undone.
"""

import hashlib
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NewType, TypeAlias

from scribe_desktop.domain.audio import Gap
from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Outcome

SessionId = NewType("SessionId", str)


class Capture(StrEnum):
    """What the microphone does for this session."""

    STARTING = "starting"
    RECORDING = "recording"
    PAUSED = "paused"
    STOPPED = "stopped"


class Delivery(StrEnum):
    """How far the service has the session."""

    UNSENT = "unsent"
    OPEN = "open"
    ENDED = "ended"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Remote:
    """The session on the service's side.

    `upload_target` is whatever Create returned as `upload_url`, as JSON text:
    a URL or a presigned form. Times are seconds since the epoch by the
    service's clock.
    """

    remote_id: str
    upload_target: str
    expires_at: float | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why delivery waits, in words a clinician can read."""

    message: str
    remedy: str
    retry: Retry


@dataclass(frozen=True, slots=True)
class Session:
    """A dictation and how far it has come; a value, never changed in place."""

    session_id: SessionId
    created_at: float
    order: Order
    capture: Capture = Capture.STARTING
    delivery: Delivery = Delivery.UNSENT
    chunks: int = 0
    frames: int = 0
    accepted: int = 0
    generation: int = 0
    remote: Remote | None = None
    past_remote_ids: tuple[str, ...] = ()
    end_sent: bool = False
    received: int | None = None
    attempts: int = 0
    retry_at: float | None = None
    problem: Problem | None = None
    gaps: tuple[Gap, ...] = ()
    started_at: float | None = None
    stopped_at: float | None = None
    ended_at: float | None = None
    resolved_at: float | None = None
    outcome: Outcome | None = None
    cancelled_at: float | None = None
    withdrawn: bool = False
    amended: bool = False
    follows: SessionId | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether the clinician threw it away; it can still be restored."""
        return self.cancelled_at is not None

    @property
    def is_empty(self) -> bool:
        """Whether it is over and nothing was recorded."""
        return self.capture is Capture.STOPPED and self.chunks == 0

    @property
    def remote_ids(self) -> tuple[str, ...]:
        """Every id this session has had on the service, oldest first."""
        present = (self.remote.remote_id,) if self.remote else ()
        return (*self.past_remote_ids, *present)


# --- events: facts, in the past tense -------------------------------------------------


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The first real block came from the microphone (or the file was opened)."""

    at: float


@dataclass(frozen=True, slots=True)
class Paused:
    """The clinician paused; the chunk time line goes on where it was."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The clinician went on."""


@dataclass(frozen=True, slots=True)
class ChunkSealed:
    """Chunk `index` of `frames` is encoded and durable."""

    index: int
    frames: int


@dataclass(frozen=True, slots=True)
class GapNoted:
    """Something was not captured, or not taken; it is marked, never hidden."""

    gap: Gap


@dataclass(frozen=True, slots=True)
class Stopped:
    """No more audio will come."""

    at: float


@dataclass(frozen=True, slots=True)
class Created:
    """The service opened a session."""

    remote: Remote


@dataclass(frozen=True, slots=True)
class TargetRenewed:
    """The service gave a fresh upload target for the same session."""

    remote: Remote


@dataclass(frozen=True, slots=True)
class ChunkAccepted:
    """The service acknowledged chunk `index` of its session `remote_id`."""

    index: int
    remote_id: str


@dataclass(frozen=True, slots=True)
class EndSent:
    """End is about to go out: noted first, because its reply may be lost."""


@dataclass(frozen=True, slots=True)
class EndAccepted:
    """The service knows that no more audio comes; it counted `received` chunks."""

    at: float
    received: int | None = None


@dataclass(frozen=True, slots=True)
class StillProcessing:
    """A poll found no terminal answer; ask again at `until`."""

    until: float


@dataclass(frozen=True, slots=True)
class Resolved:
    """A terminal answer of the service is stored here."""

    at: float
    outcome: Outcome
    remote_id: str


@dataclass(frozen=True, slots=True)
class Lapsed:
    """The service no longer knows the session: deliver again from the spool."""


@dataclass(frozen=True, slots=True)
class DeliveryFailed:
    """A step failed; the next try is due at `retry_at`, or waits for someone (None)."""

    problem: Problem
    retry_at: float | None


@dataclass(frozen=True, slots=True)
class Released:
    """The reason to wait is gone: network back, signed in, or "send now"."""


@dataclass(frozen=True, slots=True)
class OrderAmended:
    """The clinician changed patient, templates or languages."""

    order: Order


@dataclass(frozen=True, slots=True)
class AmendmentTold:
    """The service was told of `order`, or takes no changes."""

    order: Order


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The clinician threw the dictation away (softly)."""

    at: float


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The service was told that the session is cancelled."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The clinician took the cancel back."""


CaptureEvent: TypeAlias = SpeechStarted | Paused | Resumed | ChunkSealed | Stopped
DeliveryEvent: TypeAlias = (
    Created
    | TargetRenewed
    | ChunkAccepted
    | EndSent
    | EndAccepted
    | StillProcessing
    | Resolved
    | Lapsed
    | DeliveryFailed
    | Released
)
OtherEvent: TypeAlias = GapNoted | OrderAmended | AmendmentTold | Cancelled | Withdrawn | Restored
Event: TypeAlias = CaptureEvent | DeliveryEvent | OtherEvent


class IllegalEvent(ValueError):
    """An event that the tables do not allow here; our bug, never the world's."""

    def __init__(self, session: Session, event: Event, why: str) -> None:
        name = type(event).__name__
        super().__init__(
            f"{session.session_id}: {name} while {session.capture}/{session.delivery}: {why}"
        )


CAPTURE: dict[tuple[Capture, type[CaptureEvent]], Capture] = {
    (Capture.STARTING, SpeechStarted): Capture.RECORDING,
    (Capture.STARTING, Stopped): Capture.STOPPED,
    (Capture.RECORDING, Paused): Capture.PAUSED,
    (Capture.RECORDING, ChunkSealed): Capture.RECORDING,
    (Capture.RECORDING, Stopped): Capture.STOPPED,
    (Capture.PAUSED, Resumed): Capture.RECORDING,
    (Capture.PAUSED, ChunkSealed): Capture.PAUSED,
    (Capture.PAUSED, Stopped): Capture.STOPPED,
}

DELIVERY: dict[tuple[Delivery, type[DeliveryEvent]], Delivery] = {
    (Delivery.UNSENT, Created): Delivery.OPEN,
    (Delivery.UNSENT, Lapsed): Delivery.UNSENT,
    (Delivery.UNSENT, DeliveryFailed): Delivery.UNSENT,
    (Delivery.UNSENT, Released): Delivery.UNSENT,
    (Delivery.OPEN, TargetRenewed): Delivery.OPEN,
    (Delivery.OPEN, ChunkAccepted): Delivery.OPEN,
    (Delivery.OPEN, EndSent): Delivery.OPEN,
    (Delivery.OPEN, EndAccepted): Delivery.ENDED,
    (Delivery.OPEN, Lapsed): Delivery.UNSENT,
    (Delivery.OPEN, DeliveryFailed): Delivery.OPEN,
    (Delivery.OPEN, Released): Delivery.OPEN,
    (Delivery.ENDED, StillProcessing): Delivery.ENDED,
    (Delivery.ENDED, Resolved): Delivery.RESOLVED,
    (Delivery.ENDED, Lapsed): Delivery.UNSENT,
    (Delivery.ENDED, DeliveryFailed): Delivery.ENDED,
    (Delivery.ENDED, Released): Delivery.ENDED,
}


def candidate_remote_id(session: Session) -> str:
    """The id we propose to the service, the same at each repeat of one Create.

    `ses_` and 24 hex digits satisfy every server (PROTOCOL.md §1.3). The local
    id is not reused: a service must not be able to tell two attempts of one
    dictation apart from two dictations.
    """
    seed = f"{session.session_id}/{session.generation}"
    return "ses_" + hashlib.sha256(seed.encode()).hexdigest()[:24]


def apply(session: Session, event: Event) -> Session:
    """Fold one event into the session, or raise `IllegalEvent` with nothing changed."""
    match event:
        case SpeechStarted() | Paused() | Resumed() | ChunkSealed() | Stopped():
            return _apply_capture(session, event)
        case GapNoted(gap):
            return replace(session, gaps=(*session.gaps, gap))
        case OrderAmended() | AmendmentTold():
            return _apply_amendment(session, event)
        case Cancelled(at):
            return replace(_healthy(session), cancelled_at=session.cancelled_at or at)
        case Withdrawn():
            if not session.is_cancelled and not session.is_empty:
                raise IllegalEvent(session, event, "it is not cancelled")
            return replace(_healthy(session), withdrawn=True)
        case Restored():
            return _restore(session, event)
        case _:
            return _apply_delivery(session, event)


def _apply_amendment(session: Session, event: OrderAmended | AmendmentTold) -> Session:
    if isinstance(event, OrderAmended):
        return replace(session, order=event.order, amended=True)
    if session.delivery is Delivery.RESOLVED:
        return session
    # Changed again while it was told: then it is told again.
    return replace(_healthy(session), amended=session.order != event.order)


def _apply_capture(session: Session, event: CaptureEvent) -> Session:
    try:
        capture = CAPTURE[session.capture, type(event)]
    except KeyError:
        raise IllegalEvent(session, event, "not in the capture table") from None
    session = replace(session, capture=capture)
    match event:
        case SpeechStarted(at):
            return replace(session, started_at=at)
        case ChunkSealed(index, frames):
            if index != session.chunks or frames <= 0:
                raise IllegalEvent(session, event, f"chunk {session.chunks} is due")
            return replace(session, chunks=index + 1, frames=session.frames + frames)
        case Stopped(at):
            return replace(session, stopped_at=at)
        case _:
            return session


def _apply_delivery(session: Session, event: DeliveryEvent) -> Session:  # noqa: C901, PLR0912  one arm for each fact
    try:
        delivery = DELIVERY[session.delivery, type(event)]
    except KeyError:
        raise IllegalEvent(session, event, "not in the delivery table") from None
    match event:
        case DeliveryFailed(problem, retry_at):
            return replace(
                session, problem=problem, retry_at=retry_at, attempts=session.attempts + 1
            )
        case StillProcessing(until):
            return replace(_healthy(session), retry_at=until)
        case Lapsed():
            return _lapse(session)
        case Created(remote):
            # Also when cancelled in the meantime: then Withdraw comes next, and
            # no session is left open on the service without anyone knowing.
            session = replace(session, remote=remote, accepted=0)
        case TargetRenewed(remote):
            if session.remote is None or remote.remote_id != session.remote.remote_id:
                raise IllegalEvent(session, event, "another remote session")
            session = replace(session, remote=remote)
        case ChunkAccepted(index, remote_id):
            _require_present(session, event, remote_id)
            if index != session.accepted or index >= session.chunks or session.end_sent:
                raise IllegalEvent(session, event, f"chunk {session.accepted} is due")
            session = replace(session, accepted=index + 1)
        case EndSent():
            _require_all_accepted(session, event)
            session = replace(session, end_sent=True)
        case EndAccepted(at, received):
            _require_all_accepted(session, event)
            if not session.end_sent:
                raise IllegalEvent(session, event, "no End was noted before it was sent")
            session = replace(session, ended_at=at, received=received)
        case Resolved(at, outcome, remote_id):
            _require_present(session, event, remote_id)
            session = replace(session, resolved_at=at, outcome=outcome)
        case _:
            pass  # Released: nothing but the waiting is over
    return replace(_healthy(session), delivery=delivery)


def _healthy(session: Session) -> Session:
    return replace(session, attempts=0, retry_at=None, problem=None)


def _lapse(session: Session) -> Session:
    return replace(
        _healthy(session),
        delivery=Delivery.UNSENT,
        remote=None,
        past_remote_ids=session.remote_ids,
        generation=session.generation + 1,
        accepted=0,
        end_sent=False,
        received=None,
        ended_at=None,
        amended=False,
    )


def _restore(session: Session, event: Restored) -> Session:
    if not session.is_cancelled:
        raise IllegalEvent(session, event, "it is not cancelled")
    restored = replace(_healthy(session), cancelled_at=None)
    if not session.withdrawn:
        return restored
    # The service threw it away on our word, so it has to be delivered anew.
    fresh = restored if restored.delivery is Delivery.RESOLVED else _lapse(restored)
    return replace(fresh, withdrawn=False)


def _require_present(session: Session, event: Event, remote_id: str) -> None:
    if session.remote is None or session.remote.remote_id != remote_id:
        raise IllegalEvent(session, event, "a receipt for another remote session")


def _require_all_accepted(session: Session, event: Event) -> None:
    if session.capture is not Capture.STOPPED or session.accepted != session.chunks:
        raise IllegalEvent(session, event, "audio is still to come")
    if session.chunks == 0:
        raise IllegalEvent(session, event, "nothing was recorded")
