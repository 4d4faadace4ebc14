"""A field that takes a key combination by having it pressed."""

from PySide6.QtCore import QEvent, QKeyCombination, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence, QMouseEvent
from PySide6.QtWidgets import QPushButton

from scribe_desktop.ui.pieces import restyle

_MODIFIERS = (
    Qt.Key.Key_Control,
    Qt.Key.Key_Shift,
    Qt.Key.Key_Alt,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Meta,
    Qt.Key.Key_Super_L,
    Qt.Key.Key_Super_R,
)
_MOUSE = {
    Qt.MouseButton.MiddleButton: "MouseMiddle",
    Qt.MouseButton.BackButton: "MouseBack",
    Qt.MouseButton.ForwardButton: "MouseForward",
}
_NO_KEY = "Not set"


class KeyField(QPushButton):
    """Press it, then press the keys. Escape leaves it as it was, Backspace clears it."""

    chosen = Signal(str)
    capturing = Signal(bool)

    def __init__(self, name: str) -> None:
        super().__init__(_NO_KEY)
        self._name = name
        self._chord = ""
        self._capturing = False
        self.setMinimumWidth(190)
        self.clicked.connect(self.begin)
        self.show_chord("")

    @property
    def is_capturing(self) -> bool:
        """Whether the next keys are taken."""
        return self._capturing

    def show_chord(self, chord: str) -> None:
        """Show the combination in force."""
        self._chord = chord
        self.setText(chord or _NO_KEY)
        self.setAccessibleName(f"{self._name}: {chord or _NO_KEY}")

    def begin(self) -> None:
        """Take the next keys."""
        self._set_capturing(capturing=True)
        self.setText("Press the keys…")
        self.setAccessibleName(f"{self._name}: press the keys")

    def _set_capturing(self, *, capturing: bool) -> None:
        if capturing != self._capturing:
            self._capturing = capturing
            restyle(self, "kind", "primary" if capturing else "")
            self.capturing.emit(capturing)

    def _end(self, chord: str | None) -> None:
        self._set_capturing(capturing=False)
        self.show_chord(self._chord)
        if chord is not None and chord != self._chord:
            self.chosen.emit(chord)

    def event(self, event: QEvent) -> bool:
        """Take Tab and all shortcuts too while capturing."""
        if self._capturing and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if (
            self._capturing
            and isinstance(event, QKeyEvent)
            and event.type() == QEvent.Type.KeyPress
        ):
            self.keyPressEvent(event)
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys that were pressed."""
        if not self._capturing:
            super().keyPressEvent(event)
            return
        key, held = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if key in _MODIFIERS:
            return
        plain = held == Qt.KeyboardModifier.NoModifier
        if key == Qt.Key.Key_Escape and plain:
            self._end(None)
        elif key in (Qt.Key.Key_Backspace, Qt.Key.Key_Delete) and plain:
            self._end("")
        else:
            self._end(chord_text(key, held))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """A mouse button can be a key as well."""
        if self._capturing and event.button() in _MOUSE:
            self._end(_MOUSE[event.button()])
        else:
            super().mousePressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Looking away leaves the key as it was."""
        if self._capturing:
            self._end(None)
        super().focusOutEvent(event)


def chord_text(key: Qt.Key, held: Qt.KeyboardModifier) -> str:
    """A combination as it is stored: Ctrl+Shift+Space."""
    combination = QKeyCombination(held, key)
    text = QKeySequence(combination).toString(QKeySequence.SequenceFormat.PortableText)
    return text.replace("Meta+", "Super+")
