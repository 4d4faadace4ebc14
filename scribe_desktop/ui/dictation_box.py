"""A small editor above everything, for text that could not go where it was meant to.

The field took nothing, or the target had changed: then nothing was typed,
and the text waits here to be corrected, copied, or inserted again.
"""

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QDialog, QPlainTextEdit, QVBoxLayout, QWidget

from scribe_desktop.ui.pieces import Row, button, label, paragraph, picture
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.titles import TITLE


class DictationBox(QDialog):
    """The editor with copy and insert."""

    copy_pressed = Signal(str)
    insert_pressed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window | Qt.WindowType.WindowStaysOnTopHint)
        self.setWindowTitle(TITLE)
        self.editor = QPlainTextEdit()
        self.editor.setAccessibleName("Text that waits")
        self.editor.setTabChangesFocus(True)
        self.copy = button("Copy", "Copy this text", kind="primary")
        self.copy.clicked.connect(self._copy)
        self.insert = button("Insert again", "Insert this text at the cursor of the other program")
        self.insert.clicked.connect(self._insert)
        self.leave = button("Close")
        self.leave.clicked.connect(self.close)
        row = Row()
        for widget in (self.copy, self.insert, self.leave):
            row.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3, SPACE * 2, SPACE * 3, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(label("This text waits for you", ratio=1.25, bold=True))
        column.addWidget(
            paragraph("Put the cursor where it belongs, then insert it, or copy it.", quiet=True)
        )
        column.addWidget(self.editor, 1)
        column.addLayout(row)
        self.resize(480, 300)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        picture(self.copy, "copy", colours.on_accent)
        picture(self.insert, "insert", colours.text)

    @Slot(str)
    def hold(self, text: str) -> None:
        """Show a text; one that waits already stays above it."""
        waiting = self.editor.toPlainText().strip()
        keep = waiting if self.isVisible() and waiting and waiting != text.strip() else ""
        self.editor.setPlainText(f"{keep}\n\n{text}" if keep else text)
        self.show()
        self.raise_()

    @Slot()
    def _copy(self) -> None:
        self.copy_pressed.emit(self.editor.toPlainText())

    @Slot()
    def _insert(self) -> None:
        self.insert_pressed.emit(self.editor.toPlainText())
