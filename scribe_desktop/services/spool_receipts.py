"""Remembers what exactly a service was sent of each chunk, so that it never sees one change.

A chunk goes out as it was sealed, unless the service takes another form of
sound. What is then made of it is not kept, because WAV is eight times as
large; its digest is, and a repetition must have the same. Not locked here:
the spool calls with its lock held.
"""

from dataclasses import dataclass

from scribe_desktop.domain.audio import AudioForm
from scribe_desktop.domain.session import SessionId
from scribe_desktop.services.spool_file import SpoolFile


@dataclass(frozen=True, slots=True)
class Receipt:
    """SHA-256 in hex of a chunk as sealed and as sent; `sent` is "" where it was not recoded."""

    sealed: str
    sent: str = ""


class SpoolReceipts:
    """The digests in one open store."""

    def __init__(self, file: SpoolFile) -> None:
        self._file = file

    def of(self, session_id: SessionId, index: int) -> Receipt | None:
        """Both digests of a chunk; None when its audio is gone."""
        rows = self._file.look(
            "SELECT c.digest, COALESCE(s.digest, '') FROM chunks c LEFT JOIN sent_files s"
            " ON s.session_id = c.session_id AND s.file = c.chunk AND s.form NOT LIKE '%/%'"
            " WHERE c.session_id = ? AND c.chunk = ?",
            session_id,
            index,
        )
        return Receipt(*rows[0]) if rows else None

    def note(
        self, session_id: SessionId, index: int, form: AudioForm, pieces: int, digest: str
    ) -> bool:
        """Write down what is about to be sent; False if other bytes of that form went before.

        `index` is the number of the file: of the chunk, unless chunks go in pieces.
        """
        kind = form.value if pieces == 1 else f"{form.value}/{pieces}"
        before = self._file.look(
            "SELECT form, digest FROM sent_files WHERE session_id = ? AND file = ?",
            session_id,
            index,
        )
        if before == [(kind, digest)]:
            return True
        changed = bool(before) and before[0][0] == kind
        with self._file.transaction():
            if changed:
                # The others would differ too, and all of them go into a fresh remote session.
                self._file.execute("DELETE FROM sent_files WHERE session_id = ?", session_id)
            self._file.execute(
                "INSERT OR REPLACE INTO sent_files VALUES (?, ?, ?, ?)",
                session_id,
                index,
                kind,
                digest,
            )
        return not changed
