"""A microphone test hears, shows a level, and gives back what it heard."""

import time
from collections.abc import Sequence

import pytest

from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.domain.notices import MicrophoneChanged, MicrophoneState
from scribe_desktop.services.sound_check import OPEN_S, SoundCheck
from scribe_desktop.services.source import Block, Ended, Heard

LOUD = (b"\x00\x40\x00\xc0") * 800


class Microphone:
    """Says what it was told to say; ends a little after it was last told to stop."""

    is_live = True

    def __init__(self, *says: Heard) -> None:
        self._says = [*says]
        self._stopped_for: int | None = None
        self.closed = False

    def open(self) -> None:
        """Nothing to open."""

    def read(self, timeout_s: float) -> Sequence[Heard]:
        said, self._says = self._says, []
        if self._stopped_for is None:
            return said
        self._stopped_for += 1
        return [*said, Ended()] if self._stopped_for == 3 else said

    def pause(self) -> None:
        """Never paused."""

    def resume(self) -> None:
        """Never paused."""

    def stop(self) -> None:
        self._stopped_for = 0

    def close(self) -> None:
        self.closed = True


def test_it_hears_and_gives_back() -> None:
    microphone = Microphone(Block(LOUD))
    check = SoundCheck(lambda _: microphone)
    check.begin("headset")
    assert check.level().rms_dbfs > -12
    assert check.finish() == LOUD
    assert microphone.closed


def test_a_microphone_that_was_tried_is_let_go_at_once() -> None:
    """It was told to stop again and again, which put its end off for ever: it stayed open."""
    microphone = Microphone(Block(LOUD))
    check = SoundCheck(lambda _: microphone)
    check.begin("headset")
    began = time.monotonic()
    check.finish()
    assert microphone.closed
    assert time.monotonic() - began < OPEN_S


def test_a_microphone_that_is_lost_is_a_sentence() -> None:
    lost = MicrophoneChanged(MicrophoneState.LOST, "It was unplugged.", "Plug it in.")
    check = SoundCheck(lambda _: Microphone(lost))
    with pytest.raises(MicrophoneError, match="It was unplugged"):
        check.begin("headset")


def test_a_silent_device_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scribe_desktop.services.sound_check.OPEN_S", 0.05)
    check = SoundCheck(lambda _: Microphone())
    with pytest.raises(MicrophoneError, match="gives no sound"):
        check.begin("headset")
    assert check.finish() == b""
