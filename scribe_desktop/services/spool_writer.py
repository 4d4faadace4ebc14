"""Writes what was spoken to the disk in order, and gives nothing up when the disk is full or slow.

While the disk refuses or does not answer, speech stays in memory and the
clinician is told at once, during the recording and not after it; as soon as
the disk takes something again all of it is written, in the order in which it
was spoken. The recorder never waits for a disk: it must go on hearing.

What waits is kept small: speech of which there is a chunk by now waits as that
chunk, so that hours of it fit. That has an end all the same (`is_at_its_limit`),
because a computer without memory would lose all of it.
"""

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Final, Protocol

from scribe_desktop.domain.audio import BYTES_PER_FRAME, EncodedChunk, frames_in, seconds
from scribe_desktop.domain.errors import SpoolError, UnknownSession
from scribe_desktop.domain.events import Event
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.notices import Notice, SpoolTrouble
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.encoder import decode_chunk

RETRY_S: Final = 1.0

PATIENCE_S: Final = 0.25
"""A disk that is well answers in a few milliseconds; after this the recorder goes on without it."""

SLOW_S: Final = 1.0
"""A disk that has not answered for so long is said to be slow: the promised second is over."""

LIMIT_BYTES: Final = 64 << 20
"""How much may wait in memory: four and a half hours of speech, as chunks of 4 kB a second."""

REMIND_S: Final = (600.0, 1800.0, 3600.0)
"""When it is said again how much speech only memory has; after the last of them every hour."""

_REMEDY: Final = "Do not switch the computer off. Free some space on the disk, or connect it again."


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


