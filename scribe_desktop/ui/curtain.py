"""Hides every text when the clinician walked away; a recording goes on behind it."""

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from scribe_desktop.ui.bridge import Errands
from scribe_desktop.ui.pieces import button, label, paragraph
from scribe_desktop.ui.theme import SPACE
from scribe_desktop.ui.workplace import Lock

_SIGNS_OF_LIFE = (
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.Wheel,
    QEvent.Type.TouchBegin,
)
MINUTE_MS = 60_000


class Curtain(QWidget):
    """What is seen instead of the dictations."""

    opened = Signal()

    def __init__(self, lock: Lock | None) -> None:
        super().__init__()
        self._lock = lock
        self._errands = Errands(self)
        self.pin = QLineEdit()
        self.pin.setEchoMode(QLineEdit.EchoMode.Password)
        self.pin.setAccessibleName("PIN")
        self.pin.setPlaceholderText("PIN")
        self.pin.setMaximumWidth(200)
        self.pin.returnPressed.connect(self._try)
        self.show_again = button("Show again", kind="primary")
        self.show_again.clicked.connect(self._try)
        self.sentence = paragraph("", quiet=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        title = label("Text is hidden", ratio=1.6, bold=True)
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.pin)
        row.addWidget(self.show_again)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE * 2)
        column.addStretch(2)
        column.addWidget(title)
        column.addWidget(self.sentence)
        column.addLayout(row)
        column.addStretch(3)

    def draw(self) -> None:
        """Ask for the PIN, where there is one."""
        self.pin.clear()
        self.pin.setVisible(self._lock is not None and self._lock.is_set())
        self.sentence.setText("A dictation that is being recorded goes on.")

    @Slot()
    def _try(self) -> None:
        lock = self._lock
        if lock is None or not lock.is_set():
            self.opened.emit()
            return
        pin = self.pin.text()
        self.pin.clear()
        self.show_again.setEnabled(False)
        self._errands.run(
            lambda: lock.opens(pin), self._answer, lambda error: self._say(str(error))
        )

    def _answer(self, opens: bool) -> None:  # noqa: FBT001  an answer
        self.show_again.setEnabled(True)
        if opens:
            self.opened.emit()
        else:
            self._say("That is not the PIN.")

    def _say(self, sentence: str) -> None:
        self.show_again.setEnabled(True)
        self.sentence.setText(sentence)


class Idleness(QObject):
    """Notices that nobody has touched the program for a while."""

    fell_idle = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.fell_idle)
        self._application = application

    def set_minutes(self, minutes: int) -> None:
        """After how long; 0 is never."""
        self._timer.stop()
        self._timer.setInterval(minutes * MINUTE_MS)
        # A filter written in Python costs every event something: only where it is wanted.
        self._application.removeEventFilter(self)
        if minutes:
            self._application.installEventFilter(self)
            self._timer.start()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """See signs of life; take nothing from anybody."""
        if event.type() in _SIGNS_OF_LIFE:
            self._timer.start()
        return False
