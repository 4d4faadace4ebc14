"""What the chunker promises, as checks that can be run on a mutant too."""

import itertools
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

QUIET, VOICE = b"\0" * 1024, b"\x11" * 1024
WINDOW_S = 512 / 16_000


def is_quiet(window: bytes) -> bool:
    assert len(window) == 1024, "the detector judges windows of 512 frames"
    return window == QUIET


def speech(runs: list[tuple[bool, int]], rest: int) -> bytes:
    """Voice and quiet by turns, in windows, and `rest` frames at the end."""
    spoken = b"".join((QUIET if quiet else VOICE) * windows for quiet, windows in runs)
    # Numbered, so that swapped or repeated pieces are seen. Quiet stays quiet.
    marked = bytearray(spoken)
    for number in range(len(marked) // 1024):
        if marked[number * 1024]:
            marked[number * 1024 : number * 1024 + 4] = (number + 1).to_bytes(4, "big")
    return bytes(marked) + b"\x22\x22" * rest


RUNS = st.lists(st.tuples(st.booleans(), st.integers(1, 90)), max_size=12)
RESTS = st.integers(0, 511)


def cut(chunker: Any, cuts: Any, pcm: bytes, sizes: list[int]) -> list[bytes]:
    judged = 0

    def judge(window: bytes) -> bool:
        nonlocal judged
        judged += 1
        return is_quiet(window)

    machine = chunker.Chunker(cuts, judge)
    chunks: list[bytes] = []
    fed = 0
    for size in itertools.cycle(sizes):
        if fed >= len(pcm):
            break
        chunks += machine.feed(pcm[fed : fed + size])
        fed += size
        held = len(pcm[:fed]) - sum(map(len, chunks))
        assert machine.tail_frames == held // 2
    # A detector remembers, so it must hear each window once and in order.
    assert judged == len(pcm) // 1024
    return chunks + list(machine.finish())


def check_chunker(chunker: Any, *, examples: int, phases: tuple[Phase, ...]) -> None:
    """Run every promise on `chunker`; raises AssertionError on a broken one."""
    both = st.sampled_from(
        [
            chunker.Cuts(((1.0, 0.3), (2.0, 0.1)), limit_s=3.0, shortest_s=0.25),
            chunker.Cuts(((0.5, 0.2),), limit_s=3.0),
        ]
    )

    @settings(
        max_examples=examples,
        phases=phases,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(both, RUNS, RESTS, st.lists(st.integers(301, 40_000), min_size=1, max_size=4))
    def promises(cuts: Any, runs: list[tuple[bool, int]], rest: int, sizes: list[int]) -> None:
        pcm = speech(runs, rest)
        chunks = cut(chunker, cuts, pcm, sizes)
        assert b"".join(chunks) == pcm, "the chunks joined are not the input"
        assert all(chunks), "an empty chunk"
        assert all(len(chunk) / 32_000 <= cuts.limit_s for chunk in chunks), "past the limit"
        earliest = min(after for after, _ in cuts.rules)
        # Half of the quiet goes to the next chunk: in silence that is half of everything.
        assert all(len(c) / 32_000 >= earliest / 2 for c in chunks[:-1]), "too early"
        if len(chunks) > 1:
            assert len(chunks[-1]) / 32_000 >= cuts.shortest_s, "a last chunk that is too short"
        assert chunks == cut(chunker, cuts, pcm, [1024]), "another split, other cuts"

    check_examples(chunker)
    promises()


def check_examples(chunker: Any) -> None:
    cuts = chunker.Cuts(((1.0, 0.3), (2.0, 0.1)), limit_s=3.0)

    def windows(runs: list[tuple[bool, int]]) -> list[int]:
        return [len(c) // 1024 for c in cut(chunker, cuts, speech(runs, 0), [1024])]

    # 1.12 s of voice, then quiet: cut in the middle of the first 0.32 s (10 windows) of it.
    assert windows([(False, 35), (True, 20), (False, 5)]) == [40, 20]
    # Quiet before 1 s does not cut, and does not count for later.
    assert windows([(False, 10), (True, 15), (False, 20), (True, 10), (False, 2)]) == [50, 7]
    # After 2 s a short quiet is enough.
    assert windows([(False, 65), (True, 4), (False, 6)]) == [67, 8]
    # Nobody pauses: the limit cuts, at the last whole window before 3 s.
    assert windows([(False, 200)]) == [93, 93, 14]
    # A last chunk that is long enough stands alone, a short one does not.
    holding = chunker.Cuts(((1.0, 0.3),), limit_s=3.0, shortest_s=0.5)
    pause = [(False, 35), (True, 10)]
    for more, lengths in ((5, [50]), (15, [40, 20])):
        chunks = cut(chunker, holding, speech([*pause, (False, more)], 0), [1024])
        assert [len(chunk) // 1024 for chunk in chunks] == lengths
    # 8,080 frames are half a second, though their windows are not.
    chunks = cut(chunker, holding, speech([*pause, (False, 10)], 400), [1024])
    assert [len(chunk) for chunk in chunks] == [40 * 1024, 16_160]
    # Held back or not, with its short tail or without, nothing passes the limit.
    chunks = cut(chunker, holding, speech([(False, 103)], 0), [1024])
    assert [len(chunk) // 1024 for chunk in chunks] == [78, 25]
    # Silence alone is kept like everything else, and the limit is not reached.
    assert sum(windows([(True, 150)])) == 150
    machine = chunker.Chunker(cuts, is_quiet)
    assert machine.finish() == []
    machine.feed(VOICE)
    assert machine.finish() == [VOICE]
    assert machine.finish() == []
    assert machine.tail_frames == 0
