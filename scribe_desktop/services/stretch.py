"""Plays speech slower or faster without making it deeper or higher.

Short overlapping pieces are laid down closer together or further apart, each
shifted by a few milliseconds to where it continues the one before best
(waveform similarity overlap-add). Plain resampling would change the voice.
"""

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float32]

_HALF: Final = 240
"""Half a piece: 15 ms at 16 kHz, longer than one period of any voice."""
_SEARCH: Final = 120
"""How far a piece may be shifted: 7.5 ms, so that the lowest voice finds its next period."""
_WINDOW: Final = np.hanning(2 * _HALF + 1)[:-1].astype(np.float32)


class Stretch:
    """One stretch of speech at one speed; 2.0 is twice as fast. 16 kHz mono."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        self._heard: Samples = np.zeros(0, np.float32)
        self._next = 0.0
        self._falling: Samples = np.zeros(_HALF, np.float32)
        self._goes_on: Samples | None = None

    def feed(self, samples: Samples) -> Samples:
        """What can be played of it by now."""
        if self.speed == 1.0:
            return samples
        self._heard = np.concatenate((self._heard, samples))
        pieces: list[Samples] = []
        while round(self._next) + _SEARCH + 2 * _HALF <= len(self._heard):
            pieces.append(self._piece(round(self._next)))
            self._next += _HALF * self.speed
        gone = max(round(self._next) - _SEARCH, 0)
        self._heard = self._heard[gone:]
        self._next -= gone
        return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)

    def finish(self) -> Samples:
        """The rest of it."""
        if self.speed == 1.0:
            return np.zeros(0, np.float32)
        return self.feed(np.zeros(2 * (_SEARCH + 2 * _HALF), np.float32))

    def _piece(self, near: int) -> Samples:
        at = near if self._goes_on is None else self._best(near, self._goes_on)
        whole = self._heard[at : at + 2 * _HALF]
        shaped = whole * _WINDOW
        played: Samples = self._falling + shaped[:_HALF]
        self._falling = shaped[_HALF:]
        self._goes_on = whole[_HALF:].copy()
        return played

    def _best(self, near: int, goes_on: Samples) -> int:
        """Where the sound is most like what would have come next."""
        first = max(near - _SEARCH, 0)
        region = self._heard[first : near + _SEARCH + _HALF]
        alike = np.correlate(region, goes_on, "valid")
        power = np.convolve(region * region, np.ones(_HALF, np.float32), "valid")
        return first + int(np.argmax(alike / np.sqrt(power + 1e-6)))
