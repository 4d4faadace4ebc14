"""Does one kind of work on a thread of its own, patiently, until told to stop.

A worker takes a step, waits on a condition until the next is due or somebody
wakes it, and goes on. An unexpected exception is reported and the loop goes
on, each time a little later: a bug in one step must not end deliveries for
the day.
"""

import logging
import threading
import time
from collections.abc import Callable

from scribe_desktop.domain.schedule import retry_delay_s

LONGEST_WAIT_S = 30.0
"""The clock is looked at this often, because it may be moved or the computer may sleep."""

_log = logging.getLogger(__name__)


class Worker:
    """Runs `step` on its own thread until stopped.

    `step` returns when it wants to run again, in seconds since the epoch by
    `now`, or None to wait until somebody calls `wake`.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], float | None],
        *,
        now: Callable[[], float] = time.time,
        on_bug: Callable[[Exception], None] | None = None,
    ) -> None:
        self._step = step
        self._now = now
        self._on_bug = on_bug
        self._changed = threading.Condition()
        self._woken = False
        self._stopping = False
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def is_stopping(self) -> bool:
        """Whether it was told to stop; a step may look and leave early."""
        return self._stopping

    def start(self) -> None:
        """Begin with a first step."""
        self._thread.start()

    def wake(self) -> None:
        """Take a step now, or another one if one is being taken; from any thread."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def tell_to_stop(self) -> None:
        """Take no further step; from any thread, returns at once."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Tell it to stop and wait that long; returns whether it has ended.

        A thread that cannot be ended (in a name lookup, say) is left behind; it
        takes no further step and dies with the program.
        """
        self.tell_to_stop()
        if self._thread.ident is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                if self._stopping:
                    return
                self._woken = False
            began = self._now()
            self._wait_until(self._take_step(), began)

    def _take_step(self) -> float | None:
        try:
            due = self._step()
        except Exception as error:  # noqa: BLE001  the loop must outlive our bugs; all are reported
            if self._stopping:
                return None
            self._failures += 1
            _log.exception("%s: unexpected, goes on", self._thread.name)
            if self._on_bug is not None:
                self._on_bug(error)
            return self._now() + retry_delay_s(self._failures, spread=0.0)
        self._failures = 0
        return due

    def _wait_until(self, due: float | None, looked_at: float) -> None:
        with self._changed:
            while not self._woken and not self._stopping:
                now = self._now()
                left = LONGEST_WAIT_S if due is None else due - now
                # A clock that was set back makes every wait longer: the step decides anew.
                if left <= 0 or now < looked_at:
                    return
                looked_at = now
                self._changed.wait(min(left, LONGEST_WAIT_S))
