"""The small icon beside the clock: state, start and stop, show, quit. It shows no patient."""

from PySide6.QtCore import QRectF, Signal, Slot
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from scribe_desktop.domain.session import Session
from scribe_desktop.ui.deeds import Deeds
from scribe_desktop.ui.pictures import program_icon
from scribe_desktop.ui.theme import LIGHT, Colours, tone_colour
from scribe_desktop.ui.titles import TITLE
from scribe_desktop.ui.view_state import RecordBarView, record_bar_view

_SIDE = 64
_DOT = 26


class Tray(QSystemTrayIcon):
    """The icon and its menu."""

    show_pressed = Signal()
    quit_pressed = Signal()

    def __init__(self, deeds: Deeds, owner: QWidget) -> None:
        super().__init__(program_icon(), owner)
        self._colours = LIGHT
        self._running: Session | None = None
        self._is_heard = True
        self._drawn: tuple[RecordBarView, bool, Colours] | None = None
        menu = QMenu(owner)
        self.state = menu.addAction("Ready")
        self.state.setEnabled(False)
        menu.addSeparator()
        self.toggle = menu.addAction("Record", deeds.toggle)
        self.pause = menu.addAction("Pause", deeds.toggle_pause)
        self.open = menu.addAction("Show the window", self.show_pressed.emit)
        menu.addSeparator()
        self.leave = menu.addAction("Quit", self.quit_pressed.emit)
        self.setContextMenu(menu)
        self.activated.connect(self._activate)
        self.show_running(None, is_heard=True)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        self.show_running(self._running, is_heard=self._is_heard)

    def show_running(self, running: Session | None, *, is_heard: bool) -> None:
        """Show the state as colour and word."""
        self._running, self._is_heard = running, is_heard
        view = record_bar_view(running, is_heard=is_heard)
        drawn = view, running is None, self._colours
        if drawn == self._drawn:
            return
        self._drawn = drawn
        self.setToolTip(f"{TITLE}: {view.word}")
        self.state.setText(view.word)
        self.toggle.setText(view.record)
        self.pause.setText(view.pause)
        self.pause.setEnabled(view.can_pause)
        colour = tone_colour(view.tone, self._colours)
        self.setIcon(program_icon() if running is None else _with_dot(colour))

    @Slot(QSystemTrayIcon.ActivationReason)
    def _activate(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason in (
            QSystemTrayIcon.ActivationReason.Trigger,
            QSystemTrayIcon.ActivationReason.DoubleClick,
        ):
            self.show_pressed.emit()


def _with_dot(colour: str) -> QIcon:
    pixmap = QPixmap(program_icon().pixmap(_SIDE, _SIDE))
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor("#ffffff"))
    painter.setBrush(QColor(colour))
    ratio = pixmap.devicePixelRatio()
    side = pixmap.width() / ratio
    dot = side * _DOT / _SIDE
    painter.drawEllipse(QRectF(side - dot - 1, side - dot - 1, dot, dot))
    painter.end()
    return QIcon(pixmap)
