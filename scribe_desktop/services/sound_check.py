"""Listens to a microphone without making a dictation of it: a meter, and a recording to hear again.

Nothing is stored; what was heard is in memory until the next test.
"""

import threading
from collections.abc import Callable
from typing import Final

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.domain.notices import Level, MicrophoneChanged, MicrophoneState
from scribe_desktop.services.loudness import level_of
from scribe_desktop.services.resampler import Resampler
from scribe_desktop.services.source import NATIVE, Block, Ended, Source

LONGEST_S: Final = 30
"""A test that nobody ends keeps the last half minute."""

OPEN_S: Final = 5.0
_LOOK_S: Final = 0.1
_METER_BYTES: Final = SAMPLE_RATE // 10 * 2


class SoundCheck:
    """One test at a time; `source` gives a microphone by identity."""

    def __init__(self, source: Callable[[str], Source]) -> None:
        self._source_of = source
        self._heard = bytearray()
        self._changed = threading.Condition()
        self._trouble: MicrophoneError | None = None
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, identity: str) -> None:
        """Open the microphone and wait for its first sound; raises MicrophoneError."""
        self.finish()
        self._heard, self._trouble = bytearray(), None
        self._ending = threading.Event()
        source = self._source_of(identity)
        self._thread = threading.Thread(
            target=self._listen, args=(source, self._ending), name="sound check", daemon=True
        )
        self._thread.start()
        with self._changed:
            self._changed.wait_for(lambda: self._heard or self._trouble, OPEN_S)
        if self._heard:
            return
        trouble = self._trouble
        self.finish()
        raise trouble or MicrophoneError(
            "This microphone gives no sound.", "Check its cable and switch, or choose another."
        )

    def level(self) -> Level:
        """How loud the last tenth of a second was."""
        with self._changed:
            return level_of(bytes(self._heard[-_METER_BYTES:]))

    def finish(self) -> bytes:
        """Close the microphone; returns what was heard, 16 kHz mono PCM."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(OPEN_S)
            self._thread = None
        with self._changed:
            return bytes(self._heard)

    def _listen(self, source: Source, ending: threading.Event) -> None:
        resampler = Resampler(NATIVE)
        source.open()
        over = stopped = False
        while not over:
            if ending.is_set() and not stopped:
                # Once: each stop waits anew for the sound that is on its way.
                source.stop()
                stopped = True
            for heard in source.read(_LOOK_S):
                match heard:
                    case Block(shape=shape):
                        if resampler.shape != shape:
                            resampler = Resampler(shape)
                        self._keep(resampler.feed(heard))
                    case MicrophoneChanged(state=MicrophoneState.LOST):
                        self._say(MicrophoneError(heard.message, heard.remedy))
                        over = True
                    case Ended():
                        over = True
        source.close()

    def _keep(self, pcm: bytes) -> None:
        with self._changed:
            self._heard += pcm
            del self._heard[: -LONGEST_S * SAMPLE_RATE * 2]
            self._changed.notify_all()

    def _say(self, trouble: MicrophoneError) -> None:
        with self._changed:
            self._trouble = trouble
            self._changed.notify_all()
