"""Lets the window play a dictation, through whatever loudspeaker the computer has."""

from collections.abc import Callable
from concurrent.futures import Future

from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.services.microphones import Microphones
from scribe_desktop.services.playing import Playing, speech_sound

START_S = 5.0


class Speaker:
    """Plays one thing at a time; may be called from any thread."""

    def __init__(self, microphones: Callable[[], Microphones]) -> None:
        self._microphones = microphones
        self._playing: Playing | None = None

    def play(self, pcm: bytes, on_end: Callable[[], None]) -> None:
        """Play 16 kHz mono PCM instead of what sounds now; raises MicrophoneError."""
        self.stop()
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
