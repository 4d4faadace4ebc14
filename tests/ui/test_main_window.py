from collections.abc import Sequence

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.domain.notices import RecordingsOpened
from scribe_desktop.domain.results import Author
from scribe_desktop.domain.session import Capture, Session
from scribe_desktop.ui.main_window import MainWindow
from tests.ui.fakes import ScriptedLine, results, session
from tests.ui.writing import write_over


def test_a_dictation_from_the_button_to_the_text(
    window: MainWindow, line: ScriptedLine, qtbot: QtBot
) -> None:
    QTest.mouseClick(window.bar.record, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.bar.state.word == "Opening the microphone…")
    assert window.bar.record.text() == "Stop"
    assert not window.bar.meter.isVisible() or window.bar.meter.fraction == 0
    line.heard()
    qtbot.waitUntil(lambda: window.bar.state.word == "Recording")
    line.understood("Good morning")
    qtbot.waitUntil(lambda: "Good morning" in window.results.reader.toPlainText())
    qtbot.waitUntil(lambda: window.bar.meter.fraction > 0.5)
    running = line.running()
    assert running is not None
    QTest.mouseClick(window.bar.record, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.bar.state.word == "Ready")
    line.resolve(running.session_id, results("Good morning doctor"))
    qtbot.waitUntil(lambda: "Good morning doctor" in window.results.reader.toPlainText())
    assert window.results.state.word == "Ready"


def test_recordings_that_open_while_the_window_is_there_cost_one_look_at_all(
    window: MainWindow, line: ScriptedLine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, looked, show = len(line.stored), list[int](), window.list.show_sessions

    def shown(sessions: Sequence[Session], *, is_heard: bool) -> None:
        looked.append(len(sessions))
        show(sessions, is_heard=is_heard)

    monkeypatch.setattr(window.list, "show_sessions", shown)
    for number in range(100, 400):
        line.stored[session(number).session_id] = session(number)
    line.tell(RecordingsOpened())
    qtbot.waitUntil(lambda: looked == [count + 300])


def test_pause_and_resume(window: MainWindow, line: ScriptedLine, qtbot: QtBot) -> None:
    window.bar.record.click()
    line.heard()
    qtbot.waitUntil(window.bar.pause.isEnabled)
    window.bar.pause.click()
    qtbot.waitUntil(lambda: window.bar.state.word == "Paused")
    window.bar.pause.click()
    qtbot.waitUntil(lambda: window.bar.state.word == "Recording")


def test_a_cancel_can_be_undone(window: MainWindow, line: ScriptedLine, qtbot: QtBot) -> None:
    window.bar.record.click()
    line.heard()
    running = line.running()
    assert running is not None
    qtbot.waitUntil(window.bar.cancel.isVisible)
    window.bar.cancel.click()
    assert line.stored[running.session_id].is_cancelled
    assert window.strip.isVisible()
    window.strip.action.click()
    assert not line.stored[running.session_id].is_cancelled


def test_closing_while_recording_asks(window: MainWindow, line: ScriptedLine, qtbot: QtBot) -> None:
    window.bar.record.click()
    line.heard()
    window.close()
    assert window.isVisible()
    box = window.findChild(QMessageBox)
    assert box is not None
    default = box.defaultButton()
    assert default.text() == "Go on recording"
    default.click()
    assert line.running() is not None
    qtbot.waitUntil(lambda: window.findChild(QMessageBox) is None)
    window.close()
    box = window.findChild(QMessageBox)
    assert box is not None
    with qtbot.waitSignal(window.closed):
        next(b for b in box.buttons() if b is not box.defaultButton()).click()
    assert line.running() is None
    assert not window.isVisible()


def test_an_error_is_a_sentence(window: MainWindow, line: ScriptedLine) -> None:
    line.refuse["start"] = MicrophoneError("No microphone was found.", "Plug one in.")
    window.bar.record.click()
    assert window.strip.message == "No microphone was found."
    assert window.bar.state.word == "Ready"


def test_an_edit_is_a_version_of_the_clinicians(
    window: MainWindow, line: ScriptedLine, qtbot: QtBot
) -> None:
    first = next(iter(line.stored))
    window.show_session(first)
    window.results.actions_row.edit.click()
    write_over(window.results.editor, "Changed by hand")
    window.results.actions_row.keep.click()
    versions = line.versions(first)
    assert [v.author for v in versions] == [Author.SERVICE, Author.CLINICIAN]
    qtbot.waitUntil(lambda: "Changed by hand" in window.results.reader.toPlainText())
    assert "edited" in window.results.facts.text()


def test_an_edit_survives_going_elsewhere(window: MainWindow, line: ScriptedLine) -> None:
    first, second = list(line.stored)[:2]
    window.show_session(first)
    window.results.actions_row.edit.click()
    write_over(window.results.editor, "Half a thought")
    window.show_session(second)
    assert line.versions(first)[-1].results.notes[0].content == "Half a thought"


def test_dropping_an_edit_stores_nothing(window: MainWindow, line: ScriptedLine) -> None:
    first = next(iter(line.stored))
    window.show_session(first)
    window.results.actions_row.edit.click()
    write_over(window.results.editor, "Never mind")
    window.results.actions_row.drop.click()
    assert len(line.versions(first)) == 1
    assert not window.results.is_editing


def test_copy_takes_the_text_without_marks(window: MainWindow, line: ScriptedLine) -> None:
    window.show_session(next(iter(line.stored)))
    window.results.actions_row.copy.click()
    copied = QApplication.clipboard().text()
    assert copied.startswith("Chief complaint\n")
    assert "#" not in copied


def test_the_patient_goes_with_the_dictation(window: MainWindow, line: ScriptedLine) -> None:
    window.bar.patient.click()
    QTest.keyClicks(window.bar.form.name, "Maria")
    window.bar.record.click()
    running = line.running()
    assert running is not None
    assert running.order.patient.name == "Maria"
    assert running.capture is Capture.STARTING


def test_the_key_in_the_window_toggles(
    window: MainWindow, line: ScriptedLine, qtbot: QtBot
) -> None:
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    chord = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window, Qt.Key.Key_Space, chord)
    assert ("start", None) in line.asked


def test_no_patient_in_the_title(window: MainWindow, line: ScriptedLine) -> None:
    window.show_session(next(iter(line.stored)))
    assert window.windowTitle() == "Scribe Desktop"
