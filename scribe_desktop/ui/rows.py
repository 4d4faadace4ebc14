"""How the rows of a list of dictations look and sound, wherever the dictations are.

The dictations of this computer and those that only a service knows stand in
two lists that are drawn alike and read out alike.
"""

from collections.abc import Sequence
from typing import Protocol

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from scribe_desktop.ui.theme import LIGHT, SPACE, Colours, tone_colour
from scribe_desktop.ui.view_state import StateWord

Index = QModelIndex | QPersistentModelIndex
ROW = Qt.ItemDataRole.UserRole + 1
_NO_PARENT = QModelIndex()


class ListedRow(Protocol):
    """What a row shows; `key` tells it from the others."""

    @property
    def key(self) -> str:
        """Which dictation it is."""

    @property
    def patient(self) -> str:
        """Whose it is."""

    @property
    def when(self) -> str:
        """When it was spoken."""

    @property
    def length(self) -> str:
        """How long it is, or what else stands at the end of the second line."""

    @property
    def state(self) -> StateWord:
        """How far it has come."""

    @property
    def is_gone(self) -> bool:
        """Whether somebody threw it away."""

    @property
    def spoken(self) -> str:
        """The whole row as a screen reader says it."""


class RowModel(QAbstractListModel):
    """The rows that match the search."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[ListedRow] = ()

    def show_rows(self, rows: Sequence[ListedRow]) -> None:
        """Replace the rows; the selection stays where only states changed."""
        if [row.key for row in rows] == [row.key for row in self._rows]:
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

    def place_of(self, key: str) -> QModelIndex:
        """Where a dictation is, or an invalid index."""
        for number, row in enumerate(self._rows):
            if row.key == key:
                return self.index(number)
        return QModelIndex()


class RowDelegate(QStyledItemDelegate):
    """Draws a row in two lines: patient and time, state and length."""

    colours: Colours = LIGHT

    def sizeHint(self, option: QStyleOptionViewItem, _index: Index) -> QSize:
        """Two lines and air."""
        return QSize(200, option.fontMetrics.height() * 2 + SPACE * 3)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Draw the row, from the reading side."""
        row: ListedRow | None = index.data(ROW)
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
        gone = row.is_gone
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


def row_view(model: RowModel, delegate: RowDelegate, name: str) -> QListView:
    """The list itself, with its name for a screen reader."""
    view = QListView()
    view.setModel(model)
    view.setItemDelegate(delegate)
    view.setAccessibleName(name)
    view.setMouseTracking(True)
    view.setUniformItemSizes(True)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    return view
