"""A dictation that rolled over is one dictation for whoever sets it aside at a terminal."""

import json
import time
from dataclasses import replace
from pathlib import Path

import pytest

from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.places import HOME_VARIABLE, find_places
from scribe_desktop.services.spool import Spool
from tests.command_line.conftest import Scribe

FIRST = SessionId("ses_" + "1" * 24)
LAST = SessionId("ses_" + "2" * 24)
OTHER = SessionId("ses_" + "3" * 24)


@pytest.fixture
def rolled_over(scribe: Scribe, tmp_path: Path) -> None:
    """Two linked sessions, and one of another dictation."""
    assert scribe("sessions").exit_code == 0
    places = find_places({HOME_VARIABLE: str(tmp_path / "home")})
    key = Credentials(places.keyring_name, places.config).spool_key(spool_exists=True).key
    spool = Spool.open(places.spool, key, now=time.time)
    first = Session(
        FIRST, time.time() - 60, Order(), capture=Capture.STOPPED, stopped_at=time.time()
    )
    spool.add(first)
    spool.add(replace(first, session_id=LAST, created_at=time.time() - 30, follows=FIRST))
    spool.add(replace(first, session_id=OTHER, created_at=time.time() - 90))
    spool.close()


def cancelled(scribe: Scribe) -> set[SessionId]:
    """Which of the stored sessions are set aside."""
    listed = json.loads(scribe("sessions", "--json").out)
    return {one["session_id"] for one in listed if one["status"] == "cancelled"}


@pytest.mark.usefixtures("rolled_over")
@pytest.mark.parametrize("named", [FIRST, LAST])
def test_either_session_stands_for_the_whole_dictation(scribe: Scribe, named: SessionId) -> None:
    assert scribe("discard", named).exit_code == 0
    assert cancelled(scribe) == {FIRST, LAST}
    assert scribe("restore", FIRST if named == LAST else LAST).exit_code == 0
    assert cancelled(scribe) == set()
    deleted = scribe("delete", named)
    assert (deleted.exit_code, deleted.err) == (0, "")
    (left,) = json.loads(scribe("sessions", "--json").out)
    assert left["session_id"] == OTHER
