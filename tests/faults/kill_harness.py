"""Kills the real program at a chosen moment, starts it again, and looks at what is left.

One trial: dictate in real time, `kill -9`, look into the spool with its own
key, start again with a command that says nothing of the dictation, and
compare the service's own store with the spool and with what was spoken.
"""

import contextlib
import hashlib
import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

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

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample" / "01_htn.flac"
LIMIT_S = 120.0
LEAST_SNR_DB = 15.0
MOST_MISSING_S = 1.0


@dataclass(frozen=True)
class Outcome:
    """What one trial showed; `fault` is empty when every promise was kept."""

    seed: int
    killed_at_s: float
    state: str
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
        # Delivery is short: two of five kills are aimed at it and not at the speech.
        late = self._chance.random() < 0.4
        instant = self._chance.uniform(0.0, 1.0)
        at_s = self._speech_s - 0.1 + instant * 1.2 if late else instant * self._speech_s
        outcome = Outcome(self._seed, at_s, "over")
        try:
            ended = self._dictate_and_kill(at_s)
            before, outcome = self._look(outcome)
            if not ended and self._chance.random() < 0.5:
                # Recovery and delivery are killed too.
                self._start("deliver", "--json", kill_after_s=self._chance.uniform(0.3, 2.0))
                outcome = replace(outcome, kills=2)
            self._deliver()
            return self._compare(before, outcome)
        except Broken as fault:
            return replace(outcome, fault=str(fault))

    # --- the program -----------------------------------------------------------------

    def _command(self, *arguments: str) -> list[str]:
        script = program_to_kill.__file__
        return [sys.executable, script, str(self._speech), str(self._count), *arguments]

    def _dictate_and_kill(self, at_s: float) -> bool:
        """Whether it had already ended by itself."""
        arguments = ["dictate", "--mic", "any", "--seconds", str(self._speech_s), "--template"]
        with _child(self._command(*arguments, "soap", "--json"), self._environment) as child:
            assert child.stderr is not None
            for line in child.stderr:
                if b"Listening" in line:
                    break
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(at_s)
            ended = child.poll() is not None
            child.kill()
        return ended

    def _deliver(self) -> None:
        """Start it again, in peace, without a word about the dictation."""
        code = self._start("deliver", "--json")
        if code != 0:
            raise Broken(f"the program that was started again ended with {code}")

    def _start(self, *arguments: str, kill_after_s: float | None = None) -> int | None:
        """The exit code, None when it was killed."""
        with _child(self._command(*arguments), self._environment) as child:
            try:
                child.communicate(timeout=kill_after_s or LIMIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                if kill_after_s is None:
                    raise Broken("the program that was started again never ended") from None
                return None
            return child.returncode

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


@contextlib.contextmanager
def _child(command: list[str], environment: dict[str, str]) -> Iterator["subprocess.Popen[bytes]"]:
    child = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with child:
        yield child
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


def report_line(outcome: Outcome) -> str:
    """One trial as one JSON line."""
    return json.dumps(outcome.__dict__)
