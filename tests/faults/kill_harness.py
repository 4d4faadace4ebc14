"""Kills the real program at a chosen moment, starts it again, and looks at what is left.

One trial: dictate with pauses, so that chunks are sealed while more is spoken,
`kill -9`, look into the spool with its own key, start again without a word
about the dictation, and compare the service's own store with the spool and
with what was spoken. Each fifth trial records in the real window and opens it
again; all others use the command line. Most hear speech at three times its
speed: nothing in the program goes by the clock of the microphone, and what may
be missing is measured on the clock of the program.
"""

import contextlib
import hashlib
import json
import os
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scribe_desktop.domain.audio import BYTES_PER_FRAME, SAMPLE_RATE, EncodedChunk
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.record import read_session
from scribe_desktop.domain.session import Capture, Delivery, Session
from scribe_desktop.domain.settings import Settings
from scribe_desktop.server.store import Store
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.encoder import decode, decode_chunk
from scribe_desktop.services.local_service import service_key
from scribe_desktop.services.places import HOME_VARIABLE, find_places
from scribe_desktop.services.settings_file import SettingsFile
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_schema import SPOOL_FILE, connect
from tests.faults.counting_host import ENDS_FILE, PHRASE
from tests.faults.kill_program import (
    BY_THE_CLOCK,
    HAD_ENDED,
    Aim,
    Broken,
    ByCommand,
    InWindow,
    Stage,
    Way,
)
from tests.faults.program_to_kill import SPEED, Phase

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample" / "01_htn.flac"
LEAST_SNR_DB = 15.0
MOST_MISSING_S = 1.0

SPEECH_S = 7.5
"""Three chunks are sealed while it is spoken, and one behind it."""

SPOKEN_S = 1.7
PAUSE_S = 0.6
NOISE = 20
"""What is heard in a pause: too low for anyone to take it for speech."""

FAST = 3.0
REAL = 1.0

AIMS: tuple[Phase | None, ...] = (*Phase, BY_THE_CLOCK, BY_THE_CLOCK)
"""Taken in turn, so that twenty trials hit everything twice."""

OF_RECOVERY: tuple[Phase | None, ...] = (
    Phase.ENCODING,
    Phase.SEALING,
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
    Phase.KEEPING: 22,
    Phase.ENCODING: 4,
    Phase.SEALING: 4,
    Phase.UPLOADING: 4,
    Phase.POLLING: 2,
}
"""So often each comes in a short dictation, if not only once."""

AFTER_THE_SPEECH_S = 1.1
"""Delivery is over by then."""

RECOVERY_S = 2.0


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
    sealed_before: int = 0
    kills: int = 1
    hits: int = 1
    ends: int = 0
    compared_bytes: int = 0
    lost_bytes: int = 0
    in_window: bool = False
    fault: str = ""


@dataclass(frozen=True)
class Found:
    """What was on the disk after the kill."""

    digests: list[str]
    sizes: list[int]
    frames: int
    is_delivered: bool
    state: str


