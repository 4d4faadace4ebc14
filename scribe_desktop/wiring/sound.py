"""Lets the window play a dictation and try a microphone, with whatever the computer has.

What hears and plays is imported at the first use: it takes half a second,
and the window must be there before that.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import TYPE_CHECKING, TypeVar

from scribe_desktop.domain.errors import MicrophoneError, ScribeError
from scribe_desktop.domain.notices import Level
from scribe_desktop.domain.session import SessionId

if TYPE_CHECKING:
    from scribe_desktop.services.listening import Listening
    from scribe_desktop.services.microphones import Microphones
    from scribe_desktop.services.playing import Playing
    from scribe_desktop.services.recorded_speech import RecordedSpeech
    from scribe_desktop.services.sound_check import SoundCheck

START_S = 5.0
S = TypeVar("S")


class Speaker:
    """Plays one thing at a time; may be called from any thread."""

    def __init__(self, microphones: "Callable[[], Microphones]") -> None:
        self._microphones = microphones
        self._playing: Playing | None = None

    def play(self, pcm: bytes, on_end: Callable[[], None]) -> None:
        """Play 16 kHz mono PCM instead of what sounds now; raises MicrophoneError."""
        self.stop()
        from scribe_desktop.services.playing import short_sound, speech_sound

        sound = short_sound(speech_sound(pcm))
        self._playing = _begun(self._microphones().devices.play(sound, on_end))

    def stop(self) -> None:
        """Be silent at once."""
        if self._playing is not None:
            self._playing.stop()


class Player:
    """Plays recordings out of the spool, steered while they sound; any thread may call."""

    def __init__(
        self,
        microphones: "Callable[[], Microphones]",
        recording: "Callable[[Sequence[SessionId]], RecordedSpeech]",
        on_trouble: Callable[[ScribeError], None],
    ) -> None:
        self._microphones = microphones
        self._recording = recording
        self._on_trouble = on_trouble
        self._listening: Listening | None = None

    def play(
        self,
        session_ids: Sequence[SessionId],
        at_s: float,
        speed: float,
        on_end: Callable[[], None],
    ) -> None:
        """Play linked sessions as one from a place; raises ScribeError."""
        self.stop()
        from scribe_desktop.services.listening import Listening

        listening = Listening(self._recording(session_ids), at_s, speed, self._on_trouble)
        self._listening = listening
        _begun(self._microphones().devices.play(listening.at_rate, on_end))

    def stop(self) -> None:
        """Be silent at once; `on_end` follows."""
        if self._listening is not None:
            self._listening.stop()

    def seek(self, at_s: float) -> None:
        """Go on from another place."""
        if self._listening is not None:
            self._listening.seek(at_s)

    def set_speed(self, speed: float) -> None:
        """Go on slower or faster, in the same voice."""
        if self._listening is not None:
            self._listening.set_speed(speed)

    def position_s(self) -> float:
        """The place that is heard now."""
        return self._listening.position_s() if self._listening else 0.0


def _begun(starting: "Future[S]") -> S:
    try:
        return starting.result(START_S)
    except TimeoutError:
        raise MicrophoneError(
            "The sound system of this computer does not answer.",
            "Wait a moment. If it stays so, restart the computer.",
        ) from None


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
