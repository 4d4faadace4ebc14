"""A sentence across the window that waits to be read, with at most one thing to do about it."""

from collections.abc import Callable

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout

from scribe_desktop.domain.reassurance import told_once
from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.pictures import drawing
from scribe_desktop.ui.pieces import button, icon_button, label, paragraph, picture
from scribe_desktop.ui.theme import LIGHT, SPACE, Colours, tone_colour, tone_ground
from scribe_desktop.ui.view_state import Tone

PASSING_MS = 4000


class Strip(QFrame):
    """Not a dialog: it takes no focus and stops no work."""

    shown = Signal()

    def __init__(self, *, can_close: bool = True) -> None:
        super().__init__()
        self._colours = LIGHT
        self._tone = Tone.QUIET
        self._action: Callable[[], None] | None = None
        self._sign = label("")
        self._message = paragraph("")
        self._remedy = paragraph("", quiet=True)
        self.action = button("")
        self.action.clicked.connect(self._act)
        self.close_button = icon_button("Close this message")
        self.close_button.clicked.connect(self.put_away)
        self.close_button.setVisible(can_close)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._message)
        words.addWidget(self._remedy)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE * 2, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE + 4)
        row.addWidget(self._sign)
        row.addLayout(words, 1)
        row.addWidget(self.action)
        row.addWidget(self.close_button)
        self.setVisible(False)
        self._passing = QTimer(self)
        self._passing.setSingleShot(True)
        self._passing.setInterval(PASSING_MS)
        self._passing.timeout.connect(self.put_away)

    @property
    def message(self) -> str:
        """What it says now."""
        return self._message.text()

    @property
    def is_passing(self) -> bool:
        """Whether the sentence goes by itself."""
        return self._passing.isActive()

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        picture(self.close_button, "cancel", colours.muted, 16)
        self._paint()

    @Slot(object)
    def tell(self, telling: Telling) -> None:
        """Show a sentence; a second one replaces the first."""
        self._tone, self._action = telling.tone, telling.act
        self._message.setText(telling.message)
        self._remedy.setText(telling.remedy)
        self._remedy.setVisible(bool(telling.remedy))
        self.action.setText(telling.action)
        self.action.setAccessibleName(telling.action)
        self.action.setVisible(bool(telling.action))
        spoken = told_once(telling.message, telling.remedy)
        self.setAccessibleName(spoken)
        self._paint()
        was_seen = self.isVisible()
        self.setVisible(True)
        # It takes no focus, so whoever listens would not come across it.
        QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, spoken))
        # What says only "done" goes by itself; what asks for something stays.
        passing = telling.tone is Tone.GOOD and not telling.action
        self._passing.start() if passing else self._passing.stop()
        if telling.action or not was_seen:
            # What only goes on, such as a file that is read, calls nobody back from his text.
            self.shown.emit()

    @Slot()
    def put_away(self) -> None:
        """Take the sentence away."""
        self._action = None
        self.setVisible(False)

    @Slot()
    def _act(self) -> None:
        act = self._action
        self.put_away()
        if act is not None:
            act()

    def _paint(self) -> None:
        ground = tone_ground(self._tone, self._colours)
        colour = tone_colour(self._tone, self._colours)
        self._sign.setPixmap(
            drawing(_SIGNS.get(self._tone, "notice"), colour, 20, self.devicePixelRatioF())
        )
        self.setStyleSheet(
            f"Strip {{ background: {ground}; border: 1px solid {colour}; border-radius: 10px; }}"
        )


_SIGNS = {Tone.WARNING: "warning", Tone.LIVE: "warning", Tone.GOOD: "check"}
