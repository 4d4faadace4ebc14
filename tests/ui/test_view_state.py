from dataclasses import replace
from datetime import UTC

import pytest

from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.offer import Health, Offer
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.session import Capture, Delivery, Problem
from scribe_desktop.ui.advice import Remedy, advice_for
from scribe_desktop.ui.view_state import (
    Tone,
    caution_for,
    clock,
    foot_sentence,
    length_of,
    record_bar_view,
    rough_duration,
    session_rows,
    state_of,
    waiting_sentence,
    when,
)
from tests.ui.fakes import NOW, OFFER, scripted_sessions, session


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"capture": Capture.STARTING}, "Starting"),
        ({"capture": Capture.RECORDING}, "Recording"),
        ({"capture": Capture.PAUSED}, "Paused"),
        ({}, "Waiting to send"),
        ({"chunks": 0}, "Nothing recorded"),
        ({"delivery": Delivery.OPEN, "accepted": 2}, "Sending 3 of 7"),
        ({"delivery": Delivery.OPEN, "accepted": 7}, "Sending 7 of 7"),
        ({"delivery": Delivery.ENDED}, "Processing"),
        ({"delivery": Delivery.RESOLVED, "outcome": Outcome.COMPLETED}, "Ready"),
        ({"delivery": Delivery.RESOLVED, "outcome": Outcome.PARTIAL}, "Partial"),
        ({"delivery": Delivery.RESOLVED, "outcome": Outcome.FAILED}, "Needs attention"),
        ({"problem": Problem("m", "r", Retry.NEVER)}, "Needs attention"),
        ({"problem": Problem("m", "r", Retry.LATER), "retry_at": NOW + 9}, "Waiting to send"),
        ({"cancelled_at": NOW, "capture": Capture.RECORDING}, "Cancelled"),
    ],
)
def test_every_state_has_its_word(changes: dict[str, object], word: str) -> None:
    assert state_of(session(1, **changes)).word == word


def test_recording_is_said_only_once_the_microphone_was_heard() -> None:
    starting = record_bar_view(session(1, capture=Capture.STARTING))
    assert starting.tone is not Tone.LIVE
    assert not starting.meter_is_live
    assert "Recording" not in starting.word
    live = record_bar_view(session(1, capture=Capture.RECORDING))
    assert (live.word, live.tone, live.meter_is_live) == ("Recording", Tone.LIVE, True)
    paused = record_bar_view(session(1, capture=Capture.PAUSED))
    assert (paused.pause, paused.tone, paused.meter_is_live) == ("Resume", Tone.PAUSED, False)
    assert record_bar_view(None).record == "Record"


def test_recording_is_not_said_of_a_microphone_that_hears_nothing() -> None:
    running = session(1, capture=Capture.RECORDING)
    view = record_bar_view(running, is_heard=False)
    assert (view.word, view.tone, view.meter_is_live) == ("Not recording", Tone.WARNING, False)
    assert (view.record, view.can_pause, view.can_cancel) == ("Stop", True, True)
    assert state_of(running, is_heard=False).word == view.word
    assert "microphone" in waiting_sentence(running, is_heard=False)
    known = {row.session.session_id: row for row in session_rows([running], "", NOW)}
    (row,) = session_rows([running], "", NOW, known=known, is_heard=False)
    assert row.state.word == view.word, "a row that was made before is made anew"


def test_a_file_that_is_read_needs_no_microphone() -> None:
    one = session(1, capture=Capture.RECORDING, imported=True)
    assert state_of(one, is_heard=False) == state_of(one)
    assert waiting_sentence(one, is_heard=False) == waiting_sentence(one)


@pytest.mark.parametrize("capture", [Capture.STARTING, Capture.PAUSED, Capture.STOPPED])
def test_whatever_does_not_record_is_called_as_ever(capture: Capture) -> None:
    one = session(1, capture=capture)
    assert record_bar_view(one, is_heard=False) == record_bar_view(one)
    assert state_of(one, is_heard=False) == state_of(one)
    assert waiting_sentence(one, is_heard=False) == waiting_sentence(one)


@pytest.mark.parametrize(
    ("duration", "said"), [(0, "0:00"), (7.9, "0:07"), (754, "12:34"), (3723, "1:02:03")]
)
def test_clock(duration: float, said: str) -> None:
    assert clock(duration) == said


def test_length() -> None:
    assert length_of(session(1, frames=16_000 * 9)) == "9 s"
    assert length_of(session(1, frames=16_000 * 134)) == "2 min 14 s"
    assert length_of(session(1, frames=16_000 * 3 * 3600)) == "3 h 00 min"


