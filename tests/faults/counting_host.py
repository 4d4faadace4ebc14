"""The local service as a child of the real program, with an engine that only counts frames."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scribe_desktop.server.api import Parts
from scribe_desktop.server.audio import decode
from scribe_desktop.server.host import ServeOptions, now, run
from scribe_desktop.server.progress import State
from scribe_desktop.server.store import Store
from scribe_desktop.server.transcription import Told
from tests.server.scripted import MODELS, TEMPLATES, ScriptedNotes

PHRASE = "Kanarienrede"
"""In every transcript, so that one that leaves the encrypted stores is found."""


@dataclass
class CountingTranscriber:
    """Says how many frames it was given; after a restart it is given all of them again."""

    frames: int = 0

    def feed(self, pcm: NDArray[np.int16], *, more_waiting: bool = False) -> None:
        self.frames += len(pcm)

    def state(self) -> State:
        return {"frames": self.frames}

    def partial(self) -> str:
        return f"{self.frames} frames of {PHRASE}"

    def finish(self) -> Told:
        return Told(self.partial(), "en")


class CountingSpeech:
    """Stands where the engine of this computer stands."""

    def prepare(self, model: str) -> None:
        return

    def release(self) -> None:
        return

    def transcriber(
        self,
        model: str,
        languages: Sequence[str],
        vocabulary: Sequence[str],
        state: State | None,
    ) -> CountingTranscriber:
        return CountingTranscriber()

    def decode(self, body: bytes) -> NDArray[np.int16]:
        return decode(body)


def make_parts(store: Store, token: str, _: ServeOptions) -> Parts:
    return Parts(
        store=store,
        speech=CountingSpeech(),
        notes=ScriptedNotes,
        built_in_templates=TEMPLATES,
        models=MODELS,
        token=token,
        now=now,
    )


if __name__ == "__main__":
    sys.exit(run(ServeOptions(token_stdin=True), make_parts))
