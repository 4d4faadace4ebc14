"""Reads what a service says about a session, in every shape that servers send.

Each contradiction of PROTOCOL.md §5 about replies ends here: three forms of
`templates`, six words for success and failure, statuses that the HTTP code
contradicts. What comes out is the domain's own.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

from scribe_desktop.domain.results import FilesTold, Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.session import Remote
from scribe_desktop.protocol.reading import (
    Unreadable,
    count,
    mapping,
    moment,
    objects,
    read_object,
    sequence,
    text,
    texts,
)
from scribe_desktop.protocol.requests import default_target, upload_target


@dataclass(frozen=True, slots=True)
class EndReceipt:
    """The service took End; `received` is how many files it counted, if it said."""

    received: int | None = None
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """The terminal answer.

    `to_fetch` holds (place of the note, presigned URL) for notes whose content
    lies elsewhere; `received` is how many files the service says it had.
    """

    results: Results
    to_fetch: tuple[tuple[int, str], ...] = ()
    received: int | None = None


@dataclass(frozen=True, slots=True)
class Processing:
    """No terminal answer yet. `ended` says whether the service knows of our End.

    `transcript` is what it understood so far; `remote` has the present upload
    target; `retry_after_s` is when it wants to be asked again.
    """

    remote: Remote
    transcript: str = ""
    ended: bool = True
    received: int | None = None
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Gone:
    """The service no longer has the session."""


Answer: TypeAlias = Finished | Processing | Gone

_BEFORE_END = frozenset({"initialized", "created", "recording"})
_UNDER_WAY = _BEFORE_END | {"processing", "in-progress", "in_progress"}
_GONE = frozenset({"expired", "cancelled"})
_OUTCOMES = {
    "completed": Outcome.COMPLETED,
    "partial": Outcome.PARTIAL,
    "failed": Outcome.FAILED,
}
_NOTE_STATUSES = {
    "success": NoteStatus.SUCCESS,
    "completed": NoteStatus.SUCCESS,
    "partial_success": NoteStatus.PARTIAL,
    "partial": NoteStatus.PARTIAL,
    "failed": NoteStatus.FAILED,
    "failure": NoteStatus.FAILED,
    "error": NoteStatus.FAILED,
    "processing": NoteStatus.PROCESSING,
    "in-progress": NoteStatus.PROCESSING,
    "in_progress": NoteStatus.PROCESSING,
}


def read_created(body: bytes, base_url: str) -> Remote:
    """The new session; the service's id counts, not ours (PROTOCOL.md §5 no. 12)."""
    document = read_object(body)
    remote_id = text(document.get("session_id"))
    if not remote_id:
        raise Unreadable("a session without an id")
    return _remote(document, remote_id, base_url)


def _remote(document: Mapping[str, Any], remote_id: str, base_url: str) -> Remote:
    target = document.get("upload_url")
    if not isinstance(target, dict) and not text(target):
        target = default_target(base_url, remote_id)
    expires_at, created_at = (moment(document.get(key)) for key in ("expires_at", "created_at"))
    return Remote(remote_id, upload_target(target), expires_at, created_at)


def read_ended(body: bytes) -> EndReceipt:
    """The receipt of End; a success with an odd body is a success all the same."""
    try:
        document = read_object(body)
    except Unreadable:
        return EndReceipt()
    return EndReceipt(
        count(document.get("audio_files_received")), texts(document.get("audio_files"))
    )


def read_answer(
    status: int, body: bytes, remote_id: str, base_url: str, retry_after_s: float | None = None
) -> Answer:
    """Judge the reply to a poll by its `status`, then by HTTP, then by what it holds."""
    if status == HTTPStatus.GONE:
        return Gone()
    document = read_object(body)
    word = text(document.get("status")).lower()
    if word in _GONE:
        return Gone()
    outcome = _OUTCOMES.get(word)
    if outcome is None and word not in _UNDER_WAY:
        outcome = _silent_outcome(status, document)
    if outcome is not None:
        return _finished(document, outcome)
    return Processing(
        remote=_remote(document, remote_id, base_url),
        transcript=text(document.get("transcript")),
        ended=word not in _BEFORE_END,
        received=count(document.get("audio_files_received")),
        retry_after_s=retry_after_s,
    )


