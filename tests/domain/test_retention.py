"""What the clock may delete: time travel over sessions in every state."""

from dataclasses import replace

import pytest

from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.retention import SHOWN_S, UNDO_S, Deletion, Due, aside_is_due, due
from scribe_desktop.domain.session import Capture, Delivery, Remote, Session, SessionId
from scribe_desktop.domain.settings import Settings

ID = SessionId("5e55")
REMOTE = Remote("ses_1", "t")
SPOKEN = Session(ID, 0.0, Order(), capture=Capture.STOPPED, chunks=1, frames=9, stopped_at=1.0)
RESOLVED = replace(
    SPOKEN,
    delivery=Delivery.RESOLVED,
    remote=REMOTE,
    outcome=Outcome.COMPLETED,
    resolved_at=1000.0,
)
HOUR, DAY = 3600.0, 86400.0
FOREVER = 1e12


def what(session: Session, now: float, settings: Settings | None = None) -> Deletion | None:
    found = due((session,), frozenset({ID}), settings or Settings(), now)
    assert found in ((), (Due(ID, Deletion.AUDIO),), (Due(ID, Deletion.SESSION),))
    return found[0].what if found else None


def test_audio_goes_24_hours_after_the_result_and_notes_after_30_days() -> None:
    assert what(RESOLVED, 1000 + 24 * HOUR - 1) is None
    assert what(RESOLVED, 1000 + 24 * HOUR) is Deletion.AUDIO
    assert what(RESOLVED, 1000 + 30 * DAY - 1) is Deletion.AUDIO
    assert what(RESOLVED, 1000 + 30 * DAY) is Deletion.SESSION


def test_audio_that_is_gone_is_not_deleted_again() -> None:
    assert due((RESOLVED,), frozenset(), Settings(), 1000 + 25 * HOUR) == ()


def test_at_once_means_at_once_for_audio_and_an_hour_for_notes() -> None:
    at_once = replace(Settings(), keep_audio_hours=0, keep_notes_days=0)
    assert what(RESOLVED, 1000.0, at_once) is Deletion.AUDIO
    assert what(RESOLVED, 1000 + SHOWN_S, at_once) is Deletion.SESSION


@pytest.mark.parametrize("delivery", [Delivery.UNSENT, Delivery.OPEN, Delivery.ENDED])
@pytest.mark.parametrize("capture", Capture)
def test_what_is_not_resolved_is_never_deleted_by_the_clock(
    delivery: Delivery, capture: Capture
) -> None:
    session = replace(SPOKEN, delivery=delivery, capture=capture)
    assert what(session, FOREVER, replace(Settings(), keep_audio_hours=0)) is None


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.PARTIAL])
def test_audio_of_a_failed_result_stays_as_long_as_its_notes(outcome: Outcome) -> None:
    session = replace(RESOLVED, outcome=outcome)
    assert what(session, 1000 + 29 * DAY) is None
    assert what(session, 1000 + 30 * DAY) is Deletion.SESSION


def test_a_cancelled_dictation_can_be_taken_back_for_seven_days() -> None:
    for session in (SPOKEN, RESOLVED, replace(SPOKEN, remote=REMOTE, withdrawn=True)):
        cancelled = replace(session, cancelled_at=50.0)
        assert what(cancelled, 50 + UNDO_S - 1) is None
        assert what(cancelled, 50 + UNDO_S) is Deletion.SESSION


def test_a_cancelled_session_stays_known_until_the_service_was_told() -> None:
    session = replace(SPOKEN, delivery=Delivery.OPEN, remote=REMOTE, cancelled_at=50.0)
    assert what(session, 50 + UNDO_S - 1) is None
    assert what(session, FOREVER) is Deletion.AUDIO


def test_an_empty_session_goes_after_seven_days() -> None:
    empty = replace(SPOKEN, chunks=0, frames=0)
    assert what(empty, 1 + UNDO_S - 1) is None
    assert what(empty, 1 + UNDO_S) is Deletion.SESSION
    assert what(replace(empty, remote=REMOTE, delivery=Delivery.OPEN), FOREVER) is None


def test_a_clock_that_was_set_back_deletes_nothing() -> None:
    assert what(RESOLVED, -FOREVER) is None
    assert what(replace(RESOLVED, cancelled_at=1e9), 5.0) is None


def test_a_damaged_store_stays_as_long_as_notes_and_a_mistake_can_be_undone() -> None:
    week_s = 7 * 86_400.0
    at_once = replace(Settings(), keep_notes_days=0)
    assert not aside_is_due(100.0, at_once, 100.0 + week_s - 1)
    assert aside_is_due(100.0, at_once, 100.0 + week_s)
    kept = replace(Settings(), keep_notes_days=30)
    assert not aside_is_due(100.0, kept, 100.0 + week_s)
    assert aside_is_due(100.0, kept, 100.0 + 30 * 86_400.0)
    assert not aside_is_due(100.0, kept, 0.0), "a clock set back deletes nothing"


def test_a_recording_of_which_the_service_lacks_a_piece_is_never_deleted_by_the_clock() -> None:
    """Whatever its notes say: they may lack what was said there."""
    short = replace(RESOLVED, chunks=3, received=2, shortfalls=3)
    for outcome in Outcome:
        assert what(replace(short, outcome=outcome), FOREVER) in (None, Deletion.AUDIO)
    assert what(replace(short, outcome=Outcome.PARTIAL), FOREVER) is None
    assert what(replace(short, received=3), FOREVER) is Deletion.SESSION
    assert what(replace(short, outcome=Outcome.PARTIAL, cancelled_at=9.0), FOREVER) is not None
