"""A dictation as a value: what was asked for, how much is recorded, how far the service has it.

Nothing here changes anything: `events` says what can happen, and `machine`
which of it may happen when and what it does to a session.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType

from scribe_desktop.domain.audio import AudioForm, Gap
from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Outcome

SessionId = NewType("SessionId", str)


class Capture(StrEnum):
    """What the microphone does for this session."""

    STARTING = "starting"
    RECORDING = "recording"
    PAUSED = "paused"
    STOPPED = "stopped"


class Delivery(StrEnum):
    """How far the service has the session."""

    UNSENT = "unsent"
    OPEN = "open"
    ENDED = "ended"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Remote:
    """The session on the service's side.

    `upload_target` is whatever Create returned as `upload_url`, as JSON text:
    a URL or a presigned form. Times are seconds since the epoch by the
    service's clock, which may be far from ours.
    """

    remote_id: str
    upload_target: str
    expires_at: float | None = None
    created_at: float | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why delivery waits, in words a clinician can read."""

    message: str
    remedy: str
    retry: Retry


@dataclass(frozen=True, slots=True)
class Session:
    """A dictation and how far it has come; a value, never changed in place."""

    session_id: SessionId
    created_at: float
    order: Order
    capture: Capture = Capture.STARTING
    delivery: Delivery = Delivery.UNSENT
    chunks: int = 0
    frames: int = 0
    accepted: int = 0
    generation: int = 0
    remote: Remote | None = None
    past_remote_ids: tuple[str, ...] = ()
    end_sent: bool = False
    ends_denied: int = 0
    """How often the present remote session turned out not to be ended after all."""
    received: int | None = None
    shortfalls: int = 0
    """How often it was delivered anew because the service had fewer files than were sent."""
    attempts: int = 0
    retry_at: float | None = None
    problem: Problem | None = None
    gaps: tuple[Gap, ...] = ()
    bookmarks: tuple[int, ...] = ()
    started_at: float | None = None
    stopped_at: float | None = None
    ended_at: float | None = None
    resolved_at: float | None = None
    outcome: Outcome | None = None
    cancelled_at: float | None = None
    withdrawn: bool = False
    amended: bool = False
    audio_form: AudioForm = AudioForm.WEBM
    pieces: int = 1
    follows: SessionId | None = None
    typed: bool = False
    """Made of a text instead of speech: the text is the first version of its results."""
    imported: bool = False
    """Read from a file, and not spoken at this computer."""

    @property
    def is_cancelled(self) -> bool:
        """Whether the clinician threw it away; it can still be restored."""
        return self.cancelled_at is not None

    @property
    def is_empty(self) -> bool:
        """Whether it is over and nothing was recorded."""
        return self.capture is Capture.STOPPED and self.chunks == 0 and not self.typed

    @property
    def files(self) -> int:
        """How many files the service gets of the chunks so far; `accepted` counts these."""
        return self.chunks * self.pieces

    @property
    def missing_files(self) -> int:
        """How many files its service says it lacks, however often they were sent."""
        if self.received is None or not self.shortfalls:
            return 0
        return max(self.files - self.received, 0)

    @property
    def accepted_chunks(self) -> int:
        """How many chunks the service has whole."""
        return self.accepted // self.pieces

    @property
    def remote_ids(self) -> tuple[str, ...]:
        """Every id this session has had on the service, oldest first."""
        present = (self.remote.remote_id,) if self.remote else ()
        return (*self.past_remote_ids, *present)
