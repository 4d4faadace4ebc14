"""Writes what was spoken to the disk in order, and gives nothing up when the disk is full.

While the disk refuses, speech stays in memory and the clinician is told at
once, during the recording and not after it; as soon as there is room it is
written, in the order in which it was spoken.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from scribe_desktop.domain.audio import BYTES_PER_FRAME, EncodedChunk, frames_in
from scribe_desktop.domain.errors import SpoolError, UnknownSession
from scribe_desktop.domain.events import Event
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.notices import Notice, SpoolTrouble
from scribe_desktop.domain.session import Session, SessionId

RETRY_S: Final = 1.0


class Spool(Protocol):
    """What the recorder needs of the durable store."""

    def append_tail(self, session_id: SessionId, at_frame: int, pcm: bytes) -> None:
        """Make PCM durable before it is encoded."""

    def seal(
        self, session_id: SessionId, chunk: EncodedChunk, *, stop_at: float | None = None
    ) -> Session:
        """Make a chunk durable and drop the tail it replaces, both or neither."""

    def update(self, session_id: SessionId, change: Callable[[Session], Session]) -> Session:
        """Replace a session by a pure function of itself."""

    def tail(self, session_id: SessionId) -> bytes:
        """PCM that is not yet in a chunk."""

    def sessions(self) -> Sequence[Session]:
        """All sessions."""


class SpoolWriter:
    """Everything the recorder writes, on the recorder thread."""

    def __init__(
        self, spool: Spool, tell: Callable[[Notice], None], clock: Callable[[], float]
    ) -> None:
        self._spool = spool
        self._tell = tell
        self._clock = clock
        self._due: deque[tuple[Callable[[], object], int]] = deque()
        self._refused_at: float | None = None

    @property
    def is_behind(self) -> bool:
        """Whether something waits in memory for the disk."""
        return bool(self._due)

    @property
    def waiting_frames(self) -> int:
        """Frames of tail that wait in memory for the disk; from any thread."""
        return sum(frames for _, frames in tuple(self._due))

    def note(self, session_id: SessionId, event: Event) -> None:
        """Fold an event into a session."""
        self._later(lambda: self._spool.update(session_id, lambda session: apply(session, event)))

    def seal(
        self, session_id: SessionId, chunk: EncodedChunk, *, stop_at: float | None = None
    ) -> None:
        """Make a chunk durable."""
        self._later(lambda: self._spool.seal(session_id, chunk, stop_at=stop_at))

    def append(self, session_id: SessionId, at_frame: int, pcm: bytes) -> None:
        """Make a piece of the tail durable, if need be later."""
        self._later(lambda: self._spool.append_tail(session_id, at_frame, pcm), frames_in(pcm))

    def retry(self, *, at_once: bool = False) -> None:
        """Try again what the disk refused, at most once a second unless `at_once`."""
        if not self._due:
            return
        waited_s = self._clock() - (self._refused_at or 0.0)
        if self._refused_at is None or at_once or waited_s >= RETRY_S:
            self._write()

    def _later(self, write: Callable[[], object], frames: int = 0) -> None:
        self._due.append((write, frames))
        if self._refused_at is None:
            self._write()

    def _write(self) -> None:
        while self._due:
            try:
                write, _ = self._due[0]
                write()
            except UnknownSession:
                # Not a matter of room: somebody deleted what is being recorded.
                raise
            except SpoolError as error:
                self._refused(error)
                return
            self._due.popleft()
        if self._refused_at is not None:
            self._refused_at = None
            self._tell(SpoolTrouble("The recording is safe on disk again.", "", recovered=True))

    def _refused(self, error: SpoolError) -> None:
        if self._refused_at is None:
            self._tell(SpoolTrouble(error.message, error.remedy))
        self._refused_at = self._clock()


class Tail:
    """Speech of one session that is not yet in a chunk: in memory, and all but the end on disk."""

    def __init__(self, session_id: SessionId, at_frame: int = 0, pcm: bytes = b"") -> None:
        self.session_id = session_id
        self._at_frame = at_frame
        self._pcm = bytearray(pcm)
        self._durable = len(pcm)

    @property
    def end_frame(self) -> int:
        """Frames of the session so far."""
        return self._at_frame + len(self._pcm) // BYTES_PER_FRAME

    @property
    def loose_frames(self) -> int:
        """Frames that only memory has."""
        return (len(self._pcm) - self._durable) // BYTES_PER_FRAME

    def add(self, pcm: bytes) -> None:
        """Speech that was just heard."""
        self._pcm += pcm

    def flush(self, writer: SpoolWriter) -> None:
        """Hand the loose end to the disk."""
        if loose := bytes(self._pcm[self._durable :]):
            writer.append(self.session_id, self._at_frame + self._durable // BYTES_PER_FRAME, loose)
            self._durable = len(self._pcm)

    def cut(self, pcm: bytes) -> bytes:
        """Take off a chunk; returns what is left behind it."""
        self._at_frame += frames_in(pcm)
        del self._pcm[: len(pcm)]
        self._durable = max(self._durable - len(pcm), 0)
        return bytes(self._pcm)
