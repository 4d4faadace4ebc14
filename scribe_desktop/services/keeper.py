"""Deletes what the rules of retention allow, when asked, and writes down that it did."""

import logging
import shutil

from scribe_desktop.domain.retention import Deletion, Due, aside_is_due, due
from scribe_desktop.domain.settings import Settings
from scribe_desktop.services.spool import Spool

RETENTION = "retention"
"""Why, in the audit."""

_log = logging.getLogger(__name__)


def keep_house(spool: Spool, settings: Settings, now: float) -> tuple[Due, ...]:
    """Delete everything that is due at `now` and return what was deleted.

    May wait for the disk; call it on a worker's thread, at the start and
    every hour. Raises SpoolError; what was deleted until then stays deleted.
    """
    sessions = spool.sessions()
    with_audio = frozenset(s.session_id for s in sessions if spool.has_audio(s.session_id))
    deletions = due(sessions, with_audio, settings, now)
    for deletion in deletions:
        if deletion.what is Deletion.SESSION:
            spool.delete(deletion.session_id, why=RETENTION)
        else:
            spool.delete_audio(deletion.session_id, why=RETENTION)
        _log.info("retention: %s %s", deletion.what, deletion.session_id)
    _clear_aside(spool, settings, now)
    return deletions


def _clear_aside(spool: Spool, settings: Settings, now: float) -> None:
    """Delete damaged stores whose time is over; the audit says which, before they go."""
    for aside, at in spool.damaged_asides():
        if aside_is_due(at, settings, now):
            spool.audit("damaged store deleted", detail=aside.name)
            shutil.rmtree(aside)
            _log.info("retention: %s", aside.name)
