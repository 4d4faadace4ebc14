"""What the window shows of a service beside its results: its history and its documents.

Each part is there only where somebody can be asked for it.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from scribe_desktop.ui.documents import ServiceDocuments
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.past_dictations import PastDictations
from scribe_desktop.ui.service_shelf import Documents, History
from scribe_desktop.ui.workplace import Workplace

if TYPE_CHECKING:
    from scribe_desktop.ui.main_window import MainWindow


class ServiceScreens(QObject):
    """Joins those parts to the panes of the main window."""

    def __init__(self, window: "MainWindow", line: Line, workplace: Workplace) -> None:
        super().__init__(window)
        self._window = window
        self._line = line
        if workplace.history is not None:
            self._look_back(workplace.history)
        if workplace.documents is not None:
            self._keep_documents(workplace.documents)

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
