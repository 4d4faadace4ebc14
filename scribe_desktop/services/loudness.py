"""How loud a moment of sound is, for the meter and for the watch over the microphone."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from scribe_desktop.domain.notices import Level
from scribe_desktop.services.source import Block

SILENT_DBFS: Final = -120.0
CLIPPED: Final = 0.99
CLIPPED_RUN: Final = 3
"""Distorted sound stays at full scale for several samples; a loud peak only touches it."""

_SHORTEST: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Loudness:
    """What the watchdog wants to know of a block; `peak` is 1.0 at full scale."""

    peak: float
    clipped: bool

    @property
    def is_zero(self) -> bool:
        """Whether every sample is exactly 0, which no real microphone delivers."""
        return self.peak == 0.0


def loudness_of(block: Block) -> Loudness:
    """Measure a block in the shape in which the device delivered it."""
    if block.shape.sample == "float32":
        samples = np.abs(np.nan_to_num(np.frombuffer(block.pcm, dtype="<f4")))
    else:
        samples = np.abs(np.frombuffer(block.pcm, dtype="<i2").astype(np.float32)) / 32768.0
    if samples.size == 0:
        return Loudness(0.0, clipped=False)
    peak = float(samples.max())
    if peak < CLIPPED:
        return Loudness(peak, clipped=False)
    frames = samples.reshape(-1, block.shape.channels)
    return Loudness(peak, clipped=any(_has_run(channel >= CLIPPED) for channel in frames.T))


def level_of(pcm: bytes, *, clipping: bool = False) -> Level:
    """The level of 16-bit mono PCM for a meter."""
    samples = np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768.0
    if samples.size == 0:
        return Level(clipping=clipping)
    return Level(
        rms_dbfs=_dbfs(float(np.sqrt(np.mean(samples**2)))),
        peak_dbfs=_dbfs(float(np.abs(samples).max())),
        clipping=clipping,
    )


def _dbfs(amplitude: float) -> float:
    return max(20.0 * float(np.log10(max(amplitude, _SHORTEST))), SILENT_DBFS)


def _has_run(over: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> bool:
    run = over[CLIPPED_RUN - 1 :].copy()
    for back in range(1, CLIPPED_RUN):
        run &= over[CLIPPED_RUN - 1 - back : -back]
    return bool(run.any())
