"""Hides every text when the clinician walked away; a recording goes on behind it."""

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.ui.bridge import Errands
from scribe_desktop.ui.crossing import Crossing
from scribe_desktop.ui.new_pin import NewPin
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
_LEAST_WAIT_MS = 20

_GOES_ON = "A dictation that is being recorded goes on."
_REQUIRED = f"A PIN is required on this computer. Choose one to see text. {_GOES_ON}"
_BY_COMPUTER = f"Sign in to this computer to see text again. {_GOES_ON}"
_FORGOTTEN = (
    "The lock screen of this computer comes now; if it does not, lock the computer yourself. "
    "Sign in to it, and the PIN is taken away. Your recordings stay as they are."
)
_ASK_IT = (
    "This desktop does not tell of its lock screen, so whoever looks after this computer has to "
    "take the PIN away. Your recordings stay as they are, and you can go on recording."
)


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
        self.sign_in = button("Sign in to this computer", kind="primary")
        self.sign_in.clicked.connect(self.lock_computer)
        for alone in (self.show_again, self.sign_in):
            # Outside a dialog only Space presses a button; here Return is what anybody tries.
            alone.setAutoDefault(True)
        self.forgot = button("I forgot the PIN", kind="flat")
        self.forgot.clicked.connect(self._forget)
        self.new_pin = NewPin()
        self.new_pin.chosen.connect(self._set_pin)
        self.sentence = paragraph("", quiet=True)
        self.sentence.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        title = label("Text is hidden", ratio=1.6, bold=True)
        title.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 4, SPACE * 4, SPACE * 4, SPACE * 4)
        column.setSpacing(SPACE * 2)
        column.addStretch(2)
        column.addWidget(title)
        column.addWidget(self.sentence)
        column.addLayout(_centred(self.pin, self.show_again, self.sign_in))
        column.addLayout(_centred(self.new_pin))
        column.addLayout(_centred(self.forgot))
        column.addStretch(3)
        self._signed_in = Crossing(self._open)
        self._pin_forgotten = Crossing(self._take_pin_away)

    def draw(self, *, required: bool, by_computer: bool = False) -> None:
        """Ask for the PIN, where there is one; where one is `required`, for a new one.

        `by_computer` asks for a sign-in to the computer instead.
        """
        lock = self._lock
        is_set = lock is not None and lock.is_set() and not by_computer
        chooses = lock is not None and required and not is_set and not by_computer
        self.pin.clear()
        self.pin.setVisible(is_set)
        self.forgot.setVisible(is_set)
        self.new_pin.setVisible(chooses)
        self.sign_in.setVisible(by_computer)
        self.show_again.setVisible(not chooses and not by_computer)
        self.show_again.setEnabled(True)
        said = _BY_COMPUTER if by_computer else _REQUIRED if chooses else _GOES_ON
        self.sentence.setText(said)
        if by_computer and lock is not None:
            lock.await_sign_in(self._signed_in.send)

    def take_focus(self) -> None:
        """Be ready for the PIN."""
        asked = (self.pin, self.new_pin.pin, self.sign_in, self.show_again)
        shown = (widget for widget in asked if widget.isVisible())
        next(shown, self.show_again).setFocus()

    def say(self, sentence: str) -> None:
        """Say something that holds no text."""
        self.sentence.setText(sentence)

    @Slot()
    def _try(self) -> None:
        lock = self._lock
        if lock is None or not lock.is_set():
            self.opened.emit()
            return
        pin = self.pin.text()
        self.pin.clear()
        self.show_again.setEnabled(False)
        self._errands.run(lambda: lock.opens(pin), self._answer, self._refused)

    def _answer(self, opens: bool) -> None:  # noqa: FBT001  an answer
        self.show_again.setEnabled(True)
        if opens:
            self.opened.emit()
        else:
            self.say("That is not the PIN.")
            self.pin.setFocus()

    def _refused(self, error: ScribeError) -> None:
        self.show_again.setEnabled(True)
        self.say(str(error))
        self.pin.setFocus()

    @Slot(str)
    def _set_pin(self, pin: str) -> None:
        lock = self._lock
        if lock is not None:
            self._errands.run(
                lambda: lock.set_pin(pin), lambda _: self.opened.emit(), self._refused
            )

    @Slot()
    def _forget(self) -> None:
        lock = self._lock
        if lock is not None and not lock.can_prove_otherwise:
            self.say(_ASK_IT)
        elif lock is not None:
            self.say(_FORGOTTEN)
            lock.await_sign_in(self._pin_forgotten.send)
            self.lock_computer()

    @Slot()
    def lock_computer(self) -> None:
        """Put up the computer's own lock screen."""
        lock = self._lock
        if lock is not None:
            self._errands.run(lock.lock_computer, lambda _: None, self._refused)

    @Slot()
    def _open(self) -> None:
        self.opened.emit()

    @Slot()
    def _take_pin_away(self) -> None:
        lock = self._lock
        if lock is not None:
            self._errands.run(lambda: lock.set_pin(""), lambda _: self.opened.emit(), self._refused)


def _centred(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.addStretch(1)
    for widget in widgets:
        row.addWidget(widget)
    row.addStretch(1)
    return row


class Idleness(QObject):
    """Notices that nobody has touched this computer for a while.

    Our own window is watched all the time, and the system is asked only when
    nobody has touched that: `idle_s` tells how long the whole workstation was
    left alone, or None where nobody knows.
    """

    fell_idle = Signal()

    def __init__(
        self, application: QApplication, idle_s: Callable[[], float | None] = lambda: None
    ) -> None:
        super().__init__(application)
        self._idle_s = idle_s
        self._errands = Errands(self)
        self._idle_ms = 0
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask)
        self._application = application

    def set_minutes(self, minutes: int) -> None:
        """After how long; 0 is never."""
        self._timer.stop()
        self._idle_ms = minutes * MINUTE_MS
        # A filter written in Python costs every event something: only where it is wanted.
        self._application.removeEventFilter(self)
        if minutes:
            self._application.installEventFilter(self)
            self._timer.start(self._idle_ms)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """See signs of life; take nothing from anybody."""
        if event.type() in _SIGNS_OF_LIFE:
            self._timer.start(self._idle_ms)
        return False

    @Slot()
    def _ask(self) -> None:
        self._errands.run(self._idle_s, self._judge, lambda _: self._judge(None))

    def _judge(self, idle_s: float | None) -> None:
        if not self._idle_ms or self._timer.isActive():
            return  # touched, or switched off, while the system was asked
        left_ms = 0.0 if idle_s is None else self._idle_ms - idle_s * 1000
        if left_ms > 0:
            self._timer.start(max(round(left_ms), _LEAST_WAIT_MS))
            return
        self.fell_idle.emit()
        # Shown again and left again without a touch, it is hidden again.
        self._timer.start(self._idle_ms)
