"""Lets the window play a dictation and try a microphone, with whatever the computer has.

What hears and plays is imported at the first use: it takes half a second,
and the window must be there before that.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.domain.notices import Level

if TYPE_CHECKING:
    from scribe_desktop.services.microphones import Microphones
    from scribe_desktop.services.playing import Playing
    from scribe_desktop.services.sound_check import SoundCheck

START_S = 5.0


class Speaker:
    """Plays one thing at a time; may be called from any thread."""

    def __init__(self, microphones: "Callable[[], Microphones]") -> None:
        self._microphones = microphones
        self._playing: Playing | None = None

    def play(self, pcm: bytes, on_end: Callable[[], None]) -> None:
        """Play 16 kHz mono PCM instead of what sounds now; raises MicrophoneError."""
        self.stop()
        from scribe_desktop.services.playing import speech_sound

        started: Future[Playing] = self._microphones().devices.play(speech_sound(pcm), on_end)
        try:
            self._playing = started.result(START_S)
        except TimeoutError:
            raise MicrophoneError(
                "The sound system of this computer does not answer.",
                "Wait a moment. If it stays so, restart the computer.",
            ) from None

    def stop(self) -> None:
        """Be silent at once."""
        if self._playing is not None:
            self._playing.stop()


class MicrophoneTest:
    """Listens to a microphone without making a dictation of it."""

    def __init__(self, microphones: "Callable[[], Microphones]") -> None:
        self._microphones = microphones
        self._check: SoundCheck | None = None

    def begin(self, identity: str) -> None:
        """Open the microphone; waits for its first sound. Raises MicrophoneError."""
        if self._check is None:
            from scribe_desktop.services.sound_check import SoundCheck

            self._check = SoundCheck(lambda wanted: self._microphones().source(wanted))
        self._check.begin(identity)

    def level(self) -> Level:
        """How loud it is now."""
        return self._check.level() if self._check else Level()

    def finish(self) -> bytes:
        """Close it and return what was heard, 16 kHz mono PCM."""
        return self._check.finish() if self._check else b""
