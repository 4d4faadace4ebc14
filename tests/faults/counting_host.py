"""The local service as a child of the real program, with an engine that only counts frames.

Run as a script: as it is, or with a clock that runs with the speech
(speech_clock.py) and the seconds that it takes in one session.

What it is asked to end it writes into a file, if the environment names one: a
kill of the program must not end a dictation twice.
"""

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scribe_desktop.server.api import Parts
from scribe_desktop.server.audio import decode
from scribe_desktop.server.host import ServeOptions, now, run
from scribe_desktop.server.progress import State
from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.sessions import Session, Sessions
from scribe_desktop.server.store import Store
from scribe_desktop.server.transcription import Told
from tests.faults.speech_clock import clock_in
from tests.server.scripted import MODELS, TEMPLATES, ScriptedNotes

PHRASE = "Kanarienrede"
"""In every transcript, so that one that leaves the encrypted stores is found."""

ENDS_FILE = "SCRIBE_TESTS_ENDS_FILE"
"""Names the file of the ends."""


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


def count_ends(file: str) -> None:
    """Write down each End that reaches the service, and what becomes of it."""
    # One write for each line: the service may be killed at any moment.
    lines = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    end = Sessions.end

    def counted(sessions: Sessions, session_id: str, audio_files_sent: int | None) -> Session:
        os.write(lines, f"reached {session_id}\n".encode())
        try:
            ended = end(sessions, session_id, audio_files_sent)
        except Refusal:
            os.write(lines, f"refused {session_id}\n".encode())
            raise
        os.write(lines, f"processed {session_id}\n".encode())
        return ended

    setattr(Sessions, "end", counted)  # noqa: B010  its type is none of ours


def made_for_long(clock_file: str, longest_s: str) -> Callable[[Store, str, ServeOptions], Parts]:
    clock = clock_in(Path(clock_file))
    models = tuple(replace(one, max_session_duration_s=int(longest_s)) for one in MODELS)

    def make(store: Store, token: str, options: ServeOptions) -> Parts:
        return replace(make_parts(store, token, options), now=clock, models=models)

    return make


if __name__ == "__main__":
    if ENDS_FILE in os.environ:
        count_ends(os.environ[ENDS_FILE])
    made = made_for_long(*sys.argv[1:]) if sys.argv[1:] else make_parts
    sys.exit(run(ServeOptions(token_stdin=True), made))