def test_when() -> None:
    noon = 1_795_003_200.0
    assert when(noon, noon, UTC) == "12:00"
    assert when(noon - 86_400, noon, UTC) == "Yesterday 12:00"
    assert when(noon - 3 * 86_400, noon, UTC) == "Sunday 12:00"
    assert when(noon - 30 * 86_400, noon, UTC) == "19 October 12:00"
    assert when(noon - 400 * 86_400, noon, UTC) == "14 October 2025"


def test_search_finds_whatever_is_visible() -> None:
    sessions = scripted_sessions()
    assert [r.patient for r in session_rows(sessions, "rao", NOW)] == ["Anand Rao"]
    assert [r.patient for r in session_rows(sessions, "cancelled", NOW)] == ["Peter Novák"]
    assert [r.patient for r in session_rows(sessions, "ready MARIA", NOW)] == ["Maria Lindqvist"]
    assert session_rows(sessions, "nobody", NOW) == ()
    times = [row.session.created_at for row in session_rows(reversed(sessions), "", NOW)]
    assert times == sorted(times, reverse=True)


def test_the_foot_says_what_is_unsent() -> None:
    said = foot_sentence(scripted_sessions(), OFFER, NOW)
    assert "1 dictation needs your attention. The recording is safe." in said
    assert "1 dictation waits to be sent, safe on this computer. Next try in 45 s." in said
    assert "Sending 3 of 7." in said
    assert "Processing 1 dictation." in said
    assert foot_sentence([], OFFER, NOW) == "Nothing is waiting."
    assert foot_sentence(scripted_sessions()[:1], OFFER, NOW) == "Everything is sent."
    away = Offer("x", Health.UNREACHABLE, "The service cannot be reached.")
    assert foot_sentence([], away, NOW).endswith("The service cannot be reached.")


def test_advice_names_the_one_thing_to_do() -> None:
    by_name = {one.order.patient.name: one for one in scripted_sessions()}
    assert advice_for(by_name["Maria Lindqvist"], NOW) is None
    signed_out = advice_for(by_name["Tomás Ortega"], NOW)
    assert signed_out is not None
    assert signed_out.action is Remedy.SIGN_IN
    away = advice_for(by_name["Ruth Weiss"], NOW)
    assert away is not None
    assert away.remedy.endswith("Trying again in 45 s.")
    cancelled = advice_for(by_name["Peter Novák"], NOW)
    assert cancelled is not None
    assert cancelled.action is Remedy.RESTORE
    gap = advice_for(by_name["Ines Carvalho"], NOW)
    assert gap is not None
    assert "About 3 s could not be recorded: the microphone was unplugged." in gap.message
    failed = advice_for(by_name["Li Na"], NOW)
    assert failed is not None
    assert "safe" in failed.remedy
    empty = advice_for(session(1, chunks=0), NOW)
    assert empty is not None
    assert "Nothing was recorded" in empty.message
    partial = advice_for(replace(by_name["Ines Carvalho"], gaps=()), NOW)
    assert partial is not None


def test_pieces_that_the_service_lacks_are_said() -> None:
    changes = {"delivery": Delivery.RESOLVED, "outcome": Outcome.PARTIAL, "received": 6}
    said = advice_for(session(1, shortfalls=3, **changes), NOW)
    assert said is not None
    assert "in 7 parts" in said.message
    assert "it has 6" in said.message
    assert "The recording has it" in said.remedy


def test_every_session_without_text_says_why() -> None:
    for one in scripted_sessions():
        if one.delivery is not Delivery.RESOLVED and not one.is_cancelled:
            assert waiting_sentence(one)
    for capture in Capture:
        assert waiting_sentence(session(1, capture=capture))


def test_rough_durations() -> None:
    assert [rough_duration(s) for s in (0, 45, 240, 7200)] == ["1 s", "45 s", "4 min", "2 h"]


def test_rows_that_did_not_change_are_used_again() -> None:
    sessions = scripted_sessions()
    first = session_rows(sessions, "", NOW)
    known = {row.session.session_id: row for row in first}
    sessions[3] = replace(sessions[3], accepted=1)
    second = session_rows(sessions, "", NOW, known=known)
    same = [one is other for one, other in zip(first, second, strict=True)]
    assert same.count(False) == 1
    assert second[3].session.accepted == 1


def test_what_this_computer_wrote_is_marked_as_basic() -> None:
    written = session(1, delivery=Delivery.RESOLVED, outcome=Outcome.COMPLETED)
    assert "check drug names" in caution_for(written)
    assert caution_for(session(1, delivery=Delivery.ENDED)) == ""
    elsewhere = replace(written.order, service=ServiceRef("EkaScribe", "https://example.org/v1"))
    assert caution_for(replace(written, order=elsewhere)) == ""
