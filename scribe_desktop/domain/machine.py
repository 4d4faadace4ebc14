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
7. All chunks of one remote session are sent in one form, and cut into as many files each.
8. What a service denies is done again: End in the same remote session, all of it in a fresh one.
"""

import hashlib
from dataclasses import replace

from scribe_desktop.domain.events import (
    AmendmentTold,
    Bookmarked,
    BookmarkRemoved,
    Cancelled,
    CaptureEvent,
    ChunkAccepted,
    ChunkSealed,
    Created,
    DeliveryEvent,
    DeliveryFailed,
    EndAccepted,
    EndDenied,
    EndSent,
    Event,
    FormChosen,
    FoundShort,
    GapNoted,
    Lapsed,
    OrderAmended,
    Paused,
    PiecesChosen,
    Released,
    Resolved,
    Restored,
    Resumed,
    SpeechStarted,
    StillProcessing,
    Stopped,
    TargetRenewed,
    Withdrawn,
)
from scribe_desktop.domain.session import Capture, Delivery, Session


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
    (Delivery.UNSENT, FormChosen): Delivery.UNSENT,
    (Delivery.UNSENT, PiecesChosen): Delivery.UNSENT,
    (Delivery.UNSENT, DeliveryFailed): Delivery.UNSENT,
    (Delivery.UNSENT, Released): Delivery.UNSENT,
    (Delivery.OPEN, TargetRenewed): Delivery.OPEN,
    (Delivery.OPEN, ChunkAccepted): Delivery.OPEN,
    (Delivery.OPEN, EndSent): Delivery.OPEN,
    (Delivery.OPEN, EndAccepted): Delivery.ENDED,
    (Delivery.OPEN, Lapsed): Delivery.UNSENT,
    (Delivery.OPEN, FoundShort): Delivery.UNSENT,
    (Delivery.OPEN, FormChosen): Delivery.UNSENT,
    (Delivery.OPEN, PiecesChosen): Delivery.UNSENT,
    (Delivery.OPEN, DeliveryFailed): Delivery.OPEN,
    (Delivery.OPEN, Released): Delivery.OPEN,
    (Delivery.ENDED, StillProcessing): Delivery.ENDED,
    (Delivery.ENDED, Resolved): Delivery.RESOLVED,
    (Delivery.ENDED, EndDenied): Delivery.OPEN,
    (Delivery.ENDED, Lapsed): Delivery.UNSENT,
    (Delivery.ENDED, FoundShort): Delivery.UNSENT,
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
        case GapNoted() | Bookmarked() | BookmarkRemoved():
            return _mark(session, event)
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


def _mark(session: Session, event: GapNoted | Bookmarked | BookmarkRemoved) -> Session:
    if isinstance(event, GapNoted):
        return replace(session, gaps=(*session.gaps, event.gap))
    others = {place for place in session.bookmarks if place != event.at_frame}
    added = {max(event.at_frame, 0)} if isinstance(event, Bookmarked) else set[int]()
    return replace(session, bookmarks=tuple(sorted(others | added)))


def _apply_amendment(session: Session, event: OrderAmended | AmendmentTold) -> Session:
    if isinstance(event, OrderAmended):
        # The patient's consent stays on this computer: no service has to hear of it.
        before = replace(session.order, consented_at=event.order.consented_at)
        amended = session.amended or event.order != before
        return replace(session, order=event.order, amended=amended)
    # Changed again while it was told: then it is told again.
    told = replace(session, amended=session.order != event.order)
    return told if session.delivery is Delivery.RESOLVED else _healthy(told)


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
        case Lapsed() | FoundShort() | EndDenied() | FormChosen() | PiecesChosen():
            return _apply_setback(session, event)
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
            if index != session.accepted or index >= session.files or session.end_sent:
                raise IllegalEvent(session, event, f"file {session.accepted} is due")
            session = replace(session, accepted=index + 1)
        case EndSent():
            _require_all_accepted(session, event)
            session = replace(session, end_sent=True)
        case EndAccepted(at, received):
            _require_all_accepted(session, event)
            if not session.end_sent:
                raise IllegalEvent(session, event, "no End was noted before it was sent")
            session = replace(session, ended_at=at, received=received)
        case Resolved(at, outcome, remote_id, received):
            _require_present(session, event, remote_id)
            session = replace(session, resolved_at=at, outcome=outcome)
            if received is not None:
                session = replace(session, received=received)
        case _:
            pass  # Released: nothing but the waiting is over
    return replace(_healthy(session), delivery=delivery)


def _apply_setback(
    session: Session, event: Lapsed | FoundShort | EndDenied | FormChosen | PiecesChosen
) -> Session:
    """Deliver again what the service does not have, or not in that way."""
    match event:
        case Lapsed():
            return _lapse(session)
        case FoundShort(remote_id):
            _require_present(session, event, remote_id)
            if not session.end_sent:
                raise IllegalEvent(session, event, "nobody counts before End")
            return replace(_lapse(session), shortfalls=session.shortfalls + 1)
        case EndDenied(remote_id, until):
            _require_present(session, event, remote_id)
            # `end_sent` stays: the status is looked at once more before End is said again.
            session = replace(session, delivery=Delivery.OPEN, ended_at=None, received=None)
            return replace(_healthy(session), ends_denied=session.ends_denied + 1, retry_at=until)
        case FormChosen(form):
            fresh = session if session.delivery is Delivery.UNSENT else _lapse(session)
            return replace(_healthy(fresh), audio_form=form)
        case _:
            pieces = event.pieces
            if pieces <= session.pieces:
                raise IllegalEvent(session, event, "the pieces must become smaller")
            fresh = session if session.delivery is Delivery.UNSENT else _lapse(session)
            return replace(_healthy(fresh), pieces=pieces)


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
        ends_denied=0,
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
    if session.capture is not Capture.STOPPED or session.accepted != session.files:
        raise IllegalEvent(session, event, "audio is still to come")
    if session.is_empty:
        raise IllegalEvent(session, event, "nothing was recorded")
