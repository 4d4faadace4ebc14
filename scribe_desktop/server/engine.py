"""Listens to a stretch of speech and writes down what was said, without any network.

faster-whisper with CTranslate2, chosen by measuring (8-bit weights, beam of
five). The settings that matter, each with its reason, are at `DECODING`.
Speech is found first by the Silero detector, so that silence and noise are
never given to a model that would put words to them.
"""

import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.errors import EngineError
from scribe_desktop.domain.settings import MOST_EXPECTED_WORDS
from scribe_desktop.server.audio import Pcm
from scribe_desktop.server.expected_words import corrected
from scribe_desktop.server.models import find
from scribe_desktop.server.weights import weights_named
from scribe_desktop.server.windows import LONGEST_WINDOW_FRAMES, Span


@dataclass(frozen=True, slots=True)
class Heard:
    """What the engine made of one window, and the language it took it for."""

    text: str
    language: str


class Engine(Protocol):
    """Turns sound into text. Both methods may be called from any one thread at a time."""

    @property
    def name(self) -> str:
        """Which model it is, as results name it."""

    @property
    def languages(self) -> Sequence[str]:
        """The languages it can hear."""

    def find_speech(self, pcm: Pcm) -> list[Span]:
        """Where somebody speaks, in order, each under 28 s; nothing for silence or noise."""

    def transcribe(self, pcm: Pcm, *, languages: Sequence[str], hotwords: Sequence[str]) -> Heard:
        """Write down at most 28 s of speech.

        `languages` are what the clinician may be speaking: one decides,
        several are told apart by ear, none means any. Raises EngineError.
        """


# The threshold asks for the faintest speech that still gives nothing on hum,
# hiss and clicks. The edges are added by whoever packs the windows, so that a
# pause at the end of a chunk (0.25 s at least) can be told from a word cut short.
_DETECTOR: Final = {
    "threshold": 0.4,
    "min_silence_duration_ms": 160,
    "speech_pad_ms": 0,
    "max_speech_duration_s": LONGEST_WINDOW_FRAMES / SAMPLE_RATE - 1,
}

DECODING: Final = {
    "beam_size": 5,
    # A window never sees the last one's text: one slip would be repeated to the end.
    "condition_on_previous_text": False,
    # With time stamps, hotwords make the model skip sentences (SPEECH.md).
    "without_timestamps": True,
    # Without the ladder the model loops on noise for ever.
    "temperature": (0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
}

# Text that shrinks more than this when it is compressed says one thing over and over:
# the ladder found no way out, and a longer look usually does.
_LOOPING: Final = 2.4


class SpeechDetector:
    """Finds where somebody speaks; Silero, as it comes with faster-whisper."""

    def __init__(self) -> None:
        # Before the library is imported, or it asks the model hub for files that are here.
        os.environ["HF_HUB_OFFLINE"] = "1"
        try:
            from faster_whisper.vad import VadOptions, get_speech_timestamps
        except ImportError as error:
            raise _not_installed() from error
        self._find = get_speech_timestamps
        self._options = VadOptions(**_DETECTOR)
        self._lock = threading.Lock()

    def find_speech(self, pcm: Pcm) -> list[Span]:
        """Where somebody speaks; the spans are bare and want their soft edges."""
        if not len(pcm):
            return []
        with self._lock:
            found = self._find(_floats(pcm), self._options)
        return [Span(int(each["start"]), int(each["end"])) for each in found]


class WhisperEngine:
    """The default engine. One window at a time: the lock is held while it listens."""

    def __init__(self, name: str, folder: Path, threads: int = 0) -> None:
        self._detector = SpeechDetector()
        try:
            import ctranslate2

            from scribe_desktop.server.fitted_whisper import FittedWhisper
        except ImportError as error:
            raise _not_installed() from error
        self._set_seed = ctranslate2.set_random_seed
        self._name = name
        self._languages = weights_named(name).languages
        self._lock = threading.Lock()
        try:
            self._model = FittedWhisper(
                str(folder),
                device="cpu",
                compute_type="int8",
                cpu_threads=threads or threads_to_use(),
            )
        except (RuntimeError, ValueError, OSError) as error:
            raise EngineError(
                f"The speech model “{name}” could not be loaded.",
                "Run the set-up again; if it stays, fetch the model anew.",
            ) from error

    @property
    def name(self) -> str:
        """Which model it is."""
        return self._name

    @property
    def languages(self) -> Sequence[str]:
        """The languages it can hear."""
        return self._languages

    def find_speech(self, pcm: Pcm) -> list[Span]:
        """Where somebody speaks; the spans are bare and want their soft edges."""
        return self._detector.find_speech(pcm)

    def transcribe(self, pcm: Pcm, *, languages: Sequence[str], hotwords: Sequence[str]) -> Heard:
        """Write down at most 28 s of speech; the same sound gives the same text."""
        sound = _floats(pcm)
        try:
            with self._lock:
                language = self._language_of(sound, languages)
                text = self._listen(sound, language)
                if text and hotwords:
                    expected = hotwords[:MOST_EXPECTED_WORDS]
                    primed = self._listen(sound, language, ", ".join(expected))
                    text = corrected(text, primed, expected)
        except RuntimeError as error:
            raise EngineError(
                "The speech engine failed; the recording is safe.", "Try the dictation again."
            ) from error
        return Heard(text, language)

    def _listen(self, sound: Any, language: str, hotwords: str | None = None) -> str:  # noqa: ANN401
        segments = self._segments(sound, language, hotwords)
        if any(segment.compression_ratio > _LOOPING for segment in segments):
            with self._model.looking_all_the_way():
                segments = self._segments(sound, language, hotwords)
        return " ".join(segment.text.strip() for segment in segments).strip()

    def _segments(self, sound: Any, language: str, hotwords: str | None) -> list[Any]:  # noqa: ANN401
        # The higher steps of the ladder draw lots; a note must not depend on luck.
        self._set_seed(0)
        segments, _ = self._model.transcribe(
            sound, language=language, hotwords=hotwords, **DECODING
        )
        return list(segments)

    def _language_of(self, sound: Any, languages: Sequence[str]) -> str:  # noqa: ANN401 - numpy
        known = [language for language in languages if language in self._languages]
        if languages and not known:
            raise EngineError(
                f"The speech model “{self._name}” does not know that language.",
                "Choose another language or another model.",
            )
        choices = known or self._languages
        if len(choices) == 1:
            return choices[0]
        _, _, odds = self._model.detect_language(sound)
        return str(max((odd for odd in odds if odd[0] in choices), key=lambda odd: odd[1])[0])


def _not_installed() -> EngineError:
    return EngineError(
        "The speech engine is not installed, so nothing can be written down here.",
        "Run the set-up again.",
    )


def threads_to_use() -> int:
    """One for each core up to four: beyond that the window waits for memory, not for cores."""
    return max(1, min(4, os.cpu_count() or 1))


def load(name: str, extra_folders: Sequence[Path] = ()) -> WhisperEngine:
    """Find the model's weights and load them. Raises EngineError with a sentence."""
    return WhisperEngine(name, find(name, extra_folders))


def _floats(pcm: Pcm) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return pcm.astype(np.float32) / 32768.0
