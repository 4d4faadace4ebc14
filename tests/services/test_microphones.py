"""The microphones as the program sees them: listed, kept ready, and let go."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from types import ModuleType
from typing import cast

import pytest

from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.domain.notices import MicrophoneChanged, MicrophoneState
from scribe_desktop.services import microphones as module
from scribe_desktop.services.cues import Cue
from scribe_desktop.services.input_stream import InputStream
from scribe_desktop.services.microphone import SoundDevices
from scribe_desktop.services.microphones import Microphones
from scribe_desktop.services.source import Block, Heard
from scribe_desktop.services.watched_microphone import WatchedMicrophone
from tests.services.scripted_devices import FakeClock
from tests.services.test_sound_devices import SOON_S, Library

PCM = b"\1\0\0\0" * 320


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def microphones(
    library: Library, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Microphones]:
    def devices(on_change: Callable[[], None]) -> SoundDevices:
        return SoundDevices(
            on_change, load=lambda: cast("ModuleType", library), watch=lambda _: None
        )

    monkeypatch.setattr(module, "SoundDevices", devices)
    opened = Microphones(clock=clock)
    yield opened
    assert opened.close()


def ready_stream(microphones: Microphones) -> InputStream:
    opening = microphones._ready
    assert opening is not None
    stream = opening.result(SOON_S).stream
    assert isinstance(stream, InputStream)
    stream._clock = microphones._clock
    return stream


def hear(library: Library) -> None:
    library.streams[-1].asked["callback"](PCM, 320, None, None)


def opened_and_read(source: WatchedMicrophone) -> list[Heard]:
    source.open()
    # That it is being opened, and then what comes of it.
    return [*source.read(1.0), *source.read(1.0)]


def settled(microphones: Microphones) -> None:
    """Until the thread of the sound devices has done what it was asked."""
    microphones.choices()


def test_they_are_listed(microphones: Microphones) -> None:
    assert [choice.name for choice in microphones.choices()] == ["Desk microphone", "Headset"]


def test_a_sound_system_that_does_not_answer_is_a_sentence(
    microphones: Microphones, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LIST_S", 0.0)
    monkeypatch.setattr(microphones.devices, "choices", Future)
    with pytest.raises(MicrophoneError, match="does not answer"):
        microphones.choices()
    monkeypatch.undo()


def test_a_ready_microphone_is_taken_over_and_made_ready_again(
    microphones: Microphones, library: Library, clock: FakeClock
) -> None:
    microphones.keep_ready("")
    stream = ready_stream(microphones)
    hear(library)
    clock.now += 0.02
    source = microphones.source("")
    hear(library)
    heard = opened_and_read(source)
    assert len(library.streams) == 1
    assert [h.pcm for h in heard if isinstance(h, Block)] == [PCM]
    assert MicrophoneState.HEARD in [h.state for h in heard if isinstance(h, MicrophoneChanged)]
    source.close()
    assert ready_stream(microphones) is not stream
    settled(microphones)
    assert library.closed.is_set()
    microphones.keep_ready(None)


def test_a_ready_microphone_that_fell_silent_is_opened_anew(
    microphones: Microphones, library: Library, clock: FakeClock
) -> None:
    microphones.keep_ready("")
    ready_stream(microphones)
    hear(library)
    clock.now += 5.0
    source = microphones.source("")
    settled(microphones)
    assert library.closed.is_set()
    opened_and_read(source)
    assert len(library.streams) == 2
    source.close()


def test_another_microphone_than_the_ready_one_is_opened(
    microphones: Microphones, library: Library
) -> None:
    microphones.keep_ready("Windows WASAPI:Headset")
    ready_stream(microphones)
    hear(library)
    source = microphones.source("Windows WASAPI:Desk microphone")
    opened_and_read(source)
    assert library.streams[-1].asked["device"] == 2
    source.close()


def test_a_microphone_that_could_not_be_made_ready_is_tried_again_at_the_key_press(
    microphones: Microphones, library: Library
) -> None:
    library.busy = True
    microphones.keep_ready("")
    settled(microphones)
    library.busy = False
    source = microphones.source("")
    assert opened_and_read(source)
    source.close()


def test_one_that_is_still_being_opened_is_not_waited_for(
    microphones: Microphones, library: Library
) -> None:
    opening: Future[object] = Future()
    microphones._ready = opening  # type: ignore[assignment]
    source = microphones.source("")
    opening.set_exception(MicrophoneError("There is no microphone.", "Connect one."))
    opened_and_read(source)
    assert len(library.streams) == 1
    source.close()


def test_let_go_it_is_closed(microphones: Microphones, library: Library) -> None:
    microphones.keep_ready("")
    ready_stream(microphones)
    microphones.keep_ready(None)
    settled(microphones)
    assert library.closed.is_set()
    assert microphones._ready is None


def test_a_cue_is_asked_for_and_not_waited_for(microphones: Microphones, library: Library) -> None:
    microphones.cue(Cue.STOPPED)
    settled(microphones)
    assert library.streams[0].asked["dtype"] == "float32"
    library.streams[0].asked["finished_callback"]()
