"""What a clinician does with the keyboard in an editor."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QTextCursor
from PySide6.QtTest import QTest

from scribe_desktop.ui.note_editor import NoteEditor


def write_over(editor: NoteEditor, text: str) -> None:
    """Select all of it and type something else."""
    editor.selectAll()
    type_into(editor, text)


def type_into(editor: NoteEditor, text: str) -> None:
    """Type where the cursor is; a new line is the Return key."""
    for number, line in enumerate(text.split("\n")):
        if number:
            QTest.keyClick(editor, Qt.Key.Key_Return)
        QTest.keyClicks(editor, line)


def go_to(editor: NoteEditor, line: int, letter: int = 0) -> None:
    """Put the cursor into a line, behind so many letters."""
    block = editor.document().findBlockByNumber(line)
    ahead = block.text()[:letter]
    place = block.position() + len(ahead.encode("utf-16-le", "surrogatepass")) // 2
    cursor = editor.textCursor()
    cursor.setPosition(place, QTextCursor.MoveMode.MoveAnchor)
    editor.setTextCursor(cursor)
