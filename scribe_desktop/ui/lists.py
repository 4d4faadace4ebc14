"""The left side of the window: dictations of this computer, or of the service."""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from scribe_desktop.ui.past_list import PastList
from scribe_desktop.ui.session_list import SessionList
from scribe_desktop.ui.theme import SPACE, Colours

HERE, ON_SERVICE = 0, 1


class Lists(QWidget):
    """Two lists that take turns; without a history there is only ours."""

    here_shown = Signal()
    service_shown = Signal()

    def __init__(self, here: SessionList, on_service: PastList, *, has_history: bool) -> None:
        super().__init__()
        self.here, self.on_service = here, on_service
        self.tabs = QTabBar()
        self.tabs.setAccessibleName("Which dictations are listed")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.addTab("On this computer")
        self.tabs.addTab("On the service")
        self.tabs.setVisible(has_history)
        self._stack = QStackedWidget()
        self._stack.addWidget(here)
        self._stack.addWidget(on_service)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, SPACE, 0, 0)
        column.setSpacing(0)
        row = QHBoxLayout()
        # In line with the search field below; a tab has 4 points of its own.
        row.setContentsMargins(SPACE * 2 - 4, 0, SPACE, 0)
        row.addWidget(self.tabs)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self._stack, 1)
        self.tabs.currentChanged.connect(self._turn)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self.here.use(colours)
        self.on_service.use(colours)

    def show_here(self) -> None:
        """List the dictations of this computer."""
        self.tabs.setCurrentIndex(HERE)

    @property
    def shows_service(self) -> bool:
        """Whether the service's list is in view."""
        return self.tabs.currentIndex() == ON_SERVICE

    @Slot(int)
    def _turn(self, place: int) -> None:
        self._stack.setCurrentIndex(place)
        (self.service_shown if place == ON_SERVICE else self.here_shown).emit()
