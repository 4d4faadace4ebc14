"""Writes a dictation down while it is still being spoken, so that stopping leaves little to do.

Sound gathers in an open window, which is heard anew each time more arrives:
that is the live text, and at the end it is usually the answer already. When
the window would hold more than about eight seconds of speech, what it held at
the last pause is settled and a new one begins there.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.server.audio import Pcm
from scribe_desktop.server.engine import Engine
from scribe_desktop.server.sentences import join
from scribe_desktop.server.windows import Span, Window, frames_of, pack, padded

OPEN_WINDOW_FRAMES = 8 * SAMPLE_RATE
"""What may be left to hear at stop: a window costs 0.15 s and 0.05 s for each second in it."""

PAUSE_FRAMES = SAMPLE_RATE // 5
"""Quiet at the end of what arrived that shows the last word was not cut in two."""

_LONG_QUIET_FRAMES = 5 * SAMPLE_RATE
_EDGE_FRAMES = SAMPLE_RATE // 2
"""Kept of a stretch without speech, because the next word may begin softly in it."""


@dataclass(frozen=True, slots=True)
class HeardWindow:
    """A stretch of the session, in frames from its beginning, and the words in it."""

    start: int
    end: int
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that was said. `language` is empty when nothing was."""

    text: str
    language: str
    windows: tuple[HeardWindow, ...]


@dataclass(frozen=True, slots=True)
class _OpenWindow:
    """What the open window holds so far, and whether it ends between two words."""

    heard: HeardWindow
    ends_in_pause: bool


class SessionTranscriber:
    """One session's sound in, its text out.

    `feed` and `finish` belong to one worker thread, which they keep while the
    engine listens; `partial` may be called from any other. After a crash a new
    transcriber takes the saved `state` and is fed the same sound from its
    beginning: what was settled is not heard again.
    """

    def __init__(
        self,
        engine: Engine,
        languages: Sequence[str] = (),
        vocabulary: Sequence[str] = (),
        state: dict[str, Any] | None = None,
    ) -> None:
        self._engine = engine
        self._languages = tuple(dict.fromkeys(code.split("-")[0].lower() for code in languages))
        self._vocabulary = tuple(vocabulary)
        self._settled = tuple(HeardWindow(**window) for window in (state or {}).get("windows", ()))
        # Where the unsettled sound begins, and how much of what comes is settled already.
        self._base = self._skip = self._settled[-1].end if self._settled else 0
        self._pcm: Pcm = np.zeros(0, np.int16)
        self._open: _OpenWindow | None = None
        self._text = join(window.text for window in self._settled)

    def feed(self, pcm: Pcm, *, more_waiting: bool = False) -> None:
        """Take the next samples, in order, and hear what can be heard.

        With `more_waiting` only full windows are heard: a worker that has
        fallen behind catches up with fewer, longer ones. Raises EngineError;
        the sound is kept and heard with the next call.
        """
        skipped = min(self._skip, len(pcm))
        self._skip -= skipped
        if len(pcm) > skipped:
            self._pcm = np.concatenate((self._pcm, pcm[skipped:]))
            self._hear(only_full=more_waiting)

    def partial(self) -> str:
        """The text so far; its end may still change. Callable from any thread."""
        return self._text

    def state(self) -> dict[str, Any]:
        """What a new transcriber needs to go on from here, as JSON can hold it."""
        return {"windows": [asdict(window) for window in self._settled]}

    def finish(self) -> Transcript:
        """Hear what is left and return everything. Raises EngineError; then call it again."""
        if self._open is None or self._open.heard.end < self._end:
            self._hear(only_full=False)
        if self._open:
            self._settle(self._open.heard)
        return Transcript(self._text, self._language, self._settled)

    @property
    def _language(self) -> str:
        return next((window.language for window in self._settled if window.text), "")

    @property
    def _end(self) -> int:
        return self._base + len(self._pcm)

    def _hear(self, *, only_full: bool) -> None:
        spans = self._find_speech()
        if self._open and self._open.ends_in_pause and frames_of(spans) > OPEN_WINDOW_FRAMES:
            self._settle(self._open.heard)
            spans = self._find_speech()
        if not spans:
            self._forget(self._end - _EDGE_FRAMES)
            return
        if self._open and spans[-1].end <= self._open.heard.end:
            self._wait(self._open.heard)
            return
        *full, last = pack(padded(spans, Span(self._base, self._end)))
        for window, following in pairwise([*full, last]):
            cut = (window[-1].end + following[0].start) // 2
            self._settle(self._listen(window, cut))
        self._open = None
        if not only_full:
            quiet_frames = self._end - spans[-1].end
            self._open = _OpenWindow(self._listen(last, self._end), quiet_frames >= PAUSE_FRAMES)
            self._publish()

    def _find_speech(self) -> list[Span]:
        return [span.moved(self._base) for span in self._engine.find_speech(self._pcm)]

    def _listen(self, window: Window, end: int) -> HeardWindow:
        """Have one window written down; it accounts for the unsettled sound up to `end`."""
        sound = [self._pcm[span.start - self._base : span.end - self._base] for span in window]
        heard = self._engine.transcribe(
            np.concatenate(sound),
            # Once the language is known it stays: a short window tells it badly.
            languages=(self._language,) if self._language else self._languages,
            hotwords=self._vocabulary,
        )
        return HeardWindow(self._base, end, heard.text, heard.language)

    def _settle(self, window: HeardWindow) -> None:
        self._settled = (*self._settled, window)
        self._open = None
        self._forget(window.end)
        self._publish()

    def _wait(self, heard: HeardWindow) -> None:
        """Nothing was said since: the open window holds, and a long quiet settles it."""
        if self._end - heard.end > _LONG_QUIET_FRAMES:
            self._settle(heard)

    def _forget(self, until: int) -> None:
        """Drop unsettled sound that is accounted for."""
        frames = max(0, until - self._base)
        self._pcm = self._pcm[frames:].copy()
        self._base += frames

    def _publish(self) -> None:
        windows = [*self._settled, *([self._open.heard] if self._open else [])]
        self._text = join(window.text for window in windows)
