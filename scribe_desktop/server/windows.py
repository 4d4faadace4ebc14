"""Packs speech into the windows that the engine hears, cut only where the speaker pauses.

Whisper hears at most 30 s at once, and longer input is cut wherever it happens
to be. So the pauses are found first, long ones are taken out, and neighbours
share a window up to 28 s. Built-in filters that do the same while decoding drop
whole sentences when hotwords are on (SPEECH.md).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scribe_desktop.domain.audio import SAMPLE_RATE

LONGEST_WINDOW_FRAMES = 28 * SAMPLE_RATE

PAD_FRAMES = 2 * SAMPLE_RATE // 5
"""Kept on each side of speech: the detector is late for soft beginnings and early for soft ends."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Speech between two pauses: first frame and the one after the last."""

    start: int
    end: int

    @property
    def frames(self) -> int:
        """How long it is."""
        return self.end - self.start

    def moved(self, frames: int) -> "Span":
        """The same speech on another time line."""
        return Span(self.start + frames, self.end + frames)


Window = tuple[Span, ...]
"""Spans heard together, in order."""


def frames_of(window: Iterable[Span]) -> int:
    """How much speech a window holds."""
    return sum(span.frames for span in window)


def padded(spans: Sequence[Span], whole: Span) -> list[Span]:
    """Give every span its soft edges within `whole`; close neighbours share the quiet between."""
    ends = [whole.start, *(span.end for span in spans)]
    starts = [*(span.start for span in spans), whole.end]
    result: list[Span] = []
    for span, end_before, start_after in zip(spans, ends, starts[1:], strict=False):
        first, last = end_before == whole.start, start_after == whole.end
        before = span.start - end_before
        after = start_after - span.end
        result.append(
            Span(
                span.start - min(PAD_FRAMES, before if first else before // 2),
                span.end + min(PAD_FRAMES, after if last else after - after // 2),
            )
        )
    return result


def pack(spans: Sequence[Span], limit_frames: int = LONGEST_WINDOW_FRAMES) -> list[Window]:
    """Put neighbours together; no window is longer than the limit unless one span alone is."""
    windows: list[Window] = []
    current: Window = ()
    for span in spans:
        if current and frames_of(current) + span.frames > limit_frames:
            windows.append(current)
            current = ()
        current = (*current, span)
    if current:
        windows.append(current)
    return windows
