"""How long the clinician waits: stop → transcript for a minute of speech, beside hearing it whole.

    python benchmarks/stop_to_text.py RECORDING [--times N]

The recording (or its first 60 s, repeated if it is shorter) is spoken into the
line in real time; the same minute is then given whole to the same engine, as a
program would that begins to write only after the stop. Prints medians and
their ratio, since machines differ and are noisy.
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

sys.path[:0] = [str(Path(__file__).resolve().parent), str(Path(__file__).resolve().parents[1])]

import numpy as np

from scribe_desktop.app import Program
from scribe_desktop.collaborators import Listener
from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.chunker import Cuts
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import SessionId
from scribe_desktop.server.audio import decode
from scribe_desktop.server.engine import WhisperEngine, load
from scribe_desktop.server.transcriber import SessionTranscriber
from scribe_desktop.services.places import find_places
from scribe_desktop.services.recorder import Recorder
from scribe_desktop.services.source import Block, Ended, Heard
from scribe_desktop.wiring.hearing import Hearing

SPOKEN_S = 60
BLOCK_S = 0.1


class Speaker:
    """Says a recording at the speed at which it was spoken."""

    is_live = True

    def __init__(self, pcm: bytes) -> None:
        self._pcm = pcm
        self._began = 0.0
        self._at = 0
        self._stopped = threading.Event()
        self.said = threading.Event()

    def open(self) -> None:
        """Begin to speak."""
        self._began = time.monotonic()

    def read(self, timeout_s: float) -> Sequence[Heard]:
        """Everything spoken since the last call."""
        if self._stopped.wait(min(timeout_s, BLOCK_S)):
            return [Ended()]
        until = int((time.monotonic() - self._began) * SAMPLE_RATE) * 2
        part, self._at = self._pcm[self._at : until], until
        if self._at >= len(self._pcm):
            self.said.set()
        return [Block(part)] if part else []

    def pause(self) -> None:
        """Never paused."""

    def resume(self) -> None:
        """Never paused."""

    def stop(self) -> None:
        """Be silent."""
        self._stopped.set()

    def close(self) -> None:
        """Nothing to close."""


class SpokenTo(Hearing):
    """What hears, with a speaker in place of a microphone."""

    speaker: Speaker

    def record_microphone(
        self, session_id: SessionId, cuts: Cuts, _name: str, tell: Listener
    ) -> Recorder:
        """Record the speaker."""
        return self.record(self.speaker, session_id, cuts, tell)


def wait_s(program: Program, pcm: bytes) -> float:
    """Speak a minute, stop, and wait for the text; seconds from stop to stored transcript."""
    speaker = Speaker(pcm)
    assert isinstance(program.hearing, SpokenTo)
    program.hearing.speaker = speaker
    stored = threading.Event()
    usual = program.line.usual_order()
    order = Order(service=usual.service, templates=("soap",))
    session_id = program.line.start(order)

    def look(_: object) -> None:
        if program.line.session(session_id).resolved_at is not None:
            stored.set()

    unsubscribe = program.line.subscribe(look)
    speaker.said.wait()
    pressed = time.monotonic()
    program.line.stop()
    if not stored.wait(120):
        sys.exit(f"no result: {program.line.session(session_id).problem}")
    waited = time.monotonic() - pressed
    unsubscribe()
    return waited


def whole_s(engine: WhisperEngine, pcm: bytes) -> float:
    """Seconds to write the same minute after the stop."""
    began = time.monotonic()
    transcriber = SessionTranscriber(engine, ["en"])
    transcriber.feed(np.frombuffer(pcm, np.int16))
    transcriber.finish()
    return time.monotonic() - began


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("recordings", type=Path, nargs="+")
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    spoken = np.concatenate([decode(path.read_bytes()) for path in options.recordings])
    pcm = np.resize(spoken, SPOKEN_S * SAMPLE_RATE).astype(np.int16).tobytes()
    waits, wholes = [], []
    with tempfile.TemporaryDirectory() as home:
        os.environ["SCRIBE_DESKTOP_HOME"] = home
        os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
        with Program(find_places(), hearing=SpokenTo) as program:
            program.deliver()
            program.line.prepare()
            for _ in range(options.times):
                waits.append(wait_s(program, pcm))
                print(f"stop to text, the line  {waits[-1]:6.2f} s", flush=True)
        engine = load("base")
        for _ in range(options.times):
            wholes.append(whole_s(engine, pcm))
            print(f"written after the stop  {wholes[-1]:6.2f} s", flush=True)
    ours, theirs = median(waits), median(wholes)
    print(f"\nmedian of {options.times}: {ours:.2f} s beside {theirs:.2f} s")
    print(f"ratio {ours / theirs:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
