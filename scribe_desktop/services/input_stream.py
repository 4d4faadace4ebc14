"""One open microphone: what its callback put aside, for the recorder to take.

Used by three threads: PortAudio's, which only puts; the recorder's, which
takes; and the one of the sound devices, which opens and closes.
"""

import time
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import ModuleType
from typing import Any, Final

from scribe_desktop.services.source import Shape

BLOCKS_PER_SECOND: Final = 50
RING_BLOCKS: Final = 2 * BLOCKS_PER_SECOND
"""What "keep microphone ready" remembers: two seconds, in memory only."""

Arrived = tuple[float, bytes]
"""When a block came, by the monotonic clock, and its bytes."""


class InputStream:
    """A running stream. `close` hands the library's stream back to its thread."""

    def __init__(
        self,
        shape: Shape,
        close: Callable[[Any], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.shape = shape
        self._clock = clock
        self.latency_s = 0.0
        self._close = close
        self._stream: Any = None
        self._queue: SimpleQueue[Arrived] = SimpleQueue()
        self._ring: deque[Arrived] = deque(maxlen=RING_BLOCKS)
        self._put: Callable[[Arrived], None] = self._queue.put
        self._pressed_at: float | None = None
        self._ended = False
        self._closed = False

    def start(self, library: ModuleType, device: int | None) -> None:
        """Open and start, on the thread of the sound devices."""
        self._stream = library.RawInputStream(
            device=device,
            samplerate=self.shape.rate,
            channels=self.shape.channels,
            dtype=self.shape.sample,
            blocksize=self.shape.rate // BLOCKS_PER_SECOND,
            latency="low",
            callback=self._arrived,
            finished_callback=self._finished,
        )
        try:
            self._stream.start()
        except library.PortAudioError:
            self._stream.close(ignore_errors=True)
            raise
        self.latency_s = float(self._stream.latency)

    @property
    def ended(self) -> bool:
        """Whether the sound system itself ended the stream."""
        return self._ended

    def keep_ready(self) -> None:
        """From now on remember only the last two seconds, until `take_over`."""
        self._put = self._ring.append

    def is_fresh(self, now: float, within_s: float) -> bool:
        """Whether the ring was filled just now."""
        newest = self._ring[-1][0] if self._ring else None
        return not self._ended and newest is not None and now - newest <= within_s

    def take_over(self, pressed_at: float) -> None:
        """A key was pressed: what came since, and everything from now on, is taken."""
        self._pressed_at = pressed_at
        self._put = self._queue.put

    def take(self, timeout_s: float) -> list[Arrived]:
        """All blocks since the last call; waits for the first at most `timeout_s`."""
        arrived: list[Arrived] = []
        try:
            arrived.append(self._queue.get(timeout=timeout_s))
            while True:
                arrived.append(self._queue.get_nowait())
        except Empty:
            pass
        if self._pressed_at is not None and (arrived or self._ended):
            # One thread puts: once a block is in the queue, the ring is complete.
            before = [block for block in self._ring if block[0] >= self._pressed_at]
            self._pressed_at = None
            self._ring.clear()
            arrived = before + arrived
        return arrived

    def close(self) -> None:
        """Let go of it; returns at once."""
        if not self._closed and self._stream is not None:
            self._closed = True
            self._close(self._stream)

    # --- on PortAudio's thread ------------------------------------------------------------

    def _arrived(self, pcm: Any, _frames: int, _time: object, _status: object) -> None:  # noqa: ANN401
        self._put((self._clock(), bytes(pcm)))

    def _finished(self) -> None:
        self._ended = True
