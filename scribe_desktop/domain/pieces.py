"""Cuts a chunk into smaller files for a service that finds it too large.

The chunk itself stays as it was sealed, with its number. What changes is only
how many files a service gets of each, and that for the whole of one remote
session: a service that has taken a file must never see its number mean
another piece of speech.
"""

from typing import Final

MOST_PIECES: Final = 16
"""A second and a quarter of the longest chunk: what takes no such file takes no audio."""


def finer(pieces: int) -> int | None:
    """Into how many files to cut each chunk when a file of so many was too large; None: no more."""
    return pieces * 2 if pieces < MOST_PIECES else None


def place(file: int, pieces: int) -> tuple[int, int]:
    """Which piece of which chunk a file of the service holds."""
    return divmod(file, pieces)


def bounds(frames: int, pieces: int, piece: int) -> tuple[int, int]:
    """First frame of a piece, and the first one behind it; all pieces joined are the chunk."""
    return frames * piece // pieces, frames * (piece + 1) // pieces
