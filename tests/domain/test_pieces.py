"""However finely a chunk is cut, its pieces joined are the chunk, and numbers follow each other."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.domain.pieces import MOST_PIECES, bounds, finer, place


@given(frames=st.integers(1, 400_000), pieces=st.sampled_from([1, 2, 4, 8, 16]))
def test_the_pieces_joined_are_the_chunk(frames: int, pieces: int) -> None:
    edges = [bounds(frames, pieces, piece) for piece in range(pieces)]
    assert edges[0][0] == 0
    assert edges[-1][1] == frames
    assert all(before[1] == after[0] for before, after in pairwise(edges))
    sizes = [end - start for start, end in edges]
    assert max(sizes) - min(sizes) <= 1


@given(chunks=st.integers(1, 50), pieces=st.sampled_from([1, 2, 4, 8, 16]))
def test_every_file_is_one_piece_of_one_chunk_in_order(chunks: int, pieces: int) -> None:
    places = [place(file, pieces) for file in range(chunks * pieces)]
    assert places == [(chunk, piece) for chunk in range(chunks) for piece in range(pieces)]


def test_it_comes_to_an_end() -> None:
    tried: list[int] = [1]
    while (pieces := finer(tried[-1])) is not None:
        tried.append(pieces)
    assert tried == [1, 2, 4, 8, 16]
    assert tried[-1] == MOST_PIECES
