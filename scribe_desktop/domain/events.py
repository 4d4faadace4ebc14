"""What can happen to a dictation: facts, in the past tense, each one a value.

`machine` folds them into the session. They say what happened and never what
should happen; that is for `steps`.
"""

from dataclasses import dataclass
from typing import TypeAlias

from scribe_desktop.domain.audio import AudioForm, Gap
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.session import Problem, Remote


@dataclass(frozen=True, slots=True)
class SpeechStarted:
    """The first real block came from the microphone (or the file was opened)."""

    at: float


@dataclass(frozen=True, slots=True)
class Paused:
    """The clinician paused; the chunk time line goes on where it was."""


@dataclass(frozen=True, slots=True)
class Resumed:
    """The clinician went on."""


@dataclass(frozen=True, slots=True)
class ChunkSealed:
    """Chunk `index` of `frames` is encoded and durable."""

    index: int
    frames: int


@dataclass(frozen=True, slots=True)
class GapNoted:
    """Something was not captured, or not taken; it is marked, never hidden."""

    gap: Gap


@dataclass(frozen=True, slots=True)
class Bookmarked:
    """The clinician marked a place in the recording, while speaking or while listening."""

    at_frame: int


@dataclass(frozen=True, slots=True)
class BookmarkRemoved:
    """The clinician took that mark away."""

    at_frame: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """No more audio will come."""

    at: float


@dataclass(frozen=True, slots=True)
class Created:
    """The service opened a session."""

    remote: Remote


@dataclass(frozen=True, slots=True)
class TargetRenewed:
    """The service gave a fresh upload target for the same session."""

    remote: Remote


@dataclass(frozen=True, slots=True)
class ChunkAccepted:
    """The service acknowledged chunk `index` of its session `remote_id`."""

    index: int
    remote_id: str


@dataclass(frozen=True, slots=True)
class EndSent:
    """End is about to go out: noted first, because its reply may be lost."""


@dataclass(frozen=True, slots=True)
class EndAccepted:
    """The service knows that no more audio comes; it counted `received` chunks."""

    at: float
    received: int | None = None


@dataclass(frozen=True, slots=True)
class EndDenied:
    """The service says clearly that its session was never ended; End is due again at `until`."""

    remote_id: str
    until: float


@dataclass(frozen=True, slots=True)
class StillProcessing:
    """A poll found no terminal answer; ask again at `until`."""

    until: float


@dataclass(frozen=True, slots=True)
class Resolved:
    """A terminal answer of the service is stored here."""

    at: float
    outcome: Outcome
    remote_id: str
    received: int | None = None
    """How many files it says it had, if this answer says so."""


@dataclass(frozen=True, slots=True)
class Lapsed:
    """The service no longer knows the session: deliver again from the spool."""


@dataclass(frozen=True, slots=True)
class FoundShort:
    """The service has fewer files than it acknowledged: deliver again from the spool."""

    remote_id: str


@dataclass(frozen=True, slots=True)
class FormChosen:
    """The service takes the audio in another form: deliver in that one, from the start.

    Always in a fresh remote session: a reply may have been lost, and a service
    that has one form of a chunk must never get another one beside it.
    """

    form: AudioForm


@dataclass(frozen=True, slots=True)
class PiecesChosen:
    """A chunk is too large for the service: deliver each as so many files, from the start.

    In a fresh remote session, so that no number ever means another piece of speech.
    """

    pieces: int


@dataclass(frozen=True, slots=True)
class DeliveryFailed:
    """A step failed; the next try is due at `retry_at`, or waits for someone (None)."""

    problem: Problem
    retry_at: float | None


@dataclass(frozen=True, slots=True)
class Released:
    """The reason to wait is gone: network back, signed in, or "send now"."""


@dataclass(frozen=True, slots=True)
class OrderAmended:
    """The clinician changed patient, templates or languages."""

    order: Order


@dataclass(frozen=True, slots=True)
class AmendmentTold:
    """The service was told of `order`, or takes no changes."""

    order: Order


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The clinician threw the dictation away (softly)."""

    at: float


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The service was told that the session is cancelled."""


@dataclass(frozen=True, slots=True)
class Restored:
    """The clinician took the cancel back."""


CaptureEvent: TypeAlias = SpeechStarted | Paused | Resumed | ChunkSealed | Stopped
DeliveryEvent: TypeAlias = (
    Created
    | TargetRenewed
    | ChunkAccepted
    | EndSent
    | EndAccepted
    | EndDenied
    | StillProcessing
    | Resolved
    | Lapsed
    | FoundShort
    | FormChosen
    | PiecesChosen
    | DeliveryFailed
    | Released
)
OtherEvent: TypeAlias = (
    GapNoted
    | Bookmarked
    | BookmarkRemoved
    | OrderAmended
    | AmendmentTold
    | Cancelled
    | Withdrawn
    | Restored
)
Event: TypeAlias = CaptureEvent | DeliveryEvent | OtherEvent
