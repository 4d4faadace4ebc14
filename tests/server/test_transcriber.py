import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.errors import EngineError
from scribe_desktop.server.audio import Pcm
from scribe_desktop.server.transcriber import OPEN_WINDOW_FRAMES, SessionTranscriber
from scribe_desktop.server.windows import LONGEST_WINDOW_FRAMES
from tests.server.hearing_engine import ToneEngine, quiet, spoken


def words(*numbers: int) -> str:
    return " ".join(f"w{number}" for number in numbers)


def dictation(phrases: list[tuple[int, float]]) -> tuple[Pcm, list[int]]:
    """Phrases of (how many words, pause after them): the sound and the words in order."""
    said: list[int] = []
    pieces = [quiet(0.3)]
    for count, pause_s in phrases:
        numbers = list(range(len(said) + 1, len(said) + 1 + count))
        said += numbers
        pieces += [spoken(*numbers), quiet(pause_s)]
    return np.concatenate(pieces), said


def cut_in_pauses(pcm: Pcm, cuts: list[int]) -> list[Pcm]:
    return [pcm[a:b] for a, b in pairwise([0, *cuts, len(pcm)])]


def test_what_is_said_is_live_text_before_the_end() -> None:
    transcriber = SessionTranscriber(ToneEngine(), ["en"])
    transcriber.feed(np.concatenate((spoken(1, 2), quiet(0.3))))
    assert transcriber.partial() == words(1, 2)


def test_the_end_after_a_pause_has_nothing_left_to_hear() -> None:
    engine = ToneEngine()
    transcriber = SessionTranscriber(engine)
    transcriber.feed(np.concatenate((spoken(1, 2, 3), quiet(0.3))))
    asked = len(engine.asked)
    assert transcriber.finish().text == words(1, 2, 3)
    assert len(engine.asked) == asked


def test_at_most_eight_seconds_and_one_chunk_are_heard_at_the_end() -> None:
    engine = ToneEngine()
    transcriber = SessionTranscriber(engine)
    for first in range(1, 120, 4):
        transcriber.feed(np.concatenate((spoken(*range(first, first + 4)), quiet(0.5))))
    transcriber.finish()
    pads_s = 6 * 0.5
    assert max(asked[0] for asked in engine.asked) <= OPEN_WINDOW_FRAMES / SAMPLE_RATE + pads_s


