"""A sound library that hangs never hangs the program: it is said, and asked another way."""

import threading
from collections.abc import Iterator
from types import ModuleType
from typing import Any, cast

import pytest

from scribe_desktop.domain.notices import MicrophoneChanged, MicrophoneState
from scribe_desktop.services.microphone import SoundDevices
from scribe_desktop.services.opening import ANOTHER_WAY_S, ANSWER_S
from scribe_desktop.services.sound_thread import HUNG_S, MOST_LEFT
from scribe_desktop.services.source import Block, Heard
from scribe_desktop.services.watched_microphone import WatchedMicrophone
from tests.services.scripted_devices import FakeClock
from tests.services.test_sound_devices import SOON_S, Library, Stream

PCM = b"\1\0\0\0" * 320


class Stuck:
    """A place in the library that does not come back until it is let go."""

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self.go = threading.Event()

    def __call__(self) -> None:
        self.reached.release()
        assert self.go.wait(SOON_S)

    def is_reached(self) -> None:
        assert self.reached.acquire(timeout=SOON_S)


class HangingStream(Stream):
    """Hangs while it starts, on the devices named."""

    def start(self) -> None:
        if self.asked["device"] in cast("HangingLibrary", self.library).hangs_on:
            cast("HangingLibrary", self.library).stuck()
        super().start()


class HangingLibrary(Library):
    """A PortAudio of Windows with all its ways; `hangs_on` are devices whose driver hangs."""

    def __init__(self, *hangs_on: int) -> None:
        super().__init__()
        self.hangs_on = set(hangs_on)
        self.hangs_entering = False
        self.stuck = Stuck()
        self.systems.append({"name": "Windows DirectSound", "default_input_device": 4})
        self.devices.append(self.device(4, "Headset", 2, 2, 44_100.0))

    def _initialize(self) -> None:
        super()._initialize()
        if self.hangs_entering:
            self.stuck()

    def RawInputStream(self, **asked: Any) -> Stream:  # noqa: N802  its name
        return HangingStream(self, asked)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def library() -> HangingLibrary:
    return HangingLibrary(3)


@pytest.fixture
def devices(library: HangingLibrary, clock: FakeClock) -> Iterator[SoundDevices]:
    made = SoundDevices(load=lambda: cast("ModuleType", library), watch=lambda _: None, clock=clock)
    yield made
    library.stuck.go.set()
    made.close(SOON_S)


def test_beside_a_driver_that_hangs_another_way_of_windows_is_taken(
    devices: SoundDevices, library: HangingLibrary, clock: FakeClock
) -> None:
    hanging = devices.open("Headset")
    library.stuck.is_reached()
    assert devices.open_another_way("Headset") is None, "it may only be slow"
    clock.now += HUNG_S
    another = devices.open_another_way("Headset")
    assert another is not None
    opened = another.result(SOON_S)
    assert library.streams[-1].asked["device"] == 4
    assert opened.choice.identity == "Windows WASAPI:Headset", "the same by either way"
    assert not hanging.done()
    library.stuck.go.set()
    assert hanging.result(SOON_S).choice == opened.choice


def test_nothing_is_torn_down_under_a_call_that_hangs(
    devices: SoundDevices, library: HangingLibrary, clock: FakeClock
) -> None:
    hanging = devices.open("Headset")
    library.stuck.is_reached()
    before = library.restarts
    clock.now += HUNG_S
    another = devices.open_another_way("Headset")
    assert another is not None
    another.result(SOON_S).stream.close()
    devices.choices().result(SOON_S)
    assert library.restarts == before
    library.stuck.go.set()
    hanging.result(SOON_S).stream.close()


def test_what_waits_behind_a_call_that_hangs_is_done_after_all(
    devices: SoundDevices, library: HangingLibrary, clock: FakeClock
) -> None:
    devices.open("Headset")
    library.stuck.is_reached()
    waiting = devices.choices()
    clock.now += HUNG_S
    assert devices.open_another_way("Headset") is not None
    assert waiting.result(SOON_S)


