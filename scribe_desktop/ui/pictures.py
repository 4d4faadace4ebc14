"""The small line drawings on buttons and rows, drawn crisp at every screen scale."""

from functools import cache
from pathlib import Path

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

RESOURCES = Path(__file__).parents[2] / "resources"
"""Beside the package in the source tree and in the installed program alike."""

_SIDES = (16, 18, 20, 24, 32)
_RATIOS = (1, 2, 3)
_FAINT = 0.35


@cache
def icon(name: str, colour: str, disabled: str = "") -> QIcon:
    """The drawing `name` in one colour; in another, or faint, when its button is disabled."""
    made = QIcon()
    for side in _SIDES:
        for ratio in _RATIOS:
            made.addPixmap(drawing(name, colour, side, ratio), QIcon.Mode.Normal)
            faint = drawing(name, disabled or colour, side, ratio, 1.0 if disabled else _FAINT)
            made.addPixmap(faint, QIcon.Mode.Disabled)
    return made


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
