"""The dictations of this computer, newest first, and a field to find one."""

import time
from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QLineEdit,
    QListView,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.ui.pieces import paragraph
from scribe_desktop.ui.theme import LIGHT, SPACE, Colours, tone_colour
from scribe_desktop.ui.view_state import SessionRow, session_rows

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole + 1
_NO_PARENT = QModelIndex()


class SessionModel(QAbstractListModel):
    """The rows that match the search."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[SessionRow, ...] = ()

    def show_rows(self, rows: tuple[SessionRow, ...]) -> None:
        """Replace the rows; the selection stays where only states changed."""
        if [row.session.session_id for row in rows] == [
            row.session.session_id for row in self._rows
        ]:
            changed = [
                n for n, row in enumerate(rows) if row is not self._rows[n] and row != self._rows[n]
            ]
            self._rows = rows
            for number in changed:
                self.dataChanged.emit(self.index(number), self.index(number))
            return
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: Index = _NO_PARENT) -> int:
        """How many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """A row, as text for eye and ear."""
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        if role == ROW:
            return row
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return row.spoken
        return None

    def place_of(self, session_id: str) -> QModelIndex:
        """Where a session is, or an invalid index."""
        for number, row in enumerate(self._rows):
            if row.session.session_id == session_id:
                return self.index(number)
        return QModelIndex()


class SessionDelegate(QStyledItemDelegate):
    """Draws a row in two lines: patient and time, state and length."""

    colours: Colours = LIGHT

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Two lines and air."""
        return QSize(200, option.fontMetrics.height() * 2 + SPACE * 3)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the row, from the reading side."""
        row: SessionRow | None = index.data(ROW)
        if row is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        outer: QRect = option.rect.adjusted(2, 1, -2, -1)
        self._ground(painter, option, outer)
        inner = outer.adjusted(SPACE + 4, SPACE, -SPACE - 4, -SPACE)
        metrics = QFontMetrics(option.font)
        height = metrics.height()
        upper = QRect(inner.left(), inner.top(), inner.width(), height)
        lower = QRect(inner.left(), inner.bottom() - height + 1, inner.width(), height)
        bold = QFont(option.font)
        bold.setWeight(QFont.Weight.DemiBold)
        gone = row.session.is_cancelled
        mirrored = option.direction == Qt.LayoutDirection.RightToLeft
        line = _Line(painter, mirrored=mirrored)
        muted, text = QColor(self.colours.muted), QColor(self.colours.text)
        line.draw(upper, row.patient, row.when, bold, (muted if gone else text, muted))
        colour = QColor(tone_colour(row.state.tone, self.colours))
        dot = QRect(0, 0, 8, 8)
        dot.moveCenter(
            QPoint(lower.right() - 4 if mirrored else lower.left() + 4, lower.center().y())
        )
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(dot)
        lower.adjust(0 if mirrored else 14, 0, -14 if mirrored else 0, 0)
        line.draw(lower, row.state.word, row.length, option.font, (colour, muted))
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, rect: QRect) -> None:
        state: QStyle.StateFlag = option.state
        painter.setPen(Qt.PenStyle.NoPen)
        if state & QStyle.StateFlag.State_Selected:
            painter.setBrush(QColor(self.colours.accent_soft))
            painter.setPen(QColor(self.colours.accent))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(QColor(self.colours.hover))
        else:
            painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, 8, 8)


class _Line:
    """Draws one line of a row: something at its start, something at its end."""

    def __init__(self, painter: QPainter, *, mirrored: bool) -> None:
        self._painter = painter
        left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignAbsolute
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute
        self._near, self._far = (right, left) if mirrored else (left, right)
        # A Latin name keeps its order in a mirrored window, an Arabic one in ours.
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)

    def draw(
        self, rect: QRect, start: str, end: str, font: QFont, colours: tuple[QColor, QColor]
    ) -> None:
        plain = QFont(font)
        plain.setWeight(QFont.Weight.Normal)
        needed = QFontMetrics(plain).horizontalAdvance(end) + SPACE
        middle = Qt.AlignmentFlag.AlignVCenter
        self._painter.setFont(plain)
        self._painter.setPen(colours[1])
        self._painter.drawText(rect, self._far | middle, end)
        self._painter.setFont(font)
        self._painter.setPen(colours[0])
        room = max(rect.width() - needed, 0)
        shown = QFontMetrics(font).elidedText(start, Qt.TextElideMode.ElideRight, room)
        self._painter.drawText(rect, self._near | middle, shown)


class SessionList(QWidget):
    """The search field and the list under it."""

    session_chosen = Signal(str)
    restore_pressed = Signal(str)
    discard_pressed = Signal(str)
    send_pressed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._sessions: tuple[Session, ...] = ()
        self._colours = LIGHT
        self._hour = 0
        self._known: dict[SessionId, SessionRow] = {}
        self.search = QLineEdit()
        self.search.setPlaceholderText("Search dictations")
        self.search.setAccessibleName("Search dictations")
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._refresh)
        self.model = SessionModel()
        self.delegate = SessionDelegate()
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(self.delegate)
        self.view.setAccessibleName("Dictations")
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._open_menu)
        self.view.selectionModel().currentChanged.connect(self._choose)
        self.empty = paragraph("", quiet=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE, SPACE)
        column.setSpacing(SPACE)
        column.addWidget(self.search)
        column.addWidget(self.empty)
        column.addWidget(self.view, 1)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        self.delegate.colours = colours
        self.view.viewport().update()

    def show_sessions(self, sessions: Sequence[Session]) -> None:
        """Show these."""
        self._sessions = tuple(sessions)
        self._refresh()

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
        rows = session_rows(self._sessions, query, now, known=self._known)
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
        return menu
