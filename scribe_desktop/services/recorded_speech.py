"""Reads a recording piece by piece out of the spool, so that hours of it need no memory."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import Protocol

from scribe_desktop.domain.audio import BYTES_PER_FRAME, EncodedChunk
from scribe_desktop.domain.errors import SpoolError
from scribe_desktop.domain.session import SessionId


class Store(Protocol):
    """The part of the spool that is read."""

    def chunk_lengths(self, session_id: SessionId) -> tuple[tuple[int, int], ...]:
        """Number and frames of every chunk that is there: after a rescue some may be missing."""

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        """A sealed chunk."""


class RecordedSpeech:
    """The chunks of one or more linked sessions as one recording. One thread reads."""

    def __init__(
        self,
        store: Store,
        session_ids: Sequence[SessionId],
        decode: Callable[[EncodedChunk], bytes],
    ) -> None:
        self._store = store
        self._decode = decode
        self._pieces = [
            (session_id, index, frames)
            for session_id in session_ids
            for index, frames in store.chunk_lengths(session_id)
        ]
        self._ends = list(accumulate(frames for _, _, frames in self._pieces))
        if not self._pieces:
            raise SpoolError(
                "The recording is no longer on this computer; its text is.",
                "How long recordings are kept is in the settings, under Privacy.",
            )

    @property
    def frames(self) -> int:
        """How long all of it is."""
        return self._ends[-1]

    def end_of_piece(self, at_frame: int) -> int:
        """Where the piece ends that holds this frame."""
        return self._ends[min(bisect_right(self._ends, at_frame), len(self._ends) - 1)]

    def read(self, at_frame: int) -> bytes:
        """16-bit PCM from there to the end of its piece; nothing at the end.

        Raises ScribeError where a piece cannot be read; the others still can.
        """
        if not 0 <= at_frame < self.frames:
            return b""
        place = bisect_right(self._ends, at_frame)
        session_id, index, frames = self._pieces[place]
        begin = self._ends[place] - frames
        pcm = self._decode(self._store.chunk(session_id, index))
        return pcm[(at_frame - begin) * BYTES_PER_FRAME :]
