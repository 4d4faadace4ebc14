"""The windows together: privacy of titles, first run, pill, tray, curtain, insertion, look."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, QRect, QSettings, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import CredentialError, MicrophoneError
from scribe_desktop.domain.notices import (
    DEAF,
    ImportProgressed,
    LiveText,
    MicrophoneChanged,
    MicrophoneState,
    SilenceNoticed,
    SpoolTrouble,
)
from scribe_desktop.domain.offer import Health
from scribe_desktop.domain.order import THIS_COMPUTER
from scribe_desktop.domain.results import Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.session import Capture, SessionId
from scribe_desktop.domain.settings import AfterStop, Settings, Theme, with_value
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.curtain import Idleness
from scribe_desktop.ui.first_run import FirstRun
from scribe_desktop.ui.help import keys_in_force
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.mini_recorder import pill
from scribe_desktop.ui.rows import ROW
from scribe_desktop.ui.settings.dialog import SettingsDialog
from scribe_desktop.ui.settings.services import ServicesPage
from scribe_desktop.ui.sound_check import SoundCheck
from scribe_desktop.ui.theme import DARK, HIGH_CONTRAST
from scribe_desktop.ui.titles import TITLE
from scribe_desktop.ui.view_state import SessionRow
from scribe_desktop.ui.windows import Windows, text_of
from scribe_desktop.ui.workplace import Inserted, Workplace
from tests.ui.fakes import ScriptedLine, results
from tests.ui.places import (
    FakeInsertion,
    FakeLock,
    FakeMicrophoneTest,
    FakeSpeaker,
    FakeWeights,
    whole_workplace,
)

CANARY = "Zebulon Quarterstaff"


def dictate(windows: Windows, line: ScriptedLine, qtbot: QtBot) -> SessionId:
    windows.deeds.toggle()
    line.heard()
    qtbot.waitUntil(windows.main.bar.pause.isEnabled)
    running = line.running()
    assert running is not None
    return running.session_id


def resolve(windows: Windows, line: ScriptedLine, qtbot: QtBot) -> None:
    session_id = dictate(windows, line, qtbot)
    windows.deeds.toggle()
    line.resolve(session_id, results("Good morning", ""))
    qtbot.waitUntil(lambda: windows.main.results.state.word == "Ready")


def test_no_patient_is_seen_outside_of_the_window(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    main = windows.main
    QTest.keyClicks(main.bar.form.name, CANARY)
    session_id = dictate(windows, line, qtbot)
    assert line.stored[session_id].order.patient.name == CANARY
    line.tell(LiveText(session_id, CANARY))
    qtbot.waitUntil(lambda: CANARY in main.results.reader.toPlainText())
    outside = [one.windowTitle() for one in QApplication.topLevelWidgets()]
    outside += [one.windowIconText() for one in QApplication.topLevelWidgets()]
    outside.append(windows.tray.toolTip())
    outside += [action.text() for action in windows.tray.contextMenu().actions()]
    for part in [windows.mini, *windows.mini.findChildren(QWidget)]:
        outside += [part.accessibleName(), part.toolTip(), part.property("text") or ""]
    assert not [one for one in outside if CANARY in one]


def test_the_next_dictation_is_for_nobody_until_said(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    QTest.keyClicks(windows.main.bar.form.name, CANARY)
    dictate(windows, line, qtbot)
    windows.deeds.toggle()
    qtbot.waitUntil(lambda: windows.main.bar.chosen_patient().is_empty)
    second = dictate(windows, line, qtbot)
    assert line.stored[second].order.patient.is_empty


def test_a_dictation_started_elsewhere_gets_the_patient_too(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    QTest.keyClicks(windows.main.bar.form.name, CANARY)
    session_id = line.start()
    qtbot.waitUntil(lambda: line.stored[session_id].order.patient.name == CANARY)


def test_the_pill_follows_the_recording(windows: Windows, line: ScriptedLine, qtbot: QtBot) -> None:
    assert not windows.mini.isVisible()
    windows.deeds.toggle()
    qtbot.waitUntil(windows.mini.isVisible)
    assert windows.mini.state.word == "Starting"
    line.heard()
    qtbot.waitUntil(lambda: windows.mini.state.word == "Recording")
    qtbot.waitUntil(lambda: windows.mini.meter.fraction > 0)
    windows.mini.pause.click()
    qtbot.waitUntil(lambda: windows.mini.state.word == "Paused")
    windows.mini.stop.click()
    qtbot.waitUntil(lambda: not windows.mini.isVisible())


def test_the_pill_can_be_switched_off(windows: Windows, line: ScriptedLine, qtbot: QtBot) -> None:
    windows.deeds.set_setting("mini_recorder", value=False)
    dictate(windows, line, qtbot)
    assert not windows.mini.isVisible()


def mouse(kind: QMouseEvent.Type, at: QPoint) -> QMouseEvent:
    left = Qt.MouseButton.LeftButton
    return QMouseEvent(kind, QPointF(at), QPointF(at), left, left, Qt.KeyboardModifier.NoModifier)


def test_the_pill_is_dragged_and_remembers_its_place(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    dictate(windows, line, qtbot)
    mini = windows.mini
    start = mini.pos()
    mini.mousePressEvent(mouse(QMouseEvent.Type.MouseButtonPress, start + QPoint(5, 5)))
    mini.mouseMoveEvent(mouse(QMouseEvent.Type.MouseMove, start + QPoint(-95, -45)))
    mini.mouseReleaseEvent(mouse(QMouseEvent.Type.MouseButtonRelease, start + QPoint(-95, -45)))
    moved = mini.pos()
    assert moved == start + QPoint(-100, -50)
    windows.deeds.toggle()
    qtbot.waitUntil(lambda: not mini.isVisible())
    mini.move(0, 0)
    windows.deeds.toggle()
    qtbot.waitUntil(mini.isVisible)
    assert mini.pos() == moved


def test_the_tray_says_the_state_and_starts(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    tray = windows.tray
    assert tray.toolTip() == "Scribe Desktop: Ready"
    tray.toggle.trigger()
    line.heard()
    qtbot.waitUntil(lambda: tray.toolTip() == "Scribe Desktop: Recording")
    assert tray.toggle.text() == "Stop"
    tray.pause.trigger()
    qtbot.waitUntil(lambda: tray.pause.text() == "Resume")
    windows.main.hide()
    tray.open.trigger()
    assert windows.main.isVisible()


def test_show_or_hide(windows: Windows, qtbot: QtBot) -> None:
    windows.bring_to_front()
    qtbot.waitUntil(windows.main.isActiveWindow)
    windows.show_or_hide()
    assert not windows.main.isVisible()
    windows.show_or_hide()
    assert windows.main.isVisible()


def test_started_with_the_computer_it_stays_out_of_the_way(
    windows: Windows, line: ScriptedLine
) -> None:
    line.preferences = replace(line.preferences, first_run_done=False)
    windows.main.hide()
    windows.open(hidden=True)
    # There is no tray here, so it can at least be found in the list of windows.
    assert windows.main.isMinimized()
    assert not [w for w in QApplication.topLevelWidgets() if isinstance(w, FirstRun)]
    windows.bring_to_front()
    assert windows.main.isVisible()
    assert not windows.main.isMinimized()
    assert [w for w in QApplication.topLevelWidgets() if isinstance(w, FirstRun)]


# --- the curtain ---


def test_the_curtain_hides_text_and_a_press_opens_it(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    windows.main.show_session(next(iter(line.stored)))
    session_id = dictate(windows, line, qtbot)
    windows.lock()
    assert windows.is_locked
    assert not windows.main.results.isVisible()
    assert not windows.main.list.isVisible()
    assert line.stored[session_id].capture is Capture.RECORDING
    windows.curtain.show_again.click()
    assert not windows.is_locked


def test_one_key_hides_all_text_from_the_settings_too(windows: Windows, qtbot: QtBot) -> None:
    settings = windows.open_settings("text")
    with qtbot.waitActive(settings):
        settings.activateWindow()
    QTest.keyClick(settings, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: windows.is_locked)
    assert not settings.isVisible()
    QTest.keyClick(windows.curtain.show_again, Qt.Key.Key_Return)
    assert not windows.is_locked
    assert windows.main.menu.hide_text.isEnabled()


def test_the_curtain_wants_the_pin(windows: Windows, workplace: Workplace, qtbot: QtBot) -> None:
    assert isinstance(workplace.lock, FakeLock)
    workplace.lock.pin = "2468"
    windows.lock()
    QTest.keyClicks(windows.curtain.pin, "1111")
    windows.curtain.show_again.click()
    qtbot.waitUntil(lambda: "not the PIN" in windows.curtain.sentence.text())
    assert windows.is_locked
    QTest.keyClicks(windows.curtain.pin, "2468")
    QTest.keyClick(windows.curtain.pin, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not windows.is_locked)


def test_every_window_with_text_is_put_away_and_comes_back(windows: Windows) -> None:
    settings = windows.open_settings("text")
    settings.show()
    windows.box.hold("what waits")
    windows.lock()
    shown = {w for w in QApplication.topLevelWidgets() if w.isVisible()}
    assert shown <= {windows.main, windows.mini}
    windows.curtain.show_again.click()
    assert settings.isVisible()
    assert windows.box.isVisible()


def test_the_keys_of_the_window_reach_nothing_behind_the_curtain(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    windows.main.show_session(next(iter(line.stored)))
    windows.lock()
    before = {w for w in QApplication.topLevelWidgets() if w.isVisible()}
    for key in (Qt.Key.Key_F8, Qt.Key.Key_F1, Qt.Key.Key_F4):
        QTest.keyClick(windows.main, key)
    for key in (Qt.Key.Key_Comma, Qt.Key.Key_T, Qt.Key.Key_O, Qt.Key.Key_F, Qt.Key.Key_B):
        QTest.keyClick(windows.main, key, Qt.KeyboardModifier.ControlModifier)
    assert {w for w in QApplication.topLevelWidgets() if w.isVisible()} == before
    assert not windows.main.results.player.isVisible()
    # The key that records still does.
    windows.main.toggle_action.trigger()
    assert line.running() is not None
    windows.unlock()
    QTest.keyClick(windows.main, Qt.Key.Key_Comma, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(
        lambda: any(
            isinstance(w, SettingsDialog) and w.isVisible() for w in QApplication.topLevelWidgets()
        )
    )


def test_no_text_leaves_while_it_is_hidden(
    windows: Windows, line: ScriptedLine, workplace: Workplace, qtbot: QtBot
) -> None:
    assert isinstance(workplace.insertion, FakeInsertion)
    line.preferences = replace(line.preferences, after_stop=AfterStop.SHOW)
    resolve(windows, line, qtbot)
    QApplication.clipboard().setText("copied before")
    windows.lock()
    assert workplace.insertion.forbidden is True
    windows.insert_last()
    windows.copy_last()
    assert "hidden" in windows.curtain.sentence.text()
    assert workplace.insertion.inserted == []
    assert QApplication.clipboard().text() == "copied before"
    windows.unlock()
    windows.copy_last()
    assert QApplication.clipboard().text() != "copied before"
    QApplication.clipboard().clear()


@pytest.mark.parametrize("after", [AfterStop.COPY, AfterStop.INSERT])
def test_text_that_comes_while_hidden_waits_for_the_clinician(
    windows: Windows, line: ScriptedLine, workplace: Workplace, qtbot: QtBot, after: AfterStop
) -> None:
    assert isinstance(workplace.insertion, FakeInsertion)
    line.preferences = replace(line.preferences, after_stop=after)
    QApplication.clipboard().setText("copied before")
    windows.lock()
    resolve(windows, line, qtbot)
    assert QApplication.clipboard().text() == "copied before"
    assert workplace.insertion.inserted == []
    assert not windows.box.isVisible()
    windows.unlock()
    if after is AfterStop.COPY:
        assert QApplication.clipboard().text() != "copied before"
    else:
        assert windows.box.isVisible()
        assert windows.box.editor.toPlainText()
    QApplication.clipboard().clear()


def test_a_text_refused_while_hidden_is_not_shown_before_its_time(windows: Windows) -> None:
    windows.lock()
    windows.deeds.text_refused.emit("half of it was typed")
    assert not windows.box.isVisible()
    windows.unlock()
    assert windows.box.editor.toPlainText() == "half of it was typed"


def test_with_a_pin_the_program_starts_hidden(
    windows: Windows, workplace: Workplace, qtbot: QtBot
) -> None:
    assert isinstance(workplace.lock, FakeLock)
    workplace.lock.kept_in_keyring = "2468"
    assert not windows.is_locked
    windows.open()
    qtbot.waitUntil(lambda: windows.is_locked)


def test_too_many_wrong_pins_are_said(windows: Windows, workplace: Workplace, qtbot: QtBot) -> None:
    assert isinstance(workplace.lock, FakeLock)
    workplace.lock.pin = "2468"
    workplace.lock.refuse = CredentialError("Too many wrong PINs.", "Try again in 5 seconds.")
    windows.lock()
    QTest.keyClicks(windows.curtain.pin, "2468")
    QTest.keyClick(windows.curtain.pin, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "in 5 seconds" in windows.curtain.sentence.text())
    assert windows.is_locked
    assert windows.curtain.show_again.isEnabled()


def test_a_forgotten_pin_goes_by_signing_in_to_the_computer(
    windows: Windows, line: ScriptedLine, workplace: Workplace, qtbot: QtBot
) -> None:
    assert isinstance(workplace.lock, FakeLock)
    lock, kept = workplace.lock, dict(line.stored)
    lock.pin = "2468"
    windows.lock()
    windows.curtain.forgot.click()
    qtbot.waitUntil(lambda: lock.computer_locks == 1)
    assert windows.is_locked
    lock.sign_in_to_the_computer()
    qtbot.waitUntil(lambda: not windows.is_locked)
    assert line.stored == kept
    assert not lock.is_set()


def test_the_sign_in_of_the_computer_instead_of_a_pin(
    windows: Windows, workplace: Workplace, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = workplace.lock
    assert isinstance(lock, FakeLock)
    lock.pin = "2468"
    windows.deeds.set_setting("require_pin", value=True)
    windows.deeds.set_setting("show_again_with", "computer")
    windows.open()
    qtbot.waitUntil(lambda: not windows.is_locked)
    monkeypatch.setattr("scribe_desktop.ui.curtain.MINUTE_MS", 30)
    windows.deeds.set_setting("lock_after_minutes", 1)
    qtbot.waitUntil(lambda: lock.computer_locks == 1)
    windows.deeds.set_setting("lock_after_minutes", 0)
    assert windows.is_locked
    assert not windows.curtain.pin.isVisible()
    assert not windows.curtain.show_again.isVisible()
    windows.curtain.sign_in.click()
    qtbot.waitUntil(lambda: lock.computer_locks == 2)
    assert windows.is_locked
    lock.sign_in_to_the_computer()
    qtbot.waitUntil(lambda: not windows.is_locked)
    assert lock.pin == "2468"


def test_where_the_lock_screen_is_not_told_of_the_pin_is_asked_for(
    windows: Windows, workplace: Workplace
) -> None:
    assert isinstance(workplace.lock, FakeLock)
    workplace.lock.pin, workplace.lock.can_prove_otherwise = "2468", False
    windows.deeds.set_setting("show_again_with", "computer")
    windows.lock()
    assert windows.curtain.pin.isVisible()
    windows.curtain.forgot.click()
    assert "looks after this computer" in windows.curtain.sentence.text()
    assert workplace.lock.computer_locks == 0


def test_a_required_pin_is_chosen_before_text_is_seen(
    windows: Windows, line: ScriptedLine, workplace: Workplace, qtbot: QtBot
) -> None:
    assert isinstance(workplace.lock, FakeLock)
    session_id = dictate(windows, line, qtbot)
    windows.deeds.set_setting("require_pin", value=True)
    assert windows.is_locked
    assert line.stored[session_id].capture is Capture.RECORDING
    assert not windows.curtain.show_again.isVisible()
    assert "required" in windows.curtain.sentence.text()
    windows.unlock()
    assert windows.is_locked
    fields = windows.curtain.new_pin
    QTest.keyClicks(fields.pin, "2468")
    QTest.keyClicks(fields.again, "2468")
    QTest.keyClick(fields.again, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not windows.is_locked)
    assert workplace.lock.pin == "2468"


def test_idleness_draws_the_curtain(
    windows: Windows, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scribe_desktop.ui.curtain.MINUTE_MS", 30)
    windows.deeds.set_setting("lock_after_minutes", 1)
    qtbot.waitUntil(lambda: windows.is_locked)


def test_work_in_another_program_is_no_idleness(qtbot: QtBot, qapp: QApplication) -> None:
    answers = iter([0.0, 0.01, None])
    asked: list[float | None] = []

    def idle_s() -> float | None:
        asked.append(next(answers))
        return asked[-1]

    idleness = Idleness(qapp, idle_s)
    with (
        pytest.MonkeyPatch.context() as patch,
        qtbot.waitSignal(idleness.fell_idle),
    ):
        patch.setattr("scribe_desktop.ui.curtain.MINUTE_MS", 30)
        idleness.set_minutes(1)
    assert asked == [0.0, 0.01, None]
    idleness.set_minutes(0)


# --- what becomes of the text ---


def test_text_of_results() -> None:
    assert text_of(results()).startswith("Chief complaint\n")
    failed = Results(Outcome.PARTIAL, "said", (Note("soap", NoteStatus.FAILED),))
    assert text_of(failed) == "said"


@pytest.mark.parametrize("after", list(AfterStop))
def test_after_stop(
    windows: Windows,
    workplace: Workplace,
    line: ScriptedLine,
    qtbot: QtBot,
    after: AfterStop,
) -> None:
    insertion = workplace.insertion
    assert isinstance(insertion, FakeInsertion)
    QApplication.clipboard().clear()
    line.preferences = replace(line.preferences, after_stop=after)
    session_id = dictate(windows, line, qtbot)
    assert insertion.remembered == [session_id]
    windows.deeds.toggle()
    line.resolve(session_id, results("Good morning", ""))
    qtbot.waitUntil(lambda: windows.main.results.state.word == "Ready")
    if after is AfterStop.INSERT:
        qtbot.waitUntil(lambda: insertion.inserted == [("Good morning", session_id)])
    if after is AfterStop.COPY:
        qtbot.waitUntil(lambda: QApplication.clipboard().text() == "Good morning")
    if after is AfterStop.SHOW:
        assert not QApplication.clipboard().text()
        assert not insertion.inserted
    windows.insert_last()
    qtbot.waitUntil(lambda: ("Good morning", "front") in insertion.inserted)
    windows.copy_last()
    assert QApplication.clipboard().text() == "Good morning"


def test_text_that_did_not_arrive_waits_in_the_box(
    windows: Windows, workplace: Workplace, line: ScriptedLine, qtbot: QtBot
) -> None:
    insertion = workplace.insertion
    assert isinstance(insertion, FakeInsertion)
    insertion.outcome = Inserted(arrived=False, sentence="Another window came.")
    first = next(iter(line.stored))
    windows.main.show_session(first)
    windows.main.results.actions_row.insert.click()
    qtbot.waitUntil(windows.box.isVisible)
    assert windows.main.strip.message == "Another window came."
    assert windows.box.editor.toPlainText().startswith("Chief complaint")
    windows.box.hold("A second text")
    assert "A second text" in windows.box.editor.toPlainText()
    assert "Chief complaint" in windows.box.editor.toPlainText()
    windows.box.copy.click()
    assert "A second text" in QApplication.clipboard().text()
    insertion.outcome = Inserted(arrived=True)
    windows.box.insert.click()
    qtbot.waitUntil(lambda: insertion.inserted[-1][1] == "front")
    assert not windows.box.isVisible()


# --- notices ---


def test_what_the_line_tells_is_said(windows: Windows, line: ScriptedLine, qtbot: QtBot) -> None:
    main = windows.main
    session_id = line.stored[next(iter(line.stored))].session_id
    line.tell(SpoolTrouble("The disk is full.", "Make room."))
    qtbot.waitUntil(lambda: main.strip.message == "The disk is full.")
    line.tell(ImportProgressed(session_id, 30.0, 60.0))
    qtbot.waitUntil(lambda: main.strip.message == "Reading the recording: 0:30 of 1:00.")
    line.tell(ImportProgressed(session_id, 60.0, 60.0))
    qtbot.waitUntil(lambda: main.strip.message == "The recording was read.")
    assert main.strip.is_passing, "or it stays above every dictation that is looked at later"
    line.tell(SilenceNoticed(session_id, 120.0, 20.0))
    qtbot.waitUntil(lambda: main.strip.message == "Nobody has spoken for 2 min.")
    assert main.strip.action.text() == "Still here"
    main.strip.action.click()
    assert ("still_here", None) in line.asked
    dictate(windows, line, qtbot)
    line.pause()
    line.tell(SilenceNoticed(session_id, 140.0, 0.0))
    qtbot.waitUntil(lambda: main.strip.action.text() == "Resume")
    main.strip.action.click()
    assert ("resume", None) in line.asked


def test_a_microphone_in_trouble_is_said_beside_the_button(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    bar = windows.main.bar
    dictate(windows, line, qtbot)
    line.tell(MicrophoneChanged(MicrophoneState.SILENT, "Nothing is heard.", "Is it muted?"))
    qtbot.waitUntil(lambda: bar.sentence.text() == "Nothing is heard. Is it muted?")
    line.tell(MicrophoneChanged(MicrophoneState.HEARD))
    qtbot.waitUntil(lambda: not bar.sentence.isVisible())


def words_about(windows: Windows) -> set[str]:
    """Everywhere that says what the dictation that runs is doing."""
    row: SessionRow = windows.main.list.model.index(0, 0).data(ROW)
    pane = windows.main.results.state
    return {
        windows.main.bar.state.word,
        windows.mini.state.word,
        windows.tray.state.text(),
        windows.tray.toolTip().removeprefix(f"{TITLE}: "),
        row.state.word,
        pane.word,
    }


@pytest.mark.parametrize("state", sorted(DEAF))
def test_no_light_says_recording_while_the_microphone_is_gone(
    windows: Windows, line: ScriptedLine, qtbot: QtBot, state: MicrophoneState
) -> None:
    dictate(windows, line, qtbot)
    qtbot.waitUntil(lambda: words_about(windows) == {"Recording"})
    line.lose_sound(state)
    qtbot.waitUntil(lambda: words_about(windows) == {"Not recording"})
    bar, mini = windows.main.bar, windows.mini
    assert bar.meter.accessibleDescription() == "The microphone is off"
    assert mini.meter.accessibleDescription() == "The microphone is off"
    assert bar.record.property("light") != "live"
    assert bar.record.text() == "Stop", "it is still going on"
    said = windows.main.results.sentence.text()
    assert said == "Nothing is recorded until the microphone is back."
    line.find_sound()
    qtbot.waitUntil(lambda: words_about(windows) == {"Recording"})
    qtbot.waitUntil(lambda: bar.meter.accessibleDescription() != "The microphone is off")
    assert bar.record.property("light") == "live"


@pytest.mark.parametrize("ends_heard", [True, False])
def test_a_light_that_was_drawn_between_two_notices_is_mended(
    windows: Windows,
    line: ScriptedLine,
    qtbot: QtBot,
    ends_heard: bool,  # noqa: FBT001
) -> None:
    session_id = dictate(windows, line, qtbot)
    line.has_sound = ends_heard
    line.tell(MicrophoneChanged(MicrophoneState.HEARD if ends_heard else MicrophoneState.LOST))
    word = "Recording" if ends_heard else "Not recording"
    qtbot.waitUntil(lambda: words_about(windows) == {word})
    line.has_sound = not ends_heard
    windows.main.take_session(line.stored[session_id])
    # Both notices come when it is over again.
    line.has_sound = ends_heard
    for state in (MicrophoneState.STALLED, MicrophoneState.HEARD):
        line.tell(MicrophoneChanged(state))
    qtbot.waitUntil(lambda: words_about(windows) == {word})


def test_the_small_recorder_stays_on_the_screen_when_its_word_grows(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    dictate(windows, line, qtbot)
    room = windows.mini.screen().availableGeometry()
    windows.mini.move(room.right() - windows.mini.width(), windows.mini.y())
    narrow = windows.mini.width()
    line.lose_sound(MicrophoneState.LOST)
    qtbot.waitUntil(lambda: windows.mini.width() > narrow)
    qtbot.waitUntil(lambda: room.contains(windows.mini.geometry()))


def test_a_microphone_that_is_gone_in_a_pause_leaves_it_paused(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    dictate(windows, line, qtbot)
    line.pause()
    line.lose_sound(MicrophoneState.LOST)
    qtbot.waitUntil(lambda: bool(windows.main.bar.sentence.text()))
    assert words_about(windows) == {"Paused"}
    line.resume()
    qtbot.waitUntil(lambda: words_about(windows) == {"Not recording"})


def test_the_service_is_shown_as_it_is(windows: Windows, line: ScriptedLine, qtbot: QtBot) -> None:
    away = replace(line.offered, health=Health.UNREACHABLE, sentence="It cannot be reached.")
    line.change_offer(away)
    bar = windows.main.bar
    qtbot.waitUntil(lambda: bar.service.text() == "This computer · Not reachable")
    assert "It cannot be reached." in windows.main.foot.text()


# --- first run ---


def test_first_run_from_microphone_to_sentence(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    line.preferences = with_value(line.preferences, "first_run_done", value=False)
    first = windows.open_first_run()
    qtbot.waitUntil(lambda: first.microphone.count() == 3)
    first.microphone.setCurrentIndex(1)
    first.microphone.activated.emit(1)
    assert line.preferences.microphone == "usb-1"
    first.next.click()
    assert first.services[THIS_COMPUTER].isChecked()
    first.services["EkaScribe"].click()
    assert line.preferences.service == "EkaScribe"
    first.next.click()
    first.key.begin()
    QTest.keyClick(first.key, Qt.Key.Key_F13)
    assert line.preferences.key_toggle == "F13"
    first.key.begin()
    QTest.keyClick(first.key, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "used for editing" in first.key_refusal.text()
    assert line.preferences.key_toggle == "F13"
    first.next.click()
    first.record.click()
    line.heard()
    line.understood("The patient has no fever")
    qtbot.waitUntil(lambda: "no fever" in first.text.toPlainText())
    with qtbot.waitSignal(first.finished_all):
        first.next.click()
    assert line.preferences.first_run_done
    assert line.running() is None


def test_escape_passes_the_first_run(windows: Windows, line: ScriptedLine, qtbot: QtBot) -> None:
    line.preferences = with_value(line.preferences, "first_run_done", value=False)
    first = windows.open_first_run()
    QTest.keyClick(first, Qt.Key.Key_Escape)
    assert line.preferences.first_run_done
    assert not first.isVisible()


def test_a_sound_check_hears_and_plays(qtbot: QtBot) -> None:
    test, speaker = FakeMicrophoneTest(), FakeSpeaker()
    check = SoundCheck(test, speaker)
    qtbot.addWidget(check)
    check.show()
    check.try_microphone("usb-1")
    check.listen.click()
    qtbot.waitUntil(lambda: check.listen.text() == "Stop")
    assert test.began == ["usb-1"]
    qtbot.waitUntil(lambda: check.meter.fraction > 0)
    with qtbot.waitSignal(check.heard) as heard:
        check.listen.click()
    assert heard.args == [False]
    assert "Nothing was heard" in check.sentence.text()
    check.play.click()
    qtbot.waitUntil(lambda: len(speaker.played) == 1)
    assert check.play.text() == "Stop playing"
    speaker.on_end()
    qtbot.waitUntil(lambda: check.play.text() == "Play what was heard")
    check.play.click()
    qtbot.waitUntil(lambda: len(speaker.played) == 2)
    check.play.click()
    qtbot.waitUntil(lambda: check.play.text() == "Play what was heard")
    check.play.click()
    qtbot.waitUntil(lambda: len(speaker.played) == 3)
    check.try_microphone("usb-1")
    qtbot.waitUntil(lambda: check.play.text() == "Play what was heard")
    assert speaker.stopped == 2
    test.refuse = MicrophoneError("It is used by another program.", "Close that.")
    check.listen.click()
    qtbot.waitUntil(lambda: "used by another program" in check.sentence.text())


# --- look, places ---


@pytest.mark.parametrize(
    ("theme", "look"), [(Theme.DARK, DARK), (Theme.HIGH_CONTRAST, HIGH_CONTRAST)]
)
def test_a_theme_changes_the_look(windows: Windows, theme: Theme, look: object) -> None:
    windows.deeds.set_setting("theme", theme)
    assert windows._colours is look
    assert windows.main.list.delegate.colours is look


def test_places_survive_a_restart(
    line: ScriptedLine, windows: Windows, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = tmp_path_factory.mktemp("places") / "windows.ini"
    places = QSettings(str(file), QSettings.Format.IniFormat)
    windows._places = places
    windows.main.resize(900, 640)
    windows.close()
    places.sync()
    again = QSettings(str(file), QSettings.Format.IniFormat)
    assert again.value("main_window") == windows.main.saveGeometry()


def test_a_workplace_without_anything_still_works(line: ScriptedLine) -> None:
    assert whole_workplace().insertion is not None
    assert Workplace().insertion is None


def test_the_pill_has_round_ends_without_a_compositor() -> None:
    region = pill(QRect(0, 0, 200, 40))
    assert region.contains(QPoint(100, 1))
    assert region.contains(QPoint(2, 20))
    assert not region.contains(QPoint(1, 1))
    assert not region.contains(QPoint(198, 38))


def test_the_window_is_no_larger_than_the_screen(
    line: ScriptedLine, bridge: Bridge, qtbot: QtBot
) -> None:
    main = MainWindow(line, bridge)
    qtbot.addWidget(main)
    room = main.screen().availableSize()
    assert main.width() <= room.width()
    assert main.height() <= room.height()


# --- help and the speech model ---


def test_the_sheet_of_keys_is_the_one_in_force() -> None:
    chosen = Settings(key_toggle="F13", key_pause="F14")
    assert keys_in_force(chosen)[:2] == (
        ("F13", "Record or stop; hold it to talk, in any program"),
        ("F14", "Pause or go on, in any program"),
    )
    here = keys_in_force(replace(chosen, global_keys=False))
    assert here[0] == ("F13", "Record or stop, in this window")
    assert "F14" not in dict(here)


def test_a_missing_model_is_said_at_the_start_and_fetched_by_one_press(
    windows: Windows, workplace: Workplace, qtbot: QtBot
) -> None:
    weights = workplace.weights
    assert isinstance(weights, FakeWeights)
    assert windows.main.strip.message == "", "nothing is said when it is here"
    weights.absent = "The speech model is not here."
    windows.open()
    strip = windows.main.strip
    qtbot.waitUntil(lambda: strip.message == "The speech model is not here.")
    assert strip.action.text() == "Fetch the speech model"
    strip.action.click()
    qtbot.waitUntil(lambda: weights.fetched == 1)
    page = windows.open_settings("services").page("services")
    assert isinstance(page, ServicesPage)
    qtbot.waitUntil(lambda: not page.progress.isVisibleTo(page))
    assert not page.fetch.isVisibleTo(page)


def test_a_menu_of_templates_that_is_open_outlives_the_next_chunk(
    windows: Windows, line: ScriptedLine
) -> None:
    main = windows.main
    main.list.view.setCurrentIndex(main.list.view.model().index(0, 0))
    row, shown = main.results.actions_row, main.results.shown
    assert shown is not None
    before = row.another_menu.actions()
    assert before
    main.results.show_session(replace(shown, session=replace(shown.session, frames=99)))
    assert row.another_menu.actions() == before
    fewer = replace(shown, offer=replace(shown.offer, templates=()))
    main.results.show_session(fewer)
    assert row.another_menu.actions() == []
