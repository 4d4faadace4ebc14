"""The dictations of this computer, newest first, and a field to find one."""

import time
from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QLineEdit, QMenu, QVBoxLayout, QWidget

from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.ui.accounts import of_account, others_sentence
from scribe_desktop.ui.pieces import paragraph
from scribe_desktop.ui.rows import ROW, RowDelegate, RowModel, row_view
from scribe_desktop.ui.theme import LIGHT, SPACE, Colours
from scribe_desktop.ui.view_state import SessionRow, session_rows


class SessionList(QWidget):
    """The search field and the list under it."""

    session_chosen = Signal(str)
    restore_pressed = Signal(str)
    discard_pressed = Signal(str)
    send_pressed = Signal(str)
    delete_pressed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._sessions: tuple[Session, ...] = ()
        self.is_heard = True
        self._colours = LIGHT
        self._hour = 0
        self._can_delete = False
        self._account = ""
        self._known: dict[SessionId, SessionRow] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search dictations")
        self.search.setAccessibleName("Search dictations")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._refresh)
        self.model = RowModel()
        self.delegate = RowDelegate()
        self.view = row_view(self.model, self.delegate, "Dictations")
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.selectionModel().currentChanged.connect(self._choose)
        self.others = paragraph("", quiet=True)
        self.others.hide()
        self.empty = paragraph("", quiet=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self.search)
        column.addWidget(self.empty)
        column.addWidget(self.view, 1)
        column.addWidget(self.others)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        self.delegate.colours = colours
        self.view.viewport().update()

    def offer_delete(self) -> None:
        """From now on let a dictation be deleted for good, also with the Delete key."""
        self._can_delete = True
        self.delete_key = QShortcut(QKeySequence.StandardKey.Delete, self.view)
        self.delete_key.setContext(Qt.ShortcutContext.WidgetShortcut)
        self.delete_key.activated.connect(self._delete_chosen)

    @Slot()
    def _delete_chosen(self) -> None:
        chosen = self.chosen()
        if chosen is not None:
            self.delete_pressed.emit(chosen)

    def show_sessions(self, sessions: Sequence[Session], *, is_heard: bool) -> None:
        """Show these; `is_heard` tells whether sound arrives for the one that records."""
        self._sessions, self.is_heard = tuple(sessions), is_heard
        self._refresh()

    def show_account(self, account: str) -> None:
        """List the dictations of this account and no others."""
        if account != self._account:
            self._account = account
            self.search.clear()
            self._refresh()

    def holds(self, session_id: str) -> bool:
        """Whether a dictation is among those that are listed, whatever is searched for."""
        listed = of_account(self._sessions, self._account)
        return any(one.session_id == session_id for one in listed)

    def select(self, session_id: str) -> None:
        """Make a session the chosen one, if the search shows it."""
        place = self.model.place_of(session_id)
        if place.isValid():
            self.view.setCurrentIndex(place)

    def chosen(self) -> SessionId | None:
        """The session that is selected."""
        row: SessionRow | None = self.view.currentIndex().data(ROW)
        return row.session.session_id if row else None

    @Slot()
    def _refresh(self) -> None:
        kept = self.chosen()
        query, now = self.search.text(), time.time()
        if int(now // 3600) != self._hour:
            # "Today" may have become "yesterday".
            self._hour, self._known = int(now // 3600), {}
        listed = of_account(self._sessions, self._account)
        others = others_sentence(len(self._sessions) - len(listed))
        self.others.setText(others)
        self.others.setVisible(bool(others))
        rows = session_rows(listed, query, now, known=self._known, is_heard=self.is_heard)
        self._known.update((row.session.session_id, row) for row in rows)
        self.model.show_rows(rows)
        self.empty.setText(
            "No dictation matches." if query.strip() else "Your dictations will be listed here."
        )
        self.empty.setVisible(not rows)
        if kept and self.chosen() != kept:
            self.select(kept)

    @Slot(QModelIndex, QModelIndex)
    def _choose(self, current: QModelIndex, _previous: QModelIndex) -> None:
        row: SessionRow | None = current.data(ROW)
        if row is not None:
            self.session_chosen.emit(row.session.session_id)

    @Slot(QPoint)
    def _open_menu(self, place: QPoint) -> None:
        menu = self.menu_at(self.view.indexAt(place))
        if menu is not None:
            menu.popup(self.view.viewport().mapToGlobal(place))

    def menu_at(self, index: QModelIndex) -> QMenu | None:
        """What can be done with the dictation in that row."""
        row: SessionRow | None = index.data(ROW)
        if row is None:
            return None
        session_id = row.session.session_id
        menu = QMenu(self.view)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if row.session.is_cancelled:
            menu.addAction("Restore", lambda: self.restore_pressed.emit(session_id))
        else:
            if row.state.word in ("Waiting to send", "Needs attention"):
                menu.addAction("Send now", lambda: self.send_pressed.emit(session_id))
            discard = menu.addAction("Set aside", lambda: self.discard_pressed.emit(session_id))
            discard.setEnabled(row.session.capture is Capture.STOPPED)
        if self._can_delete:
            menu.addSeparator()
            delete = menu.addAction("Delete now…", lambda: self.delete_pressed.emit(session_id))
            delete.setEnabled(row.session.capture is Capture.STOPPED)
        return menu
