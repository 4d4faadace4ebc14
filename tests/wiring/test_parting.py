"""What the disk did not take before the program had to end is told to whoever is there."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QMessageBox
from pytestqt.qtbot import QtBot

from scribe_desktop import window
from scribe_desktop.app import Program
from scribe_desktop.domain.parting import parting
from scribe_desktop.exits import Exit

LOST = parting(1.5, is_settled=False)


def program(window_open: object) -> Program:
    return cast("Program", SimpleNamespace(window=window_open))


def test_the_person_who_closed_the_window_reads_it_and_then_it_is_over(qtbot: QtBot) -> None:
    read: list[str] = []

    def close() -> None:
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        read.append(f"{box.text()} {box.informativeText()}")
        box.accept()

    QTimer.singleShot(0, close)
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
