"""What the computer itself does to a dictation: it sleeps, it wakes, it finds its network again.

With a window or without one: a dictation from a terminal sleeps with its
computer too. None of it is needed to record or to deliver; where nobody
announces these things, both happen a little later.
"""

import logging
import sys
from collections.abc import Callable

from scribe_desktop.desktop.network import NetworkWatch
from scribe_desktop.desktop.power import KeepAwake, SleepNotice, WakeWatch
from scribe_desktop.domain.notices import Notice, SessionChanged, Trouble
from scribe_desktop.line import Line
from scribe_desktop.services.boot_clock import since_boot
from scribe_desktop.services.worker import Worker

log = logging.getLogger(__name__)

SAFE_LIMIT_S = 2.0
"""The system waits some five seconds for whoever asked it to."""


def prepare_main_thread(system: str = sys.platform) -> None:
    """What a system wants done first, before any other thread works."""
    if system == "win32":
        from scribe_desktop.desktop.win32 import wake_window_system

        wake_window_system()


class Computer:
    """Listens to the computer for a line, and keeps it awake exactly while a microphone is heard.

    `on_wake` is called after each sleep and `each_second` once a second, both
    on a thread of this object; the window puts its own there before `start`.
    """

    def __init__(self, line: Line, boot: Callable[[], float] = since_boot) -> None:
        self._line = line
        self.on_wake: Callable[[], None] = lambda: None
        self.each_second: Callable[[], None] = lambda: None
        self._awake = KeepAwake()
        self._sleep = SleepNotice(on_sleep=self._make_safe, on_wake=self._woke)
        self._wake = WakeWatch(self._found_awake, lambda: self.each_second(), boot=boot)  # noqa: PLW0108  set later
        self._network = NetworkWatch(line.reconnect)
        # On a thread of its own: a bus may take seconds to answer, and letting
        # the computer sleep again may take two.
        self._worker = Worker("computer", self._follow)
        self._is_listening = self._is_announced = False
        self._slept_while_hearing = False
        self._end_notices: Callable[[], None] = lambda: None

    def start(self) -> None:
        """Begin; returns at once."""
        self._end_notices = self._line.subscribe(self._hear)
        self._worker.start()
        self._wake.start()

    def stop(self, timeout_s: float) -> None:
        """Let the computer do as it likes again."""
        self._end_notices()
        self._worker.stop(timeout_s)
        for part in (self._network, self._sleep, self._wake):
            part.stop()
        self._awake.release()

    def _hear(self, notice: Notice) -> None:
        if isinstance(notice, SessionChanged):
            self._worker.wake()

    def _follow(self) -> None:
        if not self._is_listening:
            self._is_listening = True
            self._is_announced = self._sleep.start()
            self._network.start()
        if self._line.is_hearing():
            self._awake.hold()
        else:
            self._awake.release()

    def _make_safe(self) -> None:
        if not self._line.is_hearing():
            return
        self._slept_while_hearing = True
        if self._line.make_safe(SAFE_LIMIT_S):
            said = Trouble("The computer goes to sleep. What was spoken so far is safe on disk.")
        else:
            said = Trouble(
                "The computer goes to sleep, and the disk has not taken all that was spoken.",
                "Wake it and free some space before it is switched off.",
            )
        log.info("made safe before a sleep")
        self._line.tell(said)

    def _found_awake(self) -> None:
        """By the clocks: the only word of a sleep where nobody announces one."""
        if not self._is_announced and self._line.is_hearing():
            self._slept_while_hearing = True
        self._woke()

    def _woke(self) -> None:
        slept_while_hearing, self._slept_while_hearing = self._slept_while_hearing, False
        if slept_while_hearing:
            self._line.tell(
                Trouble(
                    "The computer was asleep in the middle of the dictation.",
                    "Nothing was recorded meanwhile; look at the microphone and go on.",
                )
            )
        self._line.reconnect()
        self.on_wake()
