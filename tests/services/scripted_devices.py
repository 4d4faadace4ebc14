"""Microphones and a sound system whose every mood the test decides, on a clock of its own."""

from collections.abc import Collection
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np

from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.domain.notices import MicrophoneChoice
from scribe_desktop.services.choosing import choose
from scribe_desktop.services.opening import Opened, Whereabouts
from scribe_desktop.services.source import Shape

RATE = 16_000
BLOCK_S = 0.02
FLOAT = Shape(RATE, 1, "float32")


@dataclass
class FakeClock:
    now: float = 1_000.0
    slept_s: float = 0.0

    def __call__(self) -> float:
        return self.now

    def rest(self, duration_s: float) -> None:
        self.now += duration_s

    def boot(self) -> float:
        return self.now + self.slept_s


@dataclass
class ScriptedStream:
    """Waiting for a block lets the clock go on; `sound` is what each next block holds."""

    clock: FakeClock
    shape: Shape = FLOAT
    latency_s: float = 0.02
    ended: bool = False
    closed: bool = False
    flowing: bool = True
    held_back: bool = False
    sound: float = 0.1
    taken: int = 0
    _due: float = 0.0

    def __post_init__(self) -> None:
        self._due = self.clock.now

    def take(self, timeout_s: float) -> list[tuple[float, bytes]]:
        """What came in the time that was waited; nothing while it does not flow."""
        self.clock.now += timeout_s
        if not self.flowing or self.ended:
            if not self.held_back:
                self._due = self.clock.now
            return []
        blocks = []
        while self._due + BLOCK_S <= self.clock.now:
            self._due += BLOCK_S
            wave = np.resize([self.sound, -self.sound], round(self.shape.rate * BLOCK_S))
            at = self.clock.now if self.held_back else self._due
            blocks.append((at, wave.astype("<f4").tobytes()))
        self.held_back = False
        self.taken += len(blocks)
        return blocks

    def close(self) -> None:
        self.closed = True


@dataclass
class ScriptedDevices:
    """`plugged` are the microphones there are; `hangs` means that opening never returns."""

    clock: FakeClock
    plugged: list[MicrophoneChoice] = field(default_factory=list)
    where: Whereabouts | None = None
    hangs: bool = False
    other_ways: int = 0
    other_hangs: bool = False
    asked_again: int = 0
    asked: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    streams: list[ScriptedStream] = field(default_factory=list)
    pending: list["Future[Opened]"] = field(default_factory=list)

    def open(self, wanted: str, avoid: Collection[str] = ()) -> "Future[Opened]":
        self.asked.append((wanted, tuple(avoid)))
        future: Future[Opened] = Future()
        if self.hangs:
            self.pending.append(future)
        else:
            self.answer(future, wanted, avoid)
        return future

    def open_another_way(self, wanted: str, avoid: Collection[str] = ()) -> "Future[Opened] | None":
        """As often as `other_ways` says, with `other_hangs` for whether that hangs as well."""
        self.asked_again += 1
        if self.other_ways == 0:
            return None
        self.other_ways -= 1
        future: Future[Opened] = Future()
        self.pending.append(future)
        if not self.other_hangs:
            self.answer(future, wanted, avoid)
        return future

    def answer(
        self, future: "Future[Opened]", wanted: str = "", avoid: Collection[str] = ()
    ) -> None:
        choice = choose(self.plugged, wanted, avoid)
        if choice is None:
            future.set_exception(MicrophoneError("There is no microphone.", "Connect one."))
            return
        self.streams.append(ScriptedStream(self.clock))
        future.set_result(Opened(self.streams[-1], choice))

    def whereabouts(self) -> Whereabouts | None:
        return self.where

    @property
    def stream(self) -> ScriptedStream:
        return self.streams[-1]
