"""Shows what a service wrote, as text and never as a web page.

Markdown is drawn with HTML switched off, links lead nowhere, and nothing is
ever loaded, neither from the network nor from this computer: a note is data
from outside.
"""

from os.path import commonprefix

from PySide6.QtCore import QUrl
from PySide6.QtGui import (
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
)
from PySide6.QtWidgets import QTextBrowser

from scribe_desktop.ui.theme import sized

_LINE_PERCENT = 145
_NO_HTML = (
    QTextDocument.MarkdownFeature.MarkdownDialectGitHub
    | QTextDocument.MarkdownFeature.MarkdownNoHTML
)


class NoteView(QTextBrowser):
    """Text for reading: selectable, copyable, harmless."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setProperty("reading", "true")
        self.setOpenLinks(False)
        self.setUndoRedoEnabled(False)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(2)
        self.document().setIndentWidth(22)
        sized(self, 1.12)
        self._plain: str | None = None
        self._markdown: tuple[str, float] | None = None

    def loadResource(self, _kind: int, _name: QUrl | str) -> object:
        """Load nothing, whatever the text asks for."""
        return None

    def show_plain(self, text: str) -> None:
        """Show text as it is; what is there already stays, with its selection and its place."""
        if text == self._plain:
            return
        # The form first, for the lines to be born with: an hour of speech is laid out once, in
        # half the time. Else the letters of a heading that stood here would be the new text's.
        whole = QTextCursor(self.document())
        whole.beginEditBlock()
        whole.select(QTextCursor.SelectionType.Document)
        whole.removeSelectedText()
        whole.setBlockFormat(_airy())
        whole.setBlockCharFormat(QTextCharFormat())
        whole.insertText(text, QTextCharFormat())
        whole.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)
        self._plain, self._markdown = text, None

    def show_growing(self, text: str) -> None:
        """Show text that grows while somebody speaks, with its end in sight.

        Only what differs is drawn, which is the end of it: the last words are heard
        again with those that follow. An hour of speech is laid out once and not at
        every sentence. What is selected stays so.
        """
        shown = self._plain
        if not shown or "\r" in shown:  # which Qt counts in a way of its own
            self.show_plain(text)
        elif text != shown:
            kept = commonprefix([shown, text])  # noqa: RUF071  letters, not paths
            cursor = QTextCursor(self.document())
            # Qt counts in units of UTF-16: a letter beyond them is two.
            cursor.setPosition(len(kept.encode("utf-16-le", "surrogatepass")) // 2)
            cursor.movePosition(QTextCursor.MoveOperation.End, QTextCursor.MoveMode.KeepAnchor)
            cursor.insertText(text[len(kept) :])
            self._plain = text
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def show_markdown(self, text: str) -> None:
        """Show Markdown without HTML, links or pictures; what is there already stays."""
        drawn = text, self.font().pointSizeF()
        if drawn == self._markdown:
            return
        self._plain, self._markdown = None, drawn
        self.document().setMarkdown(text, _NO_HTML)
        # As one change, or an hour's note would be laid out anew for each of its headings.
        whole = QTextCursor(self.document())
        whole.beginEditBlock()
        self._defuse()
        self._set_lines()
        self._set_headings()
        whole.endEditBlock()
        self.moveCursor(QTextCursor.MoveOperation.Start)

    def _defuse(self) -> None:
        """Turn links into their words and pictures into nothing."""
        block = self.document().begin()
        found: list[tuple[int, int, bool]] = []
        while block.isValid():
            span = block.begin()
            while not span.atEnd():
                fragment = span.fragment()
                form = fragment.charFormat()
                if form.isAnchor() or form.isImageFormat():
                    found.append((fragment.position(), fragment.length(), form.isImageFormat()))
                span += 1
            block = block.next()
        for position, length, is_image in reversed(found):
            cursor = QTextCursor(self.document())
            cursor.setPosition(position)
            cursor.setPosition(position + length, QTextCursor.MoveMode.KeepAnchor)
            if is_image:
                cursor.insertText("[picture]", QTextCharFormat())
            else:
                cursor.setCharFormat(QTextCharFormat())

    def _set_headings(self) -> None:
        """Make headings part of the text: a little larger, not posters."""
        size = self.font().pointSizeF()
        block = self.document().begin()
        while block.isValid():
            level = block.blockFormat().headingLevel()
            if level:
                cursor = QTextCursor(block)
                cursor.select(QTextCursor.SelectionType.BlockUnderCursor)
                form = QTextCharFormat()
                form.setProperty(QTextFormat.Property.FontSizeAdjustment.value, 0)
                form.setFontPointSize(size * (1.25 if level == 1 else 1.08))
                form.setFontWeight(QFont.Weight.DemiBold)
                cursor.mergeCharFormat(form)
            block = block.next()

    def _set_lines(self) -> None:
        """Give the lines air; long text is read, not glanced at."""
        cursor = QTextCursor(self.document())
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.mergeBlockFormat(_airy())


def _airy() -> QTextBlockFormat:
    form = QTextBlockFormat()
    form.setLineHeight(_LINE_PERCENT, QTextBlockFormat.LineHeightTypes.ProportionalHeight.value)
    return form
