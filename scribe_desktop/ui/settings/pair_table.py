"""A small table of pairs: what is written or said, and what becomes of it."""

from collections.abc import Mapping

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.ui.pieces import Row, button
from scribe_desktop.ui.theme import SPACE

_ROWS_SHOWN = 5


class PairTable(QWidget):
    """Rows of two texts; `changed` carries the whole mapping."""

    changed = Signal(object)

    def __init__(self, name: str, first: str, second: str) -> None:
        super().__init__()
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
        row = Row()
        row.addWidget(self.add)
        row.addWidget(self.remove)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.table)
        column.addLayout(row)

    def pairs(self) -> dict[str, str]:
        """The rows whose both sides are filled."""
        found = {}
        for number in range(self.table.rowCount()):
            first, second = self._text(number, 0), self._text(number, 1)
            if first and second:
                found[first] = second
        return found

    def show_pairs(self, pairs: Mapping[str, str]) -> None:
        """Fill the table, unless it shows these already: a cell may be open."""
        if dict(pairs) == self.pairs():
            return
        self.table.blockSignals(True)
        self.table.setRowCount(0)
        for first, second in pairs.items():
            self._append(first, second)
        self.table.blockSignals(False)

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
