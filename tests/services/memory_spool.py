"""A spool in memory that keeps the same promises, and can refuse like a full disk."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from scribe_desktop.domain.audio import EncodedChunk, frames_in
from scribe_desktop.domain.errors import DiskFull, SpoolError
from scribe_desktop.domain.events import ChunkSealed, Stopped
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Session, SessionId


@dataclass
class MemorySpool:
    """`refuses` is raised by every write while it is set."""

    stored: dict[SessionId, Session] = field(default_factory=dict)
    chunks: dict[SessionId, list[EncodedChunk]] = field(default_factory=dict)
    tails: dict[SessionId, bytes] = field(default_factory=dict)
    refuses: SpoolError | None = None

    def add(self, session_id: str, **changes: object) -> SessionId:
        key = SessionId(session_id)
        self.stored[key] = replace(Session(key, 0.0, Order()), **changes)  # type: ignore[arg-type]
        self.chunks[key], self.tails[key] = [], b""
        return key

    def fill_up(self) -> None:
        self.refuses = DiskFull("The disk is full.", "Make room.")

    def make_room(self) -> None:
        self.refuses = None

    def append_tail(self, session_id: SessionId, at_frame: int, pcm: bytes) -> None:
        self._may_write()
        end = self.stored[session_id].frames + frames_in(self.tails[session_id])
        assert at_frame == end, "the tail goes on where it was"
        self.tails[session_id] += pcm

    def seal(
        self, session_id: SessionId, chunk: EncodedChunk, *, stop_at: float | None = None
    ) -> Session:
        self._may_write()
        session = apply(self.stored[session_id], ChunkSealed(chunk.index, chunk.frames))
        if stop_at is not None:
            session = apply(session, Stopped(stop_at))
        self.stored[session_id] = session
        self.chunks[session_id].append(chunk)
        self.tails[session_id] = self.tails[session_id][2 * chunk.frames :]
        return session

    def update(self, session_id: SessionId, change: Callable[[Session], Session]) -> Session:
        self._may_write()
        self.stored[session_id] = change(self.stored[session_id])
        return self.stored[session_id]

    def tail(self, session_id: SessionId) -> bytes:
        return self.tails[session_id]

    def sessions(self) -> tuple[Session, ...]:
        return tuple(self.stored.values())

    def _may_write(self) -> None:
        if self.refuses is not None:
            raise self.refuses
