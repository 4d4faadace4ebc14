"""The microphones as the rest of the program sees them: which there are, and one to record from.

Lives as long as the program. Opening the sound library costs a tenth of a
second and is done ahead, so that a key press finds it open; and if the
clinician wants it, the microphone itself is kept open, with the last two
seconds in memory and nowhere else, so that a recording begins with the very
key press.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.domain.notices import MicrophoneChoice
from scribe_desktop.services.boot_clock import since_boot
from scribe_desktop.services.choosing import is_wanted
from scribe_desktop.services.cues import Cue, cue_sound
from scribe_desktop.services.input_stream import InputStream
from scribe_desktop.services.microphone import SoundDevices
from scribe_desktop.services.opening import Opened, close_unwanted
from scribe_desktop.services.playing import short_sound
from scribe_desktop.services.watched_microphone import WatchedMicrophone

LIST_S: Final = 2.0
FRESH_S: Final = 0.5


class Microphones:
    """Any thread may call. `on_change` is called when microphones come or go, where known."""

    def __init__(
        self,
        on_change: Callable[[], None] = lambda: None,
        *,
        clock: Callable[[], float] = time.monotonic,
        boot: Callable[[], float] = since_boot,
    ) -> None:
        self.devices = SoundDevices(on_change)
        self._clock, self._boot = clock, boot
        self._lock = threading.Lock()
        self._wanted_ready: str | None = None
        self._ready: Future[Opened] | None = None
        # Asked now and not awaited: this loads the library.
        self.devices.choices()

    def choices(self) -> tuple[MicrophoneChoice, ...]:
        """The microphones there are; raises MicrophoneError when the system does not answer."""
        try:
            return self.devices.choices().result(LIST_S)
        except TimeoutError:
            raise MicrophoneError(
                "The sound system of this computer does not answer.",
                "Wait a moment. If it stays so, restart the computer.",
            ) from None

    def source(self, wanted: str = "") -> WatchedMicrophone:
        """A microphone to record from, by identity or name; empty for the default.

        Call it at the key press: what a ready microphone heard since then is
        part of the recording.
        """
        ready = self._take_ready(wanted, self._clock())
        return WatchedMicrophone(
            self.devices,
            wanted,
            ready=ready,
            clock=self._clock,
            boot=self._boot,
            on_closed=self._open_ready,
        )

    def keep_ready(self, wanted: str | None) -> None:
        """Keep this microphone open between recordings; None lets it go."""
        with self._lock:
            former, self._ready = self._ready, None
            self._wanted_ready = wanted
        if former is not None:
            former.add_done_callback(close_unwanted)
        self._open_ready()

    def cue(self, cue: Cue) -> None:
        """Play a cue; returns at once."""
        self.devices.play(short_sound(lambda rate: cue_sound(cue, rate)))

    def close(self) -> bool:
        """Let everything go, in two seconds at most; False if the system hangs."""
        with self._lock:
            former, self._ready, self._wanted_ready = self._ready, None, None
        if former is not None:
            former.add_done_callback(close_unwanted)
        return self.devices.close()

    def _open_ready(self) -> None:
        with self._lock:
            if self._wanted_ready is None or self._ready is not None:
                return
            self._ready = self.devices.open(self._wanted_ready, ready=True)

    def _take_ready(self, wanted: str, pressed_at: float) -> Opened | None:
        with self._lock:
            ready, self._ready = self._ready, None
        if ready is None:
            return None
        if not ready.done():
            ready.add_done_callback(close_unwanted)
            return None
        if ready.exception() is not None:
            return None
        opened = ready.result()
        stream = opened.stream
        if (
            isinstance(stream, InputStream)
            and is_wanted(opened.choice, wanted)
            and stream.is_fresh(pressed_at, FRESH_S)
        ):
            stream.take_over(pressed_at)
            return opened
        stream.close()
        return None
