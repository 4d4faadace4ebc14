"""How the program fares on this computer: latencies as measured on the dictations kept here."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Protocol

from scribe_desktop.domain.session import Session
from scribe_desktop.services.support import write_bundle
from scribe_desktop.ui.workplace import Measurement

_MOST = 20
"""The newest dictations tell how it is now; older ones how it was."""


class Line(Protocol):
    """What is measured."""

    def sessions(self) -> Sequence[Session]:
        """All sessions, newest first."""


class Diagnostics:
    """Measurements and the support bundle; `doctor` gives the object of `doctor --json`."""

    def __init__(self, line: Line, logs: Path, doctor: Callable[[], dict[str, Any]]) -> None:
        self._line = line
        self._logs = logs
        self._doctor = doctor

    def measurements(self) -> tuple[Measurement, ...]:
        """Medians over the newest dictations that were spoken here."""
        stored = self._line.sessions()
        sessions = [session for session in stored if session.frames and is_spoken(session)][:_MOST]
        pressed = [session for session in sessions if is_pressed_for(session, stored)]
        return (
            Measurement("Dictations kept here", str(len(stored))),
            Measurement("Key press to first sound", _spans(pressed, "created_at", "started_at")),
            Measurement("Stop to everything sent", _spans(sessions, "stopped_at", "ended_at")),
            Measurement("Stop to text and note", _spans(sessions, "stopped_at", "resolved_at")),
        )

    def write_bundle(self, path: str) -> None:
        """Write a support bundle without patient data; raises ScribeError."""
        measured = {line.name: line.value for line in self.measurements()}
        write_bundle(Path(path), self._logs, self._doctor(), measured)


def is_spoken(session: Session) -> bool:
    """Whether somebody spoke it; a file or a typed text tells nothing about how long one waits."""
    return not session.imported and not session.typed


def is_pressed_for(session: Session, stored: Sequence[Session]) -> bool:
    """Whether a key was pressed for it; a roll-over begins by itself, in the middle of speech."""
    before = next((one for one in stored if one.session_id == session.follows), None)
    if before is None:
        return session.follows is None
    return before.stopped_at is not None and before.stopped_at <= session.created_at


def _spans(sessions: Iterable[Session], start: str, end: str) -> str:
    spans = [
        getattr(session, end) - getattr(session, start)
        for session in sessions
        if getattr(session, start) is not None and getattr(session, end) is not None
    ]
    if not spans:
        return "not measured yet"
    return f"{median(spans) * 1000:.0f} ms (median of {len(spans)})"
