"""A real sound server, real PortAudio, real threads: what is spoken is what is recorded."""

import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.chunker import LOCAL_CUTS
from scribe_desktop.domain.notices import MicrophoneChanged, MicrophoneState, Notice
from scribe_desktop.domain.playback import time_line
from scribe_desktop.domain.session import Capture, Session
from scribe_desktop.services.boot_clock import since_boot
from scribe_desktop.services.cues import Cue
from scribe_desktop.services.encoder import decode_chunk, encode_wav
from scribe_desktop.services.microphones import Microphones
from scribe_desktop.services.recorder import Recorder
from scribe_desktop.services.watched_microphone import ASLEEP
from tests.live.virtual_microphone import RATE, VirtualMicrophone
from tests.services.memory_spool import MemorySpool
from tests.services.sounds import best_match, samples_of, speechlike

pytestmark = pytest.mark.live

SOON_S = 8.0
FROZEN_S = 3.0


class Dictation:
    """A recording from a virtual microphone, and everything that was told, with its time."""

    def __init__(
        self,
        microphones: Microphones,
        wanted: str = "",
        on_first_block: Callable[[], None] | None = None,
    ) -> None:
        self.spool = MemorySpool()
        self.session_id = self.spool.add("ses_live")
        self.told: list[tuple[float, Notice]] = []
        self._news = threading.Condition()
        self.recorder = Recorder(
            self.spool,
            microphones.source(wanted),
            self.session_id,
            LOCAL_CUTS,
            self._tell,
            time.time,
            encoding=encode_wav,
            on_first_block=on_first_block,
        )
        self.recorder.start()

    def _tell(self, notice: Notice) -> None:
        with self._news:
            self.told.append((time.monotonic(), notice))
            self._news.notify_all()

    def await_state(self, state: MicrophoneState, since: float = 0.0) -> tuple[float, str]:
        """When, after `since`, the microphone was said to be so, and its name."""

        def found() -> tuple[float, str] | None:
            for at, notice in self.told:
                if isinstance(notice, MicrophoneChanged) and notice.state is state and at >= since:
                    return at, notice.name
            return None

        with self._news:
            assert self._news.wait_for(lambda: found() is not None, SOON_S), (state, self.told)
            told = found()
        assert told is not None
        return told

    def await_recorded(self, more_s: float) -> None:
        """Until so much more of the present moment is recorded."""
        wanted = self.recorder.recorded_frames + round(more_s * 16_000)
        until(lambda: self.recorder.recorded_frames >= wanted)

    def finish(self) -> Session:
        self.recorder.stop()
        assert self.recorder.join(SOON_S)
        return self.spool.stored[self.session_id]

    @property
    def heard(self) -> np.ndarray:
        chunks = self.spool.chunks[self.session_id]
        return samples_of(b"".join(decode_chunk(chunk) for chunk in chunks))


def likeness(heard: np.ndarray, spoken: np.ndarray) -> float:
    """How like the speech at 48 kHz it is; it may begin between two frames of ours."""
    return max(best_match(heard, spoken[offset::3])[1] for offset in range(3))


def until(true: Callable[[], bool]) -> None:
    ticks, deadline = threading.Event(), time.monotonic() + SOON_S
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        ticks.wait(0.01)


@pytest.fixture(scope="module")
def server() -> Iterator[VirtualMicrophone]:
    # One for all: a microphone takes two seconds to wake.
    with pytest.MonkeyPatch.context() as patch, VirtualMicrophone() as started:
        for name, value in started.environment.items():
            patch.setenv(name, value)
        started.plug("headset", awake=False)
        started.plug("desk", default=True)
        yield started


@pytest.fixture
def virtual(server: VirtualMicrophone) -> Iterator[VirtualMicrophone]:
    yield server
    server.restore()


@pytest.fixture
def microphones(virtual: VirtualMicrophone) -> Iterator[Microphones]:
    opened = Microphones()
    yield opened
    virtual.thaw()
    assert opened.close()


