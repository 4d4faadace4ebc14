"""A sound on its way out is held by somebody until it has ended."""

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest

from scribe_desktop.services.microphone import SoundDevices


class _Stream:
    """An output stream known only to its own callbacks, as PortAudio's are."""

    newest: "weakref.ref[_Stream]"

    def __init__(self, *, callback: Any, finished_callback: Callable[[], None], **_: Any) -> None:
        self.callback = callback
        self.finished_callback = finished_callback
        self.closed = False
        _Stream.newest = weakref.ref(self)

    def start(self) -> None:
        """Nothing sounds."""

    def close(self, *, ignore_errors: bool) -> None:
        self.closed = True


class _Library:
    PortAudioError = OSError
    RawOutputStream = _Stream

    @staticmethod
    def query_devices(**_: str) -> dict[str, float]:
        return {"default_samplerate": 48_000.0}


def test_the_garbage_collector_leaves_a_playing_stream_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SoundDevices, "_portaudio", lambda _: _Library)
    monkeypatch.setattr(SoundDevices, "_pulse_device", lambda _: None)
    devices = SoundDevices()
    played: Future[float] = devices.play(lambda rate: bytes(4 * rate))
    assert played.result(10) == 1.0
    gc.collect()
    stream = _Stream.newest()
    assert stream is not None, "nobody held it: PortAudio's thread would jump into freed memory"
    stream.finished_callback()
    devices.close()
    assert stream.closed
