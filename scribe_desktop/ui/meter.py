"""The level meter: shows what the microphone really hears, or lies flat.

It pulls the level by a timer while it is alive, because a level that is
pushed from the recorder costs a queued call for every block of sound.
"""

from collections.abc import Callable

from PySide6.QtCore import QRectF, QSize, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from scribe_desktop.domain.notices import Level
from scribe_desktop.ui.theme import LIGHT, Colours

TICK_MS = 50
FLOOR_DBFS = -60.0
_LOUD_DBFS = -6.0
_SPEAKING_DBFS = -45.0
_BARS = 24
_LIT, _UNLIT = 14, 4
_FALL_PER_TICK = 0.06
"""A bar sinks slower than it rises, so that the eye can follow."""


class Meter(QWidget):
    """A row of bars from quiet to loud."""

    def __init__(self, level: Callable[[], Level], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level = level
        self._shown = 0.0
        self._clipping = False
        self._colours = LIGHT
        self._timer = QTimer(self)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.pull)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Microphone level")
        self._describe("The microphone is off")

    @property
    def fraction(self) -> float:
        """How much of the meter is lit, 0 to 1."""
        return self._shown

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        self.update()

    def set_live(self, live: bool) -> None:  # noqa: FBT001  a Qt-like setter
        """Begin or end pulling; a meter that is not live lies flat."""
        if live == self._timer.isActive():
            return
        if live:
            self._timer.start()
        else:
            self._timer.stop()
            self._shown, self._clipping = 0.0, False
            self._describe("The microphone is off")
            self.update()

    @Slot()
    def pull(self) -> None:
        """Read the level and draw it."""
        level = self._level()
        fraction = min(max(1.0 - level.peak_dbfs / FLOOR_DBFS, 0.0), 1.0)
        self._shown = max(fraction, self._shown - _FALL_PER_TICK)
        self._clipping = level.clipping
        self._describe(_in_words(level))
        self.update()

    def _describe(self, words: str) -> None:
        # Setting an equal description would make a screen reader repeat it.
        if self.accessibleDescription() != words:
            self.setAccessibleDescription(words)
            self.setToolTip(words)

    def sizeHint(self) -> QSize:
        """Wide enough to see, as low as a line of text."""
        return QSize(180, 18)

    def minimumSizeHint(self) -> QSize:
        """Still readable in a narrow window."""
        return QSize(72, 18)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the bars, from the reading side."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        step = self.width() / _BARS
        mirrored = self.layoutDirection() == Qt.LayoutDirection.RightToLeft
        for number in range(_BARS):
            painter.setBrush(QColor(self._bar_colour(number)))
            place = _BARS - 1 - number if mirrored else number
            # Height says what colour says: not everyone sees the colour.
            height = _LIT if self._shown > number / _BARS else _UNLIT
            top = (self.height() - height) / 2
            width = min(step * 0.6, height)
            painter.drawRoundedRect(QRectF(place * step, top, width, height), 2, 2)
        painter.end()

    def _bar_colour(self, number: int) -> str:
        start = number / _BARS
        if self._shown <= start:
            return self._colours.border
        if self._clipping or start >= 1.0 - _LOUD_DBFS / FLOOR_DBFS:
            return self._colours.warning
        return self._colours.accent


def _in_words(level: Level) -> str:
    if level.clipping:
        return "Too loud: the sound is distorted"
    if level.peak_dbfs <= FLOOR_DBFS:
        return "Nothing is heard"
    if level.peak_dbfs < _SPEAKING_DBFS:
        return "Quiet"
    return "Speech is heard"
