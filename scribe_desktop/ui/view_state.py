"""What each part of the window shows, worked out from snapshots.

No Qt in here, on purpose: every word and sentence a clinician reads about a
dictation is the value of a plain function, so each one has a plain test. The
panes ask these functions and draw; they decide nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum

from scribe_desktop.domain.audio import seconds
from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.offer import Health, Offer
from scribe_desktop.domain.order import THIS_COMPUTER, Patient
from scribe_desktop.domain.reassurance import told_once
from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.domain.speech_marks import count_marks, place_words
from scribe_desktop.domain.text import fields

MINUTE_S = 60
HOUR_S = 3600
DAYS_NAMED = 6
"""Up to so many days back a weekday is clearer than a date."""


class Tone(StrEnum):
    """How a state feels; the theme turns it into a colour, the word says it as well."""

    QUIET = "quiet"
    LIVE = "live"
    PAUSED = "paused"
    BUSY = "busy"
    GOOD = "good"
    WARNING = "warning"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class StateWord:
    """One word (or few) for where a dictation is."""

    word: str
    tone: Tone


def caution_for(session: Session) -> str:
    """What to bear in mind with this text: the engine of this computer mishears names of drugs."""
    is_written = session.delivery is Delivery.RESOLVED and not session.is_empty
    if session.order.service.is_local and is_written and not session.typed:
        return "basic offline transcript: check drug names"
    return ""


_DEAF = StateWord("Not recording", Tone.WARNING)
"""A dictation whose microphone is gone or stands still: it goes on, but nothing is taken down."""


def state_of(session: Session, *, is_heard: bool = True) -> StateWord:
    """The state word of PRODUCT.md §3; the first thing that is true from the top down.

    `is_heard`: whether sound arrives from the microphone, if it is the one that records.
    """
    if session.is_cancelled:
        return StateWord("Cancelled", Tone.GONE)
    match session.capture:
        case Capture.STARTING:
            return StateWord("Starting", Tone.BUSY)
        case Capture.RECORDING:
            is_deaf = not is_heard and not session.imported
            return _DEAF if is_deaf else StateWord("Recording", Tone.LIVE)
        case Capture.PAUSED:
            return StateWord("Paused", Tone.PAUSED)
        case Capture.STOPPED:
            return _delivery_word(session)


def _delivery_word(session: Session) -> StateWord:
    if session.is_empty:
        return StateWord("Nothing recorded", Tone.GONE)
    if session.problem is not None and (
        session.retry_at is None or session.problem.retry is not Retry.LATER
    ):
        return StateWord("Needs attention", Tone.WARNING)
    match session.delivery:
        case Delivery.UNSENT:
            return StateWord("Waiting to send", Tone.QUIET)
        case Delivery.OPEN:
            return _sending_word(session)
        case Delivery.ENDED:
            return StateWord("Processing", Tone.BUSY)
        case Delivery.RESOLVED:
            return _OUTCOME_WORDS[session.outcome or Outcome.FAILED]


def _sending_word(session: Session) -> StateWord:
    if session.problem is not None:
        return StateWord("Waiting to send", Tone.QUIET)
    if session.typed:
        return StateWord("Sending", Tone.BUSY)
    number = min(session.accepted_chunks + 1, session.chunks)
    return StateWord(f"Sending {number} of {session.chunks}", Tone.BUSY)


_OUTCOME_WORDS = {
    Outcome.COMPLETED: StateWord("Ready", Tone.GOOD),
    Outcome.PARTIAL: StateWord("Partial", Tone.WARNING),
    Outcome.FAILED: StateWord("Needs attention", Tone.WARNING),
}


def clock(duration_s: float) -> str:
    """A running timer: 0:07, 12:30, 1:02:03."""
    return place_words(duration_s)


def length_of(session: Session) -> str:
    """How long a dictation is, in words short enough for a row; nothing while it grows."""
    if session.capture is not Capture.STOPPED:
        return ""
    if session.typed:
        return "Text"
    whole = round(seconds(session.frames))
    if whole < MINUTE_S:
        return f"{whole} s"
    if whole < HOUR_S:
        return f"{whole // MINUTE_S} min {whole % MINUTE_S:02} s"
    return f"{whole // HOUR_S} h {whole % HOUR_S // MINUTE_S:02} min"


def when(at: float, now: float, zone: tzinfo | None = None) -> str:
    """The time of a dictation as one would say it; `zone` None is this computer's."""
    then, today = datetime.fromtimestamp(at, UTC), datetime.fromtimestamp(now, UTC)
    then, today = then.astimezone(zone), today.astimezone(zone)
    days = (today.date() - then.date()).days
    time_of_day = f"{then:%H:%M}"
    if days <= 0:
        return time_of_day
    if days == 1:
        return f"Yesterday {time_of_day}"
    if days <= DAYS_NAMED:
        return f"{then:%A} {time_of_day}"
    if then.year == today.year:
        return f"{then.day} {then:%B} {time_of_day}"
    return f"{then.day} {then:%B %Y}"


