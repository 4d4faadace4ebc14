"""Asks for the passphrase that locks a key: twice when it is new, with a word on its strength."""

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.ui.custody import SHORTEST_PASSPHRASE, strength_of
from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.pieces import button, label, paragraph
from scribe_desktop.ui.strip import Strip
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.titles import TITLE


class PassphraseDialog(QDialog):
    """What is typed is handed on once and forgotten; it is in no log and no message."""

    def __init__(
        self, title: str, why: str, go: str, *, is_new: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._is_new = is_new
        self.go_on: Callable[[str], None] = lambda _: None
        self.setWindowTitle(TITLE)
        self.first = _field("Passphrase")
        self.again = _field("The same passphrase again")
        self.again.setVisible(is_new)
        self.strength = label("", quiet=True)
        self.strength.setVisible(is_new)
        self.strip = Strip()
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Working with the key")
        self.progress.hide()
        self.go = button(go, kind="primary")
        self.go.setDefault(True)
        self.go.clicked.connect(self._go)
        self.drop = button("Cancel")
        self.drop.clicked.connect(self.reject)
        for field in (self.first, self.again):
            field.textChanged.connect(self._show_possible)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3, SPACE * 3, SPACE * 3, SPACE * 2)
        column.setSpacing(SPACE + 4)
        column.addWidget(label(title, ratio=1.3, bold=True))
        column.addWidget(paragraph(why, quiet=True))
        for part in (self.strip, self.first, self.again, self.strength, self.progress):
            column.addWidget(part)
        column.addStretch(1)
        ends = QHBoxLayout()
        ends.addStretch(1)
        ends.addWidget(self.drop)
        ends.addWidget(self.go)
        column.addLayout(ends)
        self.resize(480, 300)
        self._show_possible()

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self.strip.use(colours)

    @Slot()
    def _show_possible(self) -> None:
        typed, again = self.first.text(), self.again.text()
        said: str = strength_of(typed)
        if again and again != typed:
            said = "The two are not the same."
        self.strength.setText(said)
        self.strength.setAccessibleName(f"Strength: {said}" if said else "Strength")
        fits = (typed == again and len(typed) >= SHORTEST_PASSPHRASE) if self._is_new else typed
        self.go.setEnabled(bool(fits) and self.progress.isHidden())

    @Slot()
    def _go(self) -> None:
        self.go_on(self.first.text())

    def show_working(self) -> None:
        """It is being used."""
        self.progress.show()
        self._show_possible()

    def refuse(self, error: ScribeError) -> None:
        """Say why it did not work, and let it be typed again."""
        self.progress.hide()
        if not self._is_new:
            self.first.clear()
            self.first.setFocus()
        self._show_possible()
        self.strip.tell(Telling(error.message, error.remedy))

    def done(self, code: int) -> None:
        """Forget what was typed, however it ends."""
        self.first.clear()
        self.again.clear()
        super().done(code)


def _field(name: str) -> QLineEdit:
    made = QLineEdit()
    made.setEchoMode(QLineEdit.EchoMode.Password)
    made.setAccessibleName(name)
    made.setPlaceholderText(name)
    return made