def test_a_chunk_cut_in_the_middle_of_a_word_keeps_the_word_whole() -> None:
    sound = np.concatenate((spoken(1, 2, 3), quiet(0.5)))
    transcriber = SessionTranscriber(ToneEngine())
    transcriber.feed(sound[: SAMPLE_RATE * 3 // 4])
    transcriber.feed(sound[SAMPLE_RATE * 3 // 4 :])
    assert transcriber.finish().text == words(1, 2, 3)


def test_silence_is_no_text_and_asks_the_engine_nothing() -> None:
    engine = ToneEngine()
    transcriber = SessionTranscriber(engine)
    for _ in range(60):
        transcriber.feed(quiet(10))
    assert transcriber.finish().text == ""
    assert transcriber.finish().language == ""
    assert engine.asked == []


def test_an_hour_of_silence_is_not_kept_in_memory() -> None:
    transcriber = SessionTranscriber(ToneEngine())
    transcriber.feed(np.concatenate((spoken(1), quiet(0.5))))
    for _ in range(20):
        transcriber.feed(quiet(10))
    assert len(transcriber._pcm) <= 15 * SAMPLE_RATE
    transcriber.feed(spoken(2))
    assert transcriber.finish().text == words(1, 2)


def test_a_worker_that_fell_behind_hears_few_long_windows() -> None:
    engine = ToneEngine()
    transcriber = SessionTranscriber(engine)
    for first in range(1, 100, 4):
        chunk = np.concatenate((spoken(*range(first, first + 4)), quiet(0.5)))
        transcriber.feed(chunk, more_waiting=first + 4 < 100)
    assert transcriber.finish().text == words(*range(1, 101))
    assert len(engine.asked) <= 4
    assert all(asked[0] * SAMPLE_RATE <= LONGEST_WINDOW_FRAMES for asked in engine.asked)


def test_speech_without_a_pause_is_cut_only_at_the_longest_window() -> None:
    transcriber = SessionTranscriber(ToneEngine())
    for first in range(1, 160, 8):
        transcriber.feed(np.concatenate((quiet(0.11), spoken(*range(first, first + 8)))))
    assert transcriber.finish().text == words(*range(1, 161))


def test_a_file_given_whole_gives_the_same_words() -> None:
    sound, said = dictation([(9, 0.6)] * 12)
    transcriber = SessionTranscriber(ToneEngine())
    transcriber.feed(sound)
    assert transcriber.finish().text == words(*said)


def test_the_first_language_heard_stays_for_the_session() -> None:
    engine = ToneEngine()
    transcriber = SessionTranscriber(engine, ["de-AT", "en"])
    for first in range(1, 60, 4):
        transcriber.feed(np.concatenate((spoken(*range(first, first + 4)), quiet(0.5))))
    assert transcriber.finish().language == "de"
    assert engine.asked[0][1] == ("de", "en")
    assert engine.asked[-1][1] == ("de",)


def test_the_vocabulary_reaches_the_engine() -> None:
    engine = ToneEngine()
    transcriber = SessionTranscriber(engine, (), ("lisinopril",))
    transcriber.feed(spoken(1))
    transcriber.finish()
    assert engine.asked[0][2] == ("lisinopril",)


def test_a_failure_of_the_engine_loses_no_sound() -> None:
    engine = ToneEngine()
    transcriber = SessionTranscriber(engine)
    transcriber.feed(np.concatenate((spoken(1, 2), quiet(0.5))))
    engine.broken = True
    with pytest.raises(EngineError):
        transcriber.feed(np.concatenate((spoken(3, 4), quiet(0.5))))
    with pytest.raises(EngineError):
        transcriber.finish()
    engine.broken = False
    assert transcriber.finish().text == words(1, 2, 3, 4)


def test_a_failure_while_catching_up_repeats_nothing() -> None:
    engine = ToneEngine()
    transcriber = SessionTranscriber(engine)
    sound, said = dictation([(9, 0.6)] * 12)
    engine.broken = True
    with pytest.raises(EngineError):
        transcriber.feed(sound)
    engine.broken = False
    assert transcriber.finish().text == words(*said)


phrases = st.lists(
    st.tuples(st.integers(1, 14), st.sampled_from([0.12, 0.25, 0.6, 1.5, 7.0])),
    min_size=1,
    max_size=12,
)


@given(phrases, st.data())
@settings(max_examples=60, deadline=None)
def test_every_word_once_wherever_the_chunks_are_cut_and_wherever_it_restarts(
    said_in: list[tuple[int, float]], data: st.DataObject
) -> None:
    sound, said = dictation(said_in)
    cuts = data.draw(st.lists(st.integers(1, len(sound) - 1), max_size=8, unique=True))
    chunks = cut_in_pauses(sound, sorted(cuts))
    restart = data.draw(st.integers(0, len(chunks)))
    transcriber = SessionTranscriber(ToneEngine(), ["en"])
    for index, chunk in enumerate(chunks):
        if index == restart:
            state = json.loads(json.dumps(transcriber.state()))
            transcriber = SessionTranscriber(ToneEngine(), ["en"], (), state)
            for earlier in chunks[:index]:
                transcriber.feed(earlier, more_waiting=True)
        transcriber.feed(chunk, more_waiting=data.draw(st.booleans()))
    found = transcriber.finish()
    assert found.text == words(*said)
    assert all(a.end == b.start or a.end <= b.start for a, b in pairwise(found.windows))