def patient_label(patient: Patient) -> str:
    """How a dictation is called; shown inside the window and nowhere else."""
    return patient.name or patient.oid or "No patient"


def patient_line(patient: Patient) -> str:
    """All that is known of the patient, in one line."""
    facts = (patient.oid, patient.age and f"{patient.age} y", patient.gender, patient.mobile)
    return " · ".join((patient_label(patient), *(fact for fact in facts if fact)))


@dataclass(frozen=True, slots=True)
class SessionRow:
    """One line of the list of sessions."""

    session: Session
    when: str
    patient: str
    length: str
    state: StateWord

    @property
    def key(self) -> str:
        """Which dictation it is."""
        return self.session.session_id

    @property
    def is_gone(self) -> bool:
        """Whether it was cancelled."""
        return self.session.is_cancelled

    @property
    def spoken(self) -> str:
        """The whole row as a screen reader says it."""
        return ", ".join(filter(None, (self.patient, self.when, self.length, self.state.word)))


def session_rows(
    sessions: Iterable[Session],
    query: str,
    now: float,
    zone: tzinfo | None = None,
    known: Mapping[SessionId, SessionRow] | None = None,
    *,
    is_heard: bool = True,
) -> tuple[SessionRow, ...]:
    """The rows that match every word of `query`, newest first.

    Whatever is visible in a row can be searched for. `known` are rows made
    earlier the same day: those of sessions that did not change are used again,
    because years of dictations must not make the window stall at each chunk.
    `is_heard`: whether sound arrives from the microphone of what records now.
    """
    known = known or {}
    words = query.casefold().split()
    rows = []
    for session in sorted(sessions, key=lambda one: one.created_at, reverse=True):
        row = known.get(session.session_id)
        if row is None or row.session is not session or session.capture is Capture.RECORDING:
            row = _row(session, now, zone, is_heard=is_heard)
        rows.append(row)
    return tuple(row for row in rows if _matches(row, words)) if words else tuple(rows)


def _row(session: Session, now: float, zone: tzinfo | None, *, is_heard: bool) -> SessionRow:
    return SessionRow(
        session,
        when(session.created_at, now, zone),
        patient_label(session.order.patient),
        length_of(session),
        state_of(session, is_heard=is_heard),
    )


def _matches(row: SessionRow, words: Sequence[str]) -> bool:
    shown = f"{row.spoken}, {patient_line(row.session.order.patient)}".casefold()
    return all(word in shown for word in words)


@dataclass(frozen=True, slots=True)
class RecordBarView:
    """What the record bar shows while a dictation runs or none does."""

    word: str
    tone: Tone
    record: str
    can_pause: bool
    pause: str
    can_cancel: bool
    meter_is_live: bool


def record_bar_view(running: Session | None, *, is_heard: bool = True) -> RecordBarView:
    """The record bar; "Recording" only once the microphone was really heard, and while it is."""
    if running is None or running.capture is Capture.STOPPED:
        return RecordBarView(
            "Ready", Tone.QUIET, "Record", can_pause=False, pause="Pause",
            can_cancel=False, meter_is_live=False,
        )  # fmt: skip
    match running.capture:
        case Capture.STARTING:
            word, tone = "Opening the microphone…", Tone.BUSY
        case Capture.PAUSED:
            word, tone = "Paused", Tone.PAUSED
        case Capture.RECORDING:
            state = state_of(running, is_heard=is_heard)
            word, tone = state.word, state.tone
    return RecordBarView(
        word,
        tone,
        record="Stop",
        can_pause=running.capture is not Capture.STARTING,
        pause="Resume" if running.capture is Capture.PAUSED else "Pause",
        can_cancel=True,
        meter_is_live=tone is Tone.LIVE,
    )


_HEALTH: dict[Health, tuple[str, Tone]] = {
    Health.UNKNOWN: ("Not yet reached", Tone.QUIET),
    Health.READY: ("Ready", Tone.GOOD),
    Health.STARTING: ("Starting", Tone.BUSY),
    Health.UNREACHABLE: ("Not reachable", Tone.WARNING),
    Health.SIGNED_OUT: ("Signed out", Tone.WARNING),
}


def service_state(offer: Offer) -> StateWord:
    """The health of the service, beside its name."""
    return StateWord(*_HEALTH[offer.health])


