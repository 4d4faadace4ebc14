"""Keeps the documents of a dictation in step with its service, one errand at a time.

What a clinician writes is stored on this computer first, as one more version
of the results, and then sent: a network that is away costs no word.
"""

from functools import partial

from PySide6.QtCore import QObject, Slot

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.results import Results
from scribe_desktop.ui.deeds import Deeds, Telling
from scribe_desktop.ui.dialogs import ask_to_delete
from scribe_desktop.ui.documents_panel import DocumentsPanel, document_name
from scribe_desktop.ui.editing import document_note, with_document
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.note_text import note_markdown
from scribe_desktop.ui.results_pane import ResultsPane
from scribe_desktop.ui.service_shelf import Documents, StoredDocument
from scribe_desktop.ui.view_state import Tone, service_name

KEPT_HERE = "Your version is kept on this computer; the service does not have it yet."


class ServiceDocuments(QObject):
    """Between the panel, the line and the service."""

    def __init__(
        self, panel: DocumentsPanel, pane: ResultsPane, deeds: Deeds, line: Line, there: Documents
    ) -> None:
        super().__init__(panel)
        self._panel, self._pane, self._deeds = panel, pane, deeds
        self._line, self._there = line, there
        self._question = 0
        pane.documents_wanted.connect(self.fetch)
        panel.again_pressed.connect(self.fetch)
        panel.chosen.connect(self._fetch_text)
        panel.copy_pressed.connect(deeds.copy)
        panel.edited.connect(self._save)
        panel.delete_pressed.connect(self._ask_to_delete)

    def _offer(self) -> Offer:
        shown = self._pane.shown
        return shown.offer if shown else Offer("")

    # --- looking ---
    @Slot()
    def fetch(self) -> None:
        """Ask which documents there are of the dictation that is shown."""
        shown = self._pane.shown
        if shown is None:
            return
        self._question += 1
        session_id = shown.session.session_id
        self._panel.show_documents((), shown.offer)
        self._panel.show_waiting("Asking for the documents…")
        self._deeds.errands.run(
            lambda: self._there.listed(session_id),
            partial(self._take_list, self._question),
            partial(self._take_error, self._question),
        )

    def _take_list(self, question: int, documents: tuple[StoredDocument, ...]) -> None:
        if question == self._question:
            self._panel.show_documents(documents, self._offer())

    def _take_error(self, question: int, error: ScribeError) -> None:
        if question == self._question:
            self._panel.show_error(error)

    @Slot(object)
    def _fetch_text(self, document: StoredDocument) -> None:
        self._panel.show_waiting("Fetching the document…")
        self._deeds.errands.run(
            lambda: self._there.text(document),
            partial(self._take_text, document),
            partial(self._take_text_error, document),
        )

    def _take_text(self, document: StoredDocument, text: str) -> None:
        if self._panel.current() == document:
            self._panel.show_text(text, self._mine(document))

    def _take_text_error(self, document: StoredDocument, error: ScribeError) -> None:
        if self._panel.current() == document:
            self._panel.show_error(error)

    def _mine(self, document: StoredDocument) -> str:
        """This computer's version of the same note, if there is one."""
        versions = self._deeds.ask(lambda: self._line.versions(document.session_id)) or ()
        note = document_note(versions[-1].results, document) if versions else None
        return "" if note is None else note_markdown(note.content)

    # --- changing ---
    @Slot(object, str)
    def _save(self, document: StoredDocument, text: str) -> None:
        comfort = KEPT_HERE if self._keep_here(document, text) else ""
        self._deeds.told.emit(Telling("Saving on the service…", tone=Tone.BUSY))
        self._deeds.errands.run(
            lambda: self._there.save(document, text),
            lambda _: self._deeds.told.emit(Telling("Saved on the service.", tone=Tone.GOOD)),
            partial(self._not_saved, document, text, comfort),
        )

    def _keep_here(self, document: StoredDocument, text: str) -> bool:
        """One more version beside all earlier ones; whether it is stored."""
        versions = self._deeds.ask(lambda: self._line.versions(document.session_id)) or ()
        if not versions:
            return False
        name = document_name(document, self._offer())
        wanted = with_document(versions[-1].results, document, name, text)
        if wanted != versions[-1].results:
            return self._deeds.ask(lambda: self._edit(document, wanted)) is True
        return True

    def _edit(self, document: StoredDocument, wanted: Results) -> bool:
        self._line.edit(document.session_id, wanted)
        return True

    def _not_saved(
        self, document: StoredDocument, text: str, comfort: str, error: ScribeError
    ) -> None:
        self._deeds.told.emit(Telling(f"{error.message} {comfort}".strip(), error.remedy))
        self._panel.reopen(document, text)

    @Slot(object)
    def _ask_to_delete(self, document: StoredDocument) -> None:
        shown = self._pane.shown
        service = service_name(shown.session.order.service.name) if shown else ""
        ask_to_delete(
            self._panel,
            f"Delete “{document_name(document, self._offer())}” on the service ({service})?",
            "It is removed there for everybody who can see it, and cannot be taken back."
            " What is stored on this computer stays.",
            "Delete there",
            lambda: self._delete(document),
        )

    def _delete(self, document: StoredDocument) -> None:
        self._deeds.told.emit(Telling("Deleting on the service…", tone=Tone.BUSY))
        self._deeds.errands.run(
            lambda: self._there.delete(document), self._deleted, self._deeds.tell_error
        )

    def _deleted(self, _: None) -> None:
        self._deeds.told.emit(Telling("Deleted on the service.", tone=Tone.GOOD))
        self.fetch()
