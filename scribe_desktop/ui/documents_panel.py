"""The documents that the service keeps of one dictation: read, edited, saved, deleted.

The panel only shows and asks. An edit that is open is never dropped by going
elsewhere: it is handed on to be kept, as an edit of a note is.
"""

import time
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QListWidget,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.offer import Offer
from scribe_desktop.ui.note_editor import NoteEditor
from scribe_desktop.ui.note_text import plain_text, template_title
from scribe_desktop.ui.note_view import NoteView
from scribe_desktop.ui.past_rows import past_state
from scribe_desktop.ui.pieces import Row, button, holds_focus, icon_button, paragraph, picture
from scribe_desktop.ui.service_shelf import StoredDocument
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.view_state import when

ROWS_SHOWN = 3
NONE_THERE = "The service keeps no documents of this dictation."


class DocumentsPanel(QWidget):
    """A list, the text of the chosen one, and what can be done with it."""

    chosen = Signal(object)
    again_pressed = Signal()
    copy_pressed = Signal(str)
    edited = Signal(object, str)
    delete_pressed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._documents: tuple[StoredDocument, ...] = ()
        self._text: str | None = None
        self._mine = ""
        self._edited: StoredDocument | None = None
        self._build()
        self._lay_out()
        self._fit_list()
        self._show_possible()

    def _build(self) -> None:
        self.list = QListWidget()
        self.list.setAccessibleName("Documents on the service")
        self.list.setProperty("pages", "true")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.currentRowChanged.connect(self._choose)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Waiting for the service")
        self.sentence = paragraph("", quiet=True)
        self.reader = NoteView("Document")
        self.editor = NoteEditor("Edit the document")
        self.pages = QStackedWidget()
        self.pages.addWidget(self.reader)
        self.pages.addWidget(self.editor)
        # It takes what is left; the pane must not grow for what is seldom looked at.
        self.pages.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Ignored)
        self.pages.setMinimumHeight(self.reader.fontMetrics().height() * 4)
        self.copy = button("Copy", "Copy this document", kind="primary")
        self.edit = button("Edit", "Edit this document")
        self.use_mine = button(
            "Edit my version", "Edit the version of this computer and save it on the service"
        )
        self.keep = button("Save on the service", kind="primary")
        self.drop = button("Drop changes", "Drop the changes to this document")
        self.delete = button("Delete…", "Delete this document on the service")
        self.again = icon_button("Ask for the documents again")
        for pressed, slot in (
            (self.copy, self._copy),
            (self.edit, self._edit_theirs),
            (self.use_mine, self._edit_mine),
            (self.keep, self.keep_edit),
            (self.drop, self._drop_edit),
            (self.delete, self._delete),
            (self.again, self.again_pressed),
        ):
            pressed.clicked.connect(slot)

    def _lay_out(self) -> None:
        buttons = QWidget()
        row = Row(buttons)
        for one in (
            self.copy, self.edit, self.use_mine, self.keep, self.drop, self.delete, self.again,
        ):  # fmt: skip
            row.addWidget(one)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        column.addWidget(self.list)
        column.addWidget(self.progress)
        column.addWidget(self.sentence)
        column.addWidget(self.pages, 1)
        column.addWidget(buttons)
        self.progress.hide()

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        picture(self.copy, "copy", colours.on_accent)
        picture(self.keep, "send", colours.on_accent)
        for one, drawing in (
            (self.edit, "edit"),
            (self.use_mine, "edit"),
            (self.delete, "remove"),
            (self.again, "restore"),
        ):
            picture(one, drawing, colours.text, disabled=colours.muted)

    # --- what is shown ---
    def show_waiting(self, sentence: str) -> None:
        """The service is being asked."""
        self.progress.show()
        self._say(sentence)

    def show_error(self, error: ScribeError) -> None:
        """It did not answer as one would like; an edit stays open."""
        self.progress.hide()
        self._say(str(error))
        self._show_possible()

    def show_documents(self, documents: Sequence[StoredDocument], offer: Offer) -> None:
        """List what there is, with the same one chosen as before."""
        before = self.current()
        self.progress.hide()
        self._documents = tuple(documents)
        self.list.blockSignals(True)
        self.list.clear()
        self.list.addItems([_row(one, offer) for one in self._documents])
        self._fit_list()
        self.list.blockSignals(False)
        self._text = None
        self.reader.show_plain("")
        self._say("" if self._documents else NONE_THERE)
        ids = [one.document_id for one in self._documents]
        place = ids.index(before.document_id) if before and before.document_id in ids else 0
        if ids:
            self.list.setCurrentRow(place)
        self._show_possible()

    def _fit_list(self) -> None:
        """As high as its rows, up to a few; the text needs the room."""
        rows = min(max(self.list.count(), 1), ROWS_SHOWN)
        row = max(self.list.sizeHintForRow(0), self.list.fontMetrics().height() * 2)
        self.list.setFixedHeight(row * rows + SPACE * 2)

    def show_text(self, text: str, mine: str) -> None:
        """The text of the chosen one, and this computer's version of it if there is one."""
        self.progress.hide()
        self._text, self._mine = text, mine
        self.reader.show_markdown(text)
        differs = bool(mine) and mine.strip() != text.strip()
        self._say("The version on this computer says something else." if differs else "")
        self._show_possible()

    def current(self) -> StoredDocument | None:
        """The chosen one."""
        place = self.list.currentRow()
        return self._documents[place] if 0 <= place < len(self._documents) else None

    @property
    def is_editing(self) -> bool:
        """Whether an edit is open."""
        return self._edited is not None

    def _say(self, sentence: str) -> None:
        self.sentence.setText(sentence)
        self.sentence.setVisible(bool(sentence))

    def _show_possible(self) -> None:
        editing, has_text = self.is_editing, self._text is not None
        differs = bool(self._mine) and self._mine.strip() != (self._text or "").strip()
        for one, visible, enabled in (
            (self.copy, not editing, has_text and bool(self._text)),
            (self.edit, not editing, has_text),
            (self.use_mine, not editing and has_text and differs, True),
            (self.keep, editing, True),
            (self.drop, editing, True),
            (self.delete, not editing, self.current() is not None),
            (self.again, not editing, True),
        ):
            one.setVisible(visible)
            one.setEnabled(enabled)
        self.list.setEnabled(not editing)
        self.pages.setCurrentWidget(self.editor if editing else self.reader)

    # --- what is pressed ---
    @Slot(int)
    def _choose(self, _place: int) -> None:
        self._text, self._mine = None, ""
        self.reader.show_plain("")
        current = self.current()
        if current is not None:
            self.chosen.emit(current)
        self._show_possible()

    @Slot()
    def _copy(self) -> None:
        selected = self.reader.textCursor().selection().toPlainText()
        self.copy_pressed.emit(selected or plain_text(self._text or ""))

    @Slot()
    def _edit_theirs(self) -> None:
        self._begin_edit(self._text or "")

    @Slot()
    def _edit_mine(self) -> None:
        self._begin_edit(self._mine)

    def _begin_edit(self, text: str) -> None:
        self._edited = self.current()
        self.editor.open_text(text, is_markdown=True)
        self._show_possible()
        self.editor.setFocus()

    @Slot()
    def keep_edit(self) -> None:
        """Hand on what was edited, if an edit is open and says something else."""
        document, text = self._edited, self.editor.text()
        if document is None:
            return
        self._drop_edit()
        if text.strip() != (self._text or "").strip():
            self._text = text
            self.reader.show_markdown(text)
            self.edited.emit(document, text)

    def reopen(self, document: StoredDocument, text: str) -> None:
        """What was to be saved was not: the edit is open again, if one still looks at it."""
        if self.current() == document and not self.is_editing:
            self._begin_edit(text)

    @Slot()
    def _drop_edit(self) -> None:
        had_focus = holds_focus(self)
        self._edited = None
        self._show_possible()
        if had_focus:
            self.edit.setFocus()

    @Slot()
    def _delete(self) -> None:
        current = self.current()
        if current is not None:
            self.delete_pressed.emit(current)


def document_name(document: StoredDocument, offer: Offer) -> str:
    """What a document is called: its own name, else its template's."""
    return document.name or template_title(document.template_id, offer)


def _row(document: StoredDocument, offer: Offer) -> str:
    at = "" if document.updated_at is None else when(document.updated_at, time.time())
    facts = (document_name(document, offer), past_state(document.status).word, at)
    return " · ".join(filter(None, facts))
