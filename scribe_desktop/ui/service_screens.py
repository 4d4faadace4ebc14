"""What the window shows of a service beside dictating: history, documents, deleting, text.

Each part is there only where somebody can be asked for it.
"""

import time

from PySide6.QtCore import QObject, Slot

from scribe_desktop.domain.order import Patient
from scribe_desktop.domain.session import SessionId
from scribe_desktop.ui.custody import Custody
from scribe_desktop.ui.deletion import Deletion
from scribe_desktop.ui.documents import ServiceDocuments
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.past_dictations import PastDictations
from scribe_desktop.ui.service_shelf import Documents, History
from scribe_desktop.ui.text_notes import TextNotes
from scribe_desktop.ui.theme import Colours
from scribe_desktop.ui.workplace import Workplace


class ServiceScreens(QObject):
    """Joins those parts to the panes of the main window."""

    def __init__(self, window: MainWindow, line: Line, workplace: Workplace) -> None:
        super().__init__(window)
        self._window = window
        self._line = line
        self._workplace = workplace
        if workplace.custody is not None:
            self._let_delete(workplace.custody)
        if workplace.history is not None:
            self._look_back(workplace.history)
        if workplace.documents is not None:
            self._keep_documents(workplace.documents)

        self._texts: TextNotes | None = None
        self._colours: Colours | None = None
        menu, pane = window.menu, window.results
        menu.from_text.setVisible(workplace.typed_text is not None)
        pane.welcome.from_text.setVisible(workplace.typed_text is not None)
        menu.from_text.triggered.connect(self.open_text_notes)
        pane.welcome.from_text.clicked.connect(self.open_text_notes)

    @Slot()
    def open_text_notes(self) -> None:
        """Let a text be typed, pasted or opened; the window is built when it is first wanted."""
        take = self._workplace.typed_text
        if take is None:
            return
        window = self._window
        if self._texts is None:
            self._texts = TextNotes(self._line, window.deeds, take, window)
            self._texts.written.connect(self._show_written)
            if self._colours is not None:
                self._texts.use(self._colours)
        self._texts.open_for(window.bar.chosen_patient())

    @Slot(str)
    def _show_written(self, session_id: SessionId) -> None:
        window = self._window
        window.list.search.clear()
        window.lists.show_here()
        window.show_session(session_id)
        # As after a dictation: the next visit is another patient's.
        window.bar.show_patient(Patient())
        window.deeds.patient = Patient()

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        if self._texts is not None:
            self._texts.use(colours)

    def hide_texts(self) -> None:
        """The clinician is away: what is being typed is not for others; it stays where it is."""
        if self._texts is not None:
            self._texts.hide()

    def _let_delete(self, custody: Custody) -> None:
        window = self._window
        self.deletion = Deletion(window, window.deeds, self._line, custody, time.time)
        self.deletion.deleted.connect(window.refresh)
        window.list.offer_delete()
        window.list.delete_pressed.connect(self.deletion.ask)

    def _look_back(self, history: History) -> None:
        window, line = self._window, self._line
        past = PastDictations(
            window.past,
            window.results,
            window.deeds,
            history,
            service=lambda: line.usual_order().service,
            sessions=line.sessions,
            offer=line.offer,
        )
        past.ours_chosen.connect(window.show_session)
        window.past.view.clicked.connect(lambda: window.bar.sessions.setChecked(False))
        window.lists.service_shown.connect(past.come_into_view)
        window.lists.here_shown.connect(window.show_chosen)
        window.deeds.settings_changed.connect(past.follow_service)
        window.shown_dictation.play_there.connect(past.play)

    def _keep_documents(self, documents: Documents) -> None:
        pane = self._window.results
        pane.offer_documents()
        ServiceDocuments(pane.documents, pane, self._window.deeds, self._line, documents)
