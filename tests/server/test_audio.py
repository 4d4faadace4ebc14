import io
import wave
from contextlib import suppress
from fractions import Fraction

import av
import av.audio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.errors import AudioFileError
from scribe_desktop.server.audio import Pcm, container_of, decode
from scribe_desktop.services.encoder import encode


def tone(seconds: float, rate: int = SAMPLE_RATE) -> Pcm:
    time = np.arange(round(seconds * rate)) / rate
    return (8000 * np.sin(2 * np.pi * 440 * time)).astype(np.int16)


def encoded(pcm: Pcm, container: str, codec: str, rate: int = SAMPLE_RATE) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as out:
        stream = out.add_stream(codec, rate=rate)
        assert isinstance(stream, av.audio.AudioStream)
        stream.layout = "mono"
        stream.codec_context.time_base = Fraction(1, rate)
        resampler = av.AudioResampler(
            stream.codec_context.format.name, "mono", rate, stream.codec_context.frame_size or 1024
        )
        frame = av.AudioFrame.from_ndarray(pcm[None], format="s16", layout="mono")
        frame.sample_rate = rate
        frame.pts = 0
        frame.time_base = Fraction(1, rate)
        for piece in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return file.getvalue()


def wav(pcm: Pcm, rate: int = SAMPLE_RATE, channels: int = 1) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.repeat(pcm, channels).tobytes())
    return file.getvalue()


def loudness(pcm: Pcm) -> float:
    return float(np.sqrt(np.mean(pcm.astype(np.float64) ** 2)))


def chunk(pcm: Pcm) -> bytes:
    return encode(pcm.tobytes(), 0).body


# No Opus file of ours is shorter than 856 frames (54 ms): less than that ends in silence.
@given(st.integers(856, 4 * SAMPLE_RATE))
@settings(max_examples=15, deadline=None)
def test_our_own_chunks_come_back_with_as_many_frames_as_went_in(frames: int) -> None:
    assert len(decode(chunk(np.resize(tone(1), frames)))) == frames


def test_chunks_joined_are_in_step_with_what_was_spoken() -> None:
    rng = np.random.default_rng(0)
    pcm = np.convolve(rng.normal(0, 4000, 2 * SAMPLE_RATE), np.ones(8) / 8, "same").astype(np.int16)
    back = np.concatenate([decode(chunk(part)) for part in np.split(pcm, [9_000, 20_001])])
    assert len(back) == len(pcm)
    for begin in (2_000, 12_000, 24_000):
        here = pcm[begin : begin + 4_000].astype(float)
        match = [np.dot(here, back[begin + lag : begin + lag + 4_000]) for lag in range(-20, 21)]
        assert int(np.argmax(match)) - 20 == 0


def test_a_wav_of_our_own_rate_comes_back_bit_for_bit() -> None:
    pcm = tone(0.7)
    assert np.array_equal(decode(wav(pcm)), pcm)


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("webm", "libopus", 48_000),
        ("ogg", "libopus", 48_000),
        ("mp3", "libmp3lame", 44_100),
        ("ipod", "aac", 44_100),
        ("flac", "flac", 22_050),
    ],
)
def test_every_promised_kind_of_file_is_heard(container: str, codec: str, rate: int) -> None:
    pcm = decode(encoded(tone(2, rate), container, codec, rate))
    assert len(pcm) == pytest.approx(2 * SAMPLE_RATE, abs=0.1 * SAMPLE_RATE)
    assert loudness(pcm) == pytest.approx(loudness(tone(2)), rel=0.1)


def test_stereo_at_another_rate_becomes_one_channel() -> None:
    pcm = decode(wav(tone(1, 44_100), 44_100, channels=2))
    assert len(pcm) == SAMPLE_RATE
    assert loudness(pcm) == pytest.approx(loudness(tone(1)), rel=0.05)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x00",
        b"<html><body>Sign in to the network</body></html>",
        b"#EXTM3U\n#EXTINF:1,\nfile:///etc/hostname\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        b"\x1a\x45\xdf\xa3 no more than four good bytes",
        b"RIFF\x00\x00\x00\x00WAVE",
        b"OggS" + bytes(100),
        b"ID3" + bytes(200),
        b"\x89PNG\r\n\x1a\n" + bytes(100),
    ],
)
def test_what_is_no_audio_is_a_sentence(body: bytes) -> None:
    with pytest.raises(AudioFileError):
        decode(body)


def test_half_a_chunk_is_heard_or_refused_but_never_breaks() -> None:
    body = chunk(tone(3))
    for end in range(0, len(body), 997):
        frames = 0
        with suppress(AudioFileError):
            frames = len(decode(body[:end]))
        assert frames <= 3 * SAMPLE_RATE


def test_a_small_file_that_claims_days_is_refused() -> None:
    with pytest.raises(AudioFileError, match="too long"):
        decode(wav(tone(3)), limit_s=2)


def test_playlists_have_no_demuxer() -> None:
    assert container_of(b"#EXTM3U") is None
