"""A small pill above all windows: is it recording, and for how long.

It never takes the focus, because the focus is where the text will go. It
shows no patient, because it lies above whatever else is on the screen.
"""

from PySide6.QtCore import QPoint, QRect, QSettings, QSize, Qt, QTimer, Slot
from PySide6.QtGui import (
    QColor,
    QGuiApplication,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QRegion,
    QResizeEvent,
    QScreen,
)
from PySide6.QtWidgets import QHBoxLayout, QWidget

from scribe_desktop.domain.session import Session
from scribe_desktop.ui.deeds import Deeds
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.meter import Meter
from scribe_desktop.ui.pieces import StateLabel, icon_button, label, picture
from scribe_desktop.ui.theme import LIGHT, SPACE, Colours, sized, tone_colour
from scribe_desktop.ui.titles import TITLE
from scribe_desktop.ui.view_state import RecordBarView, Tone, clock, record_bar_view

CLOCK_TICK_MS = 200
_MARGIN = 24


class MiniRecorder(QWidget):
    """State in colour and word, timer, meter, pause, stop."""

    def __init__(self, line: Line, deeds: Deeds, places: QSettings) -> None:
        super().__init__(
            None,
            Qt.WindowType.Tool
            | Qt.WindowType.FramelessWindowHint
            | Qt.WindowType.WindowStaysOnTopHint
            | Qt.WindowType.WindowDoesNotAcceptFocus,
        )
        self._line = line
        self._places = places
        self._colours = LIGHT
        self._grip: QPoint | None = None
        self._session: Session | None = None
        self._is_heard = True
        self._drawn: tuple[RecordBarView, Colours] | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        # A plain X server draws what is translucent black; there the pill is cut out.
        self._is_cut_out = QGuiApplication.platformName() == "xcb"
        self.setAttribute(Qt.WidgetAttribute.WA_TranslucentBackground, not self._is_cut_out)
        self.setWindowTitle(TITLE)
        self.setAccessibleName("Mini recorder")
        self.setCursor(Qt.CursorShape.SizeAllCursor)
        self._build(deeds)
        self._timer = QTimer(self)
        self._timer.setInterval(CLOCK_TICK_MS)
        self._timer.timeout.connect(self._show_clock)

    def _build(self, deeds: Deeds) -> None:
        self.state = StateLabel()
        self.clock = label("0:00")
        sized(self.clock, 1.25, bold=True, figures=True)
        self.clock.setAccessibleName("Recorded time")
        self.meter = Meter(self._line.level)
        self.meter.setFixedWidth(96)
        self.pause = icon_button("Pause")
        self.pause.clicked.connect(deeds.toggle_pause)
        self.stop = icon_button("Stop")
        self.stop.clicked.connect(deeds.stop)
        for control in (self.pause, self.stop):
            # Tab never leads here: the focus stays in the other program.
            control.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            control.setCursor(Qt.CursorShape.ArrowCursor)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE * 2 + 2, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE + 2)
        for widget in (self.state, self.clock, self.meter, self.pause, self.stop):
            row.addWidget(widget)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        self.meter.use(colours)
        self._draw()

    def show_running(self, running: Session | None, *, is_heard: bool, wanted: bool) -> None:
        """Appear while a dictation runs, if the setting says so."""
        self._session, self._is_heard = running, is_heard
        if running is None or not wanted:
            self.meter.set_live(False)
            self._drawn = None
            self._timer.stop()
            self.hide()
            return
        self._draw()
        self._show_clock()
        self._timer.start()
        if not self.isVisible():
            self.adjustSize()
            self._go_to_place()
            self.show()

    def _draw(self) -> None:
        view = record_bar_view(self._session, is_heard=self._is_heard)
        if (view, self._colours) == self._drawn:
            return
        self._drawn = view, self._colours
        # The pill is narrow; the long word of the bar has a short one here.
        word = view.word if view.can_pause or self._session is None else "Starting"
        self.state.show_state(word, tone_colour(view.tone, self._colours))
        self.meter.set_live(view.meter_is_live)
        # Red is only what is recorded; a red square on a dead microphone would lie as well.
        colour = self._colours.recording if view.tone is Tone.LIVE else self._colours.text
        picture(self.stop, "stop", colour)
        self.pause.setEnabled(view.can_pause)
        self.pause.setAccessibleName(view.pause)
        self.pause.setToolTip(view.pause)
        picture(self.pause, "play" if view.pause == "Resume" else "pause", self._colours.text)

    @Slot()
    def _show_clock(self) -> None:
        self.clock.setText(clock(self._line.recorded_s()))

    # --- its place ---
    def _go_to_place(self) -> None:
        screen = QGuiApplication.screenAt(self.pos()) or QGuiApplication.primaryScreen()
        stored = self._places.value(_place_key(screen))
        room = screen.availableGeometry()
        corner = QPoint(
            room.right() - self.width() - _MARGIN, room.bottom() - self.height() - _MARGIN
        )
        place = room.topLeft() + stored if isinstance(stored, QPoint) else corner
        self.move(_within(room, place, self.size()))

    def _stay_in_sight(self) -> None:
        """A longer word makes it wider, and Stop must not leave the screen."""
        screen = QGuiApplication.screenAt(self.geometry().center()) or self.screen()
        place = _within(screen.availableGeometry(), self.pos(), self.size())
        if place != self.pos():
            self.move(place)

    def _remember_place(self) -> None:
        screen = QGuiApplication.screenAt(self.geometry().center())
        if screen is not None:
            within = self.pos() - screen.availableGeometry().topLeft()
            self._places.setValue(_place_key(screen), within)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the pill anywhere beside its buttons."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._grip = event.globalPosition().toPoint() - self.pos()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag it; where programs may not place windows, the desktop drags it."""
        if self._grip is None:
            return
        window = self.windowHandle()
        if QGuiApplication.platformName() == "wayland" and window is not None:
            window.startSystemMove()
        else:
            self.move(event.globalPosition().toPoint() - self._grip)

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go, and remember the place on this monitor."""
        if self._grip is not None:
            self._grip = None
            self._remember_place()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the corners off, where they cannot be translucent, and stay in sight."""
        super().resizeEvent(event)
        if self.isVisible():
            self._stay_in_sight()
        if self._is_cut_out:
            self.setMask(pill(self.rect()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the pill."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(self._colours.surface))
        painter.setPen(QColor(self._colours.field_border))
        radius = self.height() / 2 - 1
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), radius, radius)
        painter.end()


def pill(rect: QRect) -> QRegion:
    """A rectangle with round ends."""
    side = rect.height()
    near = QRegion(rect.left(), rect.top(), side, side, QRegion.RegionType.Ellipse)
    far = QRegion(rect.right() - side + 1, rect.top(), side, side, QRegion.RegionType.Ellipse)
    middle = QRegion(rect.adjusted(side // 2, 0, -(side // 2), 0))
    return near.united(middle).united(far)


def _within(room: QRect, place: QPoint, size: QSize) -> QPoint:
    """The nearest place at which all of it is in the room, or its beginning if it is too large."""
    return QPoint(
        max(room.left(), min(place.x(), room.right() - size.width())),
        max(room.top(), min(place.y(), room.bottom() - size.height())),
    )


def _place_key(screen: QScreen) -> str:
    """A monitor by what stays the same when it is plugged in again."""
    size = screen.size()
    name = screen.serialNumber() or screen.name()
    return f"mini_recorder/{name}-{size.width()}x{size.height()}".replace(" ", "_")
