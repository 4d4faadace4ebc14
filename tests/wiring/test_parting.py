"""Why there is no window, or no longer, is told to whoever is there."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from scribe_desktop import window
from scribe_desktop.app import Program
from scribe_desktop.cli import run_command
from scribe_desktop.domain.parting import parting
from scribe_desktop.exits import Exit
from scribe_desktop.services.keyring_door import KeyringSilent

LOST = parting(1.5, is_settled=False)


def program(window_open: object) -> Program:
    return cast("Program", SimpleNamespace(window=window_open))


@pytest.fixture
def read(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a person reads in a box of its own, and closes."""
    read: list[str] = []

    def close() -> None:
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox):
            read.append(f"{box.text()} {box.informativeText()}")
            box.accept()

    monkeypatch.setattr(window, "is_seen", lambda: True)
    looking = QTimer()
    looking.timeout.connect(close)
    looking.start(0)
    yield read
    looking.stop()


def test_the_person_who_closed_the_window_reads_it_and_then_it_is_over(read: list[str]) -> None:
    assert LOST is not None
    assert window._parted(program(SimpleNamespace(is_sent_away=False)), LOST) == Exit.FAILED
    assert read == [str(LOST)]


@pytest.mark.parametrize("gone", [None, SimpleNamespace(is_sent_away=True)])
def test_nobody_is_waited_for_when_the_system_ends_the_program(
    gone: object, capsys: pytest.CaptureFixture[str]
) -> None:
    assert LOST is not None
    assert window._parted(program(gone), LOST) == Exit.FAILED
    assert capsys.readouterr().err == f"{LOST}\n"


@pytest.fixture
def no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder for everything that cannot be made."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("SCRIBE_DESKTOP_HOME", str(tmp_path / "file" / "home"))


@pytest.mark.usefixtures("no_home")
def test_whoever_started_it_by_a_click_reads_why_it_does_not_start(
    read: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert window.open_window("") == Exit.FAILED
    assert [f"{said}\n" for said in read] == [capsys.readouterr().err]


@pytest.mark.usefixtures("no_home")
def test_whoever_started_it_at_a_terminal_reads_it_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert window.open_window("") == Exit.FAILED
    assert "cannot start" in capsys.readouterr().err


@pytest.mark.usefixtures("no_home")
def test_a_program_without_a_console_only_shows_it(
    read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", None)
    assert run_command([]) == Exit.FAILED
    assert len(read) == 1


def test_who_closed_the_question_about_the_keyring_is_not_told_again(
    read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(*_: object, **__: object) -> None:
        raise KeyringSilent("The keyring is locked.", "Unlock it.")

    monkeypatch.setattr(window, "Program", silent)
    monkeypatch.setattr(
        window, "begin_unlocking", lambda _: SimpleNamespace(answers=lambda _limit_s: False)
    )
    assert window.open_window("") == Exit.FAILED
    assert len(read) == 1


class Leaving:
    """A line whose disk took neither the last words nor the last change."""

    def close(self, _timeout_s: float) -> float:
        return 1.5

    def settle(self, _timeout_s: float) -> bool:
        return False


def test_the_program_knows_all_that_it_could_not_keep() -> None:
    left = Program.__new__(Program)
    left.line = cast("Any", Leaving())
    left._preferences = cast("Any", Leaving())
    left._seal()
    assert str(left.parting) == str(LOST)
