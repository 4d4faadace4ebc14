"""What comes out of the loudspeaker, heard by a microphone: the test recording and the player."""

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from scribe_desktop.domain.audio import SAMPLE_RATE, EncodedChunk
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.notices import MicrophoneState
from scribe_desktop.domain.session import SessionId
from scribe_desktop.services.encoder import decode_chunk, encode
from scribe_desktop.services.microphones import Microphones
from scribe_desktop.services.recorded_speech import RecordedSpeech
from scribe_desktop.wiring.sound import MicrophoneTest, Player, Speaker
from tests.live.test_microphone_live import Dictation, likeness, until
from tests.live.virtual_microphone import RATE, VirtualMicrophone
from tests.services.sounds import samples_of, speechlike

pytestmark = pytest.mark.live

SOON_S = 30.0
SESSION = SessionId("ses_live")


def typical_likeness(heard: np.ndarray, said: np.ndarray) -> float:
    """Of half a second each: a computer under load may drop a block, and nothing else."""
    pieces = [said[at : at + RATE // 2] for at in range(0, len(said) - RATE // 4, RATE // 2)]
    return float(np.median([likeness(heard, piece) for piece in pieces]))


@pytest.fixture(scope="module")
def server() -> Iterator[VirtualMicrophone]:
    with pytest.MonkeyPatch.context() as patch, VirtualMicrophone() as started:
        for name, value in started.environment.items():
            patch.setenv(name, value)
        # The loudspeaker is what the other microphone hears.
        patch.setenv("PULSE_SINK", "feed_ear")
        started.plug("ear", awake=False)
        started.plug("desk", default=True)
        yield started


@pytest.fixture
def microphones(server: VirtualMicrophone) -> Iterator[Microphones]:
    opened = Microphones()
    yield opened
    assert opened.close()
    server.restore()


@pytest.fixture
def ear(microphones: Microphones) -> Dictation:
    listening = Dictation(microphones, "pulse:ear")
    listening.await_state(MicrophoneState.HEARD)
    return listening


def test_a_test_recording_is_what_was_said_and_is_played_back(
    server: VirtualMicrophone, microphones: Microphones, ear: Dictation
) -> None:
    test = MicrophoneTest(lambda: microphones)
    test.begin("pulse:desk")
    said = speechlike(2.0, rate=RATE)
    speaker = server.speak("desk", said)
    until(lambda: test.level().peak_dbfs > -30)
    speaker.wait(SOON_S)
    heard = test.finish()
    assert likeness(samples_of(heard), said) >= 0.95
    ended = threading.Event()
    Speaker(lambda: microphones).play(heard, ended.set)
    assert ended.wait(SOON_S)
    ear.await_recorded(0.5)
    ear.finish()
    assert typical_likeness(ear.heard, said) >= 0.9


class Spooled:
    """A recording in the form in which it is kept."""

    def __init__(self, pcm: bytes, chunk_s: float) -> None:
        size = round(chunk_s * SAMPLE_RATE) * 2
        parts = [pcm[at : at + size] for at in range(0, len(pcm), size)]
        self.chunks = [encode(part, index) for index, part in enumerate(parts)]

    def chunk_lengths(self, session_id: SessionId) -> tuple[tuple[int, int], ...]:
        return tuple((one.index, one.frames) for one in self.chunks)

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        return self.chunks[index]


def test_the_player_is_heard_from_where_it_was_begun_and_is_silent_at_once(
    microphones: Microphones, ear: Dictation
) -> None:
    said = speechlike(6.0, rate=RATE)
    pcm = (said[::3] * 32767).astype("<i2").tobytes()
    store, told = Spooled(pcm, 1.7), list[ScribeError]()
    player = Player(
        lambda: microphones, lambda ids: RecordedSpeech(store, ids, decode_chunk), told.append
    )
    ended = threading.Event()
    player.play((SESSION,), 1.0, 1.0, ended.set)
    until(lambda: player.position_s() >= 3.2)
    player.stop()
    assert ended.wait(SOON_S)
    stopped_at = player.position_s()
    ear.await_recorded(0.6)
    ear.finish()
    # Coded and decoded, through two sound servers' resamplers, from 1.0 s on.
    assert typical_likeness(ear.heard, said[RATE : RATE * 3]) >= 0.9
    audible = np.flatnonzero(np.abs(ear.heard) > 0.01)
    assert (audible[-1] - audible[0]) / SAMPLE_RATE == pytest.approx(stopped_at - 1.0, abs=0.4)
    assert not told


def test_the_player_jumps_and_ends_by_itself(microphones: Microphones, ear: Dictation) -> None:
    said = speechlike(6.0, rate=RATE)
    store = Spooled((said[::3] * 32767).astype("<i2").tobytes(), 2.0)
    player = Player(
        lambda: microphones,
        lambda ids: RecordedSpeech(store, ids, decode_chunk),
        lambda error: pytest.fail(str(error)),
    )
    ended = threading.Event()
    player.play((SESSION,), 0.0, 1.0, ended.set)
    player.seek(4.0)
    assert player.position_s() >= 4.0
    assert ended.wait(SOON_S)
    assert player.position_s() == 6.0
    ear.await_recorded(0.6)
    ear.finish()
    assert typical_likeness(ear.heard, said[round(4.2 * RATE) : round(5.8 * RATE)]) >= 0.9
