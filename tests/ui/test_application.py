"""Starting, ending, and what happens when something unforeseen does."""

import logging
import os
import signal
import sys
import threading

import pytest
from PySide6.QtCore import QTimer, QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.settings import with_value
from scribe_desktop.ui.application import LastResort, SystemSignals, WindowCommands, run_window
from scribe_desktop.ui.stall import StallWatch
from scribe_desktop.ui.windows import Windows
from tests.ui.fakes import ScriptedLine
from tests.ui.places import whole_workplace


@pytest.fixture
def seen_line(line: ScriptedLine) -> ScriptedLine:
    line.preferences = with_value(line.preferences, "first_run_done", value=True)
    return line


def test_the_window_opens_and_ends_by_command(
    seen_line: ScriptedLine, qapp: QApplication, tmp_path_factory: pytest.TempPathFactory
) -> None:
    given: list[WindowCommands] = []

    def ready(commands: WindowCommands) -> None:
        given.append(commands)
        threading.Thread(target=commands.show).start()
        threading.Thread(target=commands.quit).start()

    file = tmp_path_factory.mktemp("places") / "windows.ini"
    code = run_window(seen_line, whole_workplace(), ready=ready, places_file=str(file))
    assert code == 0
    assert given
    assert seen_line.listeners == []
    assert file.exists()


def test_the_computer_going_down_asks_nothing(seen_line: ScriptedLine, qapp: QApplication) -> None:
    seen_line.start()
    code = run_window(
        seen_line,
        ready=lambda _: QTimer.singleShot(0, lambda: os.kill(os.getpid(), signal.SIGTERM)),
    )
    assert code == 0
    assert seen_line.running() is not None


def test_what_macos_hands_over_is_imported_and_a_link_only_shows_the_window(
    seen_line: ScriptedLine, qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scribe_desktop.ui.application.RINGS_BY_EVENT", True)

    def ready(commands: WindowCommands) -> None:
        for address in ("scribe-desktop:start", "file:///visits/note.wav"):
            QApplication.sendEvent(qapp, QFileOpenEvent(QUrl(address)))
        QTimer.singleShot(0, commands.quit)

    assert run_window(seen_line, ready=ready) == 0
    imported = [asked for asked in seen_line.asked if asked[0] == "import_file"]
    assert len(imported) == 1
    assert "/visits/note.wav" in imported[0]
    assert seen_line.running() is None


def test_signals_are_given_back(qapp: QApplication, qtbot: QtBot) -> None:
    before = signal.getsignal(signal.SIGTERM)
    left: list[bool] = []
    signals = SystemSignals(lambda: left.append(True))
    os.kill(os.getpid(), signal.SIGTERM)
    qtbot.waitUntil(lambda: left == [True])
    signals.close()
    assert signal.getsignal(signal.SIGTERM) is before


def test_commands_from_other_threads_reach_the_window(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    commands = WindowCommands(windows)

    def order(work: object) -> None:
        assert callable(work)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()

    order(lambda: commands.tell("A sentence.", "A remedy."))
    qtbot.waitUntil(lambda: windows.main.strip.message == "A sentence.")
    order(commands.lock)
    qtbot.waitUntil(lambda: windows.is_locked)
    windows.unlock()
    line.start()
    order(commands.cancel)
    qtbot.waitUntil(lambda: line.running() is None)
    line.plugged = ()
    order(commands.microphones_changed)
    qtbot.waitUntil(lambda: windows.main.bar.microphone.count() == 1)
    on_gui: list[bool] = []
    order(
        lambda: commands.call(
            lambda: on_gui.append(threading.current_thread() is threading.main_thread())
        )
    )
    qtbot.waitUntil(lambda: on_gui == [True])
    with qtbot.waitSignal(windows.deeds.settings_changed):
        order(commands.settings_changed)
    windows.bring_to_front()
    qtbot.waitUntil(windows.main.isActiveWindow)
    order(commands.show_or_hide)
    qtbot.waitUntil(lambda: not windows.main.isVisible())
    order(commands.insert_last)
    order(commands.copy_last)
    with qtbot.waitSignal(windows.main.closed):
        order(commands.quit)


def test_the_last_resort_tells_the_place_and_never_the_words(
    qapp: QApplication, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    last_resort = LastResort()

    def fail() -> None:
        raise KeyError("Zebulon Quarterstaff has asthma")

    with caplog.at_level(logging.ERROR):
        try:
            fail()
        except KeyError as bug:
            sys.excepthook(KeyError, bug, bug.__traceback__)
    last_resort.close()

    def box() -> QMessageBox | None:
        boxes = [one for one in qapp.topLevelWidgets() if isinstance(one, QMessageBox)]
        return next((one for one in boxes if one.isVisible()), None)

    qtbot.waitUntil(lambda: box() is not None)
    shown = box()
    assert shown is not None
    assert "in fail" in shown.informativeText()
    said = shown.text() + shown.informativeText() + caplog.text
    assert "Your recordings are safe" in said
    assert "KeyError at tests.ui.test_application" in said
    assert "Zebulon" not in said
    shown.accept()


def test_the_last_resort_hears_of_other_threads_too(
    qapp: QApplication, qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    last_resort = LastResort()

    def fail() -> None:
        raise ValueError("Zebulon Quarterstaff has asthma")

    for target in (sys.exit, fail):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    last_resort.close()
    qtbot.waitUntil(lambda: last_resort._box is not None)
    shown = last_resort._box
    assert shown is not None
    assert "ValueError at tests.ui.test_application" in shown.informativeText()
    assert caplog.text.count("unforeseen") == 1
    assert "Zebulon" not in shown.text() + shown.informativeText() + caplog.text
    shown.accept()


def test_a_stall_is_measured(
    qapp: QApplication, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter([10.0, 10.05, 10.30, 10.35])
    monkeypatch.setattr("scribe_desktop.ui.stall.time.perf_counter", lambda: next(times))
    watch = StallWatch()
    watch.tick()
    assert watch.longest_ms is None
    for _ in range(3):
        watch.tick()
    assert watch.longest_ms == pytest.approx(200.0)
    watch.reset()
    assert watch.longest_ms is None
