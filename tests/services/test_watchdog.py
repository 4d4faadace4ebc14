"""The sound itself tells whether the microphone hears."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.domain.notices import MicrophoneState
from scribe_desktop.services.loudness import Loudness, level_of, loudness_of
from scribe_desktop.services.source import Block, Shape
from scribe_desktop.services.watchdog import SENTENCES, Watchdog

TALK = Loudness(0.3, clipped=False)


def spoken_into(watchdog: Watchdog, blocks: int, *, at: float = 0.0, rate: float = 50.0) -> float:
    for number in range(1, blocks + 1):
        watchdog.heard(TALK, 320, at + number / rate)
    return at + blocks / rate


def test_every_state_that_is_said_has_its_sentence() -> None:
    assert set(SENTENCES) == set(MicrophoneState) - {MicrophoneState.REPLACED}
    assert all(sentence.message.endswith(".") for sentence in SENTENCES.values())


def test_a_slow_start_is_opening_and_a_dead_one_is_a_stall() -> None:
    watchdog = Watchdog(16_000, 0.0)
    assert watchdog.look(2.4) is MicrophoneState.OPENING
    assert watchdog.look(2.6) is MicrophoneState.STALLED


def test_half_a_second_without_a_block_is_a_stall() -> None:
    watchdog = Watchdog(16_000, 0.0)
    end = spoken_into(watchdog, 50)
    assert watchdog.look(end + 0.49) is MicrophoneState.HEARD
    assert watchdog.look(end + 0.5) is MicrophoneState.STALLED


@given(st.integers(-60, 60))
def test_a_sound_clock_beside_the_computers_is_no_gap_in_an_hour(
    error: int,
) -> None:
    watchdog = Watchdog(16_000, 0.0)
    rate = 1 + error / 100_000
    for second in range(1, 3_601):
        watchdog.heard(TALK, 16_000, second * rate)
        assert watchdog.shortfall(second * rate) is None


def test_each_loss_is_told_once() -> None:
    watchdog = Watchdog(16_000, 0.0)
    end = spoken_into(watchdog, 50)
    end = spoken_into(watchdog, 10, at=end + 0.4)
    assert watchdog.shortfall(end) is None
    told = []
    for _ in range(20):
        end = spoken_into(watchdog, 5, at=end)
        told.append(watchdog.shortfall(end))
    (loss,) = [shortfall for shortfall in told if shortfall]
    assert loss.seconds == pytest.approx(0.4, abs=0.01)
    assert loss.ago_s == pytest.approx(0.4, abs=0.11)


def sound(*samples: float, channels: int = 1, kind: str = "float32") -> Block:
    dtype = "<f4" if kind == "float32" else "<i2"
    values = np.array(samples) * (1 if kind == "float32" else 32767)
    return Block(values.astype(dtype).tobytes(), Shape(16_000, channels, kind))


@pytest.mark.parametrize(
    ("block", "clipped"),
    [
        (sound(0.5, 1.0, 1.0, 1.0, 0.2), True),
        (sound(0.5, 1.0, 1.0, 0.2, 1.0), False),
        (sound(-1.0, -1.0, -1.0, kind="int16"), True),
        (sound(1.3, 1.2, 1.28), True),
        (sound(1.0, 0.0, 1.0, 0.0, 1.0, 0.0, channels=2), True),
        (sound(1.0, 1.0, 1.0, 0.0, 0.0, 0.0, channels=2), False),
        (sound(), False),
    ],
)
def test_three_samples_at_full_scale_are_distorted(block: Block, *, clipped: bool) -> None:
    assert loudness_of(block).clipped is clipped


def test_only_exact_zeros_are_silence() -> None:
    assert loudness_of(sound(0.0, 0.0)).is_zero
    assert not loudness_of(sound(0.0, 1e-6)).is_zero
    assert not loudness_of(sound(0.0, 0.001, kind="int16")).is_zero


def test_a_level_of_nothing_is_the_bottom_of_the_meter() -> None:
    assert level_of(b"").rms_dbfs == -120.0
    assert level_of(bytes(3_200)).peak_dbfs == -120.0
