"""Listens to a dictation again: play, three seconds back, faster, a bookmark, a click on the line.

The place is kept while the text beside it is corrected, and everything works
by key and by pedal, because the hands are at the text.
"""

from collections.abc import Sequence

from PySide6.QtCore import QSize, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QComboBox, QHBoxLayout, QMenu, QToolButton, QWidget

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.playback import SPEEDS, STEP_S, TimeLine, audible, time_line
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.ui.bridge import Errands
from scribe_desktop.ui.crossing import Crossing
from scribe_desktop.ui.pieces import icon_button, label, picture
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.time_line import TimeLineSlider
from scribe_desktop.ui.view_state import clock
from scribe_desktop.ui.workplace import Player

TICK_MS = 100
NARROW = 560
REPEAT_MS = 350
"""While a pedal or a button is held, another step is made this often."""


class PlayerBar(QWidget):
    """The player of the dictation that is shown."""

    bookmark_pressed = Signal(float)
    failed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._player: Player | None = None
        self._parts: tuple[Session, ...] = ()
        self._line = TimeLine()
        self._place = 0.0
        self._run = 0
        self._playing = False
        self._begun = False
        self._allowed = True
        self._held = 0.0
        self._colours: Colours | None = None
        self._errands = Errands(self)
        self._build()
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._follow)
        self._repeat = QTimer(self)
        self._repeat.setInterval(REPEAT_MS)
        self._repeat.timeout.connect(lambda: self.skip(self._held))
        self._ended = Crossing(self._take_end)
        self.setVisible(False)

    def _build(self) -> None:
        step = f"{STEP_S:.0f} seconds"
        self.back = icon_button(f"Back {step}", f"Back {step} (F7)")
        self.toggle_button = icon_button("Play the recording", "Play or pause (F8)")
        self.forward = icon_button(f"Forward {step}", f"Forward {step} (F9)")
        self.slider = TimeLineSlider()
        self.slider.sought.connect(self.seek)
        self.clock = label("", quiet=True)
        self.clock.setAccessibleName("Place in the recording")
        self.speed = QComboBox()
        self.speed.setAccessibleName("Speed of playing")
        for speed in SPEEDS:
            self.speed.addItem(f"{speed:g} ×", speed)
        self.speed.setCurrentIndex(SPEEDS.index(1.0))
        self.speed.currentIndexChanged.connect(self._change_speed)
        self.mark = icon_button("Bookmark this place", "Set or remove a bookmark here (Ctrl+B)")
        self.marks = icon_button("Marks in the recording")
        self.marks.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.marks_menu = QMenu(self.marks)
        self.marks.setMenu(self.marks_menu)
        self.back.clicked.connect(lambda: self.skip(-STEP_S))
        self.forward.clicked.connect(lambda: self.skip(STEP_S))
        self.toggle_button.clicked.connect(self.toggle)
        self.mark.clicked.connect(self.bookmark)
        self._across = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._across.setContentsMargins(0, SPACE, 0, 0)
        self._across.setSpacing(SPACE)
        self._across.addWidget(_together(self.back, self.toggle_button, self.forward, self.clock))
        self._across.addWidget(self.slider, 1)
        self._across.addWidget(_together(self.speed, self.mark, self.marks))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One line where there is room, else three."""
        super().resizeEvent(event)
        narrow = event.size().width() < NARROW
        self._across.setDirection(
            QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        )

    def minimumSizeHint(self) -> QSize:
        """As narrow as three lines are: the one line must not hold the window wide."""
        narrowest = max(part.minimumSizeHint().width() for part in (self.slider, self.speed))
        return QSize(narrowest * 2, super().minimumSizeHint().height())

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        self.slider.use(colours)
        for widget, drawing in (
            (self.back, "back"),
            (self.forward, "forward"),
            (self.mark, "bookmark"),
            (self.marks, "list"),
        ):
            picture(widget, drawing, colours.text, disabled=colours.muted)
        self._show_state()

    def offer(self, player: Player | None) -> None:
        """Offer what this computer can play."""
        self._player = player

    @property
    def is_playing(self) -> bool:
        """Whether something is heard."""
        return self._playing

    @property
    def place_s(self) -> float:
        """Where one is."""
        return self._place

    # --- what is shown ---
    def show_parts(self, parts: Sequence[Session]) -> None:
        """Show the recording of these linked sessions; none hides the player."""
        heard = audible(parts) if self._player is not None else ()
        if _ids(heard) != _ids(self._parts):
            self.silence()
            self._place = 0.0
        self._parts = heard
        self._line = time_line(heard)
        self.setVisible(bool(heard))
        self.slider.show_line(self._line)
        self._fill_marks()
        self._show_place()

    def allow(self, allowed: bool) -> None:  # noqa: FBT001  a Qt-like setter
        """The loudspeaker would be heard by a microphone that records."""
        self._allowed = allowed
        if not allowed:
            self.silence()
        self._show_state()

    def _fill_marks(self) -> None:
        self.marks_menu.clear()
        found = [(at_s, f"{clock(at_s)}  Bookmark") for at_s in self._line.bookmarks]
        found += [(one.at_s, f"{clock(one.at_s)}  {one.words}") for one in self._line.missing]
        for at_s, words in sorted(found):
            action = self.marks_menu.addAction(words)
            action.triggered.connect(lambda _=False, place=at_s: self.seek(place))
        self.marks.setEnabled(bool(found))

    def _show_place(self) -> None:
        self.slider.show_place(self._place)
        self.clock.setText(f"{clock(self._place)} / {clock(self._line.length_s)}")
        here = self._line.bookmark_at(self._place) is not None
        self.mark.setAccessibleName("Remove the bookmark here" if here else "Bookmark this place")
        self._show_state()

    def _show_state(self) -> None:
        word = "Pause" if self._playing else "Play the recording"
        self.toggle_button.setAccessibleName(word)
        for one in (self.back, self.toggle_button, self.forward, self.slider, self.mark):
            one.setEnabled(self._allowed)
        if self._colours is not None:
            drawing = "pause" if self._playing else "play"
            picture(self.toggle_button, drawing, self._colours.accent, disabled=self._colours.muted)

    # --- playing ---
    @Slot()
    def toggle(self) -> None:
        """Play from here, or pause here."""
        self.pause() if self._playing else self.play()

    @Slot()
    def play(self) -> None:
        """Play from here; at the end, from the beginning."""
        player = self._player
        if player is None or not self._parts or self._playing or not self._allowed:
            return
        if self._place >= self._line.length_s:
            self._place = 0.0
        self._run += 1
        self._playing, self._begun = True, False
        run, at_s, speed = self._run, self._place, self._chosen_speed()
        heard = _ids(self._parts)
        self._errands.run(
            lambda: player.play(heard, at_s, speed, lambda: self._ended.send(run)),
            lambda _: self._took_up(run),
            self._could_not_play,
        )
        self._show_state()

    def _took_up(self, run: int) -> None:
        if self._player is None:
            return
        if run != self._run or not self._playing:
            # Paused before the loudspeaker was open.
            self._player.stop()
            return
        self._begun = True
        self._player.seek(self._place)
        self._player.set_speed(self._chosen_speed())
        self._tick.start()

    @Slot()
    def pause(self) -> None:
        """Be silent and keep the place."""
        if not self._playing or self._player is None:
            return
        self._follow()
        self._run += 1
        self._playing = self._begun = False
        self._tick.stop()
        self._player.stop()
        self._show_place()

    def silence(self) -> None:
        """Something else wants to be heard, or nothing may be."""
        self.end_skipping()
        self.pause()

    @Slot(float)
    def seek(self, at_s: float) -> None:
        """Go to a place, and go on playing if it plays."""
        self._place = self._line.within(at_s)
        if self._begun and self._player is not None:
            self._player.seek(self._place)
        self._show_place()

    def skip(self, by_s: float) -> None:
        """Go back or forward."""
        self._follow()
        self.seek(self._place + by_s)

    def begin_skipping(self, direction: int) -> None:
        """A pedal or button went down: one step now, and more while it is held."""
        if self._parts and self._allowed:
            self._held = direction * STEP_S
            self.skip(self._held)
            self._repeat.start()

    def end_skipping(self) -> None:
        """It came up again."""
        self._repeat.stop()

    @Slot()
    def bookmark(self) -> None:
        """Set a bookmark here, or take the one that is here away."""
        if self._parts and self._allowed:
            self._follow()
            here = self._line.bookmark_at(self._place)
            self.bookmark_pressed.emit(self._place if here is None else here)

    @Slot()
    def _change_speed(self) -> None:
        if self._begun and self._player is not None:
            self._player.set_speed(self._chosen_speed())

    def _chosen_speed(self) -> float:
        return float(self.speed.currentData())

    @Slot()
    def _follow(self) -> None:
        if self._begun and self._player is not None:
            self._place = self._line.within(self._player.position_s())
            self._show_place()

    def _could_not_play(self, error: ScribeError) -> None:
        self._playing = self._begun = False
        self._show_state()
        self.failed.emit(error)

    @Slot(int)
    def _take_end(self, run: int) -> None:
        if run == self._run and self._playing:
            self._follow()
            self._playing = self._begun = False
            self._tick.stop()
            self._show_place()


def _together(*widgets: QWidget) -> QWidget:
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(SPACE // 2)
    for one in widgets:
        row.addWidget(one)
    row.addStretch(1)
    return made


def _ids(parts: Sequence[Session]) -> tuple[SessionId, ...]:
    return tuple(one.session_id for one in parts)
