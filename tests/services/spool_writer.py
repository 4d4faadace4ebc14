"""A child that dictates into a spool until it is killed, and says what was acknowledged.

Run as a script: folder, seed. The sound is a count, so that every frame can be
told from every other; a chunk's body is its own PCM.
"""

import random
import sys
import time
from array import array
from pathlib import Path

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.events import SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.spool import Spool

KEY = bytes(range(32))
SESSION = SessionId("5e55")


def sound(start: int, frames: int) -> bytes:
    return array("H", [frame & 0xFFFF for frame in range(start, start + frames)]).tobytes()


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    spool = Spool.open(folder, KEY, now=time.time)
    spool.add(Session(SESSION, time.time(), Order()))
    spool.update(SESSION, lambda s: apply(s, SpeechStarted(time.time())))
    spoken = sealed = index = 0
    while True:
        frames = chance.randint(1, 16_000)
        spool.append_tail(SESSION, spoken, sound(spoken, frames))
        spoken += frames
        say(f"spoken {spoken} {index}")
        if chance.random() < 0.3:
            until = chance.randint(sealed + 1, spoken)
            body = sound(sealed, until - sealed)
            spool.seal(SESSION, EncodedChunk(index, body, until - sealed))
            sealed, index = until, index + 1
            say(f"spoken {spoken} {index}")
        spool.remember("n", index)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
