"""An engine that hears tones: each stretch of one sample value is one word of a script."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.errors import EngineError
from scribe_desktop.server.audio import Pcm
from scribe_desktop.server.engine import Engine, Heard
from scribe_desktop.server.windows import Span

WORD_S = 0.5


def spoken(*words: int, word_s: float = WORD_S) -> Pcm:
    """Speech: word n is a stretch of samples of value n, a short dip between two words."""
    dip = np.zeros(SAMPLE_RATE // 100, np.int16)
    length = int(word_s * SAMPLE_RATE) - len(dip)
    return np.concatenate(
        [np.concatenate((np.full(length, word, np.int16), dip)) for word in words]
    )


def quiet(seconds: float) -> Pcm:
    return np.zeros(int(seconds * SAMPLE_RATE), np.int16)


@dataclass
class ToneEngine:
    """Satisfies `Engine`; remembers what it was asked, fails while `broken`."""

    name: str = "tones"
    languages: Sequence[str] = ("en", "de")
    asked: list[tuple[float, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)
    broken: bool = False

    def find_speech(self, pcm: Pcm) -> list[Span]:
        voiced = np.flatnonzero(pcm)
        if not len(voiced):
            return []
        breaks = np.flatnonzero(np.diff(voiced) > SAMPLE_RATE // 10)
        starts = [voiced[0], *voiced[breaks + 1]]
        ends = [*voiced[breaks], voiced[-1]]
        return [Span(int(start), int(end) + 1) for start, end in zip(starts, ends, strict=True)]

    def transcribe(self, pcm: Pcm, *, languages: Sequence[str], hotwords: Sequence[str]) -> Heard:
        if self.broken:
            raise EngineError("The speech engine failed; the recording is safe.")
        self.asked.append((len(pcm) / SAMPLE_RATE, tuple(languages), tuple(hotwords)))
        edges = np.flatnonzero(np.diff(pcm, prepend=np.int16(0)))
        words = [f"w{pcm[edge]}" for edge in edges if pcm[edge]]
        return Heard(" ".join(words), languages[0] if languages else "en")

    @property
    def heard_s(self) -> float:
        """Seconds of sound that the last call was given."""
        return self.asked[-1][0]


def as_engine() -> Engine:
    """Proves to the type checker that the tones are an engine."""
    return ToneEngine()
