"""What is said of dictations that a service remembers, in a row and above a list.

No Qt in here, as in `view_state`: every word is the value of a plain function.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Results
from scribe_desktop.domain.session import Capture, Delivery, Remote, Session, SessionId
from scribe_desktop.ui.service_shelf import PastDictation
from scribe_desktop.ui.view_state import (
    StateWord,
    Tone,
    named_in_a_sentence,
    patient_label,
    patient_line,
    when,
)

HERE_TOO = "Also here"
NOTHING_THERE = "{service} remembers no dictations."
NO_MATCH = "Nothing in this list matches. Press Return to ask for this patient id."

_READY = StateWord("Ready", Tone.GOOD)
_WRITING = StateWord("Processing", Tone.BUSY)
_FAILED = StateWord("Failed", Tone.WARNING)
_CANCELLED = StateWord("Cancelled", Tone.GONE)
_UNKNOWN = StateWord("On the service", Tone.QUIET)

# Every server has words of its own for this (PROTOCOL.md §1.7 to §1.10).
_WORDS = {
    **dict.fromkeys(("success", "completed", "processed"), _READY),
    **dict.fromkeys(
        ("in-progress", "processing", "created", "initialized", "init", "recording"), _WRITING
    ),
    **dict.fromkeys(("system_failure", "request_failure", "failed", "expired"), _FAILED),
    "partial": StateWord("Partial", Tone.WARNING),
    "cancelled": _CANCELLED,
}


@dataclass(frozen=True, slots=True)
class PastRow:
    """One line of the list of what a service remembers."""

    past: PastDictation
    when: str
    patient: str
    length: str
    state: StateWord

    @property
    def key(self) -> str:
        """Which dictation it is."""
        return self.past.remote_id

    @property
    def is_gone(self) -> bool:
        """Whether it was cancelled."""
        return self.state is _CANCELLED

    @property
    def spoken(self) -> str:
        """The whole row as a screen reader says it."""
        return ", ".join(filter(None, (self.patient, self.when, self.length, self.state.word)))


def past_state(status: str) -> StateWord:
    """A service's word for how far a dictation is, as one of ours."""
    return _WORDS.get(status.casefold(), _UNKNOWN)


def past_rows(
    past: Iterable[PastDictation], known: Mapping[str, SessionId], query: str, now: float
) -> tuple[PastRow, ...]:
    """The rows that match every word of `query`, in the order of the service.

    `known` are the remote ids that belong to dictations of this computer.
    """
    words = query.casefold().split()
    rows = (
        PastRow(
            one,
            "" if one.created_at is None else when(one.created_at, now),
            patient_label(one.patient),
            HERE_TOO if one.remote_id in known else one.mode.capitalize(),
            past_state(one.status),
        )
        for one in past
    )
    return tuple(row for row in rows if _matches(row, words))


def _matches(row: PastRow, words: Sequence[str]) -> bool:
    shown = f"{row.spoken}, {patient_line(row.past.patient)}".casefold()
    return all(word in shown for word in words)


def known_here(past: Iterable[PastDictation], sessions: Iterable[Session]) -> dict[str, SessionId]:
    """Which of them were dictated on this computer: remote id to our own."""
    ours = {
        (session.order.service.base_url, remote_id): session.session_id
        for session in sessions
        for remote_id in session.remote_ids
    }
    places = ((one.service.base_url, one.remote_id) for one in past)
    return {place[1]: ours[place] for place in places if place in ours}


def as_session(past: PastDictation, results: Results | None) -> Session:
    """A snapshot to draw; it is in no spool and nothing is ever done to it."""
    at = past.created_at or 0.0
    return Session(
        session_id=SessionId(past.remote_id),
        created_at=at,
        order=Order(service=past.service, patient=past.patient),
        capture=Capture.STOPPED,
        delivery=Delivery.ENDED if results is None else Delivery.RESOLVED,
        chunks=1,
        accepted=1,
        remote=Remote(past.remote_id, ""),
        resolved_at=None if results is None else at,
        outcome=None if results is None else results.outcome,
    )


def origin_of(past: PastDictation) -> str:
    """Where a dictation is that this computer does not have."""
    name = "the service of this computer" if past.service.is_local else past.service.name
    return f"only on {name}, not to be changed here"


def asking(service: str) -> str:
    """What is said while a list is fetched."""
    return f"Asking {named_in_a_sentence(service)}…"


def could_not_ask(error: ScribeError, *, shown_before: bool) -> str:
    """Why there is no list, or only an old one."""
    kept = " What is listed is from before." if shown_before else ""
    return f"{error}{kept}"
