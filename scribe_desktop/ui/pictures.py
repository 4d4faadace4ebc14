"""The small line drawings on buttons and rows, drawn crisp at every screen scale."""

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

RESOURCES = Path(__file__).parents[2] / "resources"
"""Beside the package in the source tree and in the installed program alike."""

_FAINT = 0.35


@cache
def icon(name: str, colour: str, disabled: str = "") -> QIcon:
    """The drawing `name` in one colour; in another, or faint, when its button is disabled."""
    return QIcon(_Drawing(name, colour, disabled))


@cache
def drawing(name: str, colour: str, side: int, ratio: float = 1, opacity: float = 1.0) -> QPixmap:
    """The drawing `name` as a square of `side` logical pixels."""
    source = (RESOURCES / "icons" / f"{name}.svg").read_text("utf-8")
    source = source.replace("currentColor", QColor(colour).name())
    return _painted(source, side, ratio, opacity)


@cache
def program_icon() -> QIcon:
    """The program's own icon, for the window, the task bar and the tray."""
    source = (RESOURCES / "scribe-desktop.svg").read_text("utf-8")
    made = QIcon()
    for side in (16, 24, 32, 48, 64, 128, 256):
        made.addPixmap(_painted(source, side, 1, 1.0))
    return made


class _Drawing(QIconEngine):
    """Draws when a size is asked for: every size ahead of time was a tenth of the memory.

    It has no `clone`: Qt asks for one only when a pixmap is added to an icon,
    which nobody does to these, and Python could not hand the copy over.
    """

    def __init__(self, name: str, colour: str, disabled: str) -> None:
        super().__init__()
        self._normal = (name, colour, 1.0)
        self._faint = (name, disabled or colour, 1.0 if disabled else _FAINT)

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:  # noqa: ARG002
        """The drawing in `size` pixels of the screen."""
        name, colour, opacity = self._faint if mode == QIcon.Mode.Disabled else self._normal
        return drawing(name, colour, min(size.width(), size.height()), 1, opacity)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        """The drawing in the middle of `rect`, as fine as what is painted on."""
        side = min(rect.width(), rect.height())
        ratio = painter.device().devicePixelRatioF()
        square = QRect(0, 0, side, side)
        square.moveCenter(rect.center())
        painter.drawPixmap(square, self.pixmap(QSize(side, side) * ratio, mode, state))


def _painted(source: str, side: int, ratio: float, opacity: float) -> QPixmap:
    pixmap = QPixmap(QSize(side, side) * ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(opacity)
    renderer = QSvgRenderer(QByteArray(source.encode()))
    renderer.render(painter, QRectF(0, 0, side * ratio, side * ratio))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap
