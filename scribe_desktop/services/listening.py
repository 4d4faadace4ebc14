"""A recording on its way to the loudspeaker: decoded just ahead of the ear, and steered.

Three threads meet here. PortAudio's takes blocks and never waits; the one of
this module decodes and stretches half a second ahead; whoever steers only
leaves a wish. A jump replaces the whole line of blocks at once, so the
callback needs no lock.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final, Protocol

import numpy as np

from scribe_desktop.domain.audio import BYTES_PER_FRAME, SAMPLE_RATE, seconds
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.services.stretch import Samples, Stretch

log = logging.getLogger(__name__)

AHEAD_S: Final = 0.6
LATENCY_S: Final = 0.3
"""What the sound system holds: enough while the speech engine takes every core."""
_BLOCK_FRAMES: Final = SAMPLE_RATE // 10
_LOOK_S: Final = 0.05
_FULL: Final = 32768.0


class Speech(Protocol):
    """A recording that is read in pieces."""

    @property
    def frames(self) -> int:
        """How long it is."""

    def end_of_piece(self, at_frame: int) -> int:
        """Where the piece ends that holds this frame."""

    def read(self, at_frame: int) -> bytes:
        """PCM from there to the end of its piece."""


@dataclass(slots=True)
class _Line:
    """Blocks from one place on: (16 kHz frame they come from, sound)."""

    at_frame: int
    speed: float
    begin_frame: int
    fetched_frame: int
    blocks: "deque[tuple[int, bytes]]" = field(default_factory=deque)
    rest: bytes = b""
    is_whole: bool = False
    is_over: bool = False


class Listening:
    """One playing, from a place to the end or until it is stopped."""

    latency = LATENCY_S

    def __init__(
        self,
        speech: Speech,
        at_s: float,
        speed: float = 1.0,
        on_trouble: Callable[[ScribeError], None] = lambda _: None,
    ) -> None:
        self._speech = speech
        self._on_trouble = on_trouble
        self._line = self._line_from(at_s, speed)
        self._stopped = threading.Event()
        self._rate = SAMPLE_RATE
        self._told = False

    def at_rate(self, rate: int) -> "Listening":
        """Begin to decode for a loudspeaker of that rate."""
        self._rate = rate
        threading.Thread(target=self._decode_ahead, name="listening", daemon=True).start()
        return self

    # --- steering, from any thread ---
    def position_s(self) -> float:
        """What is being heard now."""
        line = self._line
        if line.is_over:
            return seconds(self._speech.frames)
        held = round(LATENCY_S * line.speed * SAMPLE_RATE)
        return seconds(max(line.fetched_frame - held, line.begin_frame))

    def seek(self, at_s: float) -> None:
        """Go on from another place."""
        self._line = self._line_from(at_s, self._line.speed)

    def set_speed(self, speed: float) -> None:
        """Go on faster or slower from here."""
        self._line = self._line_from(self.position_s(), speed)

    def stop(self) -> None:
        """Be silent from the next block on."""
        self._stopped.set()

    def _line_from(self, at_s: float, speed: float) -> _Line:
        frame = min(max(round(at_s * SAMPLE_RATE), 0), self._speech.frames)
        return _Line(frame, speed, frame, frame)

    # --- PortAudio's thread ---
    def fill(self, library: ModuleType) -> Callable[..., None]:
        """The callback of the output stream."""

        def callback(out: Any, _frames: int, _time: object, _status: object) -> None:  # noqa: ANN401  a buffer of the library's
            if self._stopped.is_set():
                out[:] = bytes(len(out))
                # Without what the sound system holds: silence is meant at once.
                raise library.CallbackAbort
            line = self._line
            while len(line.rest) < len(out) and line.blocks:
                line.fetched_frame, block = line.blocks.popleft()
                line.rest += block
            is_over = line.is_whole and not line.blocks and not line.rest
            # Where decoding is late, silence: the place is kept.
            out[:] = line.rest[: len(out)].ljust(len(out), b"\0")
            line.rest = line.rest[len(out) :]
            if is_over:
                line.is_over = True
                self._stopped.set()
                raise library.CallbackStop

        return callback

    # --- the thread of this module ---
    def _decode_ahead(self) -> None:
        line, maker = None, _Maker(SAMPLE_RATE, 1.0)
        while not self._stopped.is_set():
            if line is not self._line:
                line = self._line
                maker = _Maker(self._rate, line.speed)
            if line.is_whole or len(line.blocks) * _BLOCK_FRAMES > AHEAD_S * SAMPLE_RATE:
                # The callback may not wake anybody, so this looks again by itself.
                self._stopped.wait(_LOOK_S)
            else:
                self._decode_some(line, maker)

    def _decode_some(self, line: _Line, maker: "_Maker") -> None:
        if line.at_frame >= self._speech.frames:
            line.blocks.append((self._speech.frames, maker.finish()))
            line.is_whole = True
            return
        pcm = self._piece(line.at_frame)
        for begin in range(0, len(pcm), _BLOCK_FRAMES * BYTES_PER_FRAME):
            if line is not self._line:
                return
            part = pcm[begin : begin + _BLOCK_FRAMES * BYTES_PER_FRAME]
            line.blocks.append((line.at_frame, maker.feed(part)))
            line.at_frame += len(part) // BYTES_PER_FRAME

    def _piece(self, at_frame: int) -> bytes:
        """What is there, or silence of the same length: the time line must stay true."""
        wanted = (self._speech.end_of_piece(at_frame) - at_frame) * BYTES_PER_FRAME
        try:
            pcm = self._speech.read(at_frame)
        except ScribeError as error:
            log.warning("a piece of a recording was not played: %s", type(error).__name__)
            if not self._told:
                self._told = True
                self._on_trouble(error)
            pcm = b""
        return pcm[:wanted].ljust(wanted, b"\0")


class _Maker:
    """16 kHz PCM in, float32 of the loudspeaker's rate out, at one speed."""

    def __init__(self, rate: int, speed: float) -> None:
        self._stretch = Stretch(speed)
        self._step = SAMPLE_RATE / rate
        self._last = np.zeros(1, np.float32)
        self._at = 1.0

    def feed(self, pcm: bytes) -> bytes:
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(_FULL)
        return self._resampled(self._stretch.feed(samples))

    def finish(self) -> bytes:
        return self._resampled(self._stretch.finish())

    def _resampled(self, samples: Samples) -> bytes:
        """Straight lines between samples, going on where the block before ended."""
        line = np.concatenate((self._last, samples))
        count = max(int(np.ceil((len(line) - 1 - self._at) / self._step)), 0)
        at = self._at + np.arange(count) * self._step
        self._at += count * self._step - (len(line) - 1)
        self._last = line[-1:]
        made: bytes = np.interp(at, np.arange(len(line)), line).astype("<f4").tobytes()
        return made
