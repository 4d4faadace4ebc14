from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.server.windows import (
    LONGEST_WINDOW_FRAMES,
    PAD_FRAMES,
    Span,
    frames_of,
    pack,
    padded,
)


@st.composite
def spans(draw: st.DrawFn) -> tuple[list[Span], Span]:
    lengths = draw(
        st.lists(st.tuples(st.integers(1, 60_000), st.integers(1, 500_000)), max_size=20)
    )
    at, found = 1000, []
    for gap, length in lengths:
        found.append(Span(at + gap, at + gap + length))
        at += gap + length
    return found, Span(1000, at + draw(st.integers(0, 30_000)))


@given(spans())
def test_soft_edges_never_overlap_and_never_leave_the_sound(
    example: tuple[list[Span], Span],
) -> None:
    bare, whole = example
    soft = padded(bare, whole)
    assert len(soft) == len(bare)
    for before, after in zip(bare, soft, strict=True):
        assert whole.start <= after.start <= before.start
        assert before.end <= after.end <= whole.end
        assert before.start - after.start <= PAD_FRAMES
        assert after.end - before.end <= PAD_FRAMES
    assert all(a.end <= b.start for a, b in pairwise(soft))


@given(spans())
def test_windows_hold_every_span_once_and_are_cut_only_in_pauses(
    example: tuple[list[Span], Span],
) -> None:
    bare, _ = example
    windows = pack(bare)
    assert [span for window in windows for span in window] == bare
    assert all(len(w) == 1 or frames_of(w) <= LONGEST_WINDOW_FRAMES for w in windows)
