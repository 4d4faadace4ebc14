"""Deletes a dictation for good, after a question that says what stays elsewhere."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from scribe_desktop.domain.retention import Left
from scribe_desktop.domain.session import Capture, SessionId
from scribe_desktop.ui.as_one import members
from scribe_desktop.ui.custody import Custody, after_deleting, before_deleting
from scribe_desktop.ui.deeds import Deeds, Telling
from scribe_desktop.ui.dialogs import ask_to_delete
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.view_state import Tone, patient_label, when


class Deletion(QObject):
    """Asks, waits for the service to hear of it, and says what came of it."""

    deleted = Signal()

    def __init__(
        self,
        parent: QWidget,
        deeds: Deeds,
        line: Line,
        custody: Custody,
        now: Callable[[], float],
    ) -> None:
        super().__init__(parent)
        self._window, self._deeds, self._line = parent, deeds, line
        self._custody, self._now = custody, now

    def ask(self, session_id: SessionId) -> None:
        """Ask about one dictation; one that still records is not asked about."""
        stored = {one.session_id: one for one in self._deeds.ask(self._line.sessions) or ()}
        if session_id not in stored:
            return
        parts = members(stored, session_id)
        if any(part.capture is not Capture.STOPPED for part in parts):
            return
        first = parts[0]
        whose = f"{patient_label(first.order.patient)}, {when(first.created_at, self._now())}"
        ask_to_delete(
            self._window,
            f"Delete this dictation now, for good? ({whose})",
            before_deleting(parts),
            "Delete now",
            lambda: self._delete(session_id, first.order.service.name),
        )

    def _delete(self, session_id: SessionId, service: str) -> None:
        self._deeds.stop_playing()
        self._deeds.told.emit(Telling("Deleting…", tone=Tone.BUSY))
        self._deeds.errands.run(
            lambda: self._custody.delete(session_id),
            partial(self._done, service),
            self._deeds.tell_error,
        )

    def _done(self, service: str, left: Left) -> None:
        message, more = after_deleting(service, left)
        self._deeds.told.emit(Telling(message, more, Tone.WARNING if left else Tone.GOOD))
        self.deleted.emit()
