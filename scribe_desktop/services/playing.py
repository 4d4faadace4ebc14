"""A sound on its way to the loudspeaker: a cue, or a dictation that is listened to again."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, Protocol

import numpy as np

from scribe_desktop.domain.audio import SAMPLE_RATE

_BYTES_PER_SAMPLE = 4


class Sound(Protocol):
    """Mono float32, fetched block by block."""

    @property
    def latency(self) -> float | str:
        """How far ahead of the ear it is fetched: seconds, or “high” for what is usual here."""

    def fill(self, library: ModuleType) -> Callable[..., None]:
        """The callback of the output stream."""


class Playing:
    """Mono float32 at `rate`, fetched block by block by PortAudio's thread."""

    latency = "high"

    def __init__(self, pcm: bytes, rate: int) -> None:
        self._pcm = pcm
        self._at = 0
        self.seconds = len(pcm) / _BYTES_PER_SAMPLE / rate

    def stop(self) -> None:
        """Be silent from the next block on; from any thread."""
        self._at = len(self._pcm)

    def fill(self, library: ModuleType) -> Callable[..., None]:
        """The callback of the output stream."""

        def callback(out: Any, _frames: int, _time: object, _status: object) -> None:  # noqa: ANN401  a buffer of the library's
            at = self._at
            part = self._pcm[at : at + len(out)]
            # Not over a stop that came meanwhile.
            self._at = max(self._at, at + len(part))
            out[:] = part.ljust(len(out), b"\0")
            if not part:
                raise library.CallbackStop

        return callback


def short_sound(made: Callable[[int], bytes]) -> Callable[[int], Playing]:
    """A sound that is small enough to be made whole for the loudspeaker's rate."""
    return lambda rate: Playing(made(rate), rate)


def speech_sound(pcm: bytes) -> Callable[[int], bytes]:
    """16-bit 16 kHz speech as a sound for a loudspeaker of any rate."""

    def sound(rate: int) -> bytes:
        samples = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / 32768.0
        count = round(len(samples) * rate / SAMPLE_RATE)
        # Straight lines between samples: what they add lies above speech.
        at = np.arange(count) * (SAMPLE_RATE / rate)
        played: bytes = np.interp(at, np.arange(len(samples)), samples).astype("<f4").tobytes()
        return played

    return sound
