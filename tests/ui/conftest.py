"""The window under test has no screen; a line from memory stands behind it."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import QEvent, QSettings, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.settings import with_value
from scribe_desktop.ui.application import make_application
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.theme import LIGHT
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from tests.ui.fakes import NOW, ScriptedLine
from tests.ui.places import whole_workplace


@pytest.fixture(scope="session", autouse=True)
def _empty_clipboard_at_the_end(qapp: QApplication) -> Iterator[None]:
    # Without a screen Qt frees what was copied after Python is gone: a crash at exit.
    yield
    qapp.clipboard().clear()


@pytest.fixture(autouse=True)
def _fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    # Not time.time itself: pytest-qt measures its own patience with it.
    clock = SimpleNamespace(time=lambda: NOW)
    for module in ("main_window", "results_pane", "session_list", "past_list", "service_screens"):
        monkeypatch.setattr(f"scribe_desktop.ui.{module}.time", clock)


@pytest.fixture
def line() -> ScriptedLine:
    return ScriptedLine.with_sessions()


@pytest.fixture
def bridge(line: ScriptedLine, qtbot: QtBot) -> Iterator[Bridge]:
    made = Bridge(line)
    yield made
    made.close()


@pytest.fixture
def window(line: ScriptedLine, bridge: Bridge, qtbot: QtBot) -> MainWindow:
    made = MainWindow(line, bridge)
    qtbot.addWidget(made, before_close_func=lambda one: one.close_without_asking())
    made.use(LIGHT)
    made.resize(1180, 760)
    made.show()
    qtbot.waitUntil(lambda: made.bar.microphone.count() > 1)
    return made


@pytest.fixture
def workplace() -> Workplace:
    return whole_workplace()


@pytest.fixture
def windows(
    line: ScriptedLine, bridge: Bridge, workplace: Workplace, qtbot: QtBot, tmp_path: Path
) -> Iterator[Windows]:
    """Everything, as the program opens it after the first run."""
    line.preferences = with_value(line.preferences, "first_run_done", value=True)
    places = QSettings(str(tmp_path / "windows.ini"), QSettings.Format.IniFormat)
    made = Windows(make_application(), line, bridge, workplace, places)
    made.open()
    made.main.resize(1180, 760)  # the screen that is not there is a small one
    made.main.activateWindow()
    qtbot.waitUntil(lambda: made.main.bar.microphone.count() > 1)
    yield made
    QApplication.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
    made.main.close_without_asking()
    made.close()
    for window in (made.main, made.mini, made.box):
        window.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
