"""Remembers what exactly was sealed, and what a service was sent of it.

A chunk goes out as it was sealed, unless the service takes another form of
sound. What is then made of it is not kept, because WAV is eight times as
large; its digest is, and a repetition must have the same. The digests stay as
long as the session does, also when its audio is gone. Not locked here: the
spool calls with its lock held.
"""

from scribe_desktop.domain.audio import AudioForm
from scribe_desktop.domain.receipts import Receipt, whole_digest
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.spool_file import SpoolFile

_SEALED = "SELECT chunk, frames, digest FROM receipts WHERE session_id = ? ORDER BY chunk"


class SpoolReceipts:
    """The digests in one open store."""

    def __init__(self, file: SpoolFile) -> None:
        self._file = file

    def of(self, session: Session) -> tuple[Receipt, ...]:
        """A receipt for each chunk, in order."""
        session_id, pieces = session.session_id, session.pieces
        rows = self._file.look(
            "SELECT file, digest FROM sent_files WHERE session_id = ? AND form = ?",
            session_id,
            _kind(session.audio_form, pieces),
        )
        sent = dict(rows)
        return tuple(
            Receipt(
                chunk,
                frames,
                digest,
                tuple(
                    sent[file]
                    for file in range(chunk * pieces, (chunk + 1) * pieces)
                    if file in sent
                ),
            )
            for chunk, frames, digest in self._file.look(_SEALED, session_id)
        )

    def lengths(self, session_id: SessionId) -> dict[int, int]:
        """The frames of each chunk that was ever sealed, inside a transaction."""
        return {chunk: frames for chunk, frames, _ in self._file.read(_SEALED, session_id)}

    def whole(self, session_id: SessionId) -> str:
        """The digest of all that is sealed, inside a transaction; "" where nothing is."""
        digests = [digest for _, _, digest in self._file.read(_SEALED, session_id)]
        return whole_digest(digests) if digests else ""

    def note(
        self, session_id: SessionId, index: int, form: AudioForm, pieces: int, digest: str
    ) -> bool:
        """Write down what is about to be sent; False if other bytes of that form went before.

        `index` is the number of the file: of the chunk, unless chunks go in pieces.
        """
        kind = _kind(form, pieces)
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


def _kind(form: AudioForm, pieces: int) -> str:
    return form.value if pieces == 1 else f"{form.value}/{pieces}"
