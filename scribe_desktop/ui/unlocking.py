"""Says that the recordings are locked, and goes on by itself when the keyring is unlocked.

A program that ends with a line nobody sees would be taken for broken. What was
recorded is safe meanwhile, and the sentence says so.
"""

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Slot
from PySide6.QtWidgets import QMessageBox

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.ui.bridge import Errands
from scribe_desktop.ui.titles import TITLE

LOOK_MS = 2000


class LockedQuestion(QMessageBox):
    """Open until the keyring answers, or somebody presses a button.

    `answers` may wait for as long as a keyring does; it is called elsewhere.
    """

    def __init__(self, error: ScribeError, answers: Callable[[], bool]) -> None:
        super().__init__()
        self._answers = answers
        self._errands = Errands(self)
        self.setIcon(QMessageBox.Icon.Warning)
        self.setWindowTitle(TITLE)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setText(error.message)
        self.setInformativeText(f"{error.remedy}\nThe program goes on by itself when it is.")
        retry = QMessageBox.StandardButton.Retry
        self.setStandardButtons(retry | QMessageBox.StandardButton.Close)
        self.setDefaultButton(retry)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(LOOK_MS)
        self._timer.timeout.connect(self._look)
        self._timer.start()

    @Slot()
    def _look(self) -> None:
        self._errands.run(self._answers, self._heard, lambda _: self._heard(is_open=False))

    def _heard(self, is_open: bool) -> None:  # noqa: FBT001  an errand hands it over so
        if is_open:
            self.button(QMessageBox.StandardButton.Retry).click()
        else:
            self._timer.start()


def is_tried_again(error: ScribeError, answers: Callable[[], bool]) -> bool:
    """Show it; False when the clinician closes the program instead."""
    return LockedQuestion(error, answers).exec() == QMessageBox.StandardButton.Retry
