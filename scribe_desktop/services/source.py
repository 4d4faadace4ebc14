"""Where speech comes from: a microphone, a file, or a script in a test.

The recorder knows only this interface. It asks for what was heard, waits a
moment at most, and is told everything else that matters in the same stream
and in order: a gap lies exactly between the blocks it was between.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.notices import Notice


@dataclass(frozen=True, slots=True)
class Shape:
    """How the samples of a block are laid out; channels are interleaved."""

    rate: int = SAMPLE_RATE
    channels: int = 1
    sample: str = "int16"

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame: one sample of each channel."""
        return self.channels * (4 if self.sample == "float32" else 2)


NATIVE = Shape()
"""The shape inside the program (domain/audio.py)."""


@dataclass(frozen=True, slots=True)
class Block:
    """What was heard, as the device gave it. `sample` is int16 or float32."""

    pcm: bytes
    shape: Shape = NATIVE

    @property
    def frames(self) -> int:
        """How many frames it holds."""
        return len(self.pcm) // self.shape.frame_bytes


@dataclass(frozen=True, slots=True)
class Missed:
    """`seconds` went by that could not be captured.

    They lie `ago_s` of sound before the end of the blocks handed over so far,
    because a loss is often certain only when sound has come again.
    """

    seconds: float
    reason: str
    ago_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Ended:
    """No more will come: the file is over, or the source was stopped and is drained."""


Heard: TypeAlias = Block | Missed | Notice | Ended


class Source(Protocol):
    """A microphone or a file. Every call is made on the recorder thread."""

    @property
    def is_live(self) -> bool:
        """Whether time goes by while nobody reads."""

    def open(self) -> None:
        """Begin; returns at once. Raises ScribeError if it can never begin."""

    def read(self, timeout_s: float) -> Sequence[Heard]:
        """Everything since the last call, oldest first; waits `timeout_s` at most if nothing."""

    def pause(self) -> None:
        """Give what was spoken until now, then nothing until `resume`."""

    def resume(self) -> None:
        """Go on."""

    def stop(self) -> None:
        """Give what was spoken until now, then `Ended`."""

    def close(self) -> None:
        """Let go of the device or file; returns at once and never raises."""
