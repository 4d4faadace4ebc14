"""After a crash or a power cut: what was spoken becomes the last chunk of its session.

The tail on disk is taken bit for bit; at most the last second before the
crash is missing (PRODUCT.md, promise 1). Nothing is asked of the clinician.
"""

import logging
from collections.abc import Collection

from scribe_desktop.domain.audio import seconds
from scribe_desktop.domain.chunker import LOCAL_CUTS, Chunker, Cuts, remote_cuts
from scribe_desktop.domain.errors import SpoolError
from scribe_desktop.domain.events import SpeechStarted, Stopped
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.services.encoder import encode
from scribe_desktop.services.spool_writer import Spool
from scribe_desktop.services.voice import voice_detector

log = logging.getLogger(__name__)


def recover(spool: Spool, now: float, but: Collection[SessionId] = ()) -> tuple[Session, ...]:
    """Seal and stop every session that a crash left open; returns them as they are now.

    Called once at start, before anything records but the sessions `but`. A
    session that the disk does not take now stays as it is and is recovered at
    the next start.
    """
    recovered = []
    for session in spool.sessions():
        if session.capture is Capture.STOPPED or session.session_id in but:
            continue
        try:
            after = close_tail(spool, session.session_id, now)
        except SpoolError as error:
            log.warning("not recovered now: %s: %s", session.session_id, type(error).__name__)
            continue
        log.info("recovered %s, %.1f s", after.session_id, seconds(after.frames))
        recovered.append(after)
    return tuple(recovered)


def close_tail(spool: Spool, session_id: SessionId, now: float) -> Session:
    """Make the tail of a session its last chunks and stop it."""
    sessions = {session.session_id: session for session in spool.sessions()}
    session = sessions[session_id]
    if session.capture is Capture.STOPPED:
        return session
    tail = spool.tail(session_id)
    for other in sessions.values():
        if other.follows == session_id and other.chunks == 0:
            # It died while rolling over: what lies behind the cut is the
            # beginning of the next session already.
            tail = tail.removesuffix(spool.tail(other.session_id))
    if tail and session.capture is Capture.STARTING:
        session = spool.update(session_id, lambda started: apply(started, SpeechStarted(now)))
    chunker = Chunker(_cuts_for(session), voice_detector())
    parts = chunker.feed(tail) + chunker.finish()
    for part in parts[:-1]:
        session = spool.seal(session_id, encode(part, session.chunks))
    if parts:
        return spool.seal(session_id, encode(parts[-1], session.chunks), stop_at=now)
    return spool.update(session_id, lambda stopped: apply(stopped, Stopped(now)))


def _cuts_for(session: Session) -> Cuts:
    return LOCAL_CUTS if session.order.service.is_local else remote_cuts()
