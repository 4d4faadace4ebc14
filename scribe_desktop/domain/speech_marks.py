"""Marks in a text for speech that is not in it, so that nobody relies on it unwarned.

A transcript carries no times, so a place in the middle of the recording is not
known in the text. The mark then stands above it, where it is read first, and
says where in the recording to listen. What is missing at the very end is
marked at the end. A mark is a line of its own, in brackets, and never a change
of a word that was said; it goes wherever the text goes, into a record as well.
"""

import re
from collections.abc import Sequence
from typing import Final

from scribe_desktop.domain.audio import SAMPLE_RATE, Gap, seconds
from scribe_desktop.domain.results import Json

NOT_RECORDED: Final = "not recorded"
NOT_HEARD: Final = "recorded, but not heard by the service"

MARKS_KEY: Final = "missing_speech"
"""Under which the marks stand in a note that is a tree."""

_MARK: Final = re.compile(rf"\[(?:{NOT_RECORDED}|{NOT_HEARD}): [^\[\]\n]+ at [0-9:]+\]")
_MINUTE_S: Final = 60
_HOUR_S: Final = 3600
_EXACT_S: Final = 10


def place_words(at_s: float) -> str:
    """A place in a recording: 0:07, 12:30, 1:02:03."""
    hours, rest = divmod(max(int(at_s), 0), _HOUR_S)
    minutes, secs = divmod(rest, _MINUTE_S)
    return f"{hours}:{minutes:02}:{secs:02}" if hours else f"{minutes}:{secs:02}"


def mark_of(gap: Gap, frames_before: int = 0) -> str:
    """The mark of one gap; `frames_before` were recorded in the sessions before its own."""
    what = NOT_HEARD if gap.recorded else NOT_RECORDED
    lost = gap.seconds_lost
    # A damaged file does not always tell how long it was.
    length = (f"{lost:.1f} s" if lost < _EXACT_S else f"{lost:.0f} s") if lost else "a part"
    return f"[{what}: {length} at {place_words(seconds(frames_before + gap.at_frame))}]"


def count_marks(text: str) -> int:
    """How many marks a text has."""
    return len(_MARK.findall(text))


def marked_text(text: str, gaps: Sequence[Gap], frames: int, frames_before: int = 0) -> str:
    """A session's text with a mark for each gap; `frames` is how long the session is."""
    if not text:
        # There is nothing that could be relied on.
        return text
    above = [mark_of(gap, frames_before) for gap in gaps if not _is_at_end(gap, frames)]
    below = [mark_of(gap, frames_before) for gap in gaps if _is_at_end(gap, frames)]
    return "\n".join((*above, text, *below))


def marked_note(content: Json, gaps: Sequence[Gap], frames_before: int = 0) -> Json:
    """A note with all marks above it: its sentences are no longer in the order of speech."""
    if not gaps or not content:
        return content
    marks = [mark_of(gap, frames_before) for gap in gaps]
    if isinstance(content, str):
        # Each a paragraph, or Markdown would run them together.
        return "\n\n".join((*marks, content))
    if isinstance(content, dict):
        return {MARKS_KEY: list[Json](marks)} | content
    return [*marks, *content] if isinstance(content, list) else content


def _is_at_end(gap: Gap, frames: int) -> bool:
    # What the recording has takes up room in it.
    length = round(gap.seconds_lost * SAMPLE_RATE) if gap.recorded else 0
    return gap.at_frame + length >= frames
