"""Two fields to choose a PIN: typed twice, because nobody sees what was typed."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from scribe_desktop.ui.pieces import Row, button, paragraph
from scribe_desktop.ui.theme import SPACE


class NewPin(QWidget):
    """The fields and the button; what is wrong with them is said below."""

    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.pin = _field("New PIN")
        self.again = _field("New PIN again")
        self.again.returnPressed.connect(self._choose)
        self.set_pin = button("Set PIN")
        self.set_pin.clicked.connect(self._choose)
        self.sentence = paragraph("", quiet=True)
        row = Row()
        for widget in (self.pin, self.again, self.set_pin):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addLayout(row)
        column.addWidget(self.sentence)
        self.sentence.hide()

    def say(self, sentence: str) -> None:
        """Say what is wrong, or nothing."""
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))

    @Slot()
    def _choose(self) -> None:
        pin, again = self.pin.text(), self.again.text()
        self.pin.clear()
        self.again.clear()
        if not pin:
            self.say("Type a PIN, twice.")
        elif pin != again:
            self.say("The two are not the same. Type both again.")
        else:
            self.say("")
            self.chosen.emit(pin)
        self.pin.setFocus()


def _field(name: str) -> QLineEdit:
    made = QLineEdit()
    made.setEchoMode(QLineEdit.EchoMode.Password)
    made.setAccessibleName(name)
    made.setPlaceholderText(name)
    made.setMinimumWidth(130)
    return made
