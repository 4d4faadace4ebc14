"""The real program for the harness to kill, with two things exchanged: microphone and engine.

Run as a script: file of 16 kHz PCM that is spoken in real time, or as many
times faster as the environment says, file that counts what was handed over,
then the command line of the program. A pipe that the environment names is told
what the program does while it does it.
"""

import functools
import os
import sys
import threading
import time
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from scribe_desktop import cli
from scribe_desktop.domain.audio import BYTES_PER_FRAME, SAMPLE_RATE
from scribe_desktop.domain.notices import MicrophoneChanged, MicrophoneChoice, MicrophoneState
from scribe_desktop.services import local_service, recovery
from scribe_desktop.services.client import Client
from scribe_desktop.services.encoder import encode
from scribe_desktop.services.recorder import Recorder
from scribe_desktop.services.source import Block, Ended, Heard
from scribe_desktop.services.spool import Spool
from scribe_desktop.wiring.hearing import Hearing

BLOCK_FRAMES = 800

PHASES_PIPE = "SCRIBE_TESTS_PHASES_PIPE"
"""Names the number of the pipe."""

SPEED = "SCRIBE_TESTS_SPEED"
"""How many seconds of speech the microphone hears in one of the clock; 1 where it is not said."""


class Phase(StrEnum):
    """What the program can be killed in; in the order in which a dictation comes through them."""

    KEEPING = "keeping the tail"
    ENCODING = "encoding"
    SEALING = "sealing"
    CREATING = "creating"
    UPLOADING = "uploading"
    ENDING = "ending"
    POLLING = "polling"
    STORING = "storing"


class Phases:
    """Says into a pipe that a phase begins and that it is over; the program goes on as before."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def watch_all(self) -> None:
        """Watch each phase where it is done."""
        self.watch(Spool, "append_tail", Phase.KEEPING)
        self.watch(Spool, "seal", Phase.SEALING)
        self.watch(Spool, "store_results", Phase.STORING)
        self.watch(Client, "create", Phase.CREATING)
        self.watch(Client, "upload", Phase.UPLOADING)
        self.watch(Client, "end", Phase.ENDING)
        self.watch(Client, "get", Phase.POLLING)
        defaults = Recorder.__init__.__kwdefaults__
        assert defaults is not None
        assert defaults["encoding"] is encode
        told = self._told(encode, Phase.ENCODING)
        defaults["encoding"] = told
        setattr(recovery, "encode", told)  # noqa: B010  imported there, and of no use to others

    def watch(self, owner: type, name: str, phase: Phase) -> None:
        """Every call of `owner.name` is this phase."""
        setattr(owner, name, self._told(getattr(owner, name), phase))

    def _told(self, call: Any, phase: Phase) -> Any:
        @functools.wraps(call)
        def told(*arguments: Any, **options: Any) -> Any:
            os.write(self._pipe, f"+{phase}\n".encode())
            try:
                return call(*arguments, **options)
            finally:
                os.write(self._pipe, f"-{phase}\n".encode())

        return told


class TimedSource:
    """A microphone that hears a file over and over, as fast as it was spoken or faster."""

    is_live = True

    def __init__(self, pcm: bytes, count: Path, speed: float = 1.0) -> None:
        self._pcm = pcm
        self._rate = SAMPLE_RATE * speed
        self._count = os.open(count, os.O_WRONLY | os.O_CREAT)
        self._given = 0
        self._began = 0.0
        self._paused_at = 0.0
        self._is_heard = True
        self._wait = threading.Event()
        self._stopped = False

    def open(self) -> None:
        self._began = time.monotonic()
        self._is_heard = False

    def read(self, timeout_s: float) -> Sequence[Heard]:
        if self._paused_at and not self._stopped:
            self._wait.wait(timeout_s)
            return ()
        due = int((time.monotonic() - self._began) * self._rate) - self._given
        if due < BLOCK_FRAMES:
            self._wait.wait(min(timeout_s, (BLOCK_FRAMES - due) / self._rate))
            return (Ended(),) if self._stopped else ()
        block = self._spoken(self._given, due)
        self._given += due
        # The page cache outlives a killed process: this is what was captured.
        os.pwrite(self._count, self._given.to_bytes(8, "little"), 0)
        if self._is_heard:
            return (Block(block),)
        self._is_heard = True
        return (MicrophoneChanged(MicrophoneState.HEARD), Block(block))

    def _spoken(self, start: int, frames: int) -> bytes:
        at = start * BYTES_PER_FRAME % len(self._pcm)
        length = frames * BYTES_PER_FRAME
        return (self._pcm[at:] + self._pcm * (1 + length // len(self._pcm)))[:length]

    def pause(self) -> None:
        self._paused_at = time.monotonic()

    def resume(self) -> None:
        self._began += time.monotonic() - self._paused_at
        self._paused_at = 0.0

    def stop(self) -> None:
        self._stopped = True
        self._wait.set()

    def close(self) -> None:
        if self._count >= 0:
            os.close(self._count)
            self._count = -1


class FileInstead:
    """Microphones that hear a file; there is no loudspeaker."""

    def __init__(self, speech: Path, count: Path) -> None:
        self._speech = speech
        self._count = count

    def choices(self) -> tuple[MicrophoneChoice, ...]:
        return (MicrophoneChoice("file", "File", is_default=True),)

    def source(self, _name: str = "") -> TimedSource:
        speed = float(os.environ.get(SPEED, "1"))
        return TimedSource(self._speech.read_bytes(), self._count, speed)

    def keep_ready(self, wanted: str | None) -> None:
        return

    def cue(self, cue: object) -> None:
        return

    def close(self) -> bool:
        return True


def main(speech: Path, count: Path, arguments: list[str]) -> int:
    host = Path(__file__).with_name("counting_host.py")
    heard = FileInstead(speech, count)
    setattr(Hearing, "microphones", lambda _: heard)  # noqa: B010  its type is none of ours
    local_service.serve_command = lambda: [sys.executable, str(host)]
    if PHASES_PIPE in os.environ:
        Phases(int(os.environ[PHASES_PIPE])).watch_all()
    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
