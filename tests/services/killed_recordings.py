"""Records into a real spool in a child process, and kills the child at a random instant.

    python tests/services/killed_recordings.py FOLDER COUNT SEED

For each recording FOLDER/N holds the spool and FOLDER/N/spoken the number of
frames that the microphone had handed over when it died. A process of its own,
because it forks: nothing that others import may run threads in it.
"""

import mmap
import os
import random
import signal
import struct
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from scribe_desktop.domain.chunker import LOCAL_CUTS
from scribe_desktop.domain.notices import Notice
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.recorder import Recorder
from scribe_desktop.services.source import Block, Ended, Heard
from scribe_desktop.services.spool import Spool
from tests.services.sounds import loud_is_speech, pcm16, speechlike

KEY = bytes(range(32))
ID = SessionId("5e55")
SPOKEN_S = 12.0
LONGEST_SPEECH_S = 8.0
BLOCK_BYTES = 640


def spoken() -> bytes:
    """What is dictated in every one of them."""
    return pcm16(speechlike(SPOKEN_S, seed=11))


class CountedMicrophone:
    """Hands over a block at a time and counts it first, where a killed process cannot lie."""

    is_live = True

    def __init__(self, pcm: bytes, counter: mmap.mmap) -> None:
        self._pcm = pcm
        self._counter = counter
        self._at = 0

    def open(self) -> None:
        """Open already."""

    def read(self, timeout_s: float) -> Sequence[Heard]:
        """The next 20 ms, a good deal faster than they were spoken."""
        time.sleep(0.0005)
        block = self._pcm[self._at : self._at + BLOCK_BYTES]
        self._at += len(block)
        self._counter[:8] = struct.pack("<q", self._at // 2)
        return [Block(block)] if block else [Ended()]

    def pause(self) -> None:
        """Never."""

    def resume(self) -> None:
        """Never."""

    def stop(self) -> None:
        """Never."""

    def close(self) -> None:
        """Nothing to let go."""


def record(folder: Path, pcm: bytes, counter: mmap.mmap) -> None:
    """In the child, until it is killed."""
    spool = Spool.open(folder, KEY, now=time.time)
    spool.add(Session(ID, 1.0, Order()))
    source = CountedMicrophone(pcm, counter)
    recorder = Recorder(
        spool,
        source,
        ID,
        LOCAL_CUTS,
        list[Notice]().append,
        time.time,
        is_quiet=loud_is_speech,
    )
    recorder.start()
    recorder.join(60)


def kill_one(folder: Path, pcm: bytes, speech_s: float, more_s: float) -> None:
    """One recording, dead when so much was spoken."""
    folder.mkdir()
    counter = mmap.mmap(-1, 16)
    child = os.fork()
    if child == 0:
        record(folder, pcm, counter)
        os._exit(0)
    while struct.unpack("<q", counter[:8])[0] < speech_s * 16_000:
        time.sleep(0.0003)
    # Not always just after a block: anywhere in what is done with it.
    time.sleep(more_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    (frames,) = struct.unpack("<q", counter[:8])
    (folder / "spoken").write_text(str(frames), encoding="ascii")


def main() -> None:
    """Kill as many as were asked for."""
    folder, count, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance, pcm = random.Random(seed), spoken()
    for number in range(count):
        speech_s, more_s = chance.uniform(0.0, LONGEST_SPEECH_S), chance.uniform(0.0, 0.02)
        kill_one(folder / str(number), pcm, speech_s, more_s)


if __name__ == "__main__":
    main()