def test_what_is_spoken_is_what_is_recorded(
    virtual: VirtualMicrophone, microphones: Microphones
) -> None:
    dictation = Dictation(microphones)
    dictation.await_state(MicrophoneState.HEARD)
    virtual.speak("desk", speechlike(2.0, rate=RATE)).wait(SOON_S)
    dictation.await_recorded(0.3)
    session = dictation.finish()
    assert likeness(dictation.heard, speechlike(2.0, rate=RATE)) >= 0.98
    assert session.capture is Capture.STOPPED
    assert session.gaps == ()
    assert session.frames == len(dictation.heard)


def test_a_sleep_is_a_gap_where_it_was_and_a_clock_that_is_set_is_none(
    virtual: VirtualMicrophone, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept_s, wall = [0.0], time.time
    microphones = Microphones(boot=lambda: since_boot() + slept_s[0])
    dictation = Dictation(microphones)
    dictation.await_state(MicrophoneState.HEARD)
    for by_s in (86_400.0, -86_400.0):
        monkeypatch.setattr(time, "time", lambda by_s=by_s: wall() + by_s)
        dictation.await_recorded(0.4)
    slept_at, slept_s[0] = dictation.recorder.recorded_frames, 600.0
    virtual.speak("desk", speechlike(1.0, rate=RATE)).wait(SOON_S)
    dictation.await_recorded(0.3)
    session = dictation.finish()
    (gap,) = session.gaps
    assert gap.reason == ASLEEP
    assert gap.seconds_lost == pytest.approx(600.0, abs=1.0)
    assert abs(gap.at_frame - slept_at) < SAMPLE_RATE
    assert likeness(dictation.heard[gap.at_frame :], speechlike(1.0, rate=RATE)) >= 0.98
    assert microphones.close()


def test_microphones_are_listed_by_name_without_monitors(microphones: Microphones) -> None:
    desk, headset = sorted(microphones.choices(), key=lambda choice: choice.name)
    assert (desk.name, desk.identity, desk.is_default) == ("Desk", "pulse:desk", True)
    assert (headset.name, headset.is_default) == ("Headset", False)


def test_the_chosen_microphone_is_the_one_that_records(
    virtual: VirtualMicrophone, microphones: Microphones
) -> None:
    dictation = Dictation(microphones, "pulse:headset")
    _, name = dictation.await_state(MicrophoneState.HEARD)
    assert name == "Headset"
    virtual.speak("headset", speechlike(1.0, rate=RATE)).wait(SOON_S)
    dictation.await_recorded(0.2)
    dictation.finish()
    assert likeness(dictation.heard, speechlike(1.0, rate=RATE)) >= 0.98


def test_a_missing_microphone_is_never_silently_swapped(microphones: Microphones) -> None:
    dictation = Dictation(microphones, "pulse:bluetooth_of_yesterday")
    _, name = dictation.await_state(MicrophoneState.REPLACED)
    assert name == "Desk"
    dictation.finish()


def test_unplugged_in_a_sentence_it_is_told_within_a_second_and_goes_on_with_the_other(
    virtual: VirtualMicrophone, microphones: Microphones
) -> None:
    first, second = speechlike(1.0, rate=RATE), speechlike(1.0, rate=RATE, seed=9)
    dictation = Dictation(microphones)
    dictation.await_state(MicrophoneState.HEARD)
    virtual.speak("desk", first).wait(SOON_S)
    dictation.await_recorded(0.2)
    unplugged_at = virtual.unplug("desk")
    told_at, lost = dictation.await_state(MicrophoneState.LOST)
    replaced_at, name = dictation.await_state(MicrophoneState.REPLACED)
    virtual.speak("headset", second).wait(SOON_S)
    dictation.await_recorded(0.2)
    session = dictation.finish()

    assert told_at - unplugged_at <= 1.0
    assert (lost, name) == ("Desk", "Headset")
    (gap,) = session.gaps
    assert 0 < gap.seconds_lost <= replaced_at - unplugged_at + 0.5
    before, after = dictation.heard[: gap.at_frame], dictation.heard[gap.at_frame :]
    assert likeness(before, speechlike(1.0, rate=RATE)) >= 0.98
    assert likeness(after, speechlike(1.0, rate=RATE, seed=9)) >= 0.98


def test_the_only_microphone_comes_back_into_the_same_session(
    virtual: VirtualMicrophone, microphones: Microphones
) -> None:
    virtual.unplug("headset")
    dictation = Dictation(microphones)
    dictation.await_state(MicrophoneState.HEARD)
    dictation.await_recorded(0.3)
    unplugged_at = virtual.unplug("desk")
    told_at, _ = dictation.await_state(MicrophoneState.LOST)
    assert told_at - unplugged_at <= 1.0
    virtual.plug("desk", default=True)
    dictation.await_state(MicrophoneState.HEARD, since=told_at)
    virtual.speak("desk", speechlike(1.0, rate=RATE)).wait(SOON_S)
    dictation.await_recorded(0.2)
    session = dictation.finish()
    (gap,) = session.gaps
    assert gap.seconds_lost > 0
    assert likeness(dictation.heard[gap.at_frame :], speechlike(1.0, rate=RATE)) >= 0.98


def test_a_muted_microphone_is_told_within_a_second(
    virtual: VirtualMicrophone, microphones: Microphones
) -> None:
    speaking = virtual.speak("desk", speechlike(6.0, rate=RATE) + 0.01)
    dictation = Dictation(microphones)
    dictation.await_state(MicrophoneState.HEARD)
    dictation.await_recorded(0.5)
    virtual.mute("desk")
    muted_at = time.monotonic()
    told_at, _ = dictation.await_state(MicrophoneState.SILENT, since=muted_at)
    virtual.mute("desk", muted=False)
    dictation.await_state(MicrophoneState.HEARD, since=told_at)
    speaking.terminate()
    dictation.finish()
    assert told_at - muted_at <= 1.0


def test_a_frozen_sound_server_hangs_nothing(
    virtual: VirtualMicrophone, microphones: Microphones
) -> None:
    dictation = Dictation(microphones)
    dictation.await_state(MicrophoneState.HEARD)
    dictation.await_recorded(0.5)
    frozen_at = virtual.freeze()
    told_at, _ = dictation.await_state(MicrophoneState.STALLED)
    assert told_at - frozen_at <= 1.0
    # Long enough that it tried to open the microphone anew, and hangs in that.
    until(lambda: time.monotonic() - frozen_at > 2.0)
    stopped_at = time.monotonic()
    session = dictation.finish()
    assert time.monotonic() - stopped_at <= 1.0
    assert session.frames >= 0.5 * 16_000
    assert session.capture is Capture.STOPPED
    virtual.thaw()
    again = Dictation(microphones)
    again.await_state(MicrophoneState.HEARD)
    again.finish()


def test_a_sound_server_that_thaws_costs_a_gap_where_it_was_frozen(
    virtual: VirtualMicrophone, microphones: Microphones
) -> None:
    dictation = Dictation(microphones)
    dictation.await_state(MicrophoneState.HEARD)
    dictation.await_recorded(0.5)
    frozen_at = virtual.freeze()
    stalled_at, _ = dictation.await_state(MicrophoneState.STALLED)
    before = dictation.recorder.recorded_frames
    # Longer than the sound system keeps for us, so that what was said meanwhile is gone.
    until(lambda: time.monotonic() - frozen_at > FROZEN_S)
    virtual.thaw()
    dictation.await_state(MicrophoneState.HEARD, since=stalled_at)
    thawed_s = time.monotonic() - frozen_at
    dictation.await_recorded(0.5)
    session = dictation.finish()
    assert session.gaps, "it was silent about what nobody recorded"
    lost_s = sum(gap.seconds_lost for gap in session.gaps)
    assert 1.0 <= lost_s <= thawed_s + 0.5
    for gap in session.gaps:
        assert 0 < gap.at_frame <= before + 16_000
    (drawn, *_) = time_line((session,)).missing
    assert 0 < drawn.at_s < session.frames / 16_000


def test_a_sound_server_that_crashes_and_returns_costs_a_gap_and_no_more(
    virtual: VirtualMicrophone, microphones: Microphones
) -> None:
    dictation = Dictation(microphones)
    dictation.await_state(MicrophoneState.HEARD)
    dictation.await_recorded(0.5)
    died_at = virtual.crash()
    told_at, _ = dictation.await_state(MicrophoneState.LOST)
    assert told_at - died_at <= 1.0
    virtual.plug("headset", awake=False)
    virtual.plug("desk", default=True)
    dictation.await_recorded(0.5)
    session = dictation.finish()
    assert len(session.gaps) >= 1
    assert session.capture is Capture.STOPPED


def test_a_ready_microphone_records_from_the_key_press(
    virtual: VirtualMicrophone, microphones: Microphones
) -> None:
    virtual.speak("desk", speechlike(8.0, rate=RATE))
    microphones.keep_ready("")
    ready = microphones._ready
    assert ready is not None
    stream = ready.result(SOON_S).stream
    until(lambda: stream.is_fresh(time.monotonic(), 0.1))  # type: ignore[attr-defined]
    pressed_at = time.monotonic()
    dictation = Dictation(microphones)
    dictation.await_state(MicrophoneState.HEARD)
    dictation.await_recorded(0.5)
    pressed_for_s = time.monotonic() - pressed_at
    session = dictation.finish()
    assert session.frames / 16_000 >= pressed_for_s - 0.06
    # It is ready for the next one.
    until(lambda: microphones._ready is not None and microphones._ready.done())
    microphones.keep_ready(None)


def beginning_of(heard: np.ndarray, virtual: VirtualMicrophone) -> float:
    """Where in all that was ever spoken into the microphone a recording begins, in seconds."""
    spoken = virtual.all_heard("desk")
    matches = [best_match(spoken[offset::3], heard[:8_000]) for offset in range(3)]
    frame, likeness = max(matches, key=lambda match: match[1])
    assert likeness > 0.9
    return frame / 16_000


def test_promise_8_a_word_at_the_key_press_is_recorded_with_the_ring(
    virtual: VirtualMicrophone, microphones: Microphones
) -> None:
    virtual.speak("desk", speechlike(8.0, rate=RATE, seed=3))
    microphones.keep_ready("")
    ready = microphones._ready
    assert ready is not None
    stream = ready.result(SOON_S).stream
    until(lambda: stream.is_fresh(time.monotonic(), 0.1))  # type: ignore[attr-defined]
    until(lambda: bool(np.abs(virtual.all_heard("desk")[-RATE // 2 :]).max() > 0.01))
    pressed_at_s = virtual.heard_s("desk")
    dictation = Dictation(microphones)
    dictation.await_state(MicrophoneState.HEARD)
    dictation.await_recorded(1.0)
    dictation.finish()
    microphones.keep_ready(None)
    assert beginning_of(dictation.heard, virtual) <= pressed_at_s + 0.02


def test_promise_8_a_word_at_the_cue_is_recorded_without_the_ring(
    virtual: VirtualMicrophone, microphones: Microphones
) -> None:
    virtual.speak("desk", speechlike(8.0, rate=RATE, seed=5))
    until(lambda: bool(np.abs(virtual.all_heard("desk")[-RATE // 2 :]).max() > 0.01))
    cued_at_s: list[float] = []
    dictation = Dictation(
        microphones, on_first_block=lambda: cued_at_s.append(virtual.heard_s("desk"))
    )
    dictation.await_state(MicrophoneState.HEARD)
    dictation.await_recorded(1.0)
    dictation.finish()
    assert beginning_of(dictation.heard, virtual) <= cued_at_s[0] + 0.02


def test_a_cue_is_heard_from_the_loudspeaker(
    virtual: VirtualMicrophone, microphones: Microphones, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The loudspeaker is the microphone's feed here, so that the cue can be recorded.
    monkeypatch.setenv("PULSE_SINK", "feed_desk")
    dictation = Dictation(microphones)
    dictation.await_state(MicrophoneState.HEARD)
    microphones.cue(Cue.LISTENING)
    dictation.await_recorded(1.0)
    dictation.finish()
    spectrum = np.abs(np.fft.rfft(dictation.heard))
    hertz = np.fft.rfftfreq(len(dictation.heard), 1 / 16_000)
    assert np.abs(dictation.heard).max() == pytest.approx(0.12, abs=0.04)
    loudest = float(hertz[int(np.argmax(spectrum))])
    assert min(abs(loudest - note) for note in (587.33, 880.0)) < 15
