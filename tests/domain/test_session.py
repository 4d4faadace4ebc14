"""The two tables, transition by transition, written down a second time by hand."""

import itertools
from dataclasses import replace
from typing import get_args

import pytest

from scribe_desktop.domain.audio import AudioForm, Gap
from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.events import (
    AmendmentTold,
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
from scribe_desktop.domain.machine import (
    CAPTURE,
    DELIVERY,
    IllegalEvent,
    apply,
    candidate_remote_id,
)
from scribe_desktop.domain.order import Order, Patient
from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.session import Capture, Delivery, Problem, Remote, Session, SessionId
from scribe_desktop.domain.steps import Amend, Create, End, Poll, Rest, Upload, Withdraw, next_step

REMOTE = Remote("ses_1", "target", 500.0)
PROBLEM = Problem("The service is away.", "Wait.", Retry.LATER)
SPOKEN = Session(
    SessionId("5e55"), 1.0, Order(), capture=Capture.STOPPED, chunks=2, frames=8, started_at=1.0
)
IN_DELIVERY = {
    Delivery.UNSENT: SPOKEN,
    Delivery.OPEN: replace(
        SPOKEN, delivery=Delivery.OPEN, remote=REMOTE, accepted=2, end_sent=True
    ),
    Delivery.ENDED: replace(
        SPOKEN, delivery=Delivery.ENDED, remote=REMOTE, accepted=2, end_sent=True, ended_at=4.0
    ),
    Delivery.RESOLVED: replace(
        SPOKEN, delivery=Delivery.RESOLVED, remote=REMOTE, accepted=2, end_sent=True,
        outcome=Outcome.COMPLETED, resolved_at=5.0,
    ),
}  # fmt: skip

CAPTURE_EVENTS: tuple[CaptureEvent, ...] = (
    SpeechStarted(2.0),
    Paused(),
    Resumed(),
    ChunkSealed(2, 4),
    Stopped(9.0),
)
CAPTURE_BY_HAND = """
             SpeechStarted Paused  Resumed    ChunkSealed Stopped
STARTING     RECORDING     -       -          -           STOPPED
RECORDING    -             PAUSED  -          RECORDING   STOPPED
PAUSED       -             -       RECORDING  PAUSED      STOPPED
STOPPED      -             -       -          -           -
"""

DELIVERY_EVENTS: tuple[DeliveryEvent, ...] = (
    Created(REMOTE),
    TargetRenewed(Remote("ses_1", "fresh")),
    ChunkAccepted(1, "ses_1"),
    EndSent(),
    EndAccepted(3.0, 2),
    EndDenied("ses_1", 9.0),
    StillProcessing(9.0),
    Resolved(5.0, Outcome.PARTIAL, "ses_1"),
    Lapsed(),
    FoundShort("ses_1"),
    FormChosen(AudioForm.WAV),
    PiecesChosen(2),
    DeliveryFailed(PROBLEM, 7.0),
    Released(),
)
DELIVERY_BY_HAND = """
         Created TargetRenewed ChunkAccepted EndSent EndAccepted EndDenied StillProcessing Resolved Lapsed FoundShort FormChosen PiecesChosen DeliveryFailed Released
UNSENT   OPEN    -             -             -       -           -         -               -        UNSENT -          UNSENT     UNSENT       UNSENT         UNSENT
OPEN     -       OPEN          OPEN          OPEN    ENDED       -         -               -        UNSENT UNSENT     UNSENT     UNSENT       OPEN           OPEN
ENDED    -       -             -             -       -           OPEN      ENDED           RESOLVED UNSENT UNSENT     -          -            ENDED          ENDED
RESOLVED -       -             -             -       -           -         -               -        -      -          -          -            -              -
"""  # noqa: E501


def by_hand(table: str) -> dict[tuple[str, str], str]:
    head, *rows = (line.split() for line in table.strip().splitlines())
    return {
        (row[0], event): after
        for row in rows
        for event, after in zip(head, row[1:], strict=True)
        if after != "-"
    }


def test_the_tables_are_those_written_by_hand() -> None:
    for table, text in ((CAPTURE, CAPTURE_BY_HAND), (DELIVERY, DELIVERY_BY_HAND)):
        assert {
            (state.name, event.__name__): after.name for (state, event), after in table.items()
        } == by_hand(text)


def test_every_event_has_an_example_here() -> None:
    assert {type(event) for event in CAPTURE_EVENTS} == set(get_args(CaptureEvent))
    assert {type(event) for event in DELIVERY_EVENTS} == set(get_args(DeliveryEvent))


@pytest.mark.parametrize("capture", Capture)
@pytest.mark.parametrize("event", CAPTURE_EVENTS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("delivery", Delivery)
def test_capture_goes_as_its_table_says_whatever_delivery_does(
    capture: Capture, event: CaptureEvent, delivery: Delivery
) -> None:
    before = replace(IN_DELIVERY[delivery], capture=capture)
    after = CAPTURE.get((capture, type(event)))
    if after is None:
        with pytest.raises(IllegalEvent, match=type(event).__name__):
            apply(before, event)
        return
    session = apply(before, event)
    assert session.capture is after
    assert session.delivery is delivery


@pytest.mark.parametrize("capture", Capture)
@pytest.mark.parametrize("event", DELIVERY_EVENTS, ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("delivery", Delivery)
def test_delivery_goes_as_its_table_says(
    capture: Capture, event: DeliveryEvent, delivery: Delivery
) -> None:
    before = replace(IN_DELIVERY[delivery], capture=capture)
    if isinstance(event, ChunkAccepted):
        before = replace(before, accepted=1, end_sent=False)
    after = DELIVERY.get((delivery, type(event)))
    must_be_stopped = isinstance(event, (EndSent, EndAccepted))
    if after is None or (must_be_stopped and capture is not Capture.STOPPED):
        with pytest.raises(IllegalEvent, match=type(event).__name__):
            apply(before, event)
        return
    session = apply(before, event)
    assert session.delivery is after
    assert session.capture is capture


def test_no_two_states_meet_without_an_answer() -> None:
    for capture, delivery in itertools.product(Capture, Delivery):
        for cancelled_at, problem in itertools.product((None, 3.0), (None, PROBLEM)):
            session = replace(
                IN_DELIVERY[delivery],
                capture=capture,
                cancelled_at=cancelled_at,
                problem=problem,
            )
            assert isinstance(next_step(session, 10.0), (Create, Upload, End, Poll, Withdraw, Rest))


def test_what_each_event_leaves_in_the_session() -> None:
    started = apply(replace(SPOKEN, capture=Capture.STARTING, started_at=None), SpeechStarted(2.0))
    assert started.started_at == 2.0
    sealed = apply(started, ChunkSealed(2, 5))
    assert (sealed.chunks, sealed.frames) == (3, 13)
    assert apply(sealed, Stopped(9.0)).stopped_at == 9.0
    ended = apply(IN_DELIVERY[Delivery.OPEN], EndAccepted(3.0, 2))
    assert (ended.ended_at, ended.received) == (3.0, 2)
    waiting = apply(ended, StillProcessing(8.0))
    assert next_step(waiting, 7.0) == Rest(8.0)
    assert next_step(waiting, 8.0) == Poll()
    resolved = apply(waiting, Resolved(5.0, Outcome.PARTIAL, "ses_1"))
    assert (resolved.resolved_at, resolved.outcome, resolved.retry_at) == (5.0, "partial", None)
    failed = apply(SPOKEN, DeliveryFailed(PROBLEM, 7.0))
    assert (failed.attempts, failed.retry_at, failed.problem) == (1, 7.0, PROBLEM)
    released = apply(failed, Released())
    assert (released.attempts, released.retry_at, released.problem) == (0, None, None)


def test_a_fresh_target_is_kept_and_one_of_another_session_is_not() -> None:
    session = apply(IN_DELIVERY[Delivery.OPEN], TargetRenewed(Remote("ses_1", "fresh")))
    assert session.remote == Remote("ses_1", "fresh")
    with pytest.raises(IllegalEvent, match="another remote session"):
        apply(session, TargetRenewed(Remote("ses_2", "fresh")))
    with pytest.raises(IllegalEvent, match="another remote session"):
        apply(replace(session, remote=None), TargetRenewed(REMOTE))


def test_a_lapse_begins_anew_under_another_name() -> None:
    names = {candidate_remote_id(SPOKEN)}
    session = IN_DELIVERY[Delivery.ENDED]
    for generation in (1, 2):
        session = apply(session, Lapsed())
        assert (session.generation, session.accepted, session.end_sent) == (generation, 0, False)
        assert (session.ended_at, session.received, session.remote) == (None, None, None)
        names.add(candidate_remote_id(session))
        session = apply(session, Created(Remote(f"ses_{generation + 1}", "t")))
    assert len(names) == 3
    assert session.remote_ids == ("ses_1", "ses_2", "ses_3")
    assert all(len(name) == 28 and name.startswith("ses_") for name in names)


def test_an_end_that_is_denied_is_due_again_after_its_wait_and_asks_first() -> None:
    session = apply(IN_DELIVERY[Delivery.ENDED], EndDenied("ses_1", 9.0))
    assert (session.delivery, session.ends_denied, session.ended_at) == (Delivery.OPEN, 1, None)
    assert next_step(session, 8.0) == Rest(9.0)
    assert next_step(session, 9.0) == End(2, ask_first=True)
    assert apply(session, Lapsed()).ends_denied == 0


def test_what_nothing_was_recorded_in_has_no_end() -> None:
    empty = replace(SPOKEN, chunks=0, frames=0, delivery=Delivery.OPEN, remote=REMOTE)
    with pytest.raises(IllegalEvent, match="nothing was recorded"):
        apply(empty, EndSent())


def test_files_that_are_missing_are_counted_once_they_were_sent_again() -> None:
    ended = IN_DELIVERY[Delivery.ENDED]
    assert replace(ended, received=1).missing_files == 0, "an older program did not look"
    fresh = apply(ended, FoundShort("ses_1"))
    assert (fresh.delivery, fresh.shortfalls, fresh.missing_files) == (Delivery.UNSENT, 1, 0)
    resolved = apply(replace(ended, shortfalls=1), Resolved(5.0, Outcome.PARTIAL, "ses_1", 1))
    assert (resolved.received, resolved.missing_files) == (1, 1)
    more = apply(
        replace(ended, shortfalls=1, received=1), Resolved(5.0, Outcome.COMPLETED, "ses_1", 3)
    )
    assert more.missing_files == 0
    unsaid = apply(
        replace(ended, shortfalls=1, received=1), Resolved(5.0, Outcome.PARTIAL, "ses_1")
    )
    assert unsaid.missing_files == 1
    with pytest.raises(IllegalEvent, match="nobody counts"):
        apply(replace(IN_DELIVERY[Delivery.OPEN], end_sent=False), FoundShort("ses_1"))


def test_nothing_is_sent_before_the_microphone_is_heard() -> None:
    session = Session(SessionId("5e55"), 1.0, Order())
    assert next_step(session, 2.0) == Rest()
    heard = apply(session, SpeechStarted(2.0))
    assert next_step(heard, 2.0) == Create()
    # It would only grow old there: a dictation that goes on in a pause has nothing to send yet.
    paused = apply(heard, Paused())
    assert next_step(paused, 2.0) == Rest()
    assert next_step(apply(paused, Resumed()), 2.0) == Create()
    assert next_step(apply(paused, ChunkSealed(0, 4)), 2.0) == Create()
    assert next_step(apply(heard, Created(REMOTE)), 2.0) == Rest()


def test_a_second_cancel_does_not_lengthen_the_undo() -> None:
    session = apply(apply(SPOKEN, Cancelled(3.0)), Cancelled(9.0))
    assert session.cancelled_at == 3.0
    assert session.is_cancelled
    restored = apply(session, Restored())
    assert (restored.cancelled_at, restored.is_cancelled) == (None, False)


def test_a_withdrawn_session_is_delivered_anew_when_it_is_restored() -> None:
    session = apply(IN_DELIVERY[Delivery.OPEN], Cancelled(3.0))
    assert next_step(session, 4.0) == Withdraw()
    session = apply(session, Withdrawn())
    assert next_step(session, 4.0) == Rest()
    restored = apply(session, Restored())
    assert (restored.delivery, restored.generation) == (Delivery.UNSENT, 1)
    assert not restored.withdrawn


def test_an_empty_session_is_taken_off_the_service() -> None:
    session = replace(SPOKEN, chunks=0, frames=0, delivery=Delivery.OPEN, remote=REMOTE)
    assert session.is_empty
    assert next_step(session, 4.0) == Withdraw()
    assert next_step(apply(session, Withdrawn()), 4.0) == Rest()
    assert next_step(replace(session, remote=None, delivery=Delivery.UNSENT), 4.0) == Rest()


def test_gaps_and_amendments_are_taken_at_any_time() -> None:
    gap = Gap(4, 0.7, "stalled")
    order = Order(patient=Patient(name="X"))
    events: tuple[Event, ...] = (GapNoted(gap), OrderAmended(order))
    for before in IN_DELIVERY.values():
        session = before
        for event in events:
            session = apply(session, event)
        assert (session.gaps, session.order) == ((gap,), order)


@pytest.mark.parametrize("delivery", [Delivery.OPEN, Delivery.ENDED])
def test_the_service_is_told_of_a_change_before_anything_else(delivery: Delivery) -> None:
    order = Order(patient=Patient(name="X"))
    session = apply(IN_DELIVERY[delivery], OrderAmended(order))
    assert next_step(session, 4.0) == Amend()
    changed_again = apply(session, OrderAmended(Order(patient=Patient(name="Y"))))
    assert next_step(apply(changed_again, AmendmentTold(order)), 4.0) == Amend()
    assert next_step(apply(session, AmendmentTold(order)), 4.0) != Amend()


def test_a_change_before_create_needs_no_telling() -> None:
    unsent = apply(IN_DELIVERY[Delivery.UNSENT], OrderAmended(Order(patient=Patient(name="X"))))
    assert next_step(unsent, 4.0) == Create()


def test_a_change_after_the_result_is_told_once_and_leaves_the_result() -> None:
    order = Order(patient=Patient(name="X"))
    before = IN_DELIVERY[Delivery.RESOLVED]
    resolved = apply(before, OrderAmended(order))
    assert next_step(resolved, 4.0) == Amend()
    told = apply(resolved, AmendmentTold(order))
    assert next_step(told, 4.0) == Rest()
    assert told == replace(before, order=order)


def test_an_illegal_event_names_itself_and_the_session() -> None:
    with pytest.raises(IllegalEvent, match="5e55: EndSent while stopped/unsent"):
        apply(SPOKEN, EndSent())
