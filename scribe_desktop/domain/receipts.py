"""The receipts of a recording: what exactly was sealed and sent, provable when the sound is gone.

The digest of a whole dictation is the SHA-256 of a text: the SHA-256 of each
sealed chunk in hex, in the order of speech, each on a line of its own. So
anyone can check it with `sha256sum`, it grows with every chunk without the
sound being read again, and a crash changes nothing about it: it follows from
the receipts, which are durable together with their chunks.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scribe_desktop.domain.audio import seconds
from scribe_desktop.domain.order import UploadType
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId


@dataclass(frozen=True, slots=True)
class Receipt:
    """SHA-256 in hex of a chunk as it was sealed, and of the files it was sent as.

    `sent` is empty where it went, or will go, exactly as it was sealed.
    """

    chunk: int
    frames: int
    sealed: str
    sent: tuple[str, ...] = ()


def whole_digest(sealed: Iterable[str]) -> str:
    """The digest of a recording from those of its chunks, in the order of speech."""
    lines = "".join(f"{digest}\n" for digest in sealed)
    return hashlib.sha256(lines.encode()).hexdigest()


def final_digest(
    sessions: Sequence[Session], receipts: Mapping[SessionId, Sequence[Receipt]]
) -> str | None:
    """The digest of a dictation's linked sessions; None before the end, or if one is not known."""
    sealed: list[str] = []
    for session in sessions:
        known = receipts.get(session.session_id, ())
        if session.capture is not Capture.STOPPED or len(known) != session.chunks:
            return None
        sealed += [one.sealed for one in known]
    return whole_digest(sealed) if sealed else None


def counted_otherwise(session: Session) -> bool:
    """Whether the service says in the end that it has more or fewer files than were sent.

    Streamed speech is not counted in files.
    """
    return (
        session.delivery is Delivery.RESOLVED
        and session.received is not None
        and session.order.upload_type is UploadType.CHUNKED
        and not session.typed
        and session.received != session.files
    )


def count_sentence(session: Session) -> str:
    """What the service says it has against what was sent, where these differ."""
    if not counted_otherwise(session):
        return ""
    sent = f"{session.files} {'part' if session.files == 1 else 'parts'}"
    return f"The recording was sent in {sent}, but the service says that it has {session.received}."


def receipts_record(
    sessions: Sequence[Session], receipts: Mapping[SessionId, Sequence[Receipt]]
) -> dict[str, Any]:
    """The receipts of a dictation as JSON-ready values."""
    counts = [session.received for session in sessions if not session.is_empty]
    known = [count for count in counts if count is not None]
    return {
        "sha256": final_digest(sessions, receipts),
        "chunks": [
            {
                "session_id": session.session_id,
                "chunk": one.chunk,
                "seconds": round(seconds(one.frames), 3),
                "sha256": one.sealed,
                "sent_sha256": list(one.sent),
            }
            for session in sessions
            for one in receipts.get(session.session_id, ())
        ],
        "files_sent": sum(session.accepted for session in sessions),
        "files_received": sum(known) if known and len(known) == len(counts) else None,
    }
