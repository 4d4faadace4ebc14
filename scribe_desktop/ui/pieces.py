"""Small building blocks that several panes share: labels, buttons, rules, wrapping rows."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QLayoutItem,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from scribe_desktop.ui.pictures import icon
from scribe_desktop.ui.theme import SPACE, sized


def label(text: str, *, ratio: float = 1.0, bold: bool = False, quiet: bool = False) -> QLabel:
    """Text that is only ever text: nothing a service says is taken for markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("quiet", quiet)
    sized(made, ratio, bold=bold)
    return made


def paragraph(text: str, *, quiet: bool = False) -> QLabel:
    """A sentence that wraps."""
    made = label(text, quiet=quiet)
    made.setWordWrap(True)
    made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.MinimumExpanding)
    return made


def button(text: str, name: str = "", *, kind: str = "", hint: str = "") -> QPushButton:
    """A button with a word on it; `name` is what a screen reader says, if more."""
    made = QPushButton(text)
    made.setProperty("kind", kind)
    made.setAccessibleName(name or text)
    if hint:
        made.setToolTip(hint)
    return made


def icon_button(name: str, hint: str = "") -> QToolButton:
    """A button that is only a drawing; `name` says it in words."""
    made = QToolButton()
    made.setProperty("kind", "flat")
    made.setAccessibleName(name)
    made.setToolTip(hint or name)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made


def picture(
    widget: QPushButton | QToolButton,
    drawing: str,
    colour: str,
    side: int = 18,
    *,
    disabled: str = "",
) -> None:
    """Put a drawing on a button."""
    widget.setIcon(icon(drawing, colour, disabled))
    widget.setIconSize(QSize(side, side))


def card(kind: str = "true") -> QFrame:
    """A surface that groups what belongs together."""
    made = QFrame()
    made.setProperty("card", kind)
    return made


def rule() -> QFrame:
    """A thin line between two groups."""
    made = QFrame()
    made.setProperty("rule", "true")
    made.setFixedHeight(1)
    return made


def restyle(widget: QWidget, name: str, value: object) -> None:
    """Change a property that the style sheet looks at."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    widget.style().unpolish(widget)
    widget.style().polish(widget)


def holds_focus(widget: QWidget) -> bool:
    """Whether what is typed goes to it or into it.

    Asked before something in it is hidden: Qt would give the focus to whatever
    comes next, and that may be Record.
    """
    focused = QApplication.focusWidget()
    return focused is not None and (focused is widget or widget.isAncestorOf(focused))


class Dot(QWidget):
    """A state's colour, always beside its word."""

    def __init__(self, side: int = 10) -> None:
        super().__init__()
        self._colour = QColor()
        self.setFixedSize(side, side)

    def show_colour(self, colour: str) -> None:
        """Draw the dot in this colour."""
        self._colour = QColor(colour)
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the dot."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawEllipse(self.rect())
        painter.end()


class StateLabel(QWidget):
    """A dot and a word."""

    def __init__(self, *, ratio: float = 1.0, bold: bool = True) -> None:
        super().__init__()
        self._shown = ("", "")
        self._dot = Dot()
        self._word = label("", ratio=ratio, bold=bold)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self._dot)
        row.addWidget(self._word)
        row.addStretch(1)

    @property
    def word(self) -> str:
        """The word that is shown."""
        return self._word.text()

    def show_state(self, word: str, colour: str) -> None:
        """Show a state; the same again costs nothing, though a style sheet of its own would."""
        if (word, colour) == self._shown:
            return
        self._shown = word, colour
        self._dot.show_colour(colour)
        self._word.setText(word)
        self._word.setStyleSheet(f"color: {colour}")
        self.setAccessibleName(word)


class Row(QLayout):
    """Puts widgets side by side and goes on in a new line when the window is narrow.

    At 300 % scale a laptop's window is 600 points wide; nothing may be cut off.
    """

    def __init__(self, parent: QWidget | None = None, *, space: int = SPACE) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self._space = space
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Take one more."""
        self._items.append(item)

    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """The one at `index`, or None past the end."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Give one up."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """It takes no more room than it needs."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Narrower means higher."""
        return True

    def heightForWidth(self, width: int) -> int:
        """How high it is when so wide."""
        return self._arrange(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        """Put everything into its place."""
        super().setGeometry(rect)
        self._arrange(rect, move=True)

    def sizeHint(self) -> QSize:
        """One line, if there is room."""
        hints = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(hint.width() for hint in hints) + self._space * max(len(hints) - 1, 0)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        """At least the widest."""
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _arrange(self, rect: QRect, *, move: bool) -> int:
        """Lay the lines; returns their height."""
        lines: list[list[tuple[QLayoutItem, QSize]]] = [[]]
        used = 0
        for item in self._items:
            if item.isEmpty():
                continue
            hint = item.sizeHint().boundedTo(QSize(max(rect.width(), 1), 10_000))
            if lines[-1] and used + hint.width() > rect.width():
                lines.append([])
                used = 0
            lines[-1].append((item, hint))
            used += hint.width() + self._space
        top = rect.top()
        for line in lines:
            height = max((hint.height() for _, hint in line), default=0)
            if move:
                self._place(line, rect, top, height)
            top += height + self._space
        return top - self._space - rect.top()

    def _place(
        self, line: list[tuple[QLayoutItem, QSize]], rect: QRect, top: int, height: int
    ) -> None:
        parent = self.parentWidget()
        mirrored = parent is not None and parent.layoutDirection() == Qt.LayoutDirection.RightToLeft
        x = rect.left()
        for item, hint in line:
            place = QRect(QPoint(x, top + (height - hint.height()) // 2), hint)
            if mirrored:
                place.moveRight(rect.right() - (x - rect.left()))
            item.setGeometry(place)
            x += hint.width() + self._space
