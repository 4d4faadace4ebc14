"""The line of time under a recording: where one is, where speech is missing, where a bookmark is.

A click goes there. Marks differ in shape as well as in colour, and each says
in words what it is.
"""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal, Slot
from PySide6.QtGui import QColor, QHelpEvent, QMouseEvent, QPainter, QPaintEvent, QPolygonF
from PySide6.QtWidgets import QSlider, QToolTip

from scribe_desktop.domain.playback import STEP_S, TimeLine
from scribe_desktop.ui.theme import LIGHT, Colours
from scribe_desktop.ui.view_state import clock

STEPS_A_SECOND = 10
_PAGE_S = 30
_GROOVE = 6.0
_KNOB = 7.0
_FLAG = 8.0
_NEAR = 6.0
"""So many pixels from a mark still mean the mark."""


class TimeLineSlider(QSlider):
    """Tenths of a second, from left to right in every language, as time is drawn."""

    sought = Signal(float)

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._line = TimeLine()
        self._colours = LIGHT
        self.setLayoutDirection(Qt.LayoutDirection.LeftToRight)
        self.setAccessibleName("Place in the recording")
        self.setSingleStep(round(STEP_S * STEPS_A_SECOND))
        self.setPageStep(_PAGE_S * STEPS_A_SECOND)
        self.setMinimumWidth(96)
        self.setMouseTracking(True)
        self.actionTriggered.connect(self._moved)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        self.update()

    def show_line(self, line: TimeLine) -> None:
        """Show a recording's length and marks."""
        self._line = line
        self.setRange(0, round(line.length_s * STEPS_A_SECOND))
        self.update()

    def show_place(self, at_s: float) -> None:
        """Show where one is."""
        self.setValue(round(at_s * STEPS_A_SECOND))
        self.setAccessibleDescription(f"{clock(at_s)} of {clock(self._line.length_s)}")

    @Slot()
    def _moved(self) -> None:
        self.sought.emit(self.sliderPosition() / STEPS_A_SECOND)

    # --- by hand ---
    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go where it was clicked, or to the mark that is there."""
        if event.button() is Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            x = event.position().x()
            mark = self._mark_at(x)
            self._go(self._time_at(x) if mark is None else mark[0])

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Follow the hand."""
        if self.isSliderDown():
            self._go(self._time_at(event.position().x()))

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self.setSliderDown(False)

    def _go(self, at_s: float) -> None:
        self.show_place(at_s)
        self.sought.emit(at_s)

    def event(self, event: QEvent) -> bool:
        """Say what a mark is."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            mark = self._mark_at(event.pos().x())
            QToolTip.showText(event.globalPos(), mark[1] if mark else "", self)
            return True
        return super().event(event)

    def _mark_at(self, x: float) -> tuple[float, str] | None:
        marks = [(at_s, f"Bookmark at {clock(at_s)}") for at_s in self._line.bookmarks]
        marks += [(one.at_s, f"{clock(one.at_s)}  {one.words}") for one in self._line.missing]
        near = [mark for mark in marks if abs(self._x_of(mark[0]) - x) <= _NEAR]
        return min(near, key=lambda mark: abs(self._x_of(mark[0]) - x), default=None)

    # --- drawing ---
    def sizeHint(self) -> QSize:
        """As high as a button, because flags stand on it."""
        return QSize(260, 34)

    def minimumSizeHint(self) -> QSize:
        """Still of use in a narrow window."""
        return QSize(96, 34)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Groove, what was heard, marks, knob."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle, begin, end = self.height() / 2, self._x_of(0.0), self._x_of(self._line.length_s)
        here = self._x_of(self.value() / STEPS_A_SECOND)
        look, enabled = self._colours, self.isEnabled()
        self._bar(painter, begin, end, look.border)
        self._bar(painter, begin, here, look.accent if enabled else look.muted)
        for gap in self._line.missing:
            if gap.recorded:
                # The recording has it, so it takes up room on the line.
                end_s = self._line.within(gap.at_s + gap.lost_s)
                self._bar(painter, self._x_of(gap.at_s), self._x_of(end_s), look.warning)
            self._diamond(painter, self._x_of(gap.at_s), middle, look.warning)
        for at_s in self._line.bookmarks:
            self._flag(painter, self._x_of(at_s), middle, look.text)
        painter.setBrush(QColor(look.accent if enabled else look.muted))
        painter.drawEllipse(QPointF(here, middle), _KNOB, _KNOB)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QColor(look.focus))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 6, 6)
        painter.end()

    def _bar(self, painter: QPainter, begin: float, end: float, colour: str) -> None:
        painter.setBrush(QColor(colour))
        top = self.height() / 2 - _GROOVE / 2
        painter.drawRoundedRect(QRectF(begin, top, max(end - begin, 0), _GROOVE), 3, 3)

    @staticmethod
    def _diamond(painter: QPainter, x: float, middle: float, colour: str) -> None:
        painter.setBrush(QColor(colour))
        half = _GROOVE
        corners = ((x, middle - half), (x + half, middle), (x, middle + half), (x - half, middle))
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))

    @staticmethod
    def _flag(painter: QPainter, x: float, middle: float, colour: str) -> None:
        painter.setBrush(QColor(colour))
        top = middle - _KNOB - _FLAG
        painter.drawRect(QRectF(x - 0.75, top, 1.5, _FLAG + _KNOB))
        corners = ((x, top), (x + _FLAG, top + _FLAG / 2.5), (x, top + _FLAG / 1.25))
        painter.drawPolygon(QPolygonF([QPointF(*corner) for corner in corners]))

    def _x_of(self, at_s: float) -> float:
        share = at_s / self._line.length_s if self._line.length_s else 0.0
        return _KNOB + share * (self.width() - 2 * _KNOB)

    def _time_at(self, x: float) -> float:
        share = (x - _KNOB) / max(self.width() - 2 * _KNOB, 1.0)
        return self._line.within(share * self._line.length_s)
