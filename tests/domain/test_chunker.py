"""The cuts: nothing lost, never past the limit, in the quiet where there is some."""

import pytest
from hypothesis import Phase, given
from hypothesis import strategies as st

from scribe_desktop.domain import chunker
from scribe_desktop.domain.chunker import LOCAL_CUTS, Chunker, Cuts, remote_cuts
from tests.domain.chunker_rules import QUIET, VOICE, check_chunker, cut, is_quiet, speech


def test_the_chunks_joined_are_the_input_and_none_is_past_the_limit() -> None:
    check_chunker(chunker, examples=200, phases=(Phase.generate, Phase.shrink))


def test_a_chunk_is_held_back_only_until_its_neighbour_is_long_enough() -> None:
    cuts = Cuts(((1.0, 0.3),), limit_s=3.0, shortest_s=0.5)
    machine = Chunker(cuts, is_quiet)
    assert machine.feed(VOICE * 35 + QUIET * 10) == []
    assert machine.feed(VOICE * 10) == []
    assert [len(c) // 1024 for c in machine.feed(VOICE)] == [40]
    assert machine.tail_frames == 16 * 512


def test_a_local_dictation_is_cut_at_any_pause_and_a_remote_one_seldom() -> None:
    talk = speech([(False, 70), (True, 20)] * 5, 0)
    assert len(cut(chunker, LOCAL_CUTS, talk, [4096])) == 6
    assert len(cut(chunker, remote_cuts(), talk, [4096])) == 2


@pytest.mark.parametrize("advertised_s", [20.0, 25.0, 10.0, 2.0, 0.5, 0.0, -1.0, 1e9])
def test_any_limit_that_a_service_advertises_gives_usable_cuts(advertised_s: float) -> None:
    cuts = remote_cuts(advertised_s)
    assert 0 < cuts.limit_s <= 19.5
    assert cuts.limit_s <= max(advertised_s - 0.5, 1.0)
    chunks = cut(chunker, cuts, speech([(False, 1500)], 0), [4096])
    assert all(len(c) / 32_000 <= cuts.limit_s for c in chunks)


def test_a_limit_before_a_rule_is_refused() -> None:
    with pytest.raises(ValueError, match="after every rule"):
        Cuts(((10.0, 0.4),), limit_s=10.5, shortest_s=1.0)


@given(st.floats(1.5, 20.0))
def test_a_shorter_limit_keeps_the_proportions(advertised_s: float) -> None:
    cuts = remote_cuts(advertised_s)
    (first, _), (second, _) = cuts.rules
    assert first / cuts.limit_s == pytest.approx(10 / 19.5)
    assert second / cuts.limit_s == pytest.approx(14 / 19.5)


def test_who_speaks_without_a_pause_is_cut_at_the_longest_breath_before_the_limit() -> None:
    breathless = [(False, 300), (True, 3), (False, 177), (True, 1), (False, 40), (True, 2)]
    talk = speech([*breathless, (False, 400)], 0)
    first = cut(chunker, LOCAL_CUTS, talk, [4096])[0]
    # Not the longer one before 14 s, where more of the sentence was still to come.
    assert len(first) // 1024 == 300 + 3 + 177 + 1 + 40 + 1


def test_where_there_is_no_breath_at_all_the_limit_wins() -> None:
    first = cut(chunker, LOCAL_CUTS, speech([(False, 1_000)], 0), [4096])[0]
    assert len(first) == int(19.5 * 16_000) // 512 * 1024


def test_silence_alone_is_cut_only_at_the_limit() -> None:
    cutter = Chunker(LOCAL_CUTS, lambda _: True)
    silence = bytes(60 * 16_000 * 2)
    chunks = cutter.feed(silence) + cutter.finish()
    assert len(chunks) == 4
    assert b"".join(chunks) == silence


LONG = Cuts(((600.0, 0.4),), limit_s=700.0)


def hurried(before: list[tuple[bool, int]], after: list[tuple[bool, int]]) -> list[int]:
    """The chunks in windows when a cut is asked for between the two."""
    cutter = Chunker(LONG, is_quiet)
    assert cutter.feed(speech(before, 0)) == []
    cutter.hurry()
    cutter.hurry()
    talk = speech(after, 0)
    chunks = cutter.feed(talk) + cutter.finish()
    assert b"".join(chunks) == speech(before, 0) + talk
    return [len(chunk) // 1024 for chunk in chunks]


def test_in_a_hurry_a_long_chunk_is_cut_at_the_next_pause_and_only_that_one() -> None:
    # A pause of 0.13 s; the later ones are as short as those before it was asked.
    assert hurried(
        [(False, 900), (True, 4), (False, 50)], [(False, 9), (True, 4), (False, 900)]
    ) == [
        900 + 4 + 50 + 9 + 2,
        2 + 900,
    ]


def test_in_a_hurry_a_breath_is_taken_or_none_where_nobody_breathes() -> None:
    soon = int(chunker.SOON_S * 16_000) // 512
    breath = [(False, 100), (True, 2), (False, 2 * soon)]
    assert hurried([(False, 900)], breath)[0] == 900 + 100 + 1
    assert hurried([(True, 3), (False, 900)], [(False, 2 * soon)])[0] == 903 + soon


def test_near_its_limit_a_hurry_makes_no_chunk_longer() -> None:
    most = int(LONG.limit_s * 16_000) // 512
    assert hurried([(False, most - 10)], [(False, 500)])[0] == most


def test_where_chunks_are_short_a_hurry_changes_nothing() -> None:
    talk = speech([(False, 30), (True, 5), (False, 300), (True, 30), (False, 9)], 0)
    usual = Chunker(remote_cuts(), is_quiet)
    hasty = Chunker(remote_cuts(), is_quiet)
    hasty.hurry()
    assert hasty.feed(talk) + hasty.finish() == usual.feed(talk) + usual.finish()
