"""Goes from one place to fill to the next: the fields of auto-texts, and the headings of a note."""

from dataclasses import dataclass

from PySide6.QtGui import QTextCursor
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit

from scribe_desktop.domain.text import fields


@dataclass(frozen=True, slots=True)
class Stop:
    """A place one goes to; a field is selected, so that typing fills it."""

    begin: int
    end: int


def stops(view: QPlainTextEdit | QTextEdit) -> tuple[Stop, ...]:
    """All of them in the order of the text."""
    found = [Stop(begin, end) for begin, end in fields(view.toPlainText())]
    block = view.document().begin()
    while block.isValid():
        # In the editor a heading is still a line with a mark before it.
        if block.blockFormat().headingLevel() or block.text().startswith("#"):
            found.append(Stop(block.position(), block.position()))
        block = block.next()
    return tuple(sorted(found, key=lambda stop: stop.begin))


def go_to_stop(view: QPlainTextEdit | QTextEdit, direction: int) -> bool:
    """Go on or back to the next one, round the end; False when there is none."""
    found = stops(view)
    if not found:
        return False
    cursor = view.textCursor()
    begin, end = cursor.selectionStart(), cursor.selectionEnd()
    if direction > 0:
        on = (s for s in found if s.begin > begin or (s.begin == begin and s.end > end))
        chosen = next(on, found[0])
    else:
        chosen = next((stop for stop in reversed(found) if stop.begin < begin), found[-1])
    cursor.setPosition(chosen.begin)
    cursor.setPosition(chosen.end, QTextCursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)
    view.ensureCursorVisible()
    view.setFocus()
    return True
