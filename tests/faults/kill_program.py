"""Starts the real program for the kill harness, records with it, kills it, and starts it again.

What takes milliseconds is seldom hit by the clock: most kills wait until the
program says that it seals, sends or stores, and come at a random instant from
there on. What it really died in is what it had begun and not ended.
"""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.services.control import ADDRESS_FILE, Control
from scribe_desktop.services.places import Places
from tests.faults import program_to_kill
from tests.faults.program_to_kill import PHASES_PIPE, Phase
from tests.live.desktop_stage import wait_for

LIMIT_S = 120.0
LEAVE_S = 10.0

BY_THE_CLOCK = None

HAD_ENDED = "nothing any more"
BETWEEN = "nothing of these"


@dataclass(frozen=True)
class Aim:
    """When to kill: so long after the beginning, or after the `nth` beginning of a phase."""

    phase: Phase | None
    nth: int
    after_s: float


class Broken(AssertionError):
    """A promise that was not kept."""


@dataclass(frozen=True)
class Stage:
    """Where the program is started, and what it hears there."""

    places: Places
    environment: Mapping[str, str]
    speech: Path
    count: Path
    speech_s: float

    def heard_frames(self) -> int:
        """What the microphone handed over so far."""
        return int.from_bytes(self.count.read_bytes(), "little") if self.count.exists() else 0


class Way(Protocol):
    """How the user works with the program."""

    def record_and_kill(self, aim: Aim) -> tuple[str, ...]:
        """What it was doing when it was killed."""

    def restart_and_kill(self, aim: Aim) -> tuple[str, ...]:
        """Start it again and kill it again; what it was doing."""

    def restart(self, is_over: Callable[[], bool]) -> None:
        """Start it again, in peace, without a word about the dictation."""


class ByCommand:
    """`dictate` in a terminal, and `deliver` at the next start."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def record_and_kill(self, aim: Aim) -> tuple[str, ...]:
        """What `dictate` was doing when it was killed."""
        asked = ("dictate", "--mic", "any", "--seconds", str(self._stage.speech_s))
        with _child(self._stage, *asked, "--json") as (child, phases):
            assert child.stderr is not None
            if aim.phase is BY_THE_CLOCK:
                for line in child.stderr:
                    if b"Listening" in line:
                        break
            return _kill(child, phases, aim)

    def restart_and_kill(self, aim: Aim) -> tuple[str, ...]:
        """What `deliver` was doing when it was killed."""
        with _child(self._stage, "deliver", "--json") as (child, phases):
            return _kill(child, phases, aim)

    def restart(self, is_over: Callable[[], bool]) -> None:
        """Have `deliver` come to its end."""
        with _child(self._stage, "deliver", "--json") as (child, _):
            try:
                child.communicate(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                raise Broken("the program that was started again never ended") from None
            if child.returncode != 0:
                raise Broken(f"the program that was started again ended with {child.returncode}")
        if not is_over():
            raise Broken("the program that was started again left something undone")


class InWindow:
    """The window; keys and commands of other processes reach it through the private socket."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def record_and_kill(self, aim: Aim) -> tuple[str, ...]:
        """What the window was doing when it was killed."""
        address = self._stage.places.control / ADDRESS_FILE
        with _child(self._stage) as (child, phases):
            wait_for(address.exists, "the window", LIMIT_S)
            self._ask("start")
            is_dead = threading.Event()
            speaker = threading.Thread(target=self._stop_in_time, args=(is_dead,))
            speaker.start()
            try:
                return _kill(child, phases, aim, stays=True)
            finally:
                # Before anything looks or starts: asking takes the lock of a holder that is gone.
                is_dead.set()
                speaker.join()

    def _stop_in_time(self, is_dead: threading.Event) -> None:
        enough = self._stage.speech_s * SAMPLE_RATE
        while not is_dead.wait(0.01):
            if self._stage.heard_frames() >= enough:
                with contextlib.suppress(ScribeError):
                    self._ask("stop")
                return

    def _ask(self, command: str) -> None:
        Control(self._stage.places.control).ask({"command": command})

    def restart_and_kill(self, aim: Aim) -> tuple[str, ...]:
        """What the window that was opened again was doing when it was killed."""
        with _child(self._stage) as (child, phases):
            return _kill(child, phases, aim, stays=True)

    def restart(self, is_over: Callable[[], bool]) -> None:
        """Open the window again and only look on."""
        with _child(self._stage) as (child, _):
            try:
                wait_for(lambda: is_over() or child.poll() is not None, "the outcome", LIMIT_S)
            except AssertionError:
                raise Broken("the window that was opened again never got the outcome") from None
            if child.poll() is not None:
                raise Broken(f"the window that was opened again ended with {child.returncode}")
            child.send_signal(signal.SIGTERM)
            try:
                child.communicate(timeout=LEAVE_S)
            except subprocess.TimeoutExpired:
                raise Broken("the window that was opened again does not end") from None


def _kill(
    child: "subprocess.Popen[bytes]", phases: BinaryIO, aim: Aim, *, stays: bool = False
) -> tuple[str, ...]:
    """Kill it when it is time; what it had begun then and not ended.

    What `stays` open does not end when all is stored, so it is killed then at the latest.
    """
    begun: list[str] = []

    def follow(line: bytes) -> str:
        sign, phase = line[:1], line[1:].strip().decode()
        begun.append(phase) if sign == b"+" else begun.remove(phase)
        return phase if sign == b"+" else ""

    # Ends whatever hangs; what it left behind is then judged like everything else.
    limit = threading.Timer(LIMIT_S, child.kill)
    limit.start()
    left = aim.nth
    all_done = f"-{Phase.STORING}\n".encode() if stays else b""
    while left and (line := phases.readline()):
        left -= follow(line) == aim.phase
        if line == all_done:
            break
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(aim.after_s)
    had_ended = child.poll() is not None
    child.kill()
    limit.cancel()
    for line in phases:
        follow(line)
    return (HAD_ENDED,) if had_ended else tuple(begun) or (BETWEEN,)


@contextlib.contextmanager
def _child(stage: Stage, *arguments: str) -> Iterator[tuple["subprocess.Popen[bytes]", BinaryIO]]:
    read, write = os.pipe()
    script = (program_to_kill.__file__, str(stage.speech), str(stage.count))
    with os.fdopen(read, "rb", buffering=0) as phases:
        try:
            child = subprocess.Popen(
                [sys.executable, *script, *arguments],
                env={**stage.environment, PHASES_PIPE: str(write)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[write],
            )
        finally:
            os.close(write)
        with child:
            yield child, phases
            child.kill()
