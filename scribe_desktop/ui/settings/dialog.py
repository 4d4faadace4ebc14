"""The settings window: pages on the left, the chosen one on the right.

A page is built when it is first looked at, so that opening the window, and
starting the program, stay quick.
"""

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.pictures import icon, program_icon
from scribe_desktop.ui.settings.appearance import AppearancePage
from scribe_desktop.ui.settings.devices import DevicesPage
from scribe_desktop.ui.settings.diagnostics import DiagnosticsPage
from scribe_desktop.ui.settings.keys import KeysPage
from scribe_desktop.ui.settings.microphone import MicrophonePage
from scribe_desktop.ui.settings.page import Page, Surroundings
from scribe_desktop.ui.settings.privacy import PrivacyPage
from scribe_desktop.ui.settings.services import ServicesPage
from scribe_desktop.ui.settings.templates import TemplatesPage
from scribe_desktop.ui.settings.text import TextPage
from scribe_desktop.ui.settings.updates import UpdatesPage
from scribe_desktop.ui.strip import Strip
from scribe_desktop.ui.theme import LIGHT, SPACE, Colours
from scribe_desktop.ui.titles import TITLE

PAGES: tuple[tuple[str, str, str, Callable[[Surroundings], Page]], ...] = (
    ("services", "Services and accounts", "service", ServicesPage),
    ("microphone", "Microphone", "microphone", MicrophonePage),
    ("keys", "Keys", "keyboard", KeysPage),
    ("devices", "Dictation devices", "pedal", DevicesPage),
    ("templates", "Templates", "template", TemplatesPage),
    ("text", "Text", "text", TextPage),
    ("privacy", "Privacy", "privacy", PrivacyPage),
    ("appearance", "Appearance and language", "appearance", AppearancePage),
    ("updates", "Updates and network", "update", UpdatesPage),
    ("diagnostics", "Diagnostics", "diagnostics", DiagnosticsPage),
)


class SettingsDialog(QDialog):
    """All pages, one at a time; it does not stop work in the main window."""

    def __init__(self, surroundings: Surroundings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._surroundings = surroundings
        self._colours = LIGHT
        self._pages: dict[int, Page] = {}
        # The other way round Qt adds the name of the program a second time.
        self.setWindowTitle(f"Settings · {TITLE}")
        self.setWindowIcon(program_icon())
        self.names = QListWidget()
        self.names.setAccessibleName("Pages of the settings")
        self.names.setProperty("pages", "true")
        self.names.setIconSize(QSize(18, 18))
        self.names.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.stack = QStackedWidget()
        for _, title, _, _ in PAGES:
            self.names.addItem(QListWidgetItem(title))
            self.stack.addWidget(_scroll(title))
        self.names.setFixedWidth(self._width_of_names())
        self.names.currentRowChanged.connect(self._open)
        self.strip = Strip()
        surroundings.deeds.told.connect(self._tell)
        surroundings.deeds.settings_changed.connect(self._refresh)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.strip)
        right.addWidget(self.stack, 1)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, SPACE, 0, 0)
        row.setSpacing(SPACE)
        row.addWidget(self.names)
        row.addLayout(right, 1)
        self.resize(900, 640)

    def _width_of_names(self) -> int:
        widest = max(self.names.fontMetrics().horizontalAdvance(title) for _, title, _, _ in PAGES)
        return widest + SPACE * 9

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        for number, (_, _, drawing, _) in enumerate(PAGES):
            self.names.item(number).setIcon(icon(drawing, colours.muted))
        self.strip.use(colours)
        for page in self._pages.values():
            page.use(colours)

    def open_page(self, name: str) -> None:
        """Show the window at a page; an empty name is the page that was open last."""
        places = {key: number for number, (key, _, _, _) in enumerate(PAGES)}
        self.names.setCurrentRow(places.get(name, max(self.names.currentRow(), 0)))
        self._refresh()
        self.show()
        # Choosing a row laid them out before they had their style, as close as without it.
        self.names.doItemsLayout()
        self.raise_()
        self.activateWindow()

    def page(self, name: str) -> Page:
        """A page by its name, built if it was not yet."""
        number = next(n for n, (key, _, _, _) in enumerate(PAGES) if key == name)
        return self._built(number)

    def _built(self, number: int) -> Page:
        if number not in self._pages:
            page = PAGES[number][3](self._surroundings)
            page.use(self._colours)
            self._pages[number] = page
            holder = self.stack.widget(number)
            if isinstance(holder, QScrollArea):
                holder.setWidget(page)
        return self._pages[number]

    @Slot(int)
    def _open(self, number: int) -> None:
        for other, page in self._pages.items():
            if other != number:
                page.leave()
        if number >= 0:
            self._built(number).refresh()
            self.stack.setCurrentIndex(number)

    @Slot()
    def _refresh(self) -> None:
        number = self.names.currentRow()
        if number in self._pages:
            self._pages[number].refresh()

    @Slot()
    def show_offer(self) -> None:
        """A service was reached or changed what it offers; other pages may hold unsaved words."""
        if self.isVisible() and PAGES[self.names.currentRow()][0] in ("services", "templates"):
            self._refresh()

    @Slot(object)
    def _tell(self, telling: Telling) -> None:
        if self.isVisible():
            self.strip.tell(telling)

    def done(self, code: int) -> None:
        """Escape closes it as well."""
        self._leave_all()
        super().done(code)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing has to be confirmed: every change was stored at once."""
        self._leave_all()
        super().closeEvent(event)

    def _leave_all(self) -> None:
        for page in self._pages.values():
            page.leave()


def _scroll(title: str) -> QScrollArea:
    made = QScrollArea()
    made.setFrameShape(QFrame.Shape.NoFrame)
    made.setWidgetResizable(True)
    made.setAccessibleName(title)
    made.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return made
