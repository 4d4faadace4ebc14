"""What recording costs: processor time of recorder and encoder for each second of speech.

    python benchmarks/recorder_cpu.py [AUDIO]

The real recorder, voice detector, encoder and encrypted spool, fed with the
blocks of a 48 kHz stereo microphone as fast as they are taken. Without AUDIO
the bundled sample is used. Budget: 3 % of one core (PRODUCT.md §5).
"""

import cProfile
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.chunker import LOCAL_CUTS, Cuts, remote_cuts
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.importer import open_recording
from scribe_desktop.services.recorder import Recorder
from scribe_desktop.services.source import Block, Ended, Heard, Shape
from scribe_desktop.services.spool import Spool

SAMPLE = Path(__file__).resolve().parents[1] / "resources" / "sample"
STEREO = Shape(48_000, 2, "float32")
BLOCK_FRAMES = 960


class EagerMicrophone:
    """A microphone that has always heard the next 20 ms already."""

    is_live = True

    def __init__(self, pcm: bytes) -> None:
        mono = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        at_48_khz = np.interp(np.arange(3 * len(mono)) / 3, np.arange(len(mono)), mono)
        self._sound = np.repeat(at_48_khz, 2).astype("<f4").tobytes()
        self._at = 0

    def open(self) -> None:
        """Open already."""

    def read(self, timeout_s: float) -> Sequence[Heard]:  # noqa: ARG002  it never waits
        """The next block."""
        size = BLOCK_FRAMES * STEREO.frame_bytes
        part = self._sound[self._at : self._at + size]
        self._at += size
        return [Block(part, STEREO)] if part else [Ended()]

    def pause(self) -> None:
        """Never."""

    def resume(self) -> None:
        """Never."""

    def stop(self) -> None:
        """Never."""

    def close(self) -> None:
        """Nothing to let go."""


def pcm_of(path: Path) -> bytes:
    """A recording as 16 kHz PCM."""
    source, pcm = open_recording(path), bytearray()
    while True:
        for heard in source.read(0.0):
            if isinstance(heard, Block):
                pcm += heard.pcm
            if isinstance(heard, Ended):
                source.close()
                return bytes(pcm)


def cost(pcm: bytes, cuts: Cuts) -> dict[str, float]:
    """Record it once."""
    with tempfile.TemporaryDirectory() as folder:
        spool = Spool.open(Path(folder), bytes(32), now=time.time)
        session_id = SessionId("5e55")
        spool.add(Session(session_id, 0.0, Order()))
        source = EagerMicrophone(pcm)
        recorder = Recorder(spool, source, session_id, cuts, lambda _: None, time.time)
        before, since = time.process_time(), time.monotonic()
        recorder.start()
        recorder.join(600)
        used_s, took_s = time.process_time() - before, time.monotonic() - since
        chunks = spool.get(session_id).chunks
        stored = sum(len(spool.chunk(session_id, index).body) for index in range(chunks))
        spool.close()
    spoken_s = len(pcm) / 2 / SAMPLE_RATE
    return {
        "spoken_s": round(spoken_s, 1),
        "chunks": chunks,
        "cpu_percent": round(100 * used_s / spoken_s, 2),
        "wall_percent": round(100 * took_s / spoken_s, 2),
        "megabytes_an_hour": round(stored / spoken_s * 3600 / 1e6, 2),
    }


def least(pcm: bytes, cuts: Cuts) -> dict[str, float]:
    """The least disturbed of five: other programs make it dearer, nothing makes it cheaper."""
    return min((cost(pcm, cuts) for _ in range(5)), key=lambda figures: figures["cpu_percent"])


def main() -> None:
    """Print one object; with --profile also where the time goes."""
    names = [name for name in sys.argv[1:] if not name.startswith("--")]
    path = Path(names[0]) if names else next(SAMPLE.glob("*.flac"))
    pcm = pcm_of(path)
    cost(pcm[: 2 * SAMPLE_RATE], LOCAL_CUTS)
    figures = {"local": least(pcm, LOCAL_CUTS), "remote": least(pcm, remote_cuts())}
    print(json.dumps({"budget_percent": 3.0, **figures}, indent=2))


if __name__ == "__main__":
    if "--profile" in sys.argv:
        cProfile.run("main()", sort="tottime")
    else:
        main()
