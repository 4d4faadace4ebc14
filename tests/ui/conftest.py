"""The window under test has no screen; a line from memory stands behind it."""

import os
from collections.abc import Iterator

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.theme import LIGHT
from tests.ui.fakes import NOW, ScriptedLine


@pytest.fixture(scope="session", autouse=True)
def _empty_clipboard_at_the_end(qapp: QApplication) -> Iterator[None]:
    # Without a screen Qt frees what was copied after Python is gone: a crash at exit.
    yield
    qapp.clipboard().clear()


@pytest.fixture(autouse=True)
def _fixed_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)


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
    made.show()
    qtbot.waitUntil(lambda: made.bar.microphone.count() > 1)
    return made
