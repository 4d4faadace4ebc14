"""Which recordings are at work: at most one at the microphone, any number from files.

`Line` decides what may begin; here is only who is at it, so that a stop, a
level or a sleep reaches the right one. Looking takes no lock: the window asks
all the time and must not wait for a sound library or a disk.
"""

import threading
import time

from scribe_desktop.collaborators import Recording
from scribe_desktop.domain.audio import seconds
from scribe_desktop.domain.session import SessionId


class AtWork:
    """The recordings that have begun. Callable from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._at_microphone: tuple[SessionId, Recording] | None = None
        self._from_files: dict[SessionId, Recording] = {}

    @property
    def at_microphone(self) -> tuple[SessionId, Recording] | None:
        """The latest dictation at the microphone, by the session it began with; may have ended."""
        return self._at_microphone

    def begin_at_microphone(self, session_id: SessionId, recording: Recording) -> None:
        """This one is at the microphone now."""
        self._at_microphone = session_id, recording

    def begin_from_file(self, session_id: SessionId, recording: Recording) -> None:
        """This one reads a file; those that have read theirs to the end are forgotten."""
        with self._lock:
            at_it = {id_: one for id_, one in self._from_files.items() if not one.join(0.0)}
            self._from_files = at_it | {session_id: recording}

    def find(self, session_id: SessionId | None = None) -> Recording | None:
        """The recording of that session, or the one at the microphone."""
        running = self._at_microphone
        if running is not None and session_id in (None, running[0]):
            return running[1]
        return self._from_files.get(session_id) if session_id else None

    def close(self, timeout_s: float) -> float:
        """Stop and seal all of them; the seconds of speech that no disk took in time."""
        with self._lock:
            recordings = [*self._from_files.values()]
        if running := self._at_microphone:
            recordings.append(running[1])
        for recording in recordings:
            recording.stop()
        until = time.monotonic() + timeout_s
        return sum(
            seconds(recording.unkept_frames)
            for recording in recordings
            if not recording.join(max(until - time.monotonic(), 0.0))
        )
