"""Kills the real program at a chosen moment, starts it again, and looks at what is left.

One trial: dictate in real time, `kill -9`, look into the spool with its own
key, start again with a command that says nothing of the dictation, and
compare the service's own store with the spool and with what was spoken.

What takes milliseconds is seldom hit by the clock: most kills wait until the
program says that it seals, sends or stores, and come at a random instant from
there on. What it really died in is what it had begun and not ended.
"""

import contextlib
import hashlib
import os
import random
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from scribe_desktop.domain.audio import SAMPLE_RATE, EncodedChunk
from scribe_desktop.domain.session import Capture, Delivery, Session
from scribe_desktop.server.store import Store
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.encoder import decode, decode_chunk
from scribe_desktop.services.local_service import service_key
from scribe_desktop.services.places import HOME_VARIABLE, Places, find_places
from scribe_desktop.services.spool import Spool
from tests.faults import program_to_kill
from tests.faults.counting_host import PHRASE
from tests.faults.program_to_kill import PHASES_PIPE, Phase

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample" / "01_htn.flac"
LIMIT_S = 120.0
LEAST_SNR_DB = 15.0
MOST_MISSING_S = 1.0

BY_THE_CLOCK = None
AIMS: tuple[Phase | None, ...] = (*Phase, BY_THE_CLOCK, BY_THE_CLOCK)
"""Taken in turn, so that twenty trials hit everything twice."""

OF_RECOVERY: tuple[Phase | None, ...] = (
    Phase.CREATING,
    Phase.UPLOADING,
    Phase.ENDING,
    Phase.POLLING,
    Phase.STORING,
    BY_THE_CLOCK,
)

LASTS_MS: Mapping[Phase, float] = {
    Phase.KEEPING: 2,
    Phase.ENCODING: 15,
    Phase.SEALING: 3,
    Phase.CREATING: 15,
    Phase.UPLOADING: 10,
    Phase.ENDING: 10,
    Phase.POLLING: 10,
    Phase.STORING: 3,
}
"""About how long each goes on here: a kill comes within this time of its beginning."""

TIMES: Mapping[Phase, int] = {
    Phase.KEEPING: 4,
    Phase.ENCODING: 2,
    Phase.SEALING: 2,
    Phase.UPLOADING: 2,
    Phase.POLLING: 3,
}
"""So often each comes in a short dictation, if not only once."""

AFTER_THE_SPEECH_S = 1.1
"""Delivery is over by then."""

HAD_ENDED = "nothing any more"
BETWEEN = "nothing of these"


@dataclass(frozen=True)
class Aim:
    """When to kill: so long after the beginning, or after the `nth` beginning of a phase."""

    phase: Phase | None
    nth: int
    after_s: float


@dataclass(frozen=True)
class Outcome:
    """What one trial showed; `fault` is empty when every promise was kept."""

    seed: int
    aim: str
    state: str
    died_in: tuple[str, ...] = ()
    missing_s: float = 0.0
    worst_snr_db: float = float("inf")
    chunks: int = 0
    kills: int = 1
    fault: str = ""


class Broken(AssertionError):
    """A promise that was not kept."""


