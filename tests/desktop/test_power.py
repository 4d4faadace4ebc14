"""Sleep is noticed from two clocks, on every system."""

import threading

import pytest

from scribe_desktop.desktop import power
from scribe_desktop.desktop.lock import ScreenLock
from scribe_desktop.desktop.power import SleepClock, WakeWatch


@pytest.mark.parametrize(
    ("boot_step_s", "step_s", "slept"),
    [
        (1.0, 1.0, False),
        (1.5, 1.5, False),
        (3600.0, 1.0, True),  # Linux and a Mac: the monotonic clock stood still
        (3600.0, 3600.0, True),  # Windows: the look came late
        (4.0, 1.0, False),  # a nap that nobody notices
        (5.5, 5.5, False),  # a busy computer
    ],
)
def test_what_is_sleep_and_what_is_not(boot_step_s: float, step_s: float, *, slept: bool) -> None:
    clock = SleepClock(1_000_000.0, 50.0)
    assert clock.slept(1_000_000.0 + boot_step_s, 50.0 + step_s) is slept
    assert not clock.slept(1_000_001.0 + boot_step_s, 51.0 + step_s)


def test_waking_is_told_and_the_lock_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "LOOK_EVERY_S", 0.001)
    woken, looked = threading.Event(), threading.Event()
    boot = iter([0.0, 100.0])
    watch = WakeWatch(woken.set, looked.set, boot=lambda: next(boot, 100.0), monotonic=lambda: 0.0)
    watch.start()
    assert woken.wait(5)
    assert looked.wait(5)
    watch.stop()


def test_a_system_that_is_asked_is_asked_for_changes_only() -> None:
    answers, changes = iter([False, True, True, False]), list[bool]()
    lock = ScreenLock(changes.append, is_locked=lambda: next(answers))
    assert lock.start()
    for _ in range(4):
        lock.look()
    assert changes == [True, False]
    lock.stop()