def service_name(name: str) -> str:
    """A service as it is called on screen."""
    return "This computer" if name == THIS_COMPUTER else name


def named_in_a_sentence(service: str) -> str:
    """The same, where it does not begin the sentence."""
    return "this computer" if service == THIS_COMPUTER else service


def count(number: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{number} {one if number == 1 else many}"


def unfilled(text: str) -> str:
    """What is still to be filled in a text that goes out; nothing when nothing is."""
    missing = count_marks(text)
    empty = len(fields(text)) - missing
    told = []
    if missing:
        # Not "not recorded": the recording may have it.
        places = count(missing, "place", "places")
        told.append(f"Speech is missing at {places}; a mark in the text says where.")
    if empty:
        places = count(empty, "place", "places")
        told.append(f"{places} in brackets still to be filled; F4 goes there.")
    return " ".join(told)


def foot_sentence(sessions: Sequence[Session], offer: Offer, now: float) -> str:
    """What is unsent and what is being done, in words, for the foot of the window."""
    stopped = [
        s
        for s in sessions
        if s.capture is Capture.STOPPED and not s.is_cancelled and not s.is_empty
    ]
    # Looked at in full only where something is left to do: the rest may be thousands.
    pending = (s for s in stopped if s.delivery is not Delivery.RESOLVED)
    words = [(s, state_of(s).word) for s in pending]
    stuck = sum(word == "Needs attention" for _, word in words)
    waiting = [s for s, word in words if word == "Waiting to send"]
    sending = [word for _, word in words if word.startswith("Sending")]
    processing = sum(word == "Processing" for _, word in words)
    said = []
    if stuck:
        said.append(
            f"{count(stuck, 'dictation needs', 'dictations need')} your attention."
            " The recording is safe."
        )
    if waiting:
        said.append(_waiting_sentence(waiting, now))
    said += [f"{word}." for word in sending[:1]]
    if processing:
        said.append(f"Processing {count(processing, 'dictation', 'dictations')}.")
    if not said:
        said.append("Everything is sent." if stopped else "Nothing is waiting.")
    if offer.health in (Health.UNREACHABLE, Health.SIGNED_OUT) and offer.sentence:
        said.append(offer.sentence)
    return told_once(*said)


def _waiting_sentence(waiting: Sequence[Session], now: float) -> str:
    sentence = (
        f"{count(len(waiting), 'dictation waits', 'dictations wait')} to be sent,"
        " safe on this computer."
    )
    due = [s.retry_at for s in waiting if s.retry_at is not None and s.retry_at > now]
    if not due:
        return sentence
    return f"{sentence} Next try in {rough_duration(min(due) - now)}."


def rough_duration(duration_s: float) -> str:
    """A duration as one would say it: 12 s, 4 min, 2 h."""
    whole = timedelta(seconds=max(round(duration_s), 1)).total_seconds()
    if whole < MINUTE_S:
        return f"{int(whole)} s"
    if whole < HOUR_S:
        return f"{round(whole / MINUTE_S)} min"
    return f"{round(whole / HOUR_S)} h"


def import_sentence(done_s: float, total_s: float | None) -> str:
    """How far a recording from a file has been read."""
    if total_s is None or total_s <= 0:
        return f"Reading the recording: {clock(done_s)} so far."
    if done_s >= total_s:
        return "The recording was read."
    return f"Reading the recording: {clock(done_s)} of {clock(total_s)}."


def silence_sentence(silent_s: float, pauses_in_s: float) -> tuple[str, str]:
    """What to say when nobody has spoken for a while, and what happens next."""
    said = f"Nobody has spoken for {rough_duration(silent_s)}."
    if pauses_in_s <= 0:
        return said, "The dictation is paused; nothing was thrown away."
    return said, f"The dictation is paused in {rough_duration(pauses_in_s)} unless you speak."


def waiting_sentence(session: Session, *, is_heard: bool = True) -> str:
    """Why there is no text yet; `is_heard` as for `state_of`."""
    if session.is_cancelled or session.is_empty:
        return ""
    match session.capture:
        case Capture.STARTING:
            return "The microphone is being opened."
        case Capture.RECORDING if not is_heard and not session.imported:
            return "Nothing is recorded until the microphone is back."
        case Capture.RECORDING | Capture.PAUSED:
            return "Speak; the text appears here."
        case Capture.STOPPED:
            return _undelivered_sentence(session)


def _undelivered_sentence(session: Session) -> str:
    if session.delivery is Delivery.RESOLVED:
        return "The service sent no text."
    if session.delivery is Delivery.ENDED:
        return "The text is being written."
    if session.typed:
        return "The note appears here once the text was sent."
    return "The text appears here once the dictation was sent."
