"""Puts a dictation on paper: a PDF to print or to file, made without a printer.

Only text is set, as text: nothing in a note can load a picture, become a link
or change the page.
"""

from dataclasses import dataclass

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF
from PySide6.QtGui import (
    QFont,
    QPageLayout,
    QPageSize,
    QPdfWriter,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
)

from scribe_desktop.ui.titles import TITLE

_BODY_PT, _HEADING_PT, _TITLE_PT = 10.5, 12.5, 16.0
_LINE_PERCENT = 135


@dataclass(frozen=True, slots=True)
class Paper:
    """What is printed: a title, the facts under it, and texts under headings."""

    title: str
    facts: tuple[str, ...]
    sections: tuple[tuple[str, str], ...]


def as_pdf(paper: Paper) -> bytes:
    """The pages, numbered. Any thread, while the window's application lives."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    # No patient here: what a file says of itself is seen by whoever looks at a folder.
    writer.setTitle("Dictation")
    writer.setCreator(TITLE)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    # A text document brings two centimetres of its own.
    writer.setPageMargins(QMarginsF(), QPageLayout.Unit.Millimeter)
    _set(paper).print_(writer)
    # It writes the last page when it goes.
    del writer
    buffer.close()
    return bytes(content.data())


def _set(paper: Paper) -> QTextDocument:
    document = QTextDocument()
    document.setUndoRedoEnabled(False)
    cursor = QTextCursor(document)
    _line(cursor, paper.title, _TITLE_PT, bold=True, above=0)
    for fact in paper.facts:
        _line(cursor, fact, _BODY_PT, above=2)
    for heading, text in paper.sections:
        _line(cursor, heading, _HEADING_PT, bold=True, above=18, keeps=True)
        for line in text.splitlines() or [""]:
            _line(cursor, line, _BODY_PT, above=3)
    return document


def _line(
    cursor: QTextCursor,
    text: str,
    size: float,
    *,
    bold: bool = False,
    above: float,
    keeps: bool = False,
) -> None:
    form = QTextBlockFormat()
    form.setTopMargin(above)
    form.setLineHeight(_LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    letters = QTextCharFormat()
    letters.setFontPointSize(size)
    letters.setFontWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    if keeps:
        form.setNonBreakableLines(True)
    if cursor.document().isEmpty():
        cursor.setBlockFormat(form)
    else:
        cursor.insertBlock(form)
    cursor.insertText(text, letters)
