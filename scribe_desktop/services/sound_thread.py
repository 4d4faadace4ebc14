"""The one thread that talks to the sound library, and a fresh one when that one hangs.

PortAudio is asked on one thread at a time. A call that does not come back
(a driver, a sound server, a Bluetooth stack) would make every later call wait
for ever, so after a few seconds its thread is left behind and another takes
over whatever was waiting. Not while the library is being loaded or started:
what it builds then belongs to all, and a second start beside it would tear it
down.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Final

HUNG_S: Final = 4.0
"""Opening takes 0.05 s where all is well and 2 s on a bus that wakes up; this is a hang."""

MOST_LEFT: Final = 3
"""Threads that may hang at the same time; more would not hear what these could not."""

Call = Callable[[], None]


class _Lane:
    """A thread, what it has to do, and since when it is at the present call."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self.calls: SimpleQueue[Call | None] = SimpleQueue()
        self.since: float | None = None
        self.is_left = False
        self._clock = clock
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.on_end: Callable[[_Lane], None] = lambda _: None

    def _run(self) -> None:
        while (call := self.calls.get()) is not None:
            self.since = self._clock()
            call()
            self.since = None
            if self.is_left:
                break
        self.on_end(self)


class SoundThread:
    """Runs calls one after the other. Any thread may ask; `at_end` runs last, on the thread."""

    def __init__(
        self, name: str, at_end: Call, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._at_end = at_end
        self._clock = clock
        self._lock = threading.Lock()
        self._left: list[_Lane] = []
        self._entering: threading.Thread | None = None
        self._lane = self._fresh()

    @property
    def has_left_one_behind(self) -> bool:
        """Whether a call still hangs in the library: then nothing of it may be torn down."""
        with self._lock:
            return bool(self._left)

    def put(self, call: Call) -> None:
        """Run this after what was asked before."""
        with self._lock:
            self._lane.calls.put(call)

    @contextmanager
    def entering(self) -> Iterator[None]:
        """While the library is loaded or started, on the thread itself."""
        self._entering = threading.current_thread()
        try:
            yield
        finally:
            self._entering = None

    def leave_if_hung(self) -> bool:
        """Go on with a fresh thread if the present one hangs; whether one is ready to work."""
        with self._lock:
            lane = self._lane
            since = lane.since
            if since is None:
                return lane.calls.empty()
            hangs = self._clock() - since >= HUNG_S
            if not hangs or self._entering is lane.thread or len(self._left) >= MOST_LEFT:
                return False
            lane.is_left = True
            self._left.append(lane)
            self._lane = self._fresh()
            for call in _taken_from(lane.calls):
                self._lane.calls.put(call)
            # It may have come back this very moment and wait for its next call.
            lane.calls.put(None)
            return True

    def end(self, timeout_s: float) -> bool:
        """Run what was asked, then end; False if it hangs and was left behind."""
        with self._lock:
            lane, hung = self._lane, bool(self._left)
            lane.calls.put(None)
        lane.thread.join(timeout_s)
        return not lane.thread.is_alive() and not hung

    def _fresh(self) -> _Lane:
        lane = _Lane(self._name, self._clock)
        lane.on_end = self._ended
        lane.thread.start()
        return lane

    def _ended(self, lane: _Lane) -> None:
        with self._lock:
            if lane in self._left:
                self._left.remove(lane)
                return
            may_tear_down = not self._left
        if may_tear_down:
            self._at_end()


def _taken_from(calls: "SimpleQueue[Call | None]") -> Iterator[Call | None]:
    while True:
        try:
            yield calls.get_nowait()
        except Empty:
            return
