"""A recording as one line of time, for whoever listens to it again.

A dictation may lie in several linked sessions. For the ear it is one line,
with a mark wherever something could not be recorded and wherever the
clinician left a bookmark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from scribe_desktop.domain.audio import SAMPLE_RATE, seconds
from scribe_desktop.domain.session import Session, SessionId

STEP_S: Final = 3.0
"""How far one press goes back or forward: a short sentence."""

SPEEDS: Final = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)

SAME_PLACE_S: Final = 0.75
"""Bookmarks nearer than this are the same one, and going back leaves the one just reached."""


@dataclass(frozen=True, slots=True)
class MissingSpeech:
    """A place where speech is missing, or a stretch that the service did not hear."""

    at_s: float
    lost_s: float
    reason: str
    recorded: bool = False

    @property
    def words(self) -> str:
        """What it is."""
        # A damaged file does not always tell how long it was.
        lost = f"{self.lost_s:.1f} s missing" if self.lost_s else "A part is missing"
        return f"{lost}: {self.reason}"


@dataclass(frozen=True, slots=True)
class TimeLine:
    """What the line of time shows."""

    length_s: float = 0.0
    missing: tuple[MissingSpeech, ...] = ()
    bookmarks: tuple[float, ...] = ()

    def bookmark_at(self, at_s: float) -> float | None:
        """The bookmark at that place, if there is one."""
        near = [place for place in self.bookmarks if abs(place - at_s) < SAME_PLACE_S]
        return min(near, key=lambda place: abs(place - at_s), default=None)

    def bookmark_after(self, at_s: float) -> float | None:
        """The next bookmark."""
        return next((place for place in self.bookmarks if place > at_s + SAME_PLACE_S), None)

    def bookmark_before(self, at_s: float) -> float | None:
        """The one before, and not the one that was only just reached."""
        passed = [place for place in self.bookmarks if place < at_s - SAME_PLACE_S]
        return passed[-1] if passed else None

    def within(self, at_s: float) -> float:
        """The nearest place that there is."""
        return min(max(at_s, 0.0), self.length_s)


def audible(sessions: Sequence[Session]) -> tuple[Session, ...]:
    """The linked sessions that are heard, in order; cancelled ones are not."""
    return tuple(one for one in sessions if not one.is_cancelled and one.frames)


def time_line(sessions: Sequence[Session]) -> TimeLine:
    """The line of a dictation's linked sessions."""
    before = 0
    missing: list[MissingSpeech] = []
    bookmarks: list[float] = []
    for one in audible(sessions):
        missing += [
            MissingSpeech(
                seconds(before + min(gap.at_frame, one.frames)),
                gap.seconds_lost,
                gap.reason,
                gap.recorded,
            )
            for gap in one.gaps
        ]
        bookmarks += [seconds(before + min(place, one.frames)) for place in one.bookmarks]
        before += one.frames
    return TimeLine(seconds(before), tuple(missing), tuple(bookmarks))


def place_of(sessions: Sequence[Session], at_s: float) -> tuple[SessionId, int] | None:
    """The session and the frame in it that are heard at a place, or None when nothing is."""
    rest = round(max(at_s, 0.0) * SAMPLE_RATE)
    heard = audible(sessions)
    for one in heard:
        if rest < one.frames:
            return one.session_id, rest
        rest -= one.frames
    return (heard[-1].session_id, heard[-1].frames) if heard else None
