"""A dictation as it is shown and printed: one or more linked sessions, told as one.

A dictation that outlasts what the service takes in one session goes on in a
linked session (`Session.follows`). Whoever reads it sees one transcript, one
length and one status; only the list of remote ids tells that there were several.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from scribe_desktop.domain.audio import Gap, seconds
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.reassurance import of_text
from scribe_desktop.domain.receipts import Receipt, receipts_record
from scribe_desktop.domain.results import Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.session import Delivery, Session, SessionId


class Status(StrEnum):
    """One word for the whole dictation."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    WAITING = "waiting"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Dictation:
    """Linked sessions in the order they were spoken, with the latest results of each."""

    sessions: tuple[Session, ...]
    results: Mapping[SessionId, Results]
    receipts: Mapping[SessionId, tuple[Receipt, ...]] = field(default_factory=dict)

    @property
    def first(self) -> Session:
        """The session that carries the dictation's id."""
        return self.sessions[0]

    @property
    def last(self) -> Session:
        """The session that was recorded last."""
        return self.sessions[-1]


def linked(sessions: Sequence[Session], session_id: SessionId) -> tuple[Session, ...]:
    """The sessions of the dictation that `session_id` belongs to, first to last."""
    by_id = {session.session_id: session for session in sessions}
    after = {session.follows: session for session in sessions if session.follows}
    first = by_id[session_id]
    while first.follows in by_id:
        first = by_id[first.follows]
    chain = [first]
    while chain[-1].session_id in after:
        chain.append(after[chain[-1].session_id])
    return tuple(chain)


def status(dictation: Dictation) -> Status:
    """Completed only if every session is; what is still under way wins over the rest."""
    audible = [session for session in dictation.sessions if not session.is_empty]
    if not audible:
        return Status.EMPTY
    if any(session.delivery is not Delivery.RESOLVED for session in audible):
        return Status.WAITING
    outcomes = {session.outcome for session in audible}
    if outcomes == {Outcome.COMPLETED}:
        return Status.COMPLETED if _holds_words(dictation) else Status.EMPTY
    return Status.FAILED if outcomes == {Outcome.FAILED} else Status.PARTIAL


def transcript(dictation: Dictation) -> str | None:
    """The text of all sessions joined, or None while there is none."""
    texts = [_transcript_of(dictation, session) for session in dictation.sessions]
    known = [text for text in texts if text is not None]
    return "\n".join(text for text in known if text) if known else None


def report(
    dictation: Dictation, *, error: ScribeError | None = None, now: float | None = None
) -> dict[str, Any]:
    """The object that `--json` prints; every key is always present.

    Times are milliseconds, null where the step has not been reached. `now` is
    only for a caller that has the result in its hands at that instant.
    """
    first, last = dictation.first, dictation.last
    resolved = now if now is not None and last.resolved_at else last.resolved_at
    stuck = next((s for s in dictation.sessions if s.problem), None)
    failure: dict[str, str] | None = None
    if error is not None:
        failure = {"message": error.message, "remedy": error.remedy}
    elif stuck is not None and stuck.problem is not None:
        message = stuck.problem.message
        failure = {
            "message": of_text(message) if stuck.typed else message,
            "remedy": stuck.problem.remedy,
        }
    results = [
        dictation.results[s.session_id]
        for s in dictation.sessions
        if s.session_id in dictation.results
    ]
    return {
        "session_id": first.session_id,
        "remote_session_ids": [rid for session in dictation.sessions for rid in session.remote_ids],
        "status": str(status(dictation)),
        "transcript": transcript(dictation),
        "templates": [_note_record(note) for note in notes_of(dictation)],
        "languages": list(
            next((r.languages for r in results if r.languages), first.order.languages)
        ),
        "model": next((r.model for r in results if r.model), first.order.model),
        "audio_seconds": round(seconds(sum(s.frames for s in dictation.sessions)), 3),
        "chunks": sum(s.chunks for s in dictation.sessions),
        "gaps": [_gap_record(place) for place in gaps(dictation)],
        "receipts": receipts_record(dictation.sessions, dictation.receipts),
        "timings_ms": {
            "first_block": _elapsed_ms(first.created_at, first.started_at),
            "stop_to_end": _elapsed_ms(last.stopped_at, last.ended_at),
            "stop_to_transcript": _elapsed_ms(last.stopped_at, resolved),
            "stop_to_note": _elapsed_ms(last.stopped_at, resolved),
        },
        "error": failure,
    }


@dataclass(frozen=True, slots=True)
class PlacedGap:
    """A gap, and how many frames of the whole dictation come before it."""

    at_frame: int
    gap: Gap


def gaps(dictation: Dictation) -> tuple[PlacedGap, ...]:
    """What is not in the text, over all linked sessions, in the order of speech."""
    found: list[PlacedGap] = []
    before = 0
    for session in dictation.sessions:
        found += (PlacedGap(before + gap.at_frame, gap) for gap in session.gaps)
        before += session.frames
    return tuple(sorted(found, key=lambda placed: placed.at_frame))


def _gap_record(placed: PlacedGap) -> dict[str, Any]:
    return {
        "start": round(seconds(placed.at_frame), 3),
        "length": round(placed.gap.seconds_lost, 3),
        "why": placed.gap.reason,
        "recorded": placed.gap.recorded,
    }


def listing(session: Session) -> dict[str, Any]:
    """One line of `sessions --json`."""
    return {
        "session_id": session.session_id,
        "created_at": session.created_at,
        "status": _listed_status(session),
        "audio_seconds": round(seconds(session.frames), 3),
        "chunks": session.chunks,
        "accepted": session.accepted_chunks,
        "service": session.order.service.name,
    }


def _listed_status(session: Session) -> str:
    if session.is_cancelled:
        return "cancelled"
    if session.is_empty:
        return str(Status.EMPTY)
    if session.delivery is Delivery.RESOLVED and session.outcome is not None:
        return str(session.outcome)
    return str(session.capture) if session.stopped_at is None else str(Status.WAITING)


def _transcript_of(dictation: Dictation, session: Session) -> str | None:
    results = dictation.results.get(session.session_id)
    return results.transcript if results else None


def _holds_words(dictation: Dictation) -> bool:
    """Whether something was understood; a note that failed for want of speech does not count."""
    filled = (note for note in notes_of(dictation) if note.status is not NoteStatus.FAILED)
    return bool(transcript(dictation)) or any(note.content for note in filled)


def notes_of(dictation: Dictation) -> tuple[Note, ...]:
    """The notes of all sessions, in order; a linked session adds its own."""
    return tuple(
        note
        for session in dictation.sessions
        if session.session_id in dictation.results
        for note in dictation.results[session.session_id].notes
    )


def _note_record(note: Note) -> dict[str, Any]:
    return {
        "id": note.template_id,
        "status": str(note.status),
        "data": note.content,
        "errors": list(note.errors),
    }


def _elapsed_ms(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else round((end - start) * 1000, 1)
