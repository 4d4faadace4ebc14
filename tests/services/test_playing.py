"""A sound on its way out is held by somebody until it has ended."""

import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from scribe_desktop.services.microphone import SoundDevices
from scribe_desktop.services.playing import Playing, short_sound, speech_sound


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
    ended = threading.Event()
    played: Future[Playing] = devices.play(short_sound(lambda rate: bytes(4 * rate)), ended.set)
    assert played.result(10).seconds == 1.0
    gc.collect()
    stream = _Stream.newest()
    assert stream is not None, "nobody held it: PortAudio's thread would jump into freed memory"
    stream.finished_callback()
    devices.close()
    assert stream.closed
    assert ended.is_set()


_Fetching = ModuleType("a library that fetches")
_Fetching.CallbackStop = type("CallbackStop", (Exception,), {})  # type: ignore[attr-defined]


def test_a_stopped_sound_is_silent_from_the_next_block() -> None:
    playing = Playing(b"\x01" * 64, 16)
    fetch = playing.fill(_Fetching)
    out = bytearray(16)
    fetch(out, 4, None, None)
    assert out == b"\x01" * 16
    playing.stop()
    with pytest.raises(_Fetching.CallbackStop):
        fetch(out, 4, None, None)
    assert out == bytes(16)


def test_speech_keeps_its_length_and_pitch_at_any_rate() -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    pcm = (tone * 20_000).astype("<i2").tobytes()
    for rate in (8_000, 44_100, 48_000):
        sound = np.frombuffer(speech_sound(pcm)(rate), "<f4")
        assert len(sound) == rate
        strongest = np.argmax(np.abs(np.fft.rfft(sound)))
        assert strongest == 440