class Trial:
    """One dictation of about `speech_s` in a home of its own."""

    def __init__(self, folder: Path, seed: int, *, speech_s: float = 3.0) -> None:
        folder.mkdir(parents=True)
        self._chance = random.Random(seed)
        self._seed = seed
        self._speech_s = speech_s
        self._speech = folder / "speech.pcm"
        self._speech.write_bytes(decode(SAMPLE.read_bytes()))
        self._count = folder / "count"
        self._environment = os.environ | {
            HOME_VARIABLE: str(folder / "home"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONPATH": str(ROOT),
        }
        self._places: Places = find_places(self._environment)

    def run(self) -> Outcome:
        """Kill once or more, then let it finish; raises nothing, `fault` says what was wrong."""
        aim = self._aim(AIMS[self._seed % len(AIMS)], self._speech_s + AFTER_THE_SPEECH_S)
        outcome = Outcome(self._seed, str(aim.phase or f"{aim.after_s:.2f} s"), "over")
        try:
            died_in = self._dictate_and_kill(aim)
            before, outcome = self._look(outcome)
            if self._chance.random() < 0.5:
                # Recovery and delivery are killed too.
                aim = self._aim(self._chance.choice(OF_RECOVERY), 2.0)
                died_in += self._start("deliver", "--json", aim=aim)
                outcome = replace(outcome, kills=2)
            outcome = replace(outcome, died_in=died_in)
            self._deliver()
            return self._compare(before, outcome)
        except Broken as fault:
            return replace(outcome, fault=str(fault))

    def _aim(self, phase: Phase | None, longest_s: float) -> Aim:
        if phase is None:
            return Aim(phase, 0, self._chance.uniform(0.0, longest_s))
        nth = self._chance.randint(1, TIMES.get(phase, 1))
        return Aim(phase, nth, self._chance.uniform(0.0, LASTS_MS[phase] / 1000))

    # --- the program -----------------------------------------------------------------

    def _command(self, *arguments: str) -> list[str]:
        script = program_to_kill.__file__
        return [sys.executable, script, str(self._speech), str(self._count), *arguments]

    def _dictate_and_kill(self, aim: Aim) -> tuple[str, ...]:
        """What it was doing when it was killed."""
        arguments = ["dictate", "--mic", "any", "--seconds", str(self._speech_s), "--template"]
        command = self._command(*arguments, "soap", "--json")
        with _child(command, self._environment) as (child, phases):
            assert child.stderr is not None
            if aim.phase is BY_THE_CLOCK:
                for line in child.stderr:
                    if b"Listening" in line:
                        break
            return _kill(child, phases, aim)

    def _deliver(self) -> None:
        """Start it again, in peace, without a word about the dictation."""
        with _child(self._command("deliver", "--json"), self._environment) as (child, _):
            try:
                child.communicate(timeout=LIMIT_S)
            except subprocess.TimeoutExpired:
                raise Broken("the program that was started again never ended") from None
            if child.returncode != 0:
                raise Broken(f"the program that was started again ended with {child.returncode}")

    def _start(self, *arguments: str, aim: Aim) -> tuple[str, ...]:
        with _child(self._command(*arguments), self._environment) as (child, phases):
            return _kill(child, phases, aim)

    # --- what is left ----------------------------------------------------------------

    @contextlib.contextmanager
    def _spool(self) -> Iterator[Spool]:
        spool = Spool.open(self._places.spool, self._key(), now=lambda: 0.0)
        yield spool
        spool.close()

    def _key(self) -> bytes:
        credentials = Credentials(self._places.keyring_name, self._places.config)
        return credentials.spool_key(spool_exists=True).key

    def _heard(self) -> NDArray[np.int16]:
        """Everything that the microphone handed over before the kill."""
        frames = int.from_bytes(self._count.read_bytes(), "little")
        spoken = np.frombuffer(self._speech.read_bytes(), "<i2")
        return np.resize(spoken, frames)

    def _look(self, outcome: Outcome) -> tuple[list[str], Outcome]:
        """Before anything is mended: the tail bit for bit, the chunks by their sound."""
        heard = self._heard()
        with self._spool() as spool:
            (session,) = spool.sessions()
            chunks = _chunks(spool, session)
            tail = np.frombuffer(spool.tail(session.session_id), "<i2")
        after = heard[session.frames :]
        if not np.array_equal(tail, after[: len(tail)]):
            raise Broken("the tail is not what was captured, bit for bit")
        missing_s = (len(heard) - session.frames - len(tail)) / SAMPLE_RATE
        if missing_s > MOST_MISSING_S:
            raise Broken(f"{missing_s:.2f} s of speech are missing")
        state = f"{session.capture}/{session.delivery}"
        outcome = replace(outcome, state=state, missing_s=max(missing_s, 0.0))
        return [_digest(chunk) for chunk in chunks], replace(
            outcome, worst_snr_db=worst_snr_db(chunks, heard)
        )

    def _compare(self, before: list[str], outcome: Outcome) -> Outcome:
        """After the restart: delivered whole, once, in order, the same bytes everywhere."""
        heard = self._heard()
        with self._spool() as spool:
            (session,) = spool.sessions()
            chunks = _chunks(spool, session)
            versions = spool.versions(session.session_id)
        here = [_digest(chunk) for chunk in chunks]
        if here[: len(before)] != before:
            raise Broken("a chunk has another number or other bytes than before")
        if session.capture is not Capture.STOPPED:
            raise Broken("the dictation was not stopped")
        if session.chunks == 0:
            return replace(outcome, state=outcome.state + " (nothing spoken yet)")
        if session.delivery is not Delivery.RESOLVED or not versions:
            raise Broken(f"not delivered: {session.delivery}")
        if session.remote is None or self._at_service(session.remote.remote_id) != here:
            raise Broken("the service has other bytes than the spool")
        said = versions[-1].results.transcript
        if said != f"{session.frames} frames of {PHRASE}":
            raise Broken(f"of {session.frames} frames the engine heard: {said}")
        missing_s = (len(heard) - session.frames) / SAMPLE_RATE
        if missing_s > MOST_MISSING_S:
            raise Broken(f"{missing_s:.2f} s of speech are missing at the end")
        worst = min(outcome.worst_snr_db, worst_snr_db(chunks, heard))
        return replace(
            outcome, missing_s=max(missing_s, 0.0), worst_snr_db=worst, chunks=len(chunks)
        )

    def _at_service(self, remote_id: str) -> list[str]:
        """Read in the service's own store, and not taken from any receipt."""
        store = Store.open(self._places.service, service_key(self._key()))
        with store.reading() as rows:
            bodies = rows.execute(
                "SELECT body FROM files WHERE session_id = ? ORDER BY number", (remote_id,)
            ).fetchall()
        store.close()
        return [hashlib.sha256(body).hexdigest() for (body,) in bodies]


def _kill(child: "subprocess.Popen[bytes]", phases: BinaryIO, aim: Aim) -> tuple[str, ...]:
    """Kill it when it is time; what it had begun then and not ended."""
    begun: list[str] = []

    def follow(line: bytes) -> str:
        sign, phase = line[:1], line[1:].strip().decode()
        begun.append(phase) if sign == b"+" else begun.remove(phase)
        return phase if sign == b"+" else ""

    # Ends whatever hangs; what it left behind is then judged like everything else.
    limit = threading.Timer(LIMIT_S, child.kill)
    limit.start()
    left = aim.nth
    while left and (line := phases.readline()):
        left -= follow(line) == aim.phase
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(aim.after_s)
    had_ended = child.poll() is not None
    child.kill()
    limit.cancel()
    for line in phases:
        follow(line)
    return (HAD_ENDED,) if had_ended else tuple(begun) or (BETWEEN,)


@contextlib.contextmanager
def _child(
    command: list[str], environment: dict[str, str]
) -> Iterator[tuple["subprocess.Popen[bytes]", BinaryIO]]:
    read, write = os.pipe()
    with os.fdopen(read, "rb", buffering=0) as phases:
        try:
            child = subprocess.Popen(
                command,
                env=environment | {PHASES_PIPE: str(write)},
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


def _chunks(spool: Spool, session: Session) -> list[EncodedChunk]:
    return [spool.chunk(session.session_id, index) for index in range(session.chunks)]


def _digest(chunk: EncodedChunk) -> str:
    return hashlib.sha256(chunk.body).hexdigest()


def worst_snr_db(chunks: list[EncodedChunk], heard: NDArray[np.int16]) -> float:
    """Each chunk decodes to its length, without a lag, and sounds like what was said."""
    at, worst = 0, float("inf")
    for chunk in chunks:
        sound = np.frombuffer(decode_chunk(chunk), "<i2").astype(float)
        spoken = heard[at : at + chunk.frames].astype(float)
        at += chunk.frames
        if len(sound) != chunk.frames or len(spoken) != chunk.frames:
            raise Broken("a chunk does not decode to its number of frames")
        # A short or silent piece tells nothing about an encoder.
        if chunk.frames < SAMPLE_RATE // 2 or spoken.std() < 300:
            continue
        if _lag(sound, spoken) != 0:
            raise Broken("a chunk decodes with a lag")
        noise = ((sound - spoken) ** 2).sum()
        snr_db = 10 * float(np.log10((spoken**2).sum() / max(noise, 1.0)))
        if snr_db < LEAST_SNR_DB:
            raise Broken(f"a chunk decodes with a signal to noise ratio of {snr_db:.1f} dB")
        worst = min(worst, snr_db)
    return worst


def _lag(sound: NDArray[np.float64], spoken: NDArray[np.float64]) -> int:
    reach = 400
    size = 1 << (len(sound) + reach - 1).bit_length()
    both = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(spoken, size)), size)
    near = np.concatenate([both[-reach:], both[: reach + 1]])
    return int(near.argmax()) - reach