class Remains:
    """Looks at what a trial left, in the spool and in the service's own store, and counts."""

    def __init__(self, stage: Stage, speed: float, ends: Path) -> None:
        self._stage = stage
        self._speed = speed
        self._ends = ends
        self.missing_s = 0.0
        self.worst_snr_db = float("inf")
        self.chunks = 0
        self.ends = 0
        self.compared_bytes = 0
        self.lost_bytes = 0

    def look(self) -> Found:
        """Before anything is mended: the tail bit for bit, the chunks by their sound."""
        heard = self._heard()
        with self._spool() as spool:
            (session,) = spool.sessions()
            chunks = _chunks(spool, session)
            tail = spool.tail(session.session_id)
        captured = heard[session.frames :].astype("<i2").tobytes()[: len(tail)]
        wrong = len(tail) - len(captured)
        wrong += sum(one != other for one, other in zip(tail, captured, strict=False))
        self._count(len(tail), wrong)
        if wrong:
            raise Broken("the tail is not what was captured, bit for bit")
        frames = session.frames + len(tail) // BYTES_PER_FRAME
        self._miss(len(heard) - frames)
        self._listen(chunks, heard)
        digests = [_digest(chunk) for chunk in chunks]
        sizes = [len(chunk.body) for chunk in chunks]
        is_delivered = session.delivery is Delivery.RESOLVED
        state = f"{session.capture}/{session.delivery}"
        return Found(digests, sizes, frames, is_delivered, state)

    def is_over(self) -> bool:
        """Whether the dictation came to its end; looked at while the program runs."""
        # Not as a spool, which would look at every page each time.
        with contextlib.closing(
            connect(self._stage.places.spool / SPOOL_FILE, self._key())
        ) as rows:
            ((record,),) = rows.execute("SELECT record FROM sessions").fetchall()
        session = read_session(json.loads(record))
        nothing_spoken = session.capture is Capture.STOPPED and session.chunks == 0
        return nothing_spoken or session.delivery is Delivery.RESOLVED

    def compare(self, before: Found) -> None:
        """After the restart: delivered whole, once, in order, the same bytes everywhere."""
        heard = self._heard()
        with self._spool() as spool:
            (session,) = spool.sessions()
            chunks = _chunks(spool, session)
            versions = spool.versions(session.session_id)
        here = [_digest(chunk) for chunk in chunks]
        sizes = [len(chunk.body) for chunk in chunks]
        self._hold(before.digests, here, before.sizes, "a chunk has another number or other bytes")
        if session.capture is not Capture.STOPPED:
            raise Broken("the dictation was not stopped")
        self._miss(len(heard) - session.frames)
        if session.frames != before.frames:
            self._count(0, abs(before.frames - session.frames) * BYTES_PER_FRAME)
            raise Broken(f"{before.frames} frames were on the disk, {session.frames} are now")
        if session.chunks == 0:
            return
        if session.delivery is not Delivery.RESOLVED or session.remote is None:
            raise Broken(f"not delivered: {session.delivery}")
        self._hold(here, self._at_service(session.remote.remote_id), sizes, "the service has not")
        if len(versions) != 1:
            raise Broken(f"{len(versions)} results are stored of one dictation")
        said = versions[0].results.transcript
        if said != f"{session.frames} frames of {PHRASE}":
            raise Broken(f"of {session.frames} frames the engine heard: {said}")
        self._ended_once(session.remote.remote_id)
        self._listen(chunks, heard)
        self.chunks = len(chunks)

    def _hold(self, ours: list[str], theirs: list[str], sizes: list[int], words: str) -> None:
        """Each of ours is there under its number."""
        there = dict(enumerate(theirs))
        lost = [size for i, size in enumerate(sizes) if there.get(i) != ours[i]]
        self._count(sum(sizes), sum(lost))
        if lost:
            raise Broken(f"{words}: {len(lost)} of {len(ours)}")

    def _at_service(self, remote_id: str) -> list[str]:
        """Read in the service's own store, and not taken from any receipt."""
        store = Store.open(self._stage.places.service, service_key(self._key()))
        with contextlib.closing(store), store.reading() as rows:
            found = rows.execute(
                "SELECT number, body FROM files WHERE session_id = ? ORDER BY number", (remote_id,)
            ).fetchall()
            sessions = rows.execute("SELECT id FROM sessions").fetchall()
        if sessions != [(remote_id,)]:
            raise Broken(f"the service was given {len(sessions)} dictations instead of one")
        numbers = [number for number, _ in found]
        if numbers != list(range(len(numbers))):
            raise Broken(f"the service has chunks of the numbers {numbers}")
        return [hashlib.sha256(body).hexdigest() for _, body in found]

    def _ended_once(self, remote_id: str) -> None:
        """Counted by the service itself: an End that comes twice would be a second dictation."""
        told = Counter(self._ends.read_text().splitlines())
        self.ends = told[f"reached {remote_id}"]
        processed = {line: n for line, n in told.items() if line.startswith("processed ")}
        refused = sum(n for line, n in told.items() if line.startswith("refused "))
        if self.ends < 1 or any(n > 1 for n in processed.values()) or refused:
            raise Broken(f"ended more or less than once: {dict(told)}")

    def _heard(self) -> NDArray[np.int16]:
        """Everything that the microphone handed over before the kill."""
        spoken = np.frombuffer(self._stage.speech.read_bytes(), "<i2")
        return np.resize(spoken, self._stage.heard_frames())

    def _listen(self, chunks: list[EncodedChunk], heard: NDArray[np.int16]) -> None:
        self.worst_snr_db = min(self.worst_snr_db, worst_snr_db(chunks, heard))

    def _miss(self, frames: int) -> None:
        self.missing_s = max(self.missing_s, frames / SAMPLE_RATE / self._speed)
        if self.missing_s > MOST_MISSING_S:
            raise Broken(f"{self.missing_s:.2f} s of speech are missing at the end")

    def _count(self, compared: int, lost: int) -> None:
        self.compared_bytes += compared
        self.lost_bytes += lost

    @contextlib.contextmanager
    def _spool(self) -> Iterator[Spool]:
        spool = Spool.open(self._stage.places.spool, self._key(), now=lambda: 0.0)
        yield spool
        spool.close()

    def _key(self) -> bytes:
        places = self._stage.places
        credentials = Credentials(places.keyring_name, places.config)
        return credentials.spool_key(spool_exists=True).key


