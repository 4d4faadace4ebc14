"""The sound in the spool: sealed chunks, and the tail that is not yet in one.

A tail row says at which frame of the session it begins, so whatever is read
after a crash falls into place, and what a chunk holds already is never heard
twice. Not locked here: the spool calls whatever writes with its lock held and
inside a transaction.
"""

import hashlib
import json
from typing import Any

from scribe_desktop.domain.audio import BYTES_PER_FRAME, EncodedChunk, frames_in
from scribe_desktop.domain.errors import SpoolError
from scribe_desktop.domain.record import read_session
from scribe_desktop.domain.session import SessionId
from scribe_desktop.services.spool_file import SpoolFile


class SpoolSpeech:
    """The sound in one open store."""

    def __init__(self, file: SpoolFile) -> None:
        self._file = file

    # --- inside a transaction ----------------------------------------------------------

    def append(self, session_id: SessionId, at_frame: int, pcm: bytes) -> None:
        """Add to the tail; of two pieces that begin at one frame the longer one has both."""
        self._file.execute(
            "INSERT INTO tail VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET pcm = excluded.pcm"
            " WHERE length(excluded.pcm) > length(pcm)",
            session_id,
            at_frame,
            pcm,
        )

    def put(self, session_id: SessionId, chunk: EncodedChunk, sealed_frames: int) -> None:
        """Add a chunk and drop the tail up to `sealed_frames`, where the chunk ends."""
        digest = hashlib.sha256(chunk.body).hexdigest()
        self._file.execute(
            "INSERT INTO chunks VALUES (?, ?, ?, ?, ?, ?, ?)",
            session_id,
            chunk.index,
            chunk.body,
            chunk.frames,
            chunk.media_type,
            chunk.extension,
            digest,
        )
        self._file.execute(
            "INSERT INTO receipts VALUES (?, ?, ?, ?)",
            session_id,
            chunk.index,
            chunk.frames,
            digest,
        )
        self._drop_tail(session_id, sealed_frames)

    def _drop_tail(self, session_id: SessionId, sealed_frames: int) -> None:
        rows = self._file.read(
            "SELECT at_frame, pcm FROM tail WHERE session_id = ? AND at_frame < ?",
            session_id,
            sealed_frames,
        )
        self._file.execute(
            "DELETE FROM tail WHERE session_id = ? AND at_frame < ?", session_id, sealed_frames
        )
        for at_frame, pcm in rows:
            rest = pcm[(sealed_frames - at_frame) * BYTES_PER_FRAME :]
            if rest:
                self.append(session_id, sealed_frames, rest)

    def forget(self, session_id: SessionId) -> None:
        """Delete all of it; the receipts stay with the session."""
        for table in ("chunks", "tail"):
            self._file.execute(f"DELETE FROM {table} WHERE session_id = ?", session_id)  # noqa: S608  our own words

    # --- looking -----------------------------------------------------------------------

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk | None:
        """A chunk, or None when its bytes are not those that were sealed.

        Raises SpoolError when it was deleted.
        """
        rows = self._file.look(
            "SELECT body, frames, media_type, extension, digest FROM chunks"
            " WHERE session_id = ? AND chunk = ?",
            session_id,
            index,
        )
        if not rows:
            raise SpoolError("The audio of this dictation is no longer on this computer.")
        body, frames, media_type, extension, digest = rows[0]
        # A bad page can be read as zeros, and the service would take them for speech.
        if hashlib.sha256(body).hexdigest() != digest:
            return None
        return EncodedChunk(index, body, frames, media_type, extension)

    def lengths(self, session_id: SessionId) -> tuple[tuple[int, int], ...]:
        """Number and frames of every chunk that is still here, in order."""
        rows = self._file.look(
            "SELECT chunk, frames FROM chunks WHERE session_id = ? ORDER BY chunk", session_id
        )
        return tuple((index, frames) for index, frames in rows)

    def tail(self, session_id: SessionId) -> "TailRows | None":
        """The rows of the tail, with the session's frames of the same commit; None without any."""
        rows = self._file.look(
            "SELECT record, at_frame, pcm FROM tail JOIN sessions USING (session_id)"
            " WHERE session_id = ? ORDER BY at_frame",
            session_id,
        )
        return TailRows(rows) if rows else None

    def is_there(self, session_id: SessionId) -> bool:
        """Whether any of it is still here."""
        rows = self._file.look(
            "SELECT EXISTS (SELECT 1 FROM chunks WHERE session_id = ?1)"
            " OR EXISTS (SELECT 1 FROM tail WHERE session_id = ?1)",
            session_id,
        )
        return bool(rows[0][0])


class TailRows:
    """A tail as one commit left it."""

    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows
        self.sealed_frames: int = read_session(json.loads(rows[0][0])).frames

    def joined(self) -> bytes:
        """The PCM behind the last chunk, in order."""
        pcm, frames = bytearray(), self.sealed_frames
        for _, at_frame, block in self._rows:
            heard_before = max(frames - at_frame, 0)
            pcm += block[heard_before * BYTES_PER_FRAME :]
            frames = max(frames, at_frame + frames_in(block))
        return bytes(pcm)
