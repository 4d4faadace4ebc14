"""One thread for each service, so that a silent service never delays another.

A dictation sent to this computer must not wait until a hospital's server, far
away and unplugged, has timed out. Which services there are is read from the
sessions in the spool; a lane begins when the first session for it appears.
"""

import threading
import time
from collections.abc import Callable, Iterable

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.notices import Trouble
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.services.worker import Worker

STUCK_LINE_S = 3.0
"""A call in which no byte moved for so long is made again when somebody presses "Send now"."""


class Lanes:
    """Workers, one for each service that has sessions."""

    def __init__(
        self,
        name: str,
        services: Callable[[], Iterable[ServiceRef]],
        step: Callable[[ServiceRef], float | None],
        *,
        now: Callable[[], float] = time.time,
        on_trouble: Callable[[Trouble], None] = lambda _: None,
    ) -> None:
        self._name = name
        self._services = services
        self._step = step
        self._now = now
        self._on_trouble = on_trouble
        self._lock = threading.Lock()
        self._lanes: dict[ServiceRef, Worker] = {}
        self._stopping = False
        self._opener = Worker(f"{name} lanes", self._open_lanes, now=now, on_bug=self._report)

    @property
    def is_stopping(self) -> bool:
        """Whether everything is to end."""
        return self._stopping

    def start(self) -> None:
        """Open a lane for every service with sessions."""
        self._opener.start()

    def wake(self) -> None:
        """Look again, on every lane; from any thread, returns at once."""
        self._opener.wake()
        for lane in self._present():
            lane.wake()

    def tell_to_stop(self) -> None:
        """Take no further step on any lane; returns at once."""
        self._stopping = True
        for worker in (self._opener, *self._present()):
            worker.tell_to_stop()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Tell all to stop and wait together that long; returns whether all have ended."""
        self.tell_to_stop()
        until = time.monotonic() + timeout_s
        workers = (self._opener, *self._present())
        ended = [worker.stop(max(until - time.monotonic(), 0.0)) for worker in workers]
        return all(ended)

    def _present(self) -> tuple[Worker, ...]:
        with self._lock:
            return tuple(self._lanes.values())

    def _open_lanes(self) -> None:
        for service in self._services():
            with self._lock:
                if service in self._lanes or self._stopping:
                    continue
                lane = Worker(
                    f"{self._name} {len(self._lanes)}",
                    lambda service=service: self._step(service),  # type: ignore[misc]
                    now=self._now,
                    on_bug=self._report,
                )
                self._lanes[service] = lane
            lane.start()

    def _report(self, error: Exception) -> None:
        if isinstance(error, ScribeError):
            self._on_trouble(Trouble(error.message, error.remedy))
        else:
            self._on_trouble(
                Trouble(
                    "Something unexpected happened while sending. Your recordings are safe.",
                    "It is tried again by itself. If it stays, make a support bundle.",
                )
            )