@dataclass(frozen=True, eq=False, slots=True)
class _Due:
    """Something to write; `frames` of speech and `size` bytes that only memory has meanwhile.

    A mark says that all before it is on disk. `otherwise` saves the speech if `work` fails by a
    fault of ours.
    """

    work: Callable[[], object]
    frames: int = 0
    size: int = 0
    piece: "_Piece | None" = None
    is_mark: bool = False
    otherwise: Callable[[], object] | None = None


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece of a tail."""

    session_id: SessionId
    at_frame: int
    pcm: bytes

    def behind(self, frame: int) -> "_Piece | None":
        """What of it lies behind `frame` of its session."""
        before = max(frame - self.at_frame, 0)
        rest = self.pcm[before * BYTES_PER_FRAME :]
        return _Piece(self.session_id, self.at_frame + before, rest) if rest else None


class SpoolWriter:
    """Everything the recorder writes: asked for on the recorder thread, done on one of its own."""

    def __init__(
        self, spool: Spool, tell: Callable[[Notice], None], clock: Callable[[], float]
    ) -> None:
        self._spool = spool
        self._tell = tell
        self._clock = clock
        self._due: deque[_Due] = deque()
        self._refused_at: float | None = None
        self._refused_for = ""
        self._asked_at: float | None = None
        self._told = False
        self._reminded_s = 0.0
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
        """Frames of speech that wait in memory for the disk; from any thread."""
        return sum(due.frames for due in tuple(self._due))

    @property
    def is_at_its_limit(self) -> bool:
        """Whether so much waits in memory that no more may be added."""
        return sum(due.size for due in tuple(self._due)) >= LIMIT_BYTES

    def note(self, session_id: SessionId, *events: Event) -> None:
        """Fold events into a session, all in one change."""
        self._due.append(
            _Due(lambda: self._spool.update(session_id, lambda was: reduce(apply, events, was)))
        )
        self._write_if_taken()

    def seal(
        self,
        session_id: SessionId,
        chunk: EncodedChunk,
        *,
        until_frame: int = 0,
        stop_at: float | None = None,
    ) -> None:
        """Make a chunk durable, which ends at `until_frame` of its session."""
        frames, behind = self._take_out(session_id, until_frame)
        work = partial(self._spool.seal, session_id, chunk, stop_at=stop_at)
        # The chunk may be all there is of the speech: as a tail it is sealed by the rescue.
        tail = partial(self._keep_as_tail, session_id, chunk, until_frame) if frames else None
        self._due.append(_Due(work, frames, len(chunk.body), otherwise=tail))
        self._due.extend(behind)
        self._write_if_taken()

    def _keep_as_tail(self, session_id: SessionId, chunk: EncodedChunk, until_frame: int) -> None:
        self._spool.append_tail(session_id, until_frame - chunk.frames, decode_chunk(chunk))

    def _take_out(self, session_id: SessionId, until_frame: int) -> tuple[int, list[_Due]]:
        """Take out the pieces of a tail that need not be written, because a chunk has their speech.

        Returns how many frames those were, and what of them lies behind the chunk.
        """
        frames, behind = 0, list[_Due]()
        with self._turn:
            waiting = list(self._due)
            # The first is perhaps being written, and what a mark speaks of must be written before.
            kept = max((n for n, due in enumerate(waiting) if due.is_mark), default=0)
            for due in waiting[kept + 1 :]:
                piece = due.piece
                if piece is None or piece.session_id != session_id or piece.at_frame >= until_frame:
                    continue
                self._due.remove(due)
                rest = piece.behind(until_frame)
                frames += due.frames - (frames_in(rest.pcm) if rest else 0)
                behind += [self._piece_due(rest)] if rest else []
        return frames, behind

    def append(self, session_id: SessionId, at_frame: int, pcm: bytes) -> None:
        """Make a piece of the tail durable, if need be later."""
        self._due.append(self._piece_due(_Piece(session_id, at_frame, pcm)))
        self._write_if_taken()

    def _piece_due(self, piece: _Piece) -> _Due:
        work = partial(self._spool.append_tail, piece.session_id, piece.at_frame, piece.pcm)
        return _Due(work, frames_in(piece.pcm), len(piece.pcm), piece)

    def then(self, work: Callable[[], object]) -> None:
        """Do this when all before it is on disk; waits a moment for it and no longer."""
        self._due.append(_Due(work, is_mark=True))
        self._write_if_taken()

    def _write_if_taken(self) -> None:
        if self._refused_at is None:
            self._write()

    def retry(self, *, at_once: bool = False) -> None:
        """Try again what the disk refused, at most once a second unless `at_once`."""
        if self._bug is not None:
            raise self._bug
        if not self._due:
            return
        self._say_if_slow()
        self._say_how_much()
        waited_s = self._clock() - (self._refused_at or 0.0)
        if self._refused_at is None or at_once or waited_s >= RETRY_S:
            self._write()

    def drain(self) -> None:
        """Write all that is due, however long the disk takes, but not what fails by our fault."""
        # What was raised before speaks of one of them, and not of whatever is next by now.
        self._taken_bug()
        while self._due:
            self._ask_for_it()
            with self._turn:
                self._turn.wait_for(lambda: not self._at_work)
                if not self._due:
                    return
                if self._taken_bug() is None:
                    self._turn.wait(RETRY_S)
                    continue
                # It would fail again, and speech may wait behind it.
                failed = self._due.popleft()
                if failed.otherwise is not None:
                    self._due.appendleft(_Due(failed.otherwise, failed.frames, failed.size))

    def _taken_bug(self) -> BaseException | None:
        bug, self._bug = self._bug, None
        return bug

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
            self._at_work = True
            if self._asked_at is None:
                self._asked_at = self._clock()
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

    def _say_how_much(self) -> None:
        """Again after a while, because one sentence does not stand on a screen for an hour."""
        if not self._told:
            return
        waiting_s = seconds(self.waiting_frames)
        due_s = next((at_s for at_s in REMIND_S if at_s > self._reminded_s), None)
        if waiting_s < (due_s or self._reminded_s + REMIND_S[-1]):
            return
        self._reminded_s = due_s or self._reminded_s + REMIND_S[-1]
        self._tell(
            SpoolTrouble(
                f"The disk of this computer still takes nothing: the last {in_words(waiting_s)} "
                "of speech are only in memory.",
                _REMEDY,
            )
        )

    def say_stopped(self) -> None:
        """Say that no more is recorded, because no more may wait in memory."""
        self._told = True
        self._tell(
            SpoolTrouble(
                "The recording was stopped, because the disk of this computer takes nothing: "
                f"{in_words(seconds(self.waiting_frames))} of speech are only in memory. They are "
                "written as soon as the disk takes them.",
                f"{_REMEDY} Then start a new dictation.",
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
                self._at_work = False
                if not self._due:
                    self._asked_at = None
                self._turn.notify_all()

    def _write_all(self) -> None:
        while (due := self._first()) is not None:
            try:
                due.work()
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
            with self._turn:
                if self._due:
                    self._due.popleft()
            self._has_written = True
            self._asked_at = self._clock()
        self._refused_at, self._refused_for = None, ""
        if self._told:
            self._told, self._reminded_s = False, 0.0
            self._tell(SpoolTrouble("The recording is safe on disk again.", "", recovered=True))

    def _first(self) -> _Due | None:
        with self._turn:
            return self._due[0] if self._due else None

    def _refused(self, error: SpoolError) -> None:
        # Another reason asks for something else: a disk that was full is read-only now.
        if self._refused_for != error.message:
            self._told, self._refused_for = True, error.message
            self._tell(SpoolTrouble(error.message, error.remedy))
        self._refused_at = self._clock()


def in_words(waiting_s: float) -> str:
    """So much speech, rounded down to whole minutes."""
    hours, minutes = divmod(int(waiting_s // 60), 60)
    said = [f"{hours} hour{'s' * (hours > 1)}"] * (hours > 0)
    said += [f"{minutes} minute{'s' * (minutes != 1)}"] * (minutes > 0 or not hours)
    return " and ".join(said)


class Tail:
    """Speech of one session that is not yet in a chunk: in memory, and all but the end on disk."""

    def __init__(self, session_id: SessionId, at_frame: int = 0, pcm: bytes = b"") -> None:
        self.session_id = session_id
        self._at_frame = at_frame
        self._pcm = bytearray(pcm)
        self._durable = len(pcm)

    @property
    def at_frame(self) -> int:
        """Where in the session it begins: the end of the last chunk."""
        return self._at_frame

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
