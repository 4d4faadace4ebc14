"""A dictation of one or several linked sessions is told as one."""

from dataclasses import replace

from scribe_desktop.domain.audio import Gap
from scribe_desktop.domain.dictation import (
    Dictation,
    Status,
    linked,
    listing,
    report,
    status,
    transcript,
)
from scribe_desktop.domain.errors import Retry, SpoolError
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.receipts import Receipt, receipts_record
from scribe_desktop.domain.results import Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.session import Capture, Delivery, Problem, Remote, Session, SessionId

FIRST = Session(
    SessionId("ses_" + "0" * 24),
    100.0,
    Order(),
    capture=Capture.STOPPED,
    delivery=Delivery.RESOLVED,
    chunks=2,
    frames=32_000,
    accepted=2,
    remote=Remote("ses_remote1", '"u"'),
    past_remote_ids=("ses_remote0",),
    started_at=100.25,
    stopped_at=103.0,
    ended_at=103.1,
    resolved_at=103.5,
    outcome=Outcome.COMPLETED,
)
SECOND = replace(
    FIRST,
    session_id=SessionId("ses_" + "1" * 24),
    follows=FIRST.session_id,
    past_remote_ids=(),
    remote=Remote("ses_remote2", '"u"'),
)
HEARD = Results(
    Outcome.COMPLETED,
    transcript="Blood pressure is fine.",
    notes=(Note("soap", NoteStatus.SUCCESS, {"plan": "Go on."}),),
    languages=("en",),
    model="pro",
)


def test_a_chain_is_found_from_any_of_its_sessions() -> None:
    other = replace(FIRST, session_id=SessionId("ses_" + "2" * 24))
    for start in (FIRST, SECOND):
        assert linked([SECOND, other, FIRST], start.session_id) == (FIRST, SECOND)
    assert linked([SECOND, other, FIRST], other.session_id) == (other,)


def test_a_session_whose_predecessor_was_deleted_stands_alone() -> None:
    assert linked([SECOND], SECOND.session_id) == (SECOND,)


def test_the_report_has_every_key_and_joins_the_chain() -> None:
    both = Dictation((FIRST, SECOND), {FIRST.session_id: HEARD, SECOND.session_id: HEARD})
    record = report(both)
    assert record["session_id"] == FIRST.session_id
    assert record["remote_session_ids"] == ["ses_remote0", "ses_remote1", "ses_remote2"]
    assert record["transcript"] == "Blood pressure is fine.\nBlood pressure is fine."
    assert [template["id"] for template in record["templates"]] == ["soap", "soap"]
    assert record["audio_seconds"] == 4.0
    assert record["chunks"] == 4
    assert record["timings_ms"] == {
        "first_block": 250.0,
        "stop_to_end": 100.0,
        "stop_to_transcript": 500.0,
        "stop_to_note": 500.0,
    }
    assert record["status"] == "completed"
    assert record["error"] is None
    assert record["languages"] == ["en"]
    assert record["model"] == "pro"


def test_the_report_has_gaps_on_one_time_line_and_the_receipts() -> None:
    first = replace(
        FIRST, gaps=(Gap(32_000, 1.5, "unplugged"), Gap(16_000, 1.0, "unread", recorded=True))
    )
    second = replace(SECOND, gaps=(Gap(8_000, 2.25, "late"),))
    receipts = {FIRST.session_id: (Receipt(0, 16_000, "a"), Receipt(1, 16_000, "b"))}
    record = report(Dictation((first, second), {}, receipts))
    assert record["gaps"] == [
        {"start": 1.0, "length": 1.0, "why": "unread", "recorded": True},
        {"start": 2.0, "length": 1.5, "why": "unplugged", "recorded": False},
        {"start": 2.5, "length": 2.25, "why": "late", "recorded": False},
    ]
    assert record["receipts"] == receipts_record((first, second), receipts)
    assert report(Dictation((FIRST,), {}))["gaps"] == []


def test_statuses() -> None:
    def told(*sessions: Session, results: Results | None = HEARD) -> Status:
        found = {s.session_id: results for s in sessions} if results else {}
        return status(Dictation(sessions, found))

    waiting = replace(FIRST, delivery=Delivery.OPEN, outcome=None, resolved_at=None)
    failed = replace(FIRST, outcome=Outcome.FAILED)
    assert told(FIRST) is Status.COMPLETED
    assert told(waiting) is Status.WAITING
    assert told(failed) is Status.FAILED
    assert told(FIRST, replace(SECOND, outcome=Outcome.FAILED)) is Status.PARTIAL
    assert told(replace(FIRST, outcome=Outcome.PARTIAL)) is Status.PARTIAL
    assert told(replace(FIRST, chunks=0, frames=0)) is Status.EMPTY
    assert told(FIRST, results=Results(Outcome.COMPLETED, transcript="")) is Status.EMPTY
    unfilled = Note("soap", NoteStatus.FAILED, errors=("Nothing was said.",))
    silent = Results(Outcome.COMPLETED, transcript="", notes=(unfilled,))
    assert told(FIRST, results=silent) is Status.EMPTY
    only_a_note = Results(Outcome.COMPLETED, notes=HEARD.notes)
    assert told(FIRST, results=only_a_note) is Status.COMPLETED


def test_an_error_or_the_reason_to_wait_is_said() -> None:
    problem = Problem("No answer.", "It is tried again.", Retry.LATER)
    waiting = replace(FIRST, delivery=Delivery.UNSENT, resolved_at=None, problem=problem)
    assert report(Dictation((waiting,), {}))["error"] == {
        "message": "No answer.",
        "remedy": "It is tried again.",
    }
    error = SpoolError("The disk is full.", "Make room.")
    assert report(Dictation((FIRST,), {}), error=error)["error"]["message"] == "The disk is full."


def test_no_transcript_is_not_an_empty_transcript() -> None:
    assert transcript(Dictation((FIRST,), {})) is None
    silent = Results(Outcome.COMPLETED, transcript="")
    assert transcript(Dictation((FIRST,), {FIRST.session_id: silent})) == ""


def test_a_line_of_the_list_says_in_one_word_how_far_a_session_is() -> None:
    recording = replace(
        FIRST, capture=Capture.RECORDING, delivery=Delivery.OPEN, stopped_at=None, outcome=None
    )
    waiting = replace(FIRST, delivery=Delivery.OPEN, outcome=None)
    for session, word in (
        (FIRST, "completed"),
        (replace(FIRST, outcome=Outcome.PARTIAL), "partial"),
        (replace(FIRST, cancelled_at=1.0), "cancelled"),
        (replace(waiting, chunks=0, frames=0), "empty"),
        (recording, "recording"),
        (replace(recording, capture=Capture.PAUSED), "paused"),
        (waiting, "waiting"),
    ):
        assert listing(session)["status"] == word
    assert listing(FIRST) == {
        "session_id": FIRST.session_id,
        "created_at": 100.0,
        "status": "completed",
        "audio_seconds": 2.0,
        "chunks": 2,
        "accepted": 2,
        "service": "this-computer",
    }