def _silent_outcome(status: int, document: Mapping[str, Any]) -> Outcome | None:
    """A reply without a known status word counts as an answer only if it holds one."""
    is_filled = next(_entries(document.get("templates")), None) is not None
    if not is_filled and not text(document.get("transcript")):
        return None
    return {
        int(HTTPStatus.OK): Outcome.COMPLETED,
        int(HTTPStatus.PARTIAL_CONTENT): Outcome.PARTIAL,
    }.get(status)


def _finished(document: Mapping[str, Any], outcome: Outcome) -> Finished:
    notes: list[Note] = []
    to_fetch: list[tuple[int, str]] = []
    for template_id, entry in _entries(document.get("templates")):
        note = _note(template_id, entry)
        url = text(entry.get("presigned_url"))
        if note.content is None and url:
            to_fetch.append((len(notes), url))
        notes.append(note)
    transcript = document.get("transcript")
    return Finished(
        Results(
            outcome=outcome,
            transcript=transcript if isinstance(transcript, str) else None,
            notes=tuple(notes),
            languages=texts(document.get("language_detected")),
            model=text(document.get("model_used")),
            errors=_session_errors(document),
            files=_files_told(document),
        ),
        tuple(to_fetch),
        count(document.get("audio_files_received")),
    )


def _files_told(document: Mapping[str, Any]) -> FilesTold:
    """Which files the service has, and which it could not use, by the number in their names."""
    listed = sequence(document.get("audio_files"))
    held = [_file_number(text(name)) for name in listed]
    unread = [
        _file_number(text(item.get("file"))) for item in objects(document.get("processing_errors"))
    ]
    numbers = tuple(sorted({number for number in held if number is not None}))
    return FilesTold(
        received=count(document.get("audio_files_received")),
        # Half a list would make every file that it leaves out look as if it were missing.
        held=numbers if len(numbers) == len(listed) else (),
        unread=tuple(sorted({number for number in unread if number is not None})),
    )


_NUMBER = re.compile(r"(?:^|[^0-9])([0-9]{1,6})(?:\.[0-9A-Za-z]{1,5})?$")


def _file_number(name: str) -> int | None:
    """3 of `audio_3.webm`, `3.webm`, `chunk_3.webm` and `s3://…/3.webm` (PROTOCOL.md §5 no. 25)."""
    found = _NUMBER.search(name)
    return int(found[1]) if found else None


def _entries(templates: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:  # noqa: ANN401  JSON
    """(template id, entry) from a list of one-key objects, a map, or a flat list."""
    for item in sequence(templates):
        for key, value in mapping(item).items():
            if isinstance(value, dict):
                yield key, value
        flat = text(mapping(item).get("template_id"))
        if flat:
            yield flat, item


def _note(template_id: str, entry: Mapping[str, Any]) -> Note:
    content = entry.get("data")
    word = text(entry.get("status")).lower()
    unsaid = NoteStatus.FAILED if content is None else NoteStatus.SUCCESS
    return Note(
        template_id=template_id,
        status=_NOTE_STATUSES.get(word, unsaid),
        content=content,
        document_id=text(entry.get("document_id")),
        errors=_sentences(entry.get("errors")) + _sentences(entry.get("error")),
        warnings=_sentences(entry.get("warnings")),
    )


def _sentences(value: Any) -> tuple[str, ...]:  # noqa: ANN401  JSON
    """Errors and warnings as texts: `msg`, `message` or the code of each, or a bare string."""
    found = []
    for item in sequence(value):
        fields = mapping(item)
        said = text(fields.get("msg")) or text(fields.get("message")) or text(fields.get("code"))
        found.append(said or text(item))
    return tuple(sentence for sentence in found if sentence)


def _session_errors(document: Mapping[str, Any]) -> tuple[str, ...]:
    found = [*_sentences(document.get("error")), *_sentences(document.get("processing_errors"))]
    for item in objects(document.get("template_errors")):
        found += _sentences([item])
    return tuple(dict.fromkeys(found))
