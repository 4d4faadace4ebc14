"""What a computer that slept says where nobody announces a sleep: the clocks alone tell of it."""

import threading
import time
from pathlib import Path

import pytest

from scribe_desktop.desktop import power
from scribe_desktop.domain.notices import Notice, Trouble
from scribe_desktop.services.boot_clock import since_boot
from scribe_desktop.services.spool import Spool
from scribe_desktop.wiring.computer import Computer
from tests.wiring.small_line import Recording, line_over


def test_a_sleep_that_nobody_announced_is_said_and_a_clock_that_is_set_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for bus in ("SYSTEM", "SESSION"):
        monkeypatch.setenv(f"DBUS_{bus}_BUS_ADDRESS", f"unix:path={tmp_path / 'nobody'}")
    monkeypatch.setattr(power, "LOOK_EVERY_S", 0.001)
    wall, slept_s, looks = time.time, [0.0], threading.Semaphore(0)
    spool = Spool.open(tmp_path / "spool", bytes(32), now=wall)
    line = line_over(spool, list[Recording]())
    said: list[str] = []
    told = threading.Event()

    def hear(notice: Notice) -> None:
        if isinstance(notice, Trouble):
            said.append(notice.message)
            told.set()

    computer = Computer(line, boot=lambda: since_boot() + slept_s[0])
    computer.each_second = looks.release
    line.start()
    line.subscribe(hear)
    computer.start()
    for by_s in (86_400.0, -86_400.0):
        monkeypatch.setattr(time, "time", lambda by_s=by_s: wall() + by_s)
        for _ in range(3):
            assert looks.acquire(timeout=10)
    assert said == []
    slept_s[0] = 600.0
    assert told.wait(10)
    computer.stop(2.0)
    assert said == ["The computer was asleep in the middle of the dictation."]
    spool.close()
