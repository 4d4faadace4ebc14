"""The one shape of sound inside the program: 16 kHz, one channel, 16 bits."""

from dataclasses import dataclass

SAMPLE_RATE = 16_000
"""Frames a second, everywhere between the resampler and the encoder."""

BYTES_PER_FRAME = 2


def seconds(frames: int) -> float:
    """How long `frames` last."""
    return frames / SAMPLE_RATE


def frames_in(pcm: bytes) -> int:
    """How many frames are in 16-bit mono PCM."""
    return len(pcm) // BYTES_PER_FRAME


@dataclass(frozen=True, slots=True)
class EncodedChunk:
    """A sealed piece of speech as the service will get it.

    `body` is one self-contained file of `media_type`; it is encoded once,
    because two encodings of one chunk differ and a service must never see a
    chunk change. `frames` counts the 16 kHz frames that it holds.
    """

    index: int
    body: bytes
    frames: int
    media_type: str = "audio/webm;codecs=opus"
    extension: str = "webm"


@dataclass(frozen=True, slots=True)
class Gap:
    """Speech that could not be captured: where on the session's time line, how long, and why.

    `at_frame` counts recorded frames before the gap, `seconds_lost` is what
    the clock says went by while nothing arrived.
    """

    at_frame: int
    seconds_lost: float
    reason: str