def test_not_more_than_a_few_threads_are_left_behind(
    devices: SoundDevices, library: HangingLibrary, clock: FakeClock
) -> None:
    library.hangs_on = {0, 2, 3, 4}
    devices.open("Headset")
    for _ in range(MOST_LEFT):
        library.stuck.is_reached()
        clock.now += HUNG_S
        assert devices.open_another_way("Headset") is not None
    library.stuck.is_reached()
    clock.now += HUNG_S
    assert devices.open_another_way("Headset") is None


def test_a_library_that_hangs_while_it_starts_is_not_started_twice(
    devices: SoundDevices, library: HangingLibrary, clock: FakeClock
) -> None:
    library.hangs_entering = True
    opening = devices.open("Headset")
    library.stuck.is_reached()
    clock.now += HUNG_S
    assert devices.open_another_way("Headset") is None
    library.hangs_on.clear()
    library.stuck.go.set()
    assert opening.result(SOON_S)


def test_a_library_that_hangs_is_left_at_the_end(
    devices: SoundDevices, library: HangingLibrary, clock: FakeClock
) -> None:
    devices.open("Headset")
    library.stuck.is_reached()
    clock.now += HUNG_S
    another = devices.open_another_way("Headset")
    assert another is not None
    another.result(SOON_S)
    before = library.restarts
    assert not devices.close(SOON_S)
    assert library.restarts == before


def states(heard: list[Heard]) -> list[MicrophoneState]:
    return [one.state for one in heard if isinstance(one, MicrophoneChanged)]


def test_a_dictation_says_so_within_seconds_and_then_hears_by_another_way(
    devices: SoundDevices, library: HangingLibrary, clock: FakeClock
) -> None:
    microphone = WatchedMicrophone(devices, "Headset", clock=clock, boot=clock.boot)
    microphone.open()
    library.stuck.is_reached()
    assert states([*microphone.read(0.0)]) == [MicrophoneState.OPENING]
    clock.now += ANSWER_S
    assert states([*microphone.read(0.0)]) == [MicrophoneState.STALLED]
    clock.now += ANOTHER_WAY_S - ANSWER_S
    microphone.read(0.0)
    heard: list[Heard] = [*microphone.read(SOON_S)]
    stream = library.streams[-1]
    assert stream.asked["device"] == 4
    stream.asked["callback"](PCM, 320, None, None)
    heard += microphone.read(SOON_S)
    assert any(isinstance(one, Block) for one in heard)
    late = library.streams[0]
    microphone.close()
    library.stuck.go.set()
    closed = late.closed.wait(SOON_S)
    assert closed, "the one that came too late is let go"


def test_the_first_to_wake_is_the_microphone_and_a_refusal_beside_it_decides_nothing(
    devices: SoundDevices, library: HangingLibrary, clock: FakeClock
) -> None:
    microphone = WatchedMicrophone(devices, "Headset", clock=clock, boot=clock.boot)
    microphone.open()
    library.stuck.is_reached()
    library.busy = True
    clock.now += ANOTHER_WAY_S
    microphone.read(0.0)
    microphone.read(0.0)
    library.busy = False
    library.stuck.go.set()
    ended: list[Heard] = [*microphone.read(SOON_S), *microphone.read(0.0)]
    assert MicrophoneState.LOST not in states(ended)
    microphone.close()


def test_a_stream_taken_over_late_is_closed(library: HangingLibrary, clock: FakeClock) -> None:
    devices = SoundDevices(
        load=lambda: cast("ModuleType", library), watch=lambda _: None, clock=clock
    )
    microphone = WatchedMicrophone(devices, "Headset", clock=clock, boot=clock.boot)
    microphone.open()
    library.stuck.is_reached()
    microphone.close()
    library.stuck.go.set()
    assert library.closed.wait(SOON_S)
    assert devices.close(SOON_S)
