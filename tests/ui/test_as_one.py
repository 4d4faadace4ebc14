"""Linked sessions are one dictation on screen."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.notices import LiveText, PartEnding, SessionChanged
from scribe_desktop.domain.results import Author, Note, NoteStatus, Outcome, Results, ResultsVersion
from scribe_desktop.domain.session import Capture, Delivery, Problem, Session, SessionId
from scribe_desktop.ui.as_one import dictations, edits, whole, whole_versions
from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.dialogs import part_telling
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.view_state import Tone, state_of
from tests.ui.fakes import NOW, ScriptedLine, session

DONE = {"delivery": Delivery.RESOLVED, "outcome": Outcome.COMPLETED, "accepted": 7}


def chain(**last: object) -> tuple[Session, Session]:
    first = session(2, resolved_at=NOW, **DONE)
    return first, session(1, follows=first.session_id, **last)


def stored(part: Session, said: str, note: str) -> ResultsVersion:
    notes = (Note("soap", NoteStatus.SUCCESS, note),) if note else ()
    return ResultsVersion(1, Author.SERVICE, NOW, Results(Outcome.COMPLETED, said, notes))


def test_the_least_finished_part_decides() -> None:
    assert state_of(whole(chain(delivery=Delivery.ENDED))).word == "Processing"
    assert state_of(whole(chain(capture=Capture.RECORDING))).word == "Recording"
    assert state_of(whole(chain(resolved_at=NOW, **DONE))).word == "Ready"
    failed = {**DONE, "outcome": Outcome.FAILED}
    assert state_of(whole(chain(resolved_at=NOW, **failed))).word == "Partial"
    stuck = whole(chain(problem=Problem("m", "r", Retry.NEVER)))
    assert state_of(stuck).word == "Needs attention"
    assert whole(chain()).frames == session(1).frames * 2


def test_pieces_that_one_part_lacks_the_whole_lacks() -> None:
    assert whole(chain(resolved_at=NOW, **DONE)).missing_files == 0
    short = {**DONE, "outcome": Outcome.PARTIAL, "received": 5, "shortfalls": 3}
    both = whole(chain(resolved_at=NOW, **short))
    assert (both.missing_files, both.received, both.files) == (2, 12, 14)


def test_a_cancelled_part_is_left_out_and_all_cancelled_is_cancelled() -> None:
    first, last = chain(cancelled_at=NOW)
    assert state_of(whole((first, last))).word == "Ready"
    both = (replace(first, cancelled_at=NOW), last)
    assert state_of(whole(both)).word == "Cancelled"


def test_one_row_for_linked_sessions() -> None:
    first, last = chain()
    other = session(9)
    rows = dictations([last, other, first])
    assert {one.session_id for one in rows} == {first.session_id, other.session_id}


def test_texts_are_joined_and_an_edit_reads_as_written() -> None:
    first, last = chain(resolved_at=NOW, **DONE)
    kept: dict[SessionId, list[ResultsVersion]] = {
        first.session_id: [stored(first, "one", "A")],
        last.session_id: [stored(last, "two", "B")],
    }

    def versions(session_id: SessionId) -> tuple[ResultsVersion, ...]:
        return tuple(kept[session_id])

    joined = whole_versions((first, last), versions)[-1].results
    assert joined.transcript == "one\ntwo"
    assert joined.notes[0].content == "A\n\nB"
    for key, read in (("transcript", "transcript"), ("soap", "note")):
        for session_id, results in edits((first, last), versions, key, f"{read} by hand"):
            kept[session_id].append(ResultsVersion(2, Author.CLINICIAN, NOW + 1, results))
    joined = whole_versions((first, last), versions)[-1].results
    assert joined.transcript == "transcript by hand"
    assert joined.notes[0].content == "note by hand"


def test_a_continued_dictation_on_screen(
    window: MainWindow, line: ScriptedLine, qtbot: QtBot
) -> None:
    first, last = chain(capture=Capture.RECORDING)
    line.stored = {one.session_id: one for one in (first, last)}
    line.results_of = {first.session_id: [stored(first, "Said before.", "A")]}
    window.refresh()
    window.show_session(last.session_id)
    assert window.list.model.rowCount() == 1
    assert window.results.state.word == "Recording"
    window.results.tab_bar.setCurrentIndex(0)
    line.tell(LiveText(last.session_id, "Said now."))
    qtbot.waitUntil(lambda: window.results.reader.toPlainText() == "Said before.\nSaid now.")
    line.stored[last.session_id] = replace(last, capture=Capture.STOPPED)
    window.refresh()
    window.deeds.discard(first.session_id)
    assert all(one.is_cancelled for one in line.stored.values())
    window.deeds.restore(first.session_id)
    assert not any(one.is_cancelled for one in line.stored.values())


def test_a_part_that_ends_is_told_calmly_and_nothing_else_changes_when_it_goes_on(
    window: MainWindow, line: ScriptedLine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoken: list[str] = []
    voice = SimpleNamespace(updateAccessibility=lambda event: spoken.append(event.message()))
    monkeypatch.setattr("scribe_desktop.ui.strip.QAccessible", voice)
    first = session(3, capture=Capture.RECORDING, name="Maria Lindqvist")
    last = session(2, capture=Capture.STARTING, follows=first.session_id)
    other = session(9)
    line.stored = {one.session_id: one for one in (first, other)}
    window.refresh()
    window.bar.show_patient(first.order.patient)
    window.show_session(other.session_id)
    line.tell(PartEnding(first.session_id, "It goes on in a new part.", "Just go on speaking."))
    qtbot.waitUntil(window.strip.isVisible)
    assert window.strip.message == "It goes on in a new part."
    assert spoken == ["It goes on in a new part. Just go on speaking."]
    assert not window.strip.is_passing
    for one in (last, replace(last, capture=Capture.RECORDING), stopped(first)):
        line.stored[one.session_id] = one
        line.tell(SessionChanged(one))
    qtbot.waitUntil(lambda: not window.strip.isVisible())
    # Who looks at another dictation goes on doing so, and the patient is still the same.
    assert window.results.shown is not None
    assert window.results.shown.session.session_id == other.session_id
    assert window.bar.chosen_patient() == first.order.patient
    assert window.list.model.rowCount() == 2
    line.tell(PartEnding(last.session_id, "It cannot go on.", "Free some space.", goes_on=False))
    qtbot.waitUntil(lambda: window.strip.message == "It cannot go on.")
    line.stored[last.session_id] = stopped(last)
    line.tell(SessionChanged(stopped(last)))
    qtbot.waitUntil(lambda: window.bar.chosen_patient().is_empty)
    assert not window.strip.isVisible()


def stopped(part: Session) -> Session:
    return replace(part, capture=Capture.STOPPED)


@pytest.mark.parametrize(("goes_on", "tone"), [(True, Tone.QUIET), (False, Tone.WARNING)])
def test_only_what_cannot_go_on_is_a_warning(*, goes_on: bool, tone: Tone) -> None:
    notice = PartEnding(SessionId("s"), "It is so.", "Do that.", goes_on=goes_on)
    assert part_telling(notice) == Telling("It is so.", "Do that.", tone)
