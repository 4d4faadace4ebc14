"""Writes what was spoken to the disk in order, and gives nothing up when the disk is full or slow.

While the disk refuses or does not answer, speech stays in memory and the
clinician is told at once, during the recording and not after it; as soon as
the disk takes something again all of it is written, in the order in which it
was spoken. The recorder never waits for a disk: it must go on hearing.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Final, Protocol

from scribe_desktop.domain.audio import BYTES_PER_FRAME, EncodedChunk, frames_in
from scribe_desktop.domain.errors import SpoolError, UnknownSession
from scribe_desktop.domain.events import Event
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.notices import Notice, SpoolTrouble
from scribe_desktop.domain.session import Session, SessionId

RETRY_S: Final = 1.0

PATIENCE_S: Final = 0.25
"""A disk that is well answers in a few milliseconds; after this the recorder goes on without it."""

SLOW_S: Final = 1.0
"""A disk that has not answered for so long is said to be slow: the promised second is over."""


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
    """Everything the recorder writes: asked for on the recorder thread, done on one of its own."""

    def __init__(
        self, spool: Spool, tell: Callable[[Notice], None], clock: Callable[[], float]
    ) -> None:
        self._spool = spool
        self._tell = tell
        self._clock = clock
        self._due: deque[tuple[Callable[[], object], int]] = deque()
        self._refused_at: float | None = None
        self._asked_at: float | None = None
        self._told = False
        self._has_written = False
        self._bug: BaseException | None = None
        self._turn = threading.Condition()
        self._at_work = False
        self._over = False
        self._thread: threading.Thread | None = None

    @property
    def is_behind(self) -> bool:
        """Whether something waits in memory for the disk."""
        return bool(self._due)

    @property
    def waiting_frames(self) -> int:
        """Frames of tail that wait in memory for the disk; from any thread."""
        return sum(frames for _, frames in tuple(self._due))

    def note(self, session_id: SessionId, *events: Event) -> None:
        """Fold events into a session, all in one change."""
        self.then(lambda: self._spool.update(session_id, lambda was: reduce(apply, events, was)))

    def seal(
        self, session_id: SessionId, chunk: EncodedChunk, *, stop_at: float | None = None
    ) -> None:
        """Make a chunk durable."""
        self.then(lambda: self._spool.seal(session_id, chunk, stop_at=stop_at))

    def append(self, session_id: SessionId, at_frame: int, pcm: bytes) -> None:
        """Make a piece of the tail durable, if need be later."""
        self.then(lambda: self._spool.append_tail(session_id, at_frame, pcm), frames_in(pcm))

    def then(self, work: Callable[[], object], frames: int = 0) -> None:
        """Do this when all before it is on disk; waits a moment for it and no longer."""
        self._due.append((work, frames))
        if self._refused_at is None:
            self._write()

    def retry(self, *, at_once: bool = False) -> None:
        """Try again what the disk refused, at most once a second unless `at_once`."""
        if self._bug is not None:
            raise self._bug
        if not self._due:
            return
        self._say_if_slow()
        waited_s = self._clock() - (self._refused_at or 0.0)
        if self._refused_at is None or at_once or waited_s >= RETRY_S:
            self._write()

    def drain(self) -> None:
        """Write all that is due, however long the disk takes, but not what fails by our fault."""
        while self._due:
            self._ask_for_it()
            with self._turn:
                self._turn.wait_for(lambda: not self._at_work)
                if not self._due:
                    return
                if self._bug is None:
                    self._turn.wait(RETRY_S)
                    continue
                # It would fail again, and speech may wait behind it.
                self._bug = None
                self._due.popleft()

    def close(self) -> None:
        """End the thread when what it does is done; returns at once."""
        with self._turn:
            self._over = True
            self._turn.notify_all()

    # --- on the recorder thread ---------------------------------------------------------

    def _write(self) -> None:
        """Have all that is due written; goes on without the disk if it is slow."""
        self._ask_for_it()
        if self._bug is not None:
            raise self._bug

    def _ask_for_it(self) -> None:
        with self._turn:
            if self._at_work:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="spool writer", daemon=True)
                self._thread.start()
            self._at_work, self._asked_at = True, self._clock()
            self._turn.notify_all()
            self._turn.wait_for(lambda: not self._at_work, PATIENCE_S)

    def _say_if_slow(self) -> None:
        asked_at = self._asked_at
        if asked_at is None or self._told or self._clock() - asked_at < SLOW_S:
            return
        self._told = True
        self._tell(
            SpoolTrouble(
                "The disk of this computer does not answer. What you say is kept in memory "
                "until it does.",
                "Do not switch the computer off before the disk answers.",
            )
        )

    # --- on the writer's own thread -------------------------------------------------------

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._at_work or self._over)
                if not self._at_work:
                    return
            try:
                self._write_all()
            except BaseException as bug:  # noqa: BLE001  raised on the recorder thread
                self._bug = bug
            with self._turn:
                self._at_work, self._asked_at = False, None
                self._turn.notify_all()

    def _write_all(self) -> None:
        while self._due:
            try:
                write, _ = self._due[0]
                write()
            except UnknownSession:
                if self._has_written:
                    # Not a matter of room: somebody deleted what is being recorded.
                    raise
                # The disk has not yet taken the session itself.
                self._refused_at = self._clock()
                return
            except SpoolError as error:
                self._refused(error)
                return
            if self._due:
                self._due.popleft()
            self._has_written = True
            self._asked_at = self._clock()
        self._refused_at = None
        if self._told:
            self._told = False
            self._tell(SpoolTrouble("The recording is safe on disk again.", "", recovered=True))

    def _refused(self, error: SpoolError) -> None:
        if self._refused_at is None:
            self._told = True
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
