"""A speech engine that hears exactly what a test says, and audio to go with it."""

import io
import threading
import wave
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from scribe_desktop.domain.errors import AudioFileError, EngineError
from scribe_desktop.server.custom_templates import TemplateShelf
from scribe_desktop.server.progress import State
from scribe_desktop.server.service import Model
from scribe_desktop.server.transcription import Heard, Told

RATE = 16_000
WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
MODELS = (
    Model("pro", "Pro", ("en", "hi", "de"), 3600, "standard"),
    Model("lite", "Lite", ("en",), 3600, "fast"),
)
# Samples louder than this make the scripted engine fail.
BROKEN = 30_000
# And louder than this, make it never come back.
STUCK = 20_000


def wav(*words: int, seconds: float = 0.1) -> bytes:
    """A WAV file in which the scripted engine hears these numbers."""
    frames = int(RATE * seconds)
    pcm = np.concatenate([np.full(frames, (word + 1) * 100, np.int16) for word in words])
    return wav_of(pcm)


def wav_of(pcm: NDArray[np.int16]) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(pcm.astype("<i2").tobytes())
    return file.getvalue()


@dataclass
class ScriptedTranscriber:
    """Hears a word wherever the sample value changes to another one."""

    gate: threading.Event
    stopped: threading.Event
    settled: int = 0
    listened: int = 0
    pcm: list[NDArray[np.int16]] = field(default_factory=list)

    def feed(self, pcm: NDArray[np.int16], *, more_waiting: bool = False) -> None:
        if not self.gate.is_set():
            self.stopped.set()
        self.gate.wait()
        if len(pcm) and pcm.max() >= BROKEN:
            raise EngineError("The speech engine failed.", "Try again.")
        if len(pcm) and pcm.max() >= STUCK:
            threading.Event().wait()
        self.pcm.append(pcm)
        self.listened += max(0, self._frames() - self.settled)
        self.settled = max(self.settled, self._frames())

    def _frames(self) -> int:
        return sum(len(piece) for piece in self.pcm)

    def state(self) -> State:
        return {"frames": self.settled}

    def partial(self) -> str:
        words = []
        for piece in self.pcm:
            edges = np.flatnonzero(np.diff(piece, prepend=np.int16(-1)))
            words += [WORDS[int(piece[edge]) // 100 - 1] for edge in edges if piece[edge] > 0]
        return " ".join(words)

    def finish(self) -> Told:
        self.gate.wait()
        text = self.partial()
        return Told(text, "en" if text else "")


class ScriptedSpeech:
    """Stands where the engine of this computer stands. Closing the gate makes it slow."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.stopped_at_the_gate = threading.Event()
        self.made: list[ScriptedTranscriber] = []
        self.expected: tuple[str, ...] = ()
        self.failing = False
        self.released = threading.Event()

    def prepare(self, model: str) -> None:
        return

    def release(self) -> None:
        self.released.set()

    def transcriber(
        self,
        model: str,
        languages: Sequence[str],
        vocabulary: Sequence[str],
        state: State | None = None,
    ) -> ScriptedTranscriber:
        self.expected = tuple(vocabulary)
        if self.failing:
            raise EngineError("The speech model is missing.", "Fetch it in the settings.")
        self.made.append(
            ScriptedTranscriber(self.gate, self.stopped_at_the_gate, (state or {}).get("frames", 0))
        )
        return self.made[-1]

    def decode(self, body: bytes) -> NDArray[np.int16]:
        try:
            with wave.open(io.BytesIO(body), "rb") as source:
                return np.frombuffer(source.readframes(source.getnframes()), "<i2").astype(np.int16)
        except (wave.Error, EOFError) as error:
            raise AudioFileError("This file holds no audio that can be read.") from error


@dataclass(frozen=True)
class ScriptedTemplate:
    name: str
    description: str


TEMPLATES = {
    "soap": ScriptedTemplate("SOAP", "Subjective, objective, assessment, plan"),
    "transcript_template": ScriptedTemplate("Transcript", "What was said"),
    "impossible": ScriptedTemplate("Impossible", "Cannot be filled"),
}


@dataclass(frozen=True)
class ScriptedNote:
    data: object
    markdown: str


@dataclass(frozen=True)
class ScriptedNotes:
    """Puts the whole transcript under one heading."""

    shelf: TemplateShelf

    def fill(self, template_id: str, heard: Heard) -> ScriptedNote:
        if template_id == "impossible":
            raise EngineError("The note could not be written.")
        name = self.shelf.name_of(template_id)
        return ScriptedNote({"Said": heard.text}, f"# {name}\n\n{heard.text}\n")
