"""Has a clinic's own speech server write down what was said, window by window.

Any server that answers OpenAI's `/v1/audio/transcriptions` will do (vLLM,
speaches, whisper.cpp). Speech is still found and packed on this computer, so
silence is never sent, and the same windows go out as the local engine hears.
How a request travels is the caller's business: one module owns the network.
"""

import io
import wave
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scribe_desktop.domain.audio import BYTES_PER_FRAME, SAMPLE_RATE
from scribe_desktop.domain.errors import EngineError, Retry, ScribeError, ServiceError
from scribe_desktop.domain.settings import MOST_EXPECTED_WORDS
from scribe_desktop.server.audio import Pcm
from scribe_desktop.server.engine import Heard
from scribe_desktop.server.weights import MANY_LANGUAGES
from scribe_desktop.server.windows import Span

Post = Callable[[Mapping[str, str], bytes], Mapping[str, Any]]
"""Sends form fields and a WAV file, returns the JSON reply; raises ScribeError or OSError."""


TRY_AGAIN_AFTER_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""A server that is started again is back within this; what is away longer is said."""


class RemoteEngine:
    """Satisfies `Engine`; as thread-safe as `post` is."""

    def __init__(
        self,
        model: str,
        post: Post,
        find_speech: Callable[[Pcm], list[Span]],
        languages: Sequence[str] = MANY_LANGUAGES,
        *,
        wait: Callable[[float], object],
    ) -> None:
        """`wait` lets so many seconds go by before a server that is away is asked again."""
        self._wait = wait
        self._model = model
        self._post = post
        self._find_speech = find_speech
        self._languages = tuple(languages)

    @property
    def name(self) -> str:
        """The model as the server calls it."""
        return self._model

    @property
    def languages(self) -> Sequence[str]:
        """The languages it can hear."""
        return self._languages

    def find_speech(self, pcm: Pcm) -> list[Span]:
        """Where somebody speaks, found on this computer."""
        return self._find_speech(pcm)

    def transcribe(self, pcm: Pcm, *, languages: Sequence[str], hotwords: Sequence[str]) -> Heard:
        """Send one window. Raises EngineError; the sound stays with the caller."""
        fields = {"model": self._model, "response_format": "verbose_json", "temperature": "0"}
        if len(languages) == 1:
            fields["language"] = languages[0]
        if hotwords:
            fields["prompt"] = ", ".join(hotwords[:MOST_EXPECTED_WORDS])
        reply = self._ask(fields, _wav(pcm))
        text = reply.get("text")
        if not isinstance(text, str):
            raise EngineError(
                "The clinic's speech server gave an answer that is no transcript.",
                "Tell whoever runs it.",
            )
        return Heard(text.strip(), self._language(reply.get("language"), languages))

    def _ask(self, fields: Mapping[str, str], wav: bytes) -> Mapping[str, Any]:
        for delay_s in (*TRY_AGAIN_AFTER_S, None):
            try:
                return self._post(fields, wav)
            except (ScribeError, OSError) as error:
                away = not isinstance(error, ServiceError) or error.retry is Retry.LATER
                if delay_s is None or not away:
                    raise EngineError(
                        "The clinic's speech server did not answer; the recording is safe.",
                        "Run a template again when it does, or tell whoever runs it.",
                    ) from error
                self._wait(delay_s)
        raise AssertionError  # the last try returns or raises

    def _language(self, said: object, asked: Sequence[str]) -> str:
        # Some servers answer “english”, some “en”, some nothing.
        if isinstance(said, str) and said in self._languages:
            return said
        return asked[0] if asked else ""


def _wav(pcm: Pcm) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(BYTES_PER_FRAME)
        out.setframerate(SAMPLE_RATE)
        out.writeframes(pcm.astype("<i2").tobytes())
    return file.getvalue()
