"""Soft, short, without a click, and told apart."""

import numpy as np
import pytest

from scribe_desktop.services.cues import LOUDNESS, Cue, cue_sound


@pytest.mark.parametrize("rate", [16_000, 44_100, 48_000])
def test_a_cue_is_short_soft_and_begins_and_ends_in_silence(rate: int) -> None:
    for cue in Cue:
        samples = np.frombuffer(cue_sound(cue, rate), "<f4")
        assert len(samples) / rate == pytest.approx(0.14, abs=0.001)
        assert np.abs(samples).max() <= LOUDNESS
        assert abs(samples[0]) < 0.01
        assert abs(samples[-1]) < 0.01


def test_beginning_rises_and_ending_falls() -> None:
    def pitches(cue: Cue) -> tuple[float, float]:
        first, second = np.split(np.frombuffer(cue_sound(cue, 48_000), "<f4"), 2)
        hertz = np.fft.rfftfreq(len(first), 1 / 48_000)
        return tuple(float(hertz[np.abs(np.fft.rfft(half)).argmax()]) for half in (first, second))  # type: ignore[return-value]

    low, high = pitches(Cue.LISTENING)
    assert low < high
    assert pitches(Cue.STOPPED) == (high, low)