class Trial:
    """One dictation of about `speech_s` in a home of its own."""

    def __init__(self, folder: Path, seed: int, *, speech_s: float = SPEECH_S) -> None:
        folder.mkdir(parents=True)
        self._chance = random.Random(seed)
        self._seed = seed
        self._speed = REAL if seed % 8 == 7 else FAST
        self._spoken_s = speech_s / self._speed
        ends = folder / "ends"
        environment = os.environ | {
            HOME_VARIABLE: str(folder / "home"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONPATH": str(ROOT),
            "QT_QPA_PLATFORM": "offscreen",
            ENDS_FILE: str(ends),
            SPEED: str(self._speed),
        }
        speech = folder / "speech.pcm"
        speech.write_bytes(with_pauses(decode(SAMPLE.read_bytes()), seed))
        places = find_places(environment)
        # Of the templates that the scripted engine knows; a command could name it, a key cannot.
        SettingsFile(places.config).save(Settings(templates=("soap",)))
        stage = Stage(places, environment, speech, folder / "count", speech_s)
        # In turn with the aims, so that each of them is tried in the window too.
        self._in_window = (seed + seed // len(AIMS)) % 5 == 4
        self._way: Way = InWindow(stage) if self._in_window else ByCommand(stage)
        self._remains = Remains(stage, self._speed, ends)

    def run(self) -> Outcome:
        """Kill once or more, then let it finish; raises nothing, `fault` says what was wrong."""
        aim = self._aim(AIMS[self._seed % len(AIMS)], self._spoken_s + AFTER_THE_SPEECH_S)
        died_in: list[tuple[str, ...]] = []
        found, fault = None, ""
        try:
            died_in.append(self._way.record_and_kill(aim))
            found = self._remains.look()
            if self._chance.random() < 0.5:
                # Recovery and delivery are killed too.
                died_in.append(self._way.restart_and_kill(self._aim_at_recovery(found)))
            self._way.restart(self._remains.is_over)
            self._remains.compare(found)
        except (AssertionError, ScribeError) as broken:
            fault = str(broken)
        return self._outcome(aim, died_in, found, fault)

    def _outcome(
        self, aim: Aim, died_in: list[tuple[str, ...]], found: Found | None, fault: str
    ) -> Outcome:
        seen = self._remains
        return Outcome(
            self._seed,
            str(aim.phase or f"{aim.after_s:.2f} s"),
            found.state if found else "unknown",
            died_in=tuple(phase for died in died_in for phase in died),
            missing_s=seen.missing_s,
            worst_snr_db=seen.worst_snr_db,
            chunks=seen.chunks,
            sealed_before=len(found.digests) if found else 0,
            kills=len(died_in),
            hits=sum(died != (HAD_ENDED,) for died in died_in),
            ends=seen.ends,
            compared_bytes=seen.compared_bytes,
            lost_bytes=seen.lost_bytes,
            in_window=self._in_window,
            fault=fault,
        )

    def _aim(self, phase: Phase | None, longest_s: float) -> Aim:
        if phase is None:
            return Aim(phase, 0, self._chance.uniform(0.0, longest_s))
        nth = self._chance.randint(1, TIMES.get(phase, 1))
        return Aim(phase, nth, self._chance.uniform(0.0, LASTS_MS[phase] / 1000))

    def _aim_at_recovery(self, found: Found) -> Aim:
        # With nothing left to do no phase comes any more, and a window would wait for it for ever.
        is_done = found.is_delivered or found.frames == 0
        return self._aim(BY_THE_CLOCK if is_done else self._chance.choice(OF_RECOVERY), RECOVERY_S)


def with_pauses(pcm: bytes, seed: int) -> bytes:
    """Speech that the program can cut at its pauses, while more is spoken."""
    speech, noise = np.frombuffer(pcm, "<i2"), np.random.default_rng(seed)
    spoken, pause = int(SPOKEN_S * SAMPLE_RATE), int(PAUSE_S * SAMPLE_RATE)
    parts = []
    for at in range(SAMPLE_RATE // 4, len(speech) - spoken, spoken):
        parts.append(speech[at : at + spoken])
        parts.append(noise.integers(-NOISE, NOISE + 1, pause).astype("<i2"))
    return np.concatenate(parts).astype("<i2").tobytes()


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
