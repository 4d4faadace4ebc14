"""Keeps the computer awake while somebody dictates, and notices when it slept.

A computer that falls asleep in the middle of a sentence loses the rest of it.
Where sleep cannot be prevented (a lid is closed, a battery is empty) the
recording is made safe first, and after waking the microphone is opened anew.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from scribe_desktop.desktop.dbus import Address, Bus, BusError, Signal, release_descriptor

log = logging.getLogger(__name__)

_JOIN_S = 2.0
_STEP_S = 5.0
LOOK_EVERY_S = 1.0

_LOGIND = Address(
    "org.freedesktop.login1", "/org/freedesktop/login1", "org.freedesktop.login1.Manager"
)


def warm_up() -> None:
    """Load what `KeepAwake` needs: done as the recording starts, it holds up the window."""
    import wakepy  # noqa: F401


class KeepAwake:
    """Prevents sleep between `hold` and `release`. The screen may still lock.

    On a thread of its own, because the system ties the wish to the thread
    that made it and answers when it likes.
    """

    def __init__(self, on_result: Callable[[bool], None] = lambda _active: None) -> None:
        """`on_result` is told, on that thread, whether the system agreed."""
        self._on_result = on_result
        self._lock = threading.Lock()
        self._holding: tuple[threading.Thread, threading.Event] | None = None

    def hold(self) -> None:
        """Ask the system to stay awake; returns at once, and twice is once."""
        with self._lock:
            if self._holding is not None:
                return
            done = threading.Event()
            thread = threading.Thread(
                target=self._hold, args=(done,), name="keep-awake", daemon=True
            )
            self._holding = (thread, done)
            thread.start()

    def release(self) -> None:
        """Let the system sleep again; waits at most two seconds."""
        with self._lock:
            holding, self._holding = self._holding, None
        if holding is not None:
            thread, done = holding
            done.set()
            thread.join(_JOIN_S)

    def _hold(self, done: threading.Event) -> None:
        import wakepy

        with wakepy.keep.running(on_fail="pass") as mode:
            active = bool(mode.active)
            log.info("sleep is %s while recording", "prevented" if active else "not prevented")
            self._on_result(active)
            done.wait()


class SleepClock:
    """Tells from two clocks that the computer slept. Pure; look at it about once a second."""

    def __init__(self, boot_s: float, monotonic_s: float) -> None:
        self._boot_s, self._monotonic_s = boot_s, monotonic_s

    def slept(self, boot_s: float, monotonic_s: float) -> bool:
        """Whether it slept, or stood still, for more than five seconds since the last look.

        On Linux and a Mac the monotonic clock stops in sleep and only that of
        the boot goes on; on Windows both do, and only the look comes late. The
        wall clock says nothing of it: it is moved by people, too.
        """
        boot_step_s = boot_s - self._boot_s
        step_s = monotonic_s - self._monotonic_s
        self._boot_s, self._monotonic_s = boot_s, monotonic_s
        return boot_step_s - step_s > _STEP_S or step_s > _STEP_S + LOOK_EVERY_S


class WakeWatch:
    """Calls `on_wake` after every sleep, on every system, from its own thread.

    `boot` is a clock that goes on in sleep. `also` is looked at every second
    too; the screen lock uses it where the system does not announce a lock.
    """

    def __init__(
        self,
        on_wake: Callable[[], None],
        also: Callable[[], None] = lambda: None,
        *,
        boot: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_wake, self._also = on_wake, also
        self._boot, self._monotonic = boot, monotonic
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wake-watch", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End it; waits at most two seconds."""
        self._ending.set()
        self._thread.join(_JOIN_S)

    def _run(self) -> None:
        clock = SleepClock(self._boot(), self._monotonic())
        while not self._ending.wait(LOOK_EVERY_S):
            if clock.slept(self._boot(), self._monotonic()):
                log.info("the computer was asleep")
                self._on_wake()
            self._also()


class SleepNotice:
    """On Linux: hears of sleep before it comes, and makes it wait for the recording.

    The system waits some five seconds for whoever holds a delay lock.
    `on_sleep` must return within that; the lock is given back right after it,
    and taken again after waking, when `on_wake` is called. Both on a thread of
    this object. Elsewhere the window's own event says the same.
    """

    def __init__(self, on_sleep: Callable[[], None], on_wake: Callable[[], None]) -> None:
        self._on_sleep, self._on_wake = on_sleep, on_wake
        self._bus: Bus | None = None
        self._delay: Any = None
        self._turn = threading.Condition()
        self._events: list[bool] = []
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="sleep-notice", daemon=True)

    def start(self) -> bool:
        """Begin to listen; False where there is nobody to listen to."""
        try:
            self._bus = Bus("SYSTEM", fds=True)
            self._bus.listen(self._prepare, interface=_LOGIND.interface, member="PrepareForSleep")
            self._take_delay()
        except BusError as error:
            log.info("sleep is not announced here: %s", error.name)
            self._close()
            return False
        self._thread.start()
        return True

    def stop(self) -> None:
        """Give the lock back and end; waits at most two seconds."""
        with self._turn:
            self._ending = True
            self._turn.notify()
        if self._thread.is_alive():
            self._thread.join(_JOIN_S)
        self._close()

    def _prepare(self, signal: Signal) -> None:
        # On the bus's thread, which must stay free to carry the next call.
        (going,) = signal.body
        with self._turn:
            self._events.append(bool(going))
            self._turn.notify()

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(lambda: self._ending or self._events)
                if self._ending:
                    return
                going = self._events.pop(0)
            if going:
                self._on_sleep()
                self._give_delay()
                continue
            try:
                self._take_delay()
            except BusError as error:
                log.warning("the next sleep will not wait: %s", error.name)
            self._on_wake()

    def _take_delay(self) -> None:
        if self._bus is None or self._delay is not None:
            return
        why = "The dictation is being made safe"
        (self._delay,) = self._bus.call(
            _LOGIND, "Inhibit", "ssss", ("sleep", "Scribe Desktop", why, "delay")
        )

    def _give_delay(self) -> None:
        delay, self._delay = self._delay, None
        if delay is not None:
            release_descriptor(delay)

    def _close(self) -> None:
        self._give_delay()
        bus, self._bus = self._bus, None
        if bus is not None:
            bus.close()
