"""What a press stores is stored in its turn, and the press waits no longer than a window may."""

import contextlib
import threading
import time
from collections.abc import Callable
from queue import SimpleQueue

import pytest

from scribe_desktop.domain.errors import (
    DesktopError,
    DiskFull,
    ScribeError,
    SettingsError,
    SpoolDamaged,
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


def refusing(disk: Disk, number: int, left: list[int]) -> Callable[[], None]:
    """Refused as often as `left` says."""

    def work() -> None:
        if left[0]:
            left[0] -= 1
            raise DiskFull("full", "make room")
        disk.take(number)()

    return work


def test_one_that_the_disk_refuses_holds_up_only_what_changes_the_same() -> None:
    disk, writes, left = Disk(), LateWrites(patience_s=WAIT_S), [10**9]
    assert not writes.within(refusing(disk, 1, left), of="stuck", lasts=True)
    assert not writes.within(disk.take(2), of="stuck")
    disk.answers.set()
    # Waited for and done, though something before it is refused again and again.
    assert writes.within(disk.take(3), of="new")
    assert writes.is_refused()
    disk.refusals = [DiskFull("full", "make room")]
    with pytest.raises(DiskFull):
        writes.within(disk.take(4), of="another")
    left[0] = 0
    assert writes.settle(WAIT_S)
    assert not writes.is_refused()
    assert disk.taken == [3, 1, 2]


def test_what_was_refused_at_once_is_kept_where_it_is_to_last() -> None:
    said: list[Notice] = []
    disk, writes, left = Disk(), LateWrites(said.append, patience_s=WAIT_S), [3]
    disk.answers.set()
    began = time.monotonic()
    assert not writes.within(refusing(disk, 1, left), lasts=True)
    assert time.monotonic() - began < WAIT_S / 2, "nobody waits for what was refused"
    assert writes.settle(WAIT_S)
    assert disk.taken == [1]
    assert [one.recovered for one in said if isinstance(one, SpoolTrouble)] == [False, True]
    disk.refusals = [UnknownSession("deleted")]
    with pytest.raises(UnknownSession):
        writes.within(disk.take(2), lasts=True)


def test_that_the_disk_is_full_is_said_also_after_it_was_slow(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(late_write, "SLOW_S", 0.01)
    said: SimpleQueue[Notice] = SimpleQueue()
    disk, writes, left = Disk(), LateWrites(said.put, patience_s=0.0), [0]

    def work() -> None:
        disk.answers.wait(WAIT_S)
        refusing(disk, 1, left)()

    assert not writes.within(work)
    assert said.get(timeout=WAIT_S) is late_write._SLOW
    left[0] = 5
    disk.answers.set()
    assert said.get(timeout=WAIT_S) is late_write._REFUSED
    assert writes.settle(WAIT_S)
    assert said.get(timeout=WAIT_S) is late_write._WELL_AGAIN
    assert said.empty()


def test_a_store_that_cannot_be_read_is_not_called_full() -> None:
    said: SimpleQueue[Notice] = SimpleQueue()
    disk, writes = Disk(), LateWrites(said.put, patience_s=0.0)
    disk.refusals = [SpoolDamaged("damaged")]
    assert not writes.within(disk.take(1))
    disk.answers.set()
    assert said.get(timeout=WAIT_S) is late_write._UNREADABLE
    assert writes.settle(WAIT_S)


@pytest.mark.parametrize(
    "error", [None, UnknownSession("deleted"), DesktopError("no"), ZeroDivisionError()]
)
@pytest.mark.parametrize("patience_s", [0.0, WAIT_S])
def test_whoever_asked_hears_that_it_is_over_whatever_came_of_it(
    error: Exception | None, patience_s: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    disk, over = Disk(), threading.Event()
    writes = LateWrites(patience_s=patience_s)
    disk.refusals = [error] if error else []
    if patience_s:
        disk.answers.set()
    with contextlib.suppress(type(error) if error else ScribeError):
        writes.within(disk.take(1), done=over.set)
    disk.answers.set()
    assert over.wait(WAIT_S)
    assert writes.settle(WAIT_S)
