"""The real engine with the real weights, on the sample that the program ships."""

import re
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from faster_whisper import WhisperModel

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.chunker import LOCAL_CUTS, Chunker
from scribe_desktop.domain.errors import EngineError
from scribe_desktop.server import engine
from scribe_desktop.server.audio import Pcm, decode
from scribe_desktop.server.bundled import bundled_folder
from scribe_desktop.server.engine import Engine, WhisperEngine, load
from scribe_desktop.server.transcriber import SessionTranscriber

pytestmark = pytest.mark.engine

SAMPLE = bundled_folder() / "sample" / "01_htn.flac"


@pytest.fixture(scope="module")
def whisper() -> Engine:
    return load("base")


@pytest.fixture(scope="module")
def sample() -> Pcm:
    return decode(SAMPLE.read_bytes())


def noise(seconds: float, loudness: float) -> Pcm:
    rng = np.random.default_rng(7)
    return (rng.standard_normal(int(seconds * SAMPLE_RATE)) * loudness).astype(np.int16)


def hum(seconds: float) -> Pcm:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (3000 * np.sin(2 * np.pi * 50 * time)).astype(np.int16)


def heard(whisper: Engine, pieces: Sequence[Pcm]) -> str:
    transcriber = SessionTranscriber(whisper, ["en"])
    for piece in pieces:
        transcriber.feed(piece)
    return transcriber.finish().text


def test_the_sample_is_written_down_with_its_numbers(whisper: Engine, sample: Pcm) -> None:
    text = heard(whisper, [sample]).lower()
    for said in (
        "58",
        "hypertension",
        "type 2 diabetes",
        "142 over 88",
        "97%",
        "20 mill",
        "metform",
    ):
        assert said in text


def test_chunks_cut_as_the_program_cuts_them_give_the_same_numbers(
    whisper: Engine, sample: Pcm
) -> None:
    sample = sample[: 11 * SAMPLE_RATE]
    loud = np.abs(sample.astype(np.int32)).mean() / 4
    chunker = Chunker(LOCAL_CUTS, lambda window: bool(_mean(window) < loud))
    chunks = [*chunker.feed(sample.tobytes()), *chunker.finish()]
    text = heard(whisper, [np.frombuffer(chunk, np.int16) for chunk in chunks])
    whole = heard(whisper, [sample])
    assert re.findall(r"\d+", text) == re.findall(r"\d+", whole)
    assert abs(len(text.split()) - len(whole.split())) <= 4


@pytest.mark.parametrize(
    "sound",
    [np.zeros(10 * SAMPLE_RATE, np.int16), noise(10, 40), noise(10, 2000), hum(10)],
    ids=["silence", "hiss", "loud noise", "hum"],
)
def test_nothing_is_invented_from_silence_and_noise(whisper: Engine, sound: Pcm) -> None:
    assert whisper.find_speech(sound) == []
    assert heard(whisper, [sound]) == ""


def test_what_says_one_thing_over_and_over_is_heard_again_over_the_whole_span(
    whisper: Engine, sample: Pcm, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []

    def noted(model: WhisperModel, features: np.ndarray) -> object:
        looked_at.append(features.shape[-1])
        return encode(model, features)

    encode = WhisperModel.encode
    monkeypatch.setattr(WhisperModel, "encode", noted)
    window = sample[: 4 * SAMPLE_RATE]
    assert whisper.transcribe(window, languages=["en"], hotwords=[]).text
    monkeypatch.setattr(engine, "_LOOPING", 0.0)
    assert whisper.transcribe(window, languages=["en"], hotwords=[]).text
    assert looked_at == [1500, 1500, 3000]


def test_speech_is_found_in_order_and_within_the_sound(whisper: Engine, sample: Pcm) -> None:
    spans = whisper.find_speech(np.concatenate((sample, noise(3, 20))))
    assert spans[0].start < SAMPLE_RATE
    assert all(a.end <= b.start for a, b in pairwise(spans))
    assert spans[-1].end <= len(sample) + SAMPLE_RATE // 2
    assert whisper.find_speech(sample[:0]) == []


def test_the_same_sound_gives_the_same_text(whisper: Engine, sample: Pcm) -> None:
    window = sample[: 6 * SAMPLE_RATE]
    texts = {
        whisper.transcribe(window, languages=["en"], hotwords=["hypertension"]).text
        for _ in range(2)
    }
    assert len(texts) == 1


def test_the_language_is_told_apart_among_those_that_may_be_spoken(
    whisper: Engine, sample: Pcm
) -> None:
    window = sample[: 8 * SAMPLE_RATE]
    assert whisper.transcribe(window, languages=["hi", "en", "xx"], hotwords=()).language == "en"
    with pytest.raises(EngineError, match="does not know that language"):
        whisper.transcribe(window, languages=["xx"], hotwords=())


def test_weights_that_cannot_be_loaded_are_a_sentence(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("weights")
    (folder / "model.bin").write_bytes(b"no weights")
    with pytest.raises(EngineError, match="could not be loaded"):
        WhisperEngine("base", folder)


def test_a_computer_with_any_number_of_cores_gets_a_thread() -> None:
    assert 1 <= engine.threads_to_use() <= 4


def _mean(window: bytes) -> float:
    return float(np.abs(np.frombuffer(window, np.int16).astype(np.int32)).mean())
