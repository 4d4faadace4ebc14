"""A recording from a file goes the way of a microphone, and a bad file is a sentence."""

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from scribe_desktop.domain.audio import Gap
from scribe_desktop.domain.chunker import LOCAL_CUTS
from scribe_desktop.domain.errors import AudioFileError
from scribe_desktop.domain.notices import Notice, Trouble
from scribe_desktop.services.encoder import decode_chunk, encode_wav
from scribe_desktop.services.importer import open_recording
from scribe_desktop.services.recorder import Recorder
from scribe_desktop.services.source import Block, Ended, Source
from tests.services.memory_spool import MemorySpool
from tests.services.sounds import loud_is_speech, pcm16, samples_of, snr_db, speechlike


def dictated(source: Source) -> tuple[bytes, list[Notice]]:
    session_bytes, notices, _ = dictated_with_gaps(source)
    return session_bytes, notices


def dictated_with_gaps(source: Source) -> tuple[bytes, list[Notice], tuple[Gap, ...]]:
    spool, notices = MemorySpool(), list[Notice]()
    session_id = spool.add("ses_file")
    recorder = Recorder(
        spool,
        source,
        session_id,
        LOCAL_CUTS,
        notices.append,
        lambda: 1.0,
        is_quiet=loud_is_speech,
        encoding=encode_wav,
    )
    recorder.start()
    assert recorder.join(30)
    sound = b"".join(decode_chunk(chunk) for chunk in spool.chunks[session_id])
    return sound, notices, spool.stored[session_id].gaps


def write_wav(path: Path, samples: np.ndarray, rate: int, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as wav:
        wav.setnchannels(channels)
        wav.setsampwidth(2)
        wav.setframerate(rate)
        wav.writeframes(pcm16(np.repeat(samples, channels)))
    return path


def write_encoded(path: Path, samples: np.ndarray, codec: str, *, video: bool = False) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=16_000)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        picture = container.add_stream("mpeg4", rate=5) if video else None
        if picture is not None:
            picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
            for _ in range(5):
                still = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
                container.mux(picture.encode(still))
        frame = av.AudioFrame.from_ndarray(
            np.frombuffer(pcm16(samples), "<i2").reshape(1, -1), format="s16", layout="mono"
        )
        frame.rate, frame.pts = 16_000, 0
        for part in [frame, None]:
            container.mux(stream.encode(part))
        if picture is not None:
            container.mux(picture.encode(None))
    return path


def test_a_file_in_our_own_shape_is_taken_bit_for_bit(tmp_path: Path) -> None:
    spoken = speechlike(5.3)
    progress: list[tuple[float, float | None]] = []
    path = write_wav(tmp_path / "memo.wav", spoken, 16_000)
    source = open_recording(path, lambda done, total: progress.append((done, total)))
    heard, notices = dictated(source)
    assert heard == pcm16(spoken)
    assert notices == []
    assert [done for done, _ in progress] == [1.0, 2.0, 3.0, 4.0, 5.0, 5.3]
    assert progress[0][1] == pytest.approx(5.3)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (44_100, 2), (48_000, 1)])
def test_other_rates_and_stereo_become_ours(tmp_path: Path, rate: int, channels: int) -> None:
    path = write_wav(tmp_path / "memo.wav", speechlike(2.0, rate=rate), rate, channels)
    heard, _ = dictated(open_recording(path))
    assert abs(len(heard) // 2 - 32_000) <= 1
    wanted = speechlike(2.0)
    assert snr_db(wanted[500:31_000], samples_of(heard)[500:31_000]) > 25


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.flac", "flac"), ("a.ogg", "libopus"), ("a.mp3", "libmp3lame"), ("a.m4a", "aac")],
)
def test_the_usual_formats_are_read(tmp_path: Path, name: str, codec: str) -> None:
    path = write_encoded(tmp_path / name, speechlike(3.0), codec)
    heard, notices = dictated(open_recording(path))
    assert len(heard) / 32_000 == pytest.approx(3.0, abs=0.15)
    assert notices == []


