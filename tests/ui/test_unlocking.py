"""A locked keyring is said in a sentence, and the program goes on when it is unlocked."""

import threading

import pytest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import CredentialError
from scribe_desktop.ui import unlocking
from scribe_desktop.ui.unlocking import LockedQuestion

LOCKED = CredentialError("The recordings are safe but locked.", "Unlock the keyring.")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unlocking, "LOOK_MS", 1)


def test_it_goes_on_by_itself_when_the_keyring_answers(qtbot: QtBot) -> None:
    gui, asked = threading.get_ident(), list[int]()

    def answers() -> bool:
        asked.append(threading.get_ident())
        if len(asked) == 2:
            raise LOCKED
        return len(asked) == 3

    box = LockedQuestion(LOCKED, answers)
    qtbot.addWidget(box)
    with qtbot.waitSignal(box.finished):
        box.open()
        assert box.text() == LOCKED.message
        assert LOCKED.remedy in box.informativeText()
    assert box.result() == QMessageBox.StandardButton.Retry
    assert len(asked) == 3
    assert gui not in asked, "a keyring that hangs must not stop the window"


@pytest.mark.parametrize("button", ["Retry", "Close"])
def test_a_person_may_try_again_or_leave(qtbot: QtBot, button: str) -> None:
    box = LockedQuestion(LOCKED, lambda: False)
    qtbot.addWidget(box)
    wanted = QMessageBox.StandardButton[button]
    with qtbot.waitSignal(box.finished):
        box.open()
        box.button(wanted).click()
    assert box.result() == wanted
