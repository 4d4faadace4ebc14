"""The ring of a ready microphone: nothing before the key press, everything after it."""

from types import ModuleType
from typing import Any, cast

import pytest

from scribe_desktop.services.input_stream import RING_BLOCKS, InputStream
from scribe_desktop.services.source import Shape
from tests.services.scripted_devices import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


class Library:
    """As much of the sound library as a stream needs."""

    def __init__(self) -> None:
        self.callback: Any = None
        self.finished: Any = None
        self.latency = 0.03

    def RawInputStream(self, **asked: Any) -> "Library":  # noqa: N802  its name
        assert asked["blocksize"] == asked["samplerate"] // 50
        self.callback, self.finished = asked["callback"], asked["finished_callback"]
        return self

    def start(self) -> None:
        """Nothing to start."""


def started(clock: FakeClock, *, ready: bool = False) -> tuple[InputStream, Library, list[Any]]:
    library, closed = Library(), list[Any]()
    stream = InputStream(Shape(48_000, 1, "float32"), closed.append, clock)
    if ready:
        stream.keep_ready()
    stream.start(cast("ModuleType", library), 0)
    return stream, library, closed


def test_blocks_come_in_order_with_their_times(clock: FakeClock) -> None:
    stream, library, closed = started(clock)
    for number in range(3):
        clock.now += 0.02
        library.callback(bytes([number]), 1, None, None)
    assert [pcm for _, pcm in stream.take(0.0)] == [b"\0", b"\1", b"\2"]
    assert stream.take(0.0) == []
    assert stream.latency_s == 0.03
    before = stream.ended
    library.finished()
    assert (before, stream.ended) == (False, True)
    stream.close()
    stream.close()
    assert len(closed) == 1


def test_from_the_ring_comes_what_was_heard_since_the_key_press(clock: FakeClock) -> None:
    stream, library, _ = started(clock, ready=True)
    for number in range(10):
        clock.now += 0.02
        library.callback(bytes([number]), 1, None, None)
    assert stream.take(0.0) == []
    assert stream.is_fresh(clock.now, 0.1)
    pressed_at = clock.now - 0.05
    stream.take_over(pressed_at)
    # Until the next block nobody knows whether the ring is complete.
    assert stream.take(0.0) == []
    clock.now += 0.02
    library.callback(bytes([10]), 1, None, None)
    assert [pcm[0] for _, pcm in stream.take(0.0)] == [7, 8, 9, 10]


def test_the_ring_forgets_what_is_older_than_two_seconds(clock: FakeClock) -> None:
    stream, library, _ = started(clock, ready=True)
    for _ in range(3 * RING_BLOCKS):
        clock.now += 0.02
        library.callback(b"x", 1, None, None)
    stream.take_over(0.0)
    library.callback(b"y", 1, None, None)
    assert len(stream.take(0.0)) == RING_BLOCKS + 1


def test_a_ring_that_stopped_filling_is_not_fresh(clock: FakeClock) -> None:
    stream, library, _ = started(clock, ready=True)
    assert not stream.is_fresh(clock.now, 0.5)
    library.callback(b"x", 1, None, None)
    assert stream.is_fresh(clock.now + 0.4, 0.5)
    assert not stream.is_fresh(clock.now + 0.6, 0.5)
    library.finished()
    assert not stream.is_fresh(clock.now, 0.5)
