"""Shows a dictation that was recorded in several linked sessions as one.

A dictation that outlasts what the service takes in one session goes on in a
linked one, and a clinician can continue an earlier dictation. Both are one
row, one transcript and one note on screen. Nothing in here changes a session;
what comes out is for the eye.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from scribe_desktop.domain.dictation import linked
from scribe_desktop.domain.receipts import counted_otherwise
from scribe_desktop.domain.results import (
    TRANSCRIPT,
    Note,
    NoteStatus,
    Outcome,
    Results,
    ResultsVersion,
)
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.ui.editing import edited_results
from scribe_desktop.ui.note_text import note_markdown

_ORDER = (Delivery.UNSENT, Delivery.OPEN, Delivery.ENDED, Delivery.RESOLVED)


def members(sessions: Mapping[SessionId, Session], session_id: SessionId) -> tuple[Session, ...]:
    """The sessions of a dictation, first to last."""
    return linked(tuple(sessions.values()), session_id)


def first_of(sessions: Mapping[SessionId, Session], session_id: SessionId) -> SessionId:
    """The session under whose id the whole dictation is shown."""
    return members(sessions, session_id)[0].session_id


def is_going_on(sessions: Mapping[SessionId, Session], session_id: SessionId) -> bool:
    """Whether a dictation is recorded further in the session that follows this one."""
    return any(
        one.follows == session_id and one.capture is not Capture.STOPPED
        for one in sessions.values()
    )


def dictations(sessions: Iterable[Session]) -> tuple[Session, ...]:
    """One session for each dictation, with what is true of all its parts."""
    by_id = {session.session_id: session for session in sessions}
    after = {session.follows: session for session in by_id.values() if session.follows}
    found = []
    for one in by_id.values():
        if one.follows in by_id:
            continue
        chain = [one]
        while chain[-1].session_id in after:
            chain.append(after[chain[-1].session_id])
        found.append(whole(chain))
    return tuple(found)


def whole(parts: Sequence[Session]) -> Session:
    """What is true of several linked sessions together; the least finished part decides."""
    first, last = parts[0], parts[-1]
    if len(parts) == 1:
        return first
    kept = [part for part in parts if not part.is_cancelled and not part.is_empty]
    if not kept:
        return replace(first, capture=last.capture)
    stuck = next((part for part in kept if part.problem is not None), None)
    chunks = sum(part.chunks for part in kept)
    resolved = all(part.delivery is Delivery.RESOLVED for part in kept)
    return replace(
        first,
        capture=last.capture,
        delivery=min((part.delivery for part in kept), key=_ORDER.index),
        chunks=chunks,
        frames=sum(part.frames for part in kept),
        accepted=sum(part.accepted_chunks for part in kept),
        pieces=1,
        received=_received(kept),
        shortfalls=max(part.shortfalls for part in kept),
        problem=stuck.problem if stuck else None,
        retry_at=stuck.retry_at if stuck else None,
        gaps=tuple(gap for part in kept for gap in part.gaps),
        bookmarks=(),
        outcome=_outcome(kept) if resolved else None,
        resolved_at=max(part.resolved_at or 0.0 for part in kept) if resolved else None,
        cancelled_at=None,
    )


def _received(parts: Sequence[Session]) -> int | None:
    """So many fewer or more than all chunks as the services counted otherwise."""
    otherwise = [part for part in parts if counted_otherwise(part)]
    if not otherwise:
        return None
    more = sum((part.received or 0) - part.files for part in otherwise)
    return max(sum(part.chunks for part in parts) + more, 0)


def _outcome(parts: Sequence[Session]) -> Outcome:
    outcomes = {part.outcome or Outcome.FAILED for part in parts}
    return outcomes.pop() if len(outcomes) == 1 else Outcome.PARTIAL


def whole_versions(
    parts: Sequence[Session], versions: Callable[[SessionId], tuple[ResultsVersion, ...]]
) -> tuple[ResultsVersion, ...]:
    """The versions of one session, or of several the latest of each, joined."""
    if len(parts) == 1:
        return versions(parts[0].session_id)
    latest = [
        found[-1]
        for part in parts
        if not part.is_cancelled and (found := versions(part.session_id))
    ]
    if not latest:
        return ()
    newest = max(latest, key=lambda version: version.at)
    return (replace(newest, results=_joined([version.results for version in latest])),)


def _joined(results: Sequence[Results]) -> Results:
    if len(results) == 1:
        return results[0]
    spoken = [one.transcript for one in results if one.transcript]
    by_template: dict[str, list[Note]] = {}
    for note in (note for one in results for note in one.notes):
        by_template.setdefault(note.template_id, []).append(note)
    return replace(
        results[0],
        transcript="\n".join(spoken) or None,
        notes=tuple(_joined_note(notes) for notes in by_template.values()),
        errors=tuple(error for one in results for error in one.errors),
    )


def _joined_note(notes: Sequence[Note]) -> Note:
    texts = [text for note in notes if (text := note_markdown(note.content))]
    statuses = {note.status for note in notes}
    return replace(
        notes[0],
        status=statuses.pop() if len(statuses) == 1 else NoteStatus.PARTIAL,
        content="\n\n".join(texts),
        errors=tuple(error for note in notes for error in note.errors),
        warnings=tuple(warning for note in notes for warning in note.warnings),
    )


def edits(
    parts: Sequence[Session],
    versions: Callable[[SessionId], tuple[ResultsVersion, ...]],
    key: str,
    text: str,
) -> list[tuple[SessionId, Results]]:
    """What to store so that the whole reads as it was edited.

    The first part takes all of the text and the others none of it, so that
    joining them again gives exactly what was written; every earlier version
    stays where it was.
    """
    wanted: list[tuple[SessionId, Results]] = []
    for part in parts:
        found = versions(part.session_id)
        if not found or part.is_cancelled:
            continue
        results = found[-1].results
        if not wanted:
            wanted.append((part.session_id, edited_results(results, key, text)))
        elif _has_text(results, key):
            wanted.append((part.session_id, edited_results(results, key, "")))
    return wanted


def _has_text(results: Results, key: str) -> bool:
    if key == TRANSCRIPT:
        return bool(results.transcript)
    return any(note.template_id == key and note.content for note in results.notes)