def test_the_sound_of_a_video_is_taken(tmp_path: Path) -> None:
    path = write_encoded(tmp_path / "visit.mkv", speechlike(2.0), "pcm_s16le", video=True)
    heard, _ = dictated(open_recording(path))
    assert heard == pcm16(speechlike(2.0))


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mute.mkv"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("mpeg4", rate=5)
        picture.width, picture.height, picture.pix_fmt = 64, 48, "yuv420p"
        still = av.VideoFrame.from_ndarray(np.zeros((48, 64, 3), np.uint8), format="rgb24")
        container.mux(picture.encode(still))
        container.mux(picture.encode(None))
    with pytest.raises(AudioFileError, match="no sound track"):
        open_recording(path)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"Dear colleague, thank you for referring this patient. " * 40, "not a recording"),
        (b"RIFF\x24\x00\x00\x00WAVE", "not a recording|no sound"),
        (bytes(range(256)) * 64, "not a recording|no sound"),
    ],
)
def test_a_file_that_is_no_audio_is_a_sentence(
    tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "letter.wav"
    path.write_bytes(content)
    with pytest.raises(AudioFileError, match=sentence) as refused:
        open_recording(path)
    assert "letter" not in str(refused.value)


def test_a_wav_with_no_frames_holds_no_sound(tmp_path: Path) -> None:
    with pytest.raises(AudioFileError, match="no sound"):
        open_recording(write_wav(tmp_path / "none.wav", np.zeros(0), 16_000))


@pytest.mark.parametrize("missing", ["nowhere.wav", "."])
def test_no_file_is_a_sentence(tmp_path: Path, missing: str) -> None:
    with pytest.raises(AudioFileError):
        open_recording(tmp_path / missing)


def test_of_a_truncated_recording_everything_readable_is_taken(tmp_path: Path) -> None:
    path = write_encoded(tmp_path / "cut.flac", speechlike(8.0), "flac")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    heard, _ = dictated(open_recording(path))
    whole = pcm16(speechlike(8.0))
    assert 2.0 < len(heard) / 32_000 < 6.0
    _, notices, (gap,) = dictated_with_gaps(open_recording(path))
    # On the time line: where the sound ends, and how much is missing from there.
    assert gap.at_frame == len(heard) // 2
    assert gap.seconds_lost == pytest.approx(8.0 - len(heard) / 32_000, abs=0.1)
    assert len(notices) == 1
    assert whole.startswith(heard[: len(heard) - 32_000 // 4])


def test_a_file_that_ends_before_its_header_says_is_marked(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "short.wav", speechlike(6.0), 16_000)
    path.write_bytes(path.read_bytes()[: 44 + 2 * 32_000])
    _, (trouble,), (gap,) = dictated_with_gaps(open_recording(path))
    assert isinstance(trouble, Trouble)
    assert "ends too early, after 0:02" in trouble.message
    assert (gap.at_frame, gap.reason) == (32_000, "the file ends early")
    assert gap.seconds_lost == pytest.approx(4.0, abs=0.1)


@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3", "webm"])
def test_a_whole_file_has_no_gap(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"whole.{ending}"
    codec = {"ogg": "libopus", "webm": "libopus", "mp3": "libmp3lame"}.get(ending, ending)
    if ending == "wav":
        write_wav(path, speechlike(3.0), 16_000)
    else:
        write_encoded(path, speechlike(3.0), codec)
    _, notices, gaps = dictated_with_gaps(open_recording(path))
    assert (notices, gaps) == ([], ())


def test_a_break_inside_a_recording_is_said(tmp_path: Path) -> None:
    source = open_recording(write_wav(tmp_path / "memo.wav", speechlike(3.0), 16_000))

    class Scratched:
        def __init__(self) -> None:
            self.left = 3

        def __iter__(self) -> "Scratched":
            return self

        def __next__(self) -> bytes:
            self.left -= 1
            if self.left == 0:
                raise av.InvalidDataError(1, "scratched")
            return bytes(24_000)

    source._parts = Scratched()  # type: ignore[attr-defined]
    heard, notices, (gap,) = dictated_with_gaps(source)
    assert len(heard) > 48_000
    assert (gap.at_frame, gap.reason) == (len(heard) // 2, "the file is damaged")
    (trouble,) = notices
    assert isinstance(trouble, Trouble)
    assert "damaged after 0:01" in trouble.message


def test_pause_holds_the_file_still_and_stop_takes_what_was_read(tmp_path: Path) -> None:
    source = open_recording(write_wav(tmp_path / "memo.wav", speechlike(5.0), 16_000))
    (first,) = source.read(0.1)
    source.pause()
    assert source.read(0.001) == ()
    source.resume()
    (second,) = source.read(0.1)
    assert isinstance(first, Block)
    assert isinstance(second, Block)
    assert first.pcm + second.pcm == pcm16(speechlike(5.0))[:64_000]
    source.stop()
    assert source.read(0.1) == (Ended(),)
    source.close()


def test_an_hour_of_silence_is_an_hour_of_recording(tmp_path: Path) -> None:
    path = tmp_path / "silence.flac"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=8_000)
        stream.layout = "mono"
        for _ in range(60):
            frame = av.AudioFrame.from_ndarray(
                np.zeros((1, 480_000), np.int16), format="s16", layout="mono"
            )
            frame.rate = 8_000
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    spool = MemorySpool()
    session_id = spool.add("ses_hour")
    recorder = Recorder(
        spool,
        open_recording(path),
        session_id,
        LOCAL_CUTS,
        list[Notice]().append,
        lambda: 1.0,
        encoding=encode_wav,
    )
    recorder.start()
    assert recorder.join(60)
    assert spool.stored[session_id].frames == 3600 * 16_000
