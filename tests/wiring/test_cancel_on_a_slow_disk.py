"""A disk that is slow and then full: a dictation begins, is cancelled, and is stored cancelled."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from scribe_desktop.domain.errors import DiskFull, UnknownSession
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.line import Line
from scribe_desktop.services.spool import Spool
from tests.wiring.small_line import Nothing, Recording

WAIT_S = 10.0
ID = SessionId("5e55")


class SlowThenFull:
    """A spool on a disk that does not answer at first, then is full for a while."""

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.answers = threading.Event()
        self.asked = threading.Event()
        self.refusals = 2

    def add(self, session: Session) -> None:
        self.asked.set()
        self.answers.wait(WAIT_S)
        if self.refusals:
            self.refusals -= 1
            raise DiskFull("full", "make room")
        self.spool.add(session)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.spool, name)


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowThenFull]:
    monkeypatch.setattr("scribe_desktop.services.late_write.RETRY_S", 0.01)
    spool = Spool.open(tmp_path / "spool", bytes(range(32)), now=lambda: 1.0)
    yield SlowThenFull(spool)
    spool.close()


def line_over(disk: SlowThenFull, made: list[Recording]) -> Line:
    def record(session_id: SessionId, *_: object) -> Recording:
        made.append(Recording(session_id))
        return made[-1]

    nothing = cast("Any", Nothing())
    return Line(
        store=cast("Any", disk), settings=nothing, services=nothing, uploader=nothing,
        poller=nothing, microphones=tuple, record_microphone=cast("Any", record),
        record_file=cast("Any", record), now=lambda: 1.0,
    )  # fmt: skip


def test_what_is_cancelled_before_the_disk_took_it_is_stored_as_cancelled(
    disk: SlowThenFull,
) -> None:
    made: list[Recording] = []
    line = line_over(disk, made)
    session_id = line.start(Order())
    assert disk.asked.is_set()
    with pytest.raises(UnknownSession):
        disk.spool.get(session_id)
    line.bookmark_now()
    line.cancel()
    assert made[0].is_stopped
    disk.answers.set()
    assert line.settle(WAIT_S)
    assert disk.refusals == 0
    stored = disk.spool.get(session_id)
    assert (stored.is_cancelled, stored.bookmarks) == (True, (0,))


def test_a_disk_that_is_full_at_once_begins_nothing(disk: SlowThenFull) -> None:
    disk.answers.set()
    line = line_over(disk, [])
    with pytest.raises(DiskFull, match="nothing was recorded"):
        line.start(Order())
    assert line.running() is None
