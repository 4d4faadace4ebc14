"""The run of `endurance.py`: hours of speech, delivered to the local service meanwhile."""

import hashlib
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from scribe_desktop import app
from scribe_desktop.app import Program
from scribe_desktop.domain.dictation import transcript
from scribe_desktop.domain.notices import Notice, SessionChanged
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.server.store import Store
from scribe_desktop.services import keeper, local_service, worker
from scribe_desktop.services.encoder import decode, decode_chunk
from scribe_desktop.services.local_service import service_key
from scribe_desktop.services.places import find_places
from tests.faults.counting_host import PHRASE
from tests.faults.endless import EndlessSource
from tests.faults.kill_harness import SAMPLE, worst_snr_db
from tests.faults.speech_clock import SpeechClock

WARM_UP_SHARE = 0.25
MOST_BEHIND = 4
"""Chunks that may wait for the service before the speaker does: the clock must not outrun it."""

PATIENCE_S = 120.0
COMPARED_EVERY = 5


def resident_mb() -> float:
    """What this process holds of the memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class LongRun:
    """Speech without a pause, on a clock that runs with it."""

    def __init__(
        self, speech_s: float, longest_session_s: int, clock: SpeechClock, clock_file: Path
    ) -> None:
        self._clock = clock
        self._speech_s = speech_s
        self._pcm = decode(SAMPLE.read_bytes())
        self._source = EndlessSource(self._pcm, speech_s, self._each_second, self._keeps_up)
        self._memory: dict[float, float] = {}
        self._behind: dict[SessionId, int] = {}
        self._changed = threading.Condition()
        self._kept_house = 0
        host = Path(__file__).with_name("counting_host.py")
        serve = [sys.executable, str(host), str(clock_file), str(longest_session_s)]
        local_service.serve_command = lambda: serve
        # Half a minute of this clock is over in a moment.
        worker.LONGEST_WAIT_S = 0.05
        self._count_house_keeping()

    def _count_house_keeping(self) -> None:
        keep_house = keeper.keep_house

        def counted(*given: Any) -> Any:
            self._kept_house += 1
            return keep_house(*given)

        setattr(app, "keep_house", counted)  # noqa: B010  what it does is done as before

    def endure(self) -> dict[str, Any]:
        """Dictate that long without a pause; what was kept of it, and what it took."""
        began = time.monotonic()
        with Program(find_places()) as program:

            def record(session_id: SessionId, cuts: Any, _name: str, tell: Any) -> Any:
                return program.hearing.record(self._source, session_id, cuts, tell)

            program.line._record_microphone = record
            program.line.subscribe(self._hear)
            program.deliver()
            first = program.line.start(Order())
            self._wait(lambda: self._is_over(program, first), self._speech_s + PATIENCE_S)
            took_s = time.monotonic() - began
            sessions = [one for one in program.line.dictation(first).sessions if not one.is_empty]
            said = transcript(program.line.dictation(first))
            found = self._compare(program, sessions)
            key = program.strongroom.key()
        there = self._at_service(key, sessions)
        warm = [mb for at, mb in self._memory.items() if at >= self._speech_s * WARM_UP_SHARE]
        expected = "\n".join(f"{one.frames} frames of {PHRASE}" for one in sessions)
        return {
            "given_frames": self._source.given,
            "kept_frames": sum(one.frames for one in sessions),
            "chunks": sum(one.chunks for one in sessions),
            "linked_sessions": len(sessions),
            "delivered": sum(one in there for one in found.pop("digests")),
            "completed": said == expected
            and all(one.outcome is Outcome.COMPLETED for one in sessions),
            "lapsed": sum(len(one.past_remote_ids) for one in sessions),
            "kept_house": self._kept_house,
            "took_s": round(took_s, 1),
            "resident_mb": round(max(self._memory.values()), 1),
            "growth_mb": round(warm[-1] - warm[0], 2),
            **found,
        }

    def _each_second(self, spoken_s: float) -> None:
        """On the recorder thread: time goes by."""
        self._clock.spoken(spoken_s)
        if spoken_s % 10 < 1:
            self._memory[spoken_s] = resident_mb()

    def _keeps_up(self, timeout_s: float) -> bool:
        """Whether the service does."""
        with self._changed:
            return self._changed.wait_for(
                lambda: sum(self._behind.values()) <= MOST_BEHIND, timeout_s
            )

    def _hear(self, notice: Notice) -> None:
        if not isinstance(notice, SessionChanged):
            return
        session = notice.session
        left = session.files - session.accepted
        if session.capture is Capture.STOPPED and not session.is_empty:
            # Its end has to arrive in its time, too.
            left += MOST_BEHIND * (session.delivery in {Delivery.UNSENT, Delivery.OPEN})
        with self._changed:
            self._behind[session.session_id] = left
            self._changed.notify_all()

    def _wait(self, true: Any, limit_s: float) -> None:
        with self._changed:
            if not self._changed.wait_for(true, limit_s):
                raise TimeoutError("the program or its service stands still")

    @staticmethod
    def _is_over(program: Program, first: SessionId) -> bool:
        return all(
            one.capture is Capture.STOPPED and (one.is_empty or one.delivery is Delivery.RESOLVED)
            for one in program.line.dictation(first).sessions
        )

    def _compare(self, program: Program, sessions: list[Session]) -> dict[str, Any]:
        """Decode every chunk, and hold some of them against what was said."""
        heard, at = np.frombuffer(self._pcm, "<i2"), 0
        decoded, worst, digests = 0, float("inf"), []
        for number, (is_edge, chunk) in enumerate(_chunks(program, sessions)):
            decoded += len(decode_chunk(chunk)) // 2
            digests.append(hashlib.sha256(chunk.body).hexdigest())
            if is_edge or number % COMPARED_EVERY == 0:
                spoken = np.take(heard, np.arange(at, at + chunk.frames), mode="wrap")
                worst = min(worst, worst_snr_db([chunk], spoken))
            at += chunk.frames
        return {"decoded_frames": decoded, "worst_snr_db": round(worst, 1), "digests": digests}

    @staticmethod
    def _at_service(key: bytes, sessions: list[Session]) -> set[str]:
        """Digests of all files of these sessions, read in the service's own store."""
        store = Store.open(find_places().service, service_key(key))
        there: set[str] = set()
        with store.reading() as rows:
            for session in sessions:
                assert session.remote is not None
                found = rows.execute(
                    "SELECT body FROM files WHERE session_id = ?", (session.remote.remote_id,)
                )
                there |= {hashlib.sha256(body).hexdigest() for (body,) in found.fetchall()}
        store.close()
        return there


def _chunks(program: Program, sessions: list[Session]) -> Iterator[tuple[bool, Any]]:
    """Each chunk, and whether it is the first or the last of its session."""
    for session in sessions:
        for index in range(session.chunks):
            is_edge = index in {0, session.chunks - 1}
            yield is_edge, program._spool.chunk(session.session_id, index)
