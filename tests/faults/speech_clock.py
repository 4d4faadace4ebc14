"""A clock that runs with the speech: hours pass in minutes, here and in the service beside it.

It is the real one and on top of it all that was spoken, so it also goes on
while nobody speaks and something is waited for.
"""

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path

_SECONDS = struct.Struct("<d")


class SpeechClock:
    """Kept in a file, from which another process reads how much was spoken."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        self._wall, self._monotonic = time.time, time.monotonic
        self.spoken(0.0)

    def spoken(self, spoken_s: float) -> None:
        self._spoken_s = spoken_s
        os.pwrite(self._file, _SECONDS.pack(spoken_s), 0)

    def wall(self) -> float:
        return self._wall() + self._spoken_s

    def since_boot(self) -> float:
        return self._monotonic() + self._spoken_s


def clock_in(path: Path) -> Callable[[], float]:
    """The same clock, in another process."""
    file = os.open(path, os.O_RDONLY)
    return lambda: time.time() + float(_SECONDS.unpack(os.pread(file, _SECONDS.size, 0))[0])
