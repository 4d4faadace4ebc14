"""How far the engine looks: past the speech, never far past it, never short of it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.server.fitted_whisper import SHORTEST, SILENCE_AFTER_SPEECH, fitted

PADDED = 3000
"""Frames of a window as the library fills it up: 30 s."""


def window(spoken: int, value: float = 0.4) -> np.ndarray:
    features = np.zeros((80, PADDED), np.float32)
    features[:, :spoken] = value
    return features


@given(spoken=st.integers(0, PADDED))
def test_all_that_was_spoken_stays_and_some_quiet_after_it(spoken: int) -> None:
    whole = window(spoken)
    kept = fitted(whole)
    length = kept.shape[-1]
    assert np.array_equal(kept, whole[:, :length])
    assert length >= min(PADDED, max(SHORTEST, spoken + SILENCE_AFTER_SPEECH))
    assert length <= max(SHORTEST, spoken + SILENCE_AFTER_SPEECH) + 1
    assert length % 2 == 0


@pytest.mark.parametrize(("spoken", "looked_at"), [(0, 1500), (800, 1500), (1301, 1802)])
def test_a_short_window_is_looked_at_for_half_the_time(spoken: int, looked_at: int) -> None:
    assert fitted(window(spoken)).shape == (80, looked_at)


def test_digital_silence_within_the_speech_is_not_taken_for_padding() -> None:
    features = window(2000)
    features[:, 500:1900] = -1.5
    assert fitted(features).shape == (80, 2500)


def test_several_windows_at_once_keep_the_longest() -> None:
    both = np.stack([window(100), window(1700)])
    assert fitted(both).shape == (2, 80, 2200)
