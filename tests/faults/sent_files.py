"""What a service must have of a session, byte for byte, and what it does have."""

import hashlib
from functools import lru_cache
from typing import Protocol

from scribe_desktop.domain.audio import AudioForm, EncodedChunk
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.outgoing import outgoing
from tests.faults.real_service import RealService


class Chunks(Protocol):
    """Any spool."""

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk: ...


class SentFiles:
    """Every chunk in the pieces and the form that its service takes, recoded once for each."""

    def __init__(self) -> None:
        self._made: dict[tuple[SessionId, AudioForm, int, int], list[bytes]] = {}

    def of(self, spool: Chunks, session: Session) -> list[bytes]:
        wanted = (session.session_id, session.audio_form, session.pieces, session.files)
        if wanted not in self._made:

            def sealed(index: int) -> EncodedChunk:
                return spool.chunk(session.session_id, index)

            self._made[wanted] = [
                outgoing(sealed, file, session.audio_form, session.pieces).body
                for file in range(session.files)
            ]
        return self._made[wanted]

    def digests(self, spool: Chunks, session: Session) -> list[str]:
        return [digest(body) for body in self.of(spool, session)]


@lru_cache
def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def digests_at(service: RealService, remote_id: str) -> list[str]:
    """What its own store has of that session; nothing of one that it does not know."""
    try:
        return service.digests(remote_id)
    except Exception as error:
        if type(error).__name__ != "Refusal":
            raise
        return []
