"""A small table of pairs: what is written or said, and what becomes of it.

A row that cannot be kept stays on screen with its reason until it is mended,
and is not part of what the table says.
"""

from collections.abc import Callable, Mapping

from PySide6.QtCore import (
    QAbstractItemModel,
    QLocale,
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    Qt,
    Signal,
    Slot,
)
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QPlainTextEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.ui.pieces import Row, button, paragraph
from scribe_desktop.ui.theme import SPACE

_ROWS_SHOWN = 5
_EDITOR_HEIGHT = 132

_Index = QModelIndex | QPersistentModelIndex


class LongText(QStyledItemDelegate):
    """A cell of several lines: Enter begins a new one, Tab ends the entry."""

    def createEditor(self, parent: QWidget, _option: QStyleOptionViewItem, _at: _Index) -> QWidget:
        """A small page instead of a line."""
        page = QPlainTextEdit(parent)
        page.setAccessibleName("Text of this row")
        page.setAccessibleDescription("Enter begins a new line, Tab ends the entry.")
        page.setTabChangesFocus(True)
        return page

    def setEditorData(self, page: QWidget, at: _Index) -> None:
        """Show the text with its line breaks."""
        if isinstance(page, QPlainTextEdit):
            page.setPlainText(str(at.data(Qt.ItemDataRole.EditRole) or ""))
            page.selectAll()

    def setModelData(self, page: QWidget, model: QAbstractItemModel, at: _Index) -> None:
        """Keep what was typed."""
        if isinstance(page, QPlainTextEdit):
            model.setData(at, page.toPlainText())

    def updateEditorGeometry(
        self, page: QWidget, option: QStyleOptionViewItem, _at: _Index
    ) -> None:
        """Higher than its row, and inside the table."""
        parent = page.parentWidget()
        place = QRect(option.rect)
        room = parent.height() if parent else place.bottom()
        height = min(max(_EDITOR_HEIGHT, place.height()), room)
        place.setHeight(height)
        place.moveTop(max(min(place.top(), room - height), 0))
        page.setGeometry(place)

    def displayText(self, value: object, _locale: QLocale | QLocale.Language) -> str:
        """All lines in one, with a mark where each begins."""
        return str(value).replace("\n", " ⏎ ")


class PairTable(QWidget):
    """Rows of two texts; `changed` carries the whole mapping."""

    changed = Signal(object)

    def __init__(
        self,
        name: str,
        first: str,
        second: str,
        refusal: Callable[[str, str], str] = lambda *_: "",
    ) -> None:
        super().__init__()
        self._refusal = refusal
        self.table = QTableWidget(0, 2)
        self.table.setAccessibleName(name)
        self.table.setHorizontalHeaderLabels([first, second])
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        header.setMinimumSectionSize(120)
        self.table.verticalHeader().setVisible(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        height = self.table.verticalHeader().defaultSectionSize()
        self.table.setMinimumHeight(height * (_ROWS_SHOWN + 1))
        self.table.cellChanged.connect(self._tell)
        self.add = button("Add", f"Add to {name.lower()}")
        self.add.clicked.connect(self._add)
        self.remove = button("Remove", f"Remove from {name.lower()}")
        self.remove.clicked.connect(self._remove)
        delete = QShortcut(QKeySequence(QKeySequence.StandardKey.Delete), self.table)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._remove)
        self.refused = paragraph("")
        self.refused.setVisible(False)
        self.buttons = Row()
        self.buttons.addWidget(self.add)
        self.buttons.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.table)
        column.addWidget(self.refused)
        column.addLayout(self.buttons)

    def pairs(self) -> dict[str, str]:
        """The rows whose both sides are filled, without those that are refused."""
        return {first: second for first, second in self._rows() if not self._refusal(first, second)}

    def write_long_texts(self) -> None:
        """Let the second column hold several lines."""
        self.table.setItemDelegateForColumn(1, LongText(self.table))

    def _rows(self) -> list[tuple[str, str]]:
        rows = ((self._text(n, 0), self._text(n, 1)) for n in range(self.table.rowCount()))
        return [(first, second) for first, second in rows if first and second]

    def show_pairs(self, pairs: Mapping[str, str]) -> None:
        """Fill the table, unless it shows these already: a cell may be open."""
        if dict(pairs) == self.pairs():
            return
        self.table.blockSignals(True)
        self.table.setRowCount(0)
        for first, second in pairs.items():
            self._append(first, second)
        self.table.blockSignals(False)
        self._show_refusals()

    def _show_refusals(self) -> None:
        sentences = [self._refusal(first, second) for first, second in self._rows()]
        said = "\n".join(filter(None, sentences))
        self.refused.setText(f"{said}\nThis row is not used." if said else "")
        self.refused.setVisible(bool(said))

    def _text(self, row: int, column: int) -> str:
        item = self.table.item(row, column)
        return item.text().strip() if item else ""

    def _append(self, first: str, second: str) -> None:
        row = self.table.rowCount()
        self.table.insertRow(row)
        self.table.setItem(row, 0, QTableWidgetItem(first))
        self.table.setItem(row, 1, QTableWidgetItem(second))

    @Slot()
    def _tell(self) -> None:
        self._show_refusals()
        self.changed.emit(self.pairs())

    @Slot()
    def _add(self) -> None:
        self.table.blockSignals(True)
        self._append("", "")
        self.table.blockSignals(False)
        item = self.table.item(self.table.rowCount() - 1, 0)
        if item is not None:
            self.table.setCurrentItem(item)
            self.table.editItem(item)

    @Slot()
    def _remove(self) -> None:
        row = self.table.currentRow()
        if row >= 0:
            self.table.removeRow(row)
            self._tell()
