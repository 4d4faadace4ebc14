"""Notes that the patient agreed to the recording; a dictation without it says so and goes on.

Nothing here ever holds a recording up: what was not asked in time can be
noted while somebody speaks, or afterwards.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from PySide6.QtCore import QObject, Slot

from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.ui.as_one import members
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.deeds import Deeds, Telling
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.record_bar import RecordBar
from scribe_desktop.ui.results_pane import ResultsPane

NOT_NOTED = "The patient's consent to this recording is not noted."
LATER_TOO = "It can be noted now or later; the recording does not wait for it."
AGREES = "Patient agrees"


class Consent(QObject):
    """Between the tick in the bar, the dictation that runs, and the one that is shown."""

    def __init__(
        self,
        bar: RecordBar,
        pane: ResultsPane,
        deeds: Deeds,
        line: Line,
        now: Callable[[], float],
    ) -> None:
        super().__init__(bar)
        self._box, self._row, self._pane = bar.consent, pane.actions_row, pane
        self._deeds, self._line, self._now = deeds, line, now
        self._begun: set[SessionId] = set()
        self._box.clicked.connect(self._ticked)
        self._row.consent_pressed.connect(self._note_shown)
        deeds.settings_changed.connect(self.follow_settings)
        self.follow_settings()

    def listen(self, bridge: Bridge) -> None:
        """Hear of every dictation."""
        bridge.session_changed.connect(self.take_session)

    def _is_wanted(self) -> bool:
        return self._line.settings().note_consent

    @Slot()
    def follow_settings(self) -> None:
        """Offer it where it is wanted."""
        self._box.setVisible(self._is_wanted())
        self._row.offer_consent(wanted=self._is_wanted())

    @Slot(object)
    def take_session(self, session: Session) -> None:
        """A dictation has a new snapshot: one that begins is looked at once."""
        if session.capture is Capture.STOPPED:
            if session.session_id in self._begun:
                self._begun.discard(session.session_id)
                # The next visit is another patient's.
                self._box.setChecked(False)
            return
        if not self._is_wanted() or session.session_id in self._begun:
            return
        noted = session.order.consented_at is not None
        if session.capture is Capture.STARTING and not noted and not self._box.isChecked():
            # There is no recording yet, and why there may be none must not be covered.
            return
        self._begun.add(session.session_id)
        if noted:
            self._box.setChecked(True)
        elif self._box.isChecked():
            self.note(session.session_id)
        else:
            act = partial(self.note, session.session_id)
            self._deeds.told.emit(Telling(NOT_NOTED, LATER_TOO, action=AGREES, act=act))

    @Slot(bool)
    def _ticked(self, on: bool) -> None:  # noqa: FBT001  Qt's signal
        running = self._line.running()
        if running is not None:
            self.note(running.session_id, agreed=on)

    def note(self, session_id: SessionId, *, agreed: bool = True) -> None:
        """Write it down for all parts of a dictation, or take it back."""
        stored = {one.session_id: one for one in self._deeds.ask(self._line.sessions) or ()}
        at = self._now() if agreed else None
        for part in members(stored, session_id) if session_id in stored else ():
            if (part.order.consented_at is None) is agreed:
                order = replace(part.order, consented_at=at)
                self._deeds.ask(partial(self._line.amend, part.session_id, order))
            if part.capture is not Capture.STOPPED:
                self._box.setChecked(agreed)

    @Slot()
    def _note_shown(self) -> None:
        shown = self._pane.shown
        if shown is not None and not shown.origin:
            noted = shown.session.order.consented_at is not None
            self.note(shown.session.session_id, agreed=not noted)
