"""Any device, one shape of sound, and as much of it as was spoken."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.services.resampler import Resampler
from scribe_desktop.services.source import NATIVE, Block, Shape
from tests.services.sounds import pcm16, samples_of, snr_db, speechlike

RATES = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000]


def as_delivered(samples: np.ndarray, shape: Shape) -> bytes:
    frames = np.repeat(samples.reshape(-1, 1), shape.channels, axis=1)
    return frames.astype("<f4").tobytes() if shape.sample == "float32" else pcm16(frames)


@pytest.mark.parametrize("sample", ["int16", "float32"])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("rate", RATES)
def test_every_rate_gives_the_same_speech_at_16_khz(rate: int, channels: int, sample: str) -> None:
    shape = Shape(rate, channels, sample)
    spoken = as_delivered(speechlike(1.3, rate=rate), shape)
    step = shape.frame_bytes * max(rate // 50, 1)
    resampler = Resampler(shape)
    pcm = b"".join(
        resampler.feed(Block(spoken[at : at + step], shape)) for at in range(0, len(spoken), step)
    )
    heard = samples_of(pcm + resampler.flush())
    wanted = speechlike(1.3)
    assert abs(len(heard) - len(wanted)) <= 1
    edge = slice(300, min(len(wanted), len(heard)) - 300)
    assert snr_db(wanted[edge], heard[edge]) >= 30


CD_STEREO = Shape(44_100, 2, "float32")
SPOKEN = as_delivered(speechlike(0.4, rate=44_100), CD_STEREO)


@given(cuts=st.lists(st.integers(0, len(SPOKEN) // 8), max_size=12).map(sorted))
def test_how_it_is_split_into_blocks_makes_no_difference(cuts: list[int]) -> None:
    whole = Resampler(CD_STEREO)
    wanted = whole.feed(Block(SPOKEN, CD_STEREO)) + whole.flush()
    resampler = Resampler(CD_STEREO)
    heard = b"".join(
        resampler.feed(Block(SPOKEN[8 * start : 8 * end], CD_STEREO))
        for start, end in pairwise([0, *cuts, len(SPOKEN) // 8])
    )
    assert heard + resampler.flush() == wanted


def test_an_hour_at_44_1_khz_does_not_drift() -> None:
    shape = Shape(44_100)
    resampler, got, block = Resampler(shape), 0, Block(bytes(2 * 44_100 * 10), shape)
    for _ in range(360):
        got += len(resampler.feed(block))
    assert got + len(resampler.flush()) == 2 * SAMPLE_RATE * 3600


def test_the_native_shape_passes_through_bit_for_bit() -> None:
    pcm = pcm16(speechlike(0.5))
    resampler = Resampler(NATIVE)
    assert resampler.feed(Block(pcm)) + resampler.flush() == pcm


def test_a_microphone_on_one_side_of_a_stereo_device_is_heard() -> None:
    shape = Shape(16_000, 2, "float32")
    left = speechlike(0.5)
    frames = np.stack([left, np.zeros_like(left)], axis=1).astype("<f4")
    resampler = Resampler(shape)
    heard = samples_of(resampler.feed(Block(frames.tobytes(), shape)) + resampler.flush())
    assert snr_db(left / 2, heard) >= 30


def test_rubbish_from_a_device_stays_in_range() -> None:
    shape = Shape(16_000, 1, "float32")
    wild = np.array([np.nan, np.inf, -np.inf, 7.0, -7.0, 0.0] * 100, dtype="<f4")
    resampler = Resampler(shape)
    heard = resampler.feed(Block(wild.tobytes(), shape)) + resampler.flush()
    assert len(heard) == 1_200


@pytest.mark.parametrize("shape", [Shape(7_999), Shape(192_001), Shape(16_000, 0)])
def test_an_impossible_shape_is_refused(shape: Shape) -> None:
    with pytest.raises(ValueError, match="no microphone"):
        Resampler(shape)


def test_blocks_of_two_streams_are_not_mixed() -> None:
    with pytest.raises(ValueError, match="another stream"):
        Resampler(NATIVE).feed(Block(b"\0\0", Shape(8_000)))
