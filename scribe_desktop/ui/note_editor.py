"""Edits a text in the way it is read: headings are headings, and no sign of Markdown is seen.

Every line remembers its signs. A line that nobody touched is stored
as it was, sign for sign, whatever it holds; one that was edited keeps its
signs around the new words.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from PySide6.QtCore import QMimeData
from PySide6.QtGui import (
    QFont,
    QInputMethodEvent,
    QKeyEvent,
    QKeySequence,
    QTextBlock,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QTextEdit

from scribe_desktop.ui.marked_line import MarkedLine, Run, read_line, written
from scribe_desktop.ui.theme import sized

_LINE_PERCENT: Final = 145
_BEFORE: Final = QTextFormat.Property.UserProperty.value + 1
_AFTER: Final = QTextFormat.Property.UserProperty.value + 2
_SOURCE: Final = QTextFormat.Property.UserProperty.value + 3
"""The line as it was written, where its words and signs alone do not give it again."""
_SHOWN: Final = QTextFormat.Property.UserProperty.value + 4
_MARK: Final = QTextFormat.Property.UserProperty.value + 5


class NoteEditor(QTextEdit):
    """An editor for the transcript and for notes; `text` is what is to be stored."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setProperty("editing", "true")
        self.setAcceptRichText(False)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(2)
        sized(self, 1.12)

    def open_text(self, text: str, *, is_markdown: bool) -> None:
        """Begin to edit a text; what was here before is gone, its undo as well."""
        self.clear()
        self.setUndoRedoEnabled(False)
        self.setCurrentCharFormat(QTextCharFormat())
        cursor = QTextCursor(self.document())
        cursor.beginEditBlock()
        for number, source in enumerate(text.split("\n")):
            line = read_line(source, is_markdown=is_markdown)
            form = self._block_form(line)
            if number:
                cursor.insertBlock(form, QTextCharFormat())
            else:
                cursor.setBlockFormat(form)
            for run in line.runs:
                cursor.insertText(run.words, self._letters(line.level, run.mark))
            if line.level:
                cursor.setBlockCharFormat(self._letters(line.level, ""))
            if _stored(cursor.block()) != source:
                form.setProperty(_SOURCE, source)
                form.setProperty(_SHOWN, _signature(cursor.block()))
                cursor.setBlockFormat(form)
        cursor.endEditBlock()
        self.setUndoRedoEnabled(True)
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def text(self) -> str:
        """What was edited, with its signs, in the form in which it is stored."""
        return "\n".join(_stored(block) for block in self._blocks())

    def _blocks(self) -> Iterator[QTextBlock]:
        block = self.document().begin()
        while block.isValid():
            yield block
            block = block.next()

    # --- how it looks ---
    @staticmethod
    def _block_form(line: MarkedLine) -> QTextBlockFormat:
        form = QTextBlockFormat()
        form.setLineHeight(_LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
        form.setHeadingLevel(line.level)
        form.setProperty(_BEFORE, line.before)
        form.setProperty(_AFTER, line.after)
        return form

    def _letters(self, level: int, mark: str) -> QTextCharFormat:
        form = QTextCharFormat()
        if level:
            form.setFontPointSize(self.font().pointSizeF() * (1.25 if level == 1 else 1.08))
        if level or mark:
            form.setFontWeight(QFont.Weight.DemiBold)
        if mark:
            form.setProperty(_MARK, mark)
        return form

    # --- new lines ---
    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Begin a line of its own after a heading; what is below a heading is none."""
        if event.matches(QKeySequence.StandardKey.InsertParagraphSeparator) or event.matches(
            QKeySequence.StandardKey.InsertLineSeparator
        ):
            self._insert_lines("\n")
            event.accept()
            return
        with self._whole_lines_replaced():
            super().keyPressEvent(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:
        """As a key that was pressed."""
        with self._whole_lines_replaced():
            super().inputMethodEvent(event)

    @contextmanager
    def _whole_lines_replaced(self) -> Iterator[None]:
        """What is written over everything, or over several lines, is no heading."""
        cursor = self.textCursor()
        begin, end = QTextCursor(cursor), QTextCursor(cursor)
        begin.setPosition(cursor.selectionStart())
        end.setPosition(cursor.selectionEnd())
        are_several = begin.block() != end.block() or (begin.atStart() and end.atEnd())
        are_whole = are_several and begin.atBlockStart() and end.atBlockEnd()
        before = self.document().revision()
        yield
        if are_whole and self.document().revision() != before:
            cursor.joinPreviousEditBlock()
            self._make_plain(self.textCursor().block())
            cursor.endEditBlock()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Take text in as it is, never its look."""
        if source.hasText():
            text = source.text().replace("\r\n", "\n").replace("\r", "\n")
            self._insert_lines(text.replace("\u2028", "\n").replace("\u2029", "\n"))

    def _insert_lines(self, text: str) -> None:
        first, *more = text.split("\n")
        with self._whole_lines_replaced():
            self.textCursor().insertText(first)
        cursor = self.textCursor()
        cursor.joinPreviousEditBlock()
        for line in more:
            # At the very beginning of a line one makes room above it.
            is_above = cursor.atBlockStart() and not cursor.atBlockEnd()
            cursor.insertBlock()
            self._make_plain(cursor.block().previous() if is_above else cursor.block())
            cursor.insertText(line)
        cursor.endEditBlock()
        self.setTextCursor(cursor)
        self.ensureCursorVisible()

    def _make_plain(self, block: QTextBlock) -> None:
        """No heading any more, and written anew; what is bold in it stays bold."""
        cursor = QTextCursor(block)
        cursor.setBlockFormat(self._block_form(MarkedLine(())))
        cursor.setBlockCharFormat(QTextCharFormat())
        spans = [(at, length, run.mark) for run, at, length in _fragments(block)]
        for at, length, mark in spans:
            cursor.setPosition(block.position() + at)
            cursor.setPosition(block.position() + at + length, QTextCursor.MoveMode.KeepAnchor)
            cursor.setCharFormat(self._letters(0, mark))


def _fragments(block: QTextBlock) -> Iterator[tuple[Run, int, int]]:
    """The runs of a line, where each begins and how long it is in the units that Qt counts in."""
    span = block.begin()
    while not span.atEnd():
        fragment = span.fragment()
        mark = fragment.charFormat().property(_MARK)
        at = fragment.position() - block.position()
        yield Run(fragment.text(), mark or ""), at, fragment.length()
        span += 1


def _signature(block: QTextBlock) -> list[str]:
    """What is read of a line, and which of it is bold."""
    return [part for run, _, _ in _fragments(block) for part in (run.words, run.mark)]


def _stored(block: QTextBlock) -> str:
    form = block.blockFormat()
    source = form.property(_SOURCE)
    if isinstance(source, str) and form.property(_SHOWN) == _signature(block):
        return source
    runs = (run for run, _, _ in _fragments(block))
    return written(runs, before=form.property(_BEFORE) or "", after=form.property(_AFTER) or "")
