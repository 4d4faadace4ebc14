"""What the service made of a dictation: a transcript and its filled notes."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

TRANSCRIPT = "transcript"
"""What the transcript goes by where notes go by their template's id."""

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Outcome(StrEnum):
    """The service's terminal word for a session that it still knew."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"


class NoteStatus(StrEnum):
    """How one template fared, in one vocabulary for all servers."""

    SUCCESS = "success"
    PARTIAL = "partial"
    FAILED = "failed"
    PROCESSING = "processing"


class Author(StrEnum):
    """Who wrote a version of the results."""

    SERVICE = "service"
    CLINICIAN = "clinician"


@dataclass(frozen=True, slots=True)
class Note:
    """A filled template. `content` is Markdown text, a tree, or None if there is none."""

    template_id: str
    status: NoteStatus
    content: Json = None
    document_id: str = ""
    errors: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FilesTold:
    """What a terminal answer says of the audio files: how many, which, and which were of no use.

    Files go by the number in their name. Nothing in here means that nothing was said.
    """

    received: int | None = None
    held: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Results:
    """Everything a terminal answer held, normalised, or what a clinician made of it."""

    outcome: Outcome
    transcript: str | None = None
    notes: tuple[Note, ...] = ()
    languages: tuple[str, ...] = ()
    model: str = ""
    errors: tuple[str, ...] = ()
    edited: tuple[str, ...] = ()
    """What the clinician wrote: template ids, or `TRANSCRIPT`. No rule about text touches it."""
    files: FilesTold = FilesTold()


@dataclass(frozen=True, slots=True)
class ResultsVersion:
    """One version of a session's results; every one is kept."""

    version: int
    author: Author
    at: float
    results: Results
