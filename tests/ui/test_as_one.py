"""Linked sessions are one dictation on screen."""

from dataclasses import replace

from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.notices import LiveText
from scribe_desktop.domain.results import Author, Note, NoteStatus, Outcome, Results, ResultsVersion
from scribe_desktop.domain.session import Capture, Delivery, Problem, Session, SessionId
from scribe_desktop.ui.as_one import dictations, edits, whole, whole_versions
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.view_state import state_of
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
