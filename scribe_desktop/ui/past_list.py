"""The dictations that a service remembers, also those from another computer."""

import time
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QProgressBar, QVBoxLayout, QWidget

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.session import SessionId
from scribe_desktop.ui.past_rows import (
    NO_MATCH,
    NOTHING_THERE,
    PastRow,
    asking,
    could_not_ask,
    past_rows,
)
from scribe_desktop.ui.pieces import icon_button, paragraph, picture
from scribe_desktop.ui.rows import ROW, RowDelegate, RowModel, row_view
from scribe_desktop.ui.service_shelf import PastDictation
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.view_state import service_name


class PastList(QWidget):
    """A field to find one, a button to ask again, and the list under them."""

    chosen = Signal(object)
    asked = Signal(str)
    take_out_pressed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._past: tuple[PastDictation, ...] = ()
        self._known: Mapping[str, SessionId] = {}
        self._service = ""
        self._has_answer = False
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search, or a patient id and Return")
        self.search.setAccessibleName("Search the service's dictations")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._refresh)
        self.search.returnPressed.connect(self._ask)
        self.again = icon_button("Ask the service again")
        self.again.clicked.connect(self._ask_all)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Asking the service")
        self.sentence = paragraph("", quiet=True)
        self.model = RowModel()
        self.delegate = RowDelegate()
        self.view = row_view(self.model, self.delegate, "Dictations on the service")
        self.view.selectionModel().currentChanged.connect(self._choose)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.delete_key = QShortcut(QKeySequence.StandardKey.Delete, self.view)
        self.delete_key.setContext(Qt.ShortcutContext.WidgetShortcut)
        self.delete_key.activated.connect(self._take_out)
        top = QHBoxLayout()
        top.addWidget(self.search, 1)
        top.addWidget(self.again)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addLayout(top)
        column.addWidget(self.progress)
        column.addWidget(self.sentence)
        column.addWidget(self.view, 1)
        self.progress.hide()
        self.sentence.hide()

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self.delegate.colours = colours
        picture(self.again, "restore", colours.muted)
        self.view.viewport().update()

    def show_asking(self, service: str) -> None:
        """The service is being asked; what was listed stays if it is the same one."""
        if service != self._service:
            self._service, self._past, self._has_answer = service, (), False
            self._refresh()
        self.progress.show()
        self._say(asking(service))

    def show_past(self, past: Sequence[PastDictation], known: Mapping[str, SessionId]) -> None:
        """List what the service answered."""
        self._past, self._known, self._has_answer = tuple(past), known, True
        self.progress.hide()
        self._refresh()

    def show_error(self, error: ScribeError) -> None:
        """Say why nothing came; what was listed before stays."""
        self.progress.hide()
        self._say(could_not_ask(error, shown_before=bool(self._past)))

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        if self.view.indexAt(place).isValid():
            self.menu().popup(self.view.viewport().mapToGlobal(place))

    def menu(self) -> QMenu:
        """What can be done with the chosen one."""
        menu = QMenu(self.view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Take out of this list…", self._take_out)
        return menu

    @Slot()
    def _take_out(self) -> None:
        current = self.current()
        if current is not None:
            self.take_out_pressed.emit(current)

    def current(self) -> PastDictation | None:
        """The one that is selected."""
        row: PastRow | None = self.view.currentIndex().data(ROW)
        return row.past if row else None

    def _say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))

    @Slot()
    def _refresh(self) -> None:
        rows = past_rows(self._past, self._known, self.search.text(), time.time())
        self.model.show_rows(rows)
        if not self._has_answer or not self.progress.isHidden():
            return
        nothing = NOTHING_THERE.format(service=service_name(self._service))
        self._say("" if rows else NO_MATCH if self.search.text().strip() else nothing)

    @Slot()
    def _ask(self) -> None:
        """Ask for the patient whose id was typed, or for all when nothing was."""
        self.asked.emit(self.search.text().strip())

    @Slot()
    def _ask_all(self) -> None:
        self.asked.emit("")

    @Slot(QModelIndex, QModelIndex)
    def _choose(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row: PastRow | None = current.data(ROW)
        if row is not None:
            self.chosen.emit(row.past)
