"""A recording is played from anywhere, at any speed, in one voice, without ever being in memory."""

import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from scribe_desktop.domain.audio import BYTES_PER_FRAME, SAMPLE_RATE, EncodedChunk
from scribe_desktop.domain.errors import ScribeError, SpoolError
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.services.encoder import decode_chunk, encode
from scribe_desktop.services.listening import LATENCY_S, Listening
from scribe_desktop.services.recorded_speech import RecordedSpeech
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.stretch import Stretch
from tests.services.sounds import correlation, pcm16, samples_of, speechlike

A, B = SessionId("a"), SessionId("b")


def ramp(frames: int, begin: int = 0) -> bytes:
    """Samples that say where they are, in steps of a hundredth of a second."""
    return ((np.arange(begin, begin + frames) // 160) * 8).astype("<i2").tobytes()


@dataclass
class Chunks:
    """A store of plain chunks that counts what is read."""

    sessions: dict[SessionId, list[bytes]]
    read: list[tuple[str, int]] = field(default_factory=list)
    broken: set[tuple[str, int]] = field(default_factory=set)

    def chunk_lengths(self, session_id: SessionId) -> tuple[tuple[int, int], ...]:
        chunks = enumerate(self.sessions[session_id])
        return tuple((index, len(one) // BYTES_PER_FRAME) for index, one in chunks)

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        self.read.append((session_id, index))
        if (session_id, index) in self.broken:
            raise SpoolError("That piece cannot be read.")
        body = self.sessions[session_id][index]
        return EncodedChunk(index, body, len(body) // BYTES_PER_FRAME)


def chunks(*seconds_each: float, session: SessionId = A, begin_s: float = 0.0) -> Chunks:
    made, at = [], round(begin_s * SAMPLE_RATE)
    for long_s in seconds_each:
        frames = round(long_s * SAMPLE_RATE)
        made.append(ramp(frames, at))
        at += frames
    return Chunks({session: made})


def speech(store: Chunks, *ids: SessionId) -> RecordedSpeech:
    return RecordedSpeech(store, ids or (A,), lambda chunk: chunk.body)


# --- reading ---


def test_pieces_of_linked_sessions_are_one_recording() -> None:
    store = Chunks({A: [ramp(100), ramp(50, 100)], B: [ramp(30, 150)]})
    one = speech(store, A, B)
    assert one.frames == 180
    whole = ramp(180)
    for at in (0, 99, 100, 149, 150, 179):
        end = one.end_of_piece(at)
        assert one.read(at) == whole[at * 2 : end * 2]
    assert one.read(180) == b""
    assert one.read(-1) == b""
    assert one.end_of_piece(180) == 180


def test_a_recording_that_was_deleted_is_a_sentence() -> None:
    with pytest.raises(SpoolError, match="no longer on this computer"):
        speech(Chunks({A: []}))


# --- speed ---


@pytest.mark.parametrize("speed", [0.5, 0.75, 1.0, 1.25, 1.5, 2.0])
def test_speech_changes_its_length_and_not_its_voice(speed: float) -> None:
    t = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    tone = (0.5 * np.sin(2 * np.pi * 200 * t)).astype(np.float32)
    stretch = Stretch(speed)
    parts = [stretch.feed(part) for part in np.array_split(tone, 37)]
    played = np.concatenate([*parts, stretch.finish()])
    assert len(played) / SAMPLE_RATE == pytest.approx(2 / speed, abs=0.12)
    middle = played[len(played) // 4 : len(played) // 4 + 8000]
    strongest = np.argmax(np.abs(np.fft.rfft(middle * np.hanning(len(middle)))))
    assert strongest * SAMPLE_RATE / len(middle) == pytest.approx(200, abs=4)
    # Laid down where it fits: a tone stays as loud as it was.
    loudness = [np.abs(middle[n : n + 800]).max() for n in range(0, 8000, 800)]
    assert min(loudness) > 0.42


# --- playing ---

LIBRARY = ModuleType("a library that fetches")
LIBRARY.CallbackStop = type("CallbackStop", (Exception,), {})  # type: ignore[attr-defined]
LIBRARY.CallbackAbort = type("CallbackAbort", (Exception,), {})  # type: ignore[attr-defined]


class Ear:
    """Fetches as PortAudio does, and keeps what was heard."""

    def __init__(self, listening: Listening, rate: int = SAMPLE_RATE) -> None:
        self.fetch: Any = listening.at_rate(rate).fill(LIBRARY)
        self.listening = listening
        self.rate = rate
        self.heard: list[float] = []

    def hear(self, *, seconds: float = 1e9) -> list[float]:
        """Until so much was heard that is no waiting, or to the end."""
        block = bytearray(self.rate // 50 * 4)
        tired = threading.Event()
        for _ in range(20_000):
            try:
                self.fetch(block, len(block) // 4, None, None)
            except LIBRARY.CallbackStop:
                return self.heard
            samples = np.frombuffer(bytes(block), "<f4")
            self.heard += [float(one) for one in samples]
            if len([one for one in self.heard if one]) >= seconds * self.rate:
                return self.heard
            if not samples.any():
                tired.wait(0.002)
        raise AssertionError("it never ended")


def hundredths(heard: list[float]) -> list[int]:
    """Which hundredths of a second of the ramp were heard, in order."""
    steps = [round(one * 32768 / 8) for one in heard if one]
    return [one for n, one in enumerate(steps) if n == 0 or steps[n - 1] != one]


def test_it_plays_from_a_place_to_the_end() -> None:
    listening = Listening(speech(chunks(0.5, 0.3, 0.2)), 0.4)
    heard = Ear(listening).hear()
    assert hundredths(heard) == list(range(40, 100))
    assert listening.position_s() == 1.0


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_a_loudspeaker_of_any_rate_hears_all_of_it(rate: int) -> None:
    ear = Ear(Listening(speech(chunks(0.5, 0.5)), 0.0), rate)
    heard = [one for one in ear.hear() if one]
    assert len(heard) == pytest.approx(0.99 * rate, rel=0.01)


def test_only_what_is_heard_soon_is_read() -> None:
    store = chunks(*[1.0] * 600)
    listening = Listening(speech(store), 300.0)
    ear = Ear(listening)
    ear.hear(seconds=0.5)
    assert store.read[0] == (A, 300)
    assert len(store.read) <= 3
    listening.stop()
    with pytest.raises(LIBRARY.CallbackAbort):
        ear.fetch(bytearray(64), 16, None, None)


def test_a_jump_is_heard_at_once_and_the_place_is_true() -> None:
    listening = Listening(speech(chunks(*[1.0] * 20)), 0.0)
    ear = Ear(listening)
    ear.hear(seconds=0.3)
    assert listening.position_s() == 0.0, "the sound system still holds that much"
    ear.hear(seconds=1.0)
    assert listening.position_s() == pytest.approx(1.0 - LATENCY_S, abs=0.15)
    ear.heard.clear()
    listening.seek(15.0)
    assert listening.position_s() == 15.0
    ear.hear(seconds=0.2)
    assert hundredths(ear.heard)[0] == 1500
    listening.seek(99.0)
    ear.hear()
    assert listening.position_s() == 20.0


def test_twice_the_speed_takes_half_the_time() -> None:
    listening = Listening(speech(chunks(1.0, 1.0)), 0.0)
    ear = Ear(listening)
    listening.set_speed(2.0)
    heard = [one for one in ear.hear() if one]
    assert len(heard) / SAMPLE_RATE == pytest.approx(1.0, abs=0.1)


def test_a_piece_that_cannot_be_read_is_silent_and_told_once() -> None:
    store = chunks(0.2, 0.2, 0.2, 0.2)
    store.broken = {(A, 1), (A, 2)}
    told: list[ScribeError] = []
    listening = Listening(speech(store), 0.0, on_trouble=told.append)
    heard = Ear(listening).hear()
    assert hundredths(heard) == [*range(1, 20), *range(60, 80)]
    assert len(told) == 1
    assert listening.position_s() == pytest.approx(0.8)


def test_a_spooled_recording_is_read_as_it_was_spoken(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path, bytes(range(32)), now=lambda: 1.0)
    spool.add(Session(A, 1.0, Order(), Capture.RECORDING))
    said = pcm16(speechlike(3.0))
    parts = (said[: 2 * SAMPLE_RATE * 2], said[2 * SAMPLE_RATE * 2 :])
    for index, part in enumerate(parts):
        spool.seal(A, encode(part, index))
    recording = RecordedSpeech(spool, (A,), decode_chunk)
    assert recording.frames == 3 * SAMPLE_RATE
    heard = samples_of(recording.read(0) + recording.read(2 * SAMPLE_RATE))
    assert len(heard) == recording.frames
    assert correlation(heard, samples_of(said)) > 0.95
    spool.delete_audio(A)
    with pytest.raises(SpoolError, match="no longer on this computer"):
        RecordedSpeech(spool, (A,), decode_chunk)
    spool.close()
