"""Holds every recording against its receipts, and the receipts against the audit.

A chunk that is still here must have the digest that was written down when it
was sealed; the digest of the whole must be the one that the audit sealed at the
end of the recording. So neither sound nor receipts can be changed unnoticed.
"""

import hashlib

from scribe_desktop.domain.audit import SEALED_AS, STOPPED
from scribe_desktop.domain.errors import SpoolDamaged, SpoolError
from scribe_desktop.domain.receipts import final_digest
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_salvage import LOST_AUDIO


def altered_recordings(spool: Spool) -> tuple[int, tuple[SessionId, ...]]:
    """How many recordings were looked at, and which are not what was sealed."""
    sealed = {
        line.session_id: line.detail.removeprefix(SEALED_AS)
        for line in spool.audit_lines()
        if line.action == STOPPED and line.detail.startswith(SEALED_AS)
    }
    looked_at = [session for session in spool.sessions() if session.chunks]
    altered = [
        session.session_id
        for session in looked_at
        if not _is_as_sealed(spool, session, sealed.get(session.session_id))
    ]
    return len(looked_at), tuple(altered)


def _is_as_sealed(spool: Spool, session: Session, sealed_as: str | None) -> bool:
    session_id = session.session_id
    try:
        receipts = {one.chunk: one for one in spool.receipts(session_id)}
        for index, frames in spool.chunk_lengths(session_id):
            digest = hashlib.sha256(spool.chunk(session_id, index).body).hexdigest()
            known = receipts.get(index)
            if known is None or (known.sealed, known.frames) != (digest, frames):
                return False
    except SpoolDamaged:
        return False
    except SpoolError:
        # Deleted this moment: what is no longer here is not wrong.
        return True
    if sealed_as is None or any(gap.reason == LOST_AUDIO for gap in session.gaps):
        # An older version ended it; or a rescue closed its ranks, and the gap says so.
        return True
    return final_digest([session], {session_id: tuple(receipts.values())}) == sealed_as
