"""What a service decodes is what was spoken, to the sample."""

from itertools import pairwise

import numpy as np
import pytest

from scribe_desktop.domain.audio import AudioForm
from scribe_desktop.domain.errors import AudioFileError
from scribe_desktop.services.encoder import decode, decode_chunk, encode, encode_wav, recoded
from tests.services.sounds import pcm16, samples_of, snr_db, speechlike


@pytest.mark.parametrize("frames", [856, 959, 960, 961, 1_921, 5_000, 16_001, 16_000 * 15 + 7])
def test_a_chunk_decodes_to_the_same_number_of_frames(frames: int) -> None:
    pcm = pcm16(speechlike(16.0))[: 2 * frames]
    chunk = encode(pcm, 3)
    assert (chunk.index, chunk.frames) == (3, frames)
    assert len(decode(chunk.body)) == 2 * frames


@pytest.mark.parametrize("frames", [1, 2, 321, 855])
def test_even_a_chunk_shorter_than_any_opus_file_keeps_its_length(frames: int) -> None:
    pcm = pcm16(speechlike(1.0))[: 2 * frames]
    assert len(decode_chunk(encode(pcm, 0))) == 2 * frames


def test_the_decoded_waveform_is_the_spoken_one_with_no_lag() -> None:
    spoken = speechlike(12.0, seed=7)
    heard = samples_of(decode(encode(pcm16(spoken), 0).body))
    edge = 200
    ratios = {
        lag: snr_db(spoken[edge:-edge], np.roll(heard, lag)[edge:-edge]) for lag in range(-4, 5)
    }
    assert max(ratios, key=ratios.__getitem__) == 0
    assert ratios[0] >= 15


def test_chunks_cut_inside_a_word_join_without_a_seam() -> None:
    spoken = speechlike(9.0, seed=3)
    pcm = pcm16(spoken)
    cuts = [0, 47_113, 91_007, len(pcm) // 2]
    parts = [pcm[2 * a : 2 * b] for a, b in pairwise(cuts)]
    joined = b"".join(decode(encode(part, i).body) for i, part in enumerate(parts))
    assert len(joined) == len(pcm)
    for cut in cuts[1:-1]:
        near = slice(cut - 800, cut + 800)
        assert snr_db(spoken[near], samples_of(joined)[near]) >= 8


@pytest.mark.parametrize("form", list(AudioForm))
@pytest.mark.parametrize("frames", [1, 855, 1_152, 16_001, 16_000 * 6 + 7])
def test_another_form_is_the_same_speech_and_the_same_bytes_each_time(
    form: AudioForm, frames: int
) -> None:
    chunk = encode(pcm16(speechlike(7.0))[: 2 * frames], 4)
    sent = recoded(chunk, form)
    assert recoded(chunk, form).body == sent.body
    assert (sent.index, sent.frames, sent.extension) == (4, frames, form.value)
    heard, spoken = decode_chunk(sent), decode_chunk(chunk)
    assert len(heard) == len(spoken) == 2 * frames
    if form is AudioForm.WAV:
        assert heard == spoken
    elif frames > 16_000:
        assert snr_db(samples_of(spoken), samples_of(heard)) >= 12


def test_an_hour_of_speech_stays_within_its_budget() -> None:
    body = encode(pcm16(speechlike(15.0)), 0).body
    assert len(body) / 15 * 3600 <= 15_000_000


def test_a_wav_holds_the_speech_bit_for_bit() -> None:
    pcm = pcm16(speechlike(1.5))
    chunk = encode_wav(pcm, 2)
    assert (chunk.extension, chunk.media_type, chunk.frames) == ("wav", "audio/wav", 24_000)
    assert decode(chunk.body) == pcm


def test_an_empty_chunk_is_our_mistake() -> None:
    with pytest.raises(ValueError, match="at least one frame"):
        encode(b"", 0)


@pytest.mark.parametrize("body", [b"", b"<html>not audio</html>", b"\x1a\x45\xdf\xa3" + b"\0" * 64])
def test_bytes_that_are_no_audio_are_a_sentence(body: bytes) -> None:
    with pytest.raises(AudioFileError, match="cannot be played"):
        decode(body)
