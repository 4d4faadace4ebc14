"""Forty days go by over every kind of dictation in a real store: only what may go is gone.

The rules are said here once more in other words than in domain/retention.py,
so that one of the two being wrong is seen.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.results import Author, Outcome, Results
from scribe_desktop.domain.session import Capture, Delivery, Remote, Session, SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.services.keeper import keep_house
from scribe_desktop.services.spool import Spool
from tests.services.test_spool_faults import KEY, session_named

HOUR_S, DAY_S = 3_600.0, 86_400.0
BEGAN = 1_000_000.0
HOURS = (0, 1, 2, 23, 24, 25, 7 * 24 - 1, 7 * 24, 8 * 24, 30 * 24 - 1, 30 * 24, 31 * 24, 40 * 24)
KEPT = (Settings(), Settings(keep_audio_hours=0, keep_notes_days=0),
        Settings(keep_audio_hours=72, keep_notes_days=35))  # fmt: skip


def kinds() -> Iterator[Session]:
    """Every capture, delivery, outcome, thrown away or not, told to the service or not."""
    numbers = itertools.count()
    for capture, delivery, cancelled, withdrawn in itertools.product(
        Capture, Delivery, (None, BEGAN), (False, True)
    ):
        outcomes = Outcome if delivery is Delivery.RESOLVED else (None,)
        for outcome in outcomes:
            yield replace(
                session_named(f"{next(numbers):032x}"),
                capture=capture,
                chunks=1,
                frames=4,
                delivery=delivery,
                remote=None if delivery is Delivery.UNSENT else Remote("ses_1", "target"),
                stopped_at=BEGAN if capture is Capture.STOPPED else None,
                resolved_at=BEGAN if outcome else None,
                outcome=outcome,
                cancelled_at=cancelled,
                withdrawn=withdrawn,
            )


def filled(folder: Path) -> Spool:
    spool = Spool.open(folder, KEY, now=lambda: BEGAN)
    for session in kinds():
        spool.add(replace(session_named(session.session_id), capture=Capture.RECORDING))
        spool.seal(session.session_id, EncodedChunk(0, b"sound", 4))
        spool.update(session.session_id, lambda _: session)  # noqa: B023  called at once
        if session.outcome:
            spool.add_version(session.session_id, Results(session.outcome, "words"), Author.SERVICE)
    return spool


def may_lose_audio(session: Session, settings: Settings, age_s: float) -> bool:
    if session.cancelled_at is not None:
        return age_s >= 7 * DAY_S
    whole = session.delivery is Delivery.RESOLVED and session.outcome is Outcome.COMPLETED
    return whole and age_s >= settings.keep_audio_hours * HOUR_S


def may_go(session: Session, settings: Settings, age_s: float) -> bool:
    resolved = session.delivery is Delivery.RESOLVED
    if session.cancelled_at is not None:
        told = session.remote is None or session.withdrawn or resolved
        return told and age_s >= 7 * DAY_S
    return resolved and age_s >= max(settings.keep_notes_days * DAY_S, HOUR_S)


@pytest.mark.parametrize("settings", KEPT, ids=["as installed", "at once", "long"])
def test_forty_days_delete_only_what_is_resolved_stored_and_old_enough(
    tmp_path: Path, settings: Settings
) -> None:
    spool = filled(tmp_path / "spool")
    sessions = list(kinds())
    assert len(sessions) > 80
    for age_s in (hours * HOUR_S for hours in HOURS):
        keep_house(spool, settings, BEGAN + age_s)
        left = {session.session_id for session in spool.sessions()}
        gone = {one.session_id for one in sessions if may_go(one, settings, age_s)}
        assert left == {one.session_id for one in sessions} - gone, age_s
        for session in sessions:
            if session.session_id in gone:
                continue
            there = spool.has_audio(session.session_id)
            assert there is not may_lose_audio(session, settings, age_s), (session, age_s)
            stored = [version.results.transcript for version in spool.versions(session.session_id)]
            assert stored == (["words"] if session.outcome else [])
    spool.close()


def test_a_clock_that_is_set_back_deletes_nothing(tmp_path: Path) -> None:
    spool = filled(tmp_path / "spool")
    everything = {session.session_id for session in spool.sessions()}
    for session_id in everything:
        assert spool.has_audio(SessionId(session_id))
    keep_house(spool, Settings(), BEGAN - 400 * DAY_S)
    assert {session.session_id for session in spool.sessions()} == everything
    assert all(spool.has_audio(session_id) for session_id in everything)
    spool.close()
