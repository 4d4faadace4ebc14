"""Looks through what a service remembers, and shows one of those dictations.

One that was dictated on this computer opens as ours, with everything that
can be done to it. Any other is fetched when it is chosen and can be read,
copied and heard; nothing here changes it.
"""

from collections.abc import Callable, Iterable
from functools import partial

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.domain.results import Author, Results, ResultsVersion
from scribe_desktop.domain.session import Session
from scribe_desktop.ui.deeds import Deeds, Telling
from scribe_desktop.ui.dialogs import ask_to_delete
from scribe_desktop.ui.past_list import PastList
from scribe_desktop.ui.past_rows import as_session, known_here, origin_of
from scribe_desktop.ui.results_pane import ResultsPane, Shown
from scribe_desktop.ui.service_shelf import History, PastDictation
from scribe_desktop.ui.view_state import Tone, patient_label

SETTLE_MS = 200
"""Whoever walks down the list with the arrow keys does not want each of them fetched."""

_FETCHING = "The text is being fetched."
_WRITING = "The service is still writing. Choose it again in a moment."


class PastDictations(QObject):
    """Between the list, the service and the pane on the right."""

    ours_chosen = Signal(str)

    def __init__(
        self,
        listing: PastList,
        pane: ResultsPane,
        deeds: Deeds,
        history: History,
        *,
        service: Callable[[], ServiceRef],
        sessions: Callable[[], Iterable[Session]],
        offer: Callable[[], Offer],
    ) -> None:
        super().__init__(listing)
        self._list, self._pane, self._deeds, self._history = listing, pane, deeds, history
        self._service, self._sessions, self._offer = service, sessions, offer
        self._fetched: dict[PastDictation, Results] = {}
        self._asked_of: ServiceRef | None = None
        self._question = 0
        self._wanted: PastDictation | None = None
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self._fetch)
        listing.asked.connect(self.ask)
        listing.chosen.connect(self._choose)
        listing.take_out_pressed.connect(self._ask_to_take_out)

    def come_into_view(self) -> None:
        """Somebody looks: ask, unless this service was asked already."""
        if self._asked_of != self._service():
            self.ask("")
        elif (current := self._list.current()) is not None:
            self._choose(current)

    @Slot()
    def follow_service(self) -> None:
        """Another service may have been chosen while somebody looks."""
        if self._list.isVisible() and self._asked_of not in (None, self._service()):
            self.ask("")

    @Slot(str)
    def ask(self, patient_oid: str) -> None:
        """Fetch the list, of one patient if an id is given."""
        service = self._service()
        self._asked_of = service
        self._question += 1
        self._list.show_asking(service.name)
        self._deeds.errands.run(
            lambda: self._history.past(patient_oid),
            partial(self._take_list, self._question),
            partial(self._take_refusal, self._question),
        )

    def _take_list(self, question: int, past: tuple[PastDictation, ...]) -> None:
        if question == self._question:
            self._list.show_past(past, known_here(past, self._sessions()))

    def _take_refusal(self, question: int, error: ScribeError) -> None:
        if question == self._question:
            self._asked_of = None
            self._list.show_error(error)

    # --- one of them ---
    @Slot(object)
    def _choose(self, past: PastDictation) -> None:
        self._settle.stop()
        self._wanted = past
        ours = known_here((past,), self._sessions())
        if ours:
            self.ours_chosen.emit(ours[past.remote_id])
            return
        self._deeds.stop_playing()
        self._draw(past, self._fetched.get(past), _FETCHING)
        if past not in self._fetched:
            self._settle.start()

    @Slot()
    def _fetch(self) -> None:
        past = self._wanted
        if past is not None:
            self._deeds.errands.run(
                lambda: self._history.result(past),
                partial(self._take_result, past),
                partial(self._take_no_result, past),
            )

    def _take_result(self, past: PastDictation, results: Results | None) -> None:
        if results is not None:
            self._fetched[past] = results
        if self.shown() == past:
            self._draw(past, results, _WRITING)

    def _take_no_result(self, past: PastDictation, error: ScribeError) -> None:
        if self.shown() == past:
            self._draw(past, None, str(error))

    def _draw(self, past: PastDictation, results: Results | None, waiting: str) -> None:
        at = past.created_at or 0.0
        versions = () if results is None else (ResultsVersion(1, Author.SERVICE, at, results),)
        session = as_session(past, results)
        self._pane.show_session(
            Shown(session, versions, self._offer(), origin=origin_of(past), waiting=waiting)
        )

    # --- taking one out of the list ---
    @Slot(object)
    def _ask_to_take_out(self, past: PastDictation) -> None:
        ask_to_delete(
            self._list,
            f"Take this dictation ({patient_label(past.patient)}) out of the service's list?",
            "It is no longer listed there, and cannot be brought back from here."
            " What is stored on this computer stays.",
            "Take it out",
            lambda: self._take_out(past),
        )

    def _take_out(self, past: PastDictation) -> None:
        self._deeds.errands.run(
            lambda: self._history.take_out(past),
            lambda _: self._taken_out(past),
            self._deeds.tell_error,
        )

    def _taken_out(self, past: PastDictation) -> None:
        if self.shown() == past:
            self._pane.show_nothing()
        self._deeds.told.emit(Telling("Taken out of the service's list.", tone=Tone.GOOD))
        self.ask("")

    def shown(self) -> PastDictation | None:
        """The one in the pane, if it is one of these."""
        shown, wanted = self._pane.shown, self._wanted
        if shown is None or not shown.origin or wanted is None:
            return None
        return wanted if shown.session.session_id == wanted.remote_id else None

    @Slot()
    def play(self) -> None:
        """Fetch the recording of the one that is shown, and play it."""
        past = self.shown()
        if past is not None:
            self._deeds.play_sound(lambda: self._history.recording(past))
