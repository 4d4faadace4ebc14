"""What a press stores is stored in its turn, and the press waits no longer than a window may."""

import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

import pytest

from scribe_desktop.domain.errors import (
    DesktopError,
    DiskFull,
    SettingsError,
    UnknownSession,
)
from scribe_desktop.domain.notices import Notice, SpoolTrouble, Trouble
from scribe_desktop.services import late_write
from scribe_desktop.services.late_write import LateWrites

WAIT_S = 20.0


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(late_write, "RETRY_S", 0.005)


class Disk:
    """Takes what it is given when the test lets it, and refuses as often as it is told."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.taken: list[int] = []
        self.refusals: list[Exception] = []

    def take(self, number: int) -> Callable[[], None]:
        def work() -> None:
            assert self.answers.wait(WAIT_S)
            if self.refusals:
                raise self.refusals.pop()
            self.taken.append(number)

        return work


def test_a_write_in_time_is_done_and_its_error_is_heard() -> None:
    disk, writes = Disk(), LateWrites(patience_s=WAIT_S)
    disk.answers.set()
    assert writes.within(disk.take(1))
    assert disk.taken == [1]
    disk.refusals = [DiskFull("full", "make room")]
    with pytest.raises(DiskFull):
        writes.within(disk.take(2))
    disk.refusals = [ZeroDivisionError()]
    with pytest.raises(ZeroDivisionError):
        writes.within(disk.take(3))
    assert writes.settle(0.0)
    assert disk.taken == [1], "what was refused in time is not tried behind anybody's back"


def test_what_takes_long_is_not_waited_for_and_keeps_its_order() -> None:
    disk, writes = Disk(), LateWrites(patience_s=0.01)
    began = time.monotonic()
    assert not any(writes.within(disk.take(number)) for number in range(200))
    # 200 times the patience would be 2 s: all of a press waits once.
    assert time.monotonic() - began < 1.0
    assert not writes.settle(0.0)
    disk.answers.set()
    assert writes.settle(WAIT_S)
    assert disk.taken == list(range(200))


def test_many_writes_of_one_press_wait_together_no_longer_than_one() -> None:
    # A disk that is only slow: each write ends in time, and all of them would not.
    writes = LateWrites(patience_s=10.0)
    assert writes._patience_left_s(100.0) == 10.0
    writes._waited.append((100.0, 4.0))
    assert writes._patience_left_s(100.01) == 6.0
    writes._waited.append((100.01, 7.0))
    assert writes._patience_left_s(100.02) == 0.0
    assert writes._patience_left_s(100.02 + late_write.PRESS_S) == 10.0, "the next press"


def test_a_press_may_wait_less_than_a_window_may_stand_still() -> None:
    assert late_write.PATIENCE_S < 0.05


def test_a_disk_that_refuses_late_is_asked_again_and_it_is_said_once() -> None:
    said: list[Notice] = []
    disk, writes = Disk(), LateWrites(said.append, patience_s=0.0)
    disk.refusals = [DiskFull("full", "make room"), SettingsError("full"), DiskFull("full", "")]
    assert not writes.within(disk.take(1))
    assert not writes.within(disk.take(2))
    disk.answers.set()
    assert writes.settle(WAIT_S)
    assert disk.taken == [1, 2]
    told = [one for one in said if isinstance(one, SpoolTrouble)]
    assert [one.recovered for one in told] == [False, True]
    assert "kept in memory" in told[0].message


def test_that_the_disk_does_not_answer_is_said_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(late_write, "SLOW_S", 0.01)
    said: list[SpoolTrouble] = []
    heard = threading.Semaphore(0)

    def say(notice: Notice) -> None:
        assert isinstance(notice, SpoolTrouble)
        said.append(notice)
        heard.release()

    disk, writes = Disk(), LateWrites(say, patience_s=0.0)
    assert not writes.within(disk.take(1))
    assert heard.acquire(timeout=WAIT_S)
    assert "does not answer" in said[0].message
    disk.answers.set()
    assert heard.acquire(timeout=WAIT_S)
    assert [one.recovered for one in said] == [False, True]


def test_what_cannot_be_stored_any_more_holds_nothing_up() -> None:
    said: list[Notice] = []
    disk, writes = Disk(), LateWrites(said.append, patience_s=0.0)
    disk.refusals = [DesktopError("Not allowed.", "Ask."), UnknownSession("deleted")]
    for number in range(3):
        assert not writes.within(disk.take(number))
    disk.answers.set()
    assert writes.settle(WAIT_S)
    assert disk.taken == [2]
    assert said == [Trouble("Not allowed.", "Ask.")]


def test_a_fault_of_ours_that_nobody_waits_for_is_the_last_resorts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raised: SimpleQueue[object] = SimpleQueue()
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.put(args.exc_type))
    disk, writes = Disk(), LateWrites(patience_s=0.0)
    disk.refusals = [ZeroDivisionError()]
    for number in range(2):
        assert not writes.within(disk.take(number))
    disk.answers.set()
    assert writes.settle(WAIT_S)
    assert disk.taken == [1]
    assert raised.get(timeout=WAIT_S) is ZeroDivisionError
