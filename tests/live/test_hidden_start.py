"""Started with the computer, the program is in the tray and nowhere else, and its key works."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jeepney.io.blocking import open_dbus_connection

from tests.live.desktop_stage import Stage, wait_for
from tests.live.fake_tray import order
from tests.live.private_bus import private_bus, program
from tests.live.test_desktop_whole import KEY, Program, microphone, stage
from tests.live.virtual_microphone import VirtualMicrophone

pytestmark = pytest.mark.live

__all__ = ["microphone", "stage"]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.json").write_text(
        '{"first_run_done": true, "mini_recorder": false}'
    )
    return home


@pytest.fixture
def bus() -> Iterator[str]:
    with private_bus() as address:
        yield address


def visible(stage: Stage) -> list[str]:
    return stage.run("xdotool", "search", "--onlyvisible", "--name", "^Scribe Desktop$").split()


def test_only_the_tray_and_the_key(
    stage: Stage,
    microphone: VirtualMicrophone,
    home: Path,
    bus: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus)
    with program("fake_tray.py", bus), open_dbus_connection(bus="SESSION") as tray:
        running = Program(stage, microphone, home, "open", "--hidden", bus=bus)
        wait_for(lambda: order(tray, "Icons")[0], "the icon in the tray")
        assert visible(stage) == []
        other = stage.xterm()
        stage.keys("key", KEY)
        running.wait_status("recording")
        assert visible(stage) == []
        assert stage.focused() == other.window
        stage.keys("key", KEY)
        wait_for(lambda: "recording" not in running.statuses(), "the end of the recording")
        # Started a second time with the system it stays where it is.
        running.command("open", "--hidden")
        assert visible(stage) == []
        order(tray, "Press")
        wait_for(lambda: visible(stage), "the window")
        assert other.typed() == ""


def test_without_a_tray_it_is_minimised_and_can_be_found(
    stage: Stage, microphone: VirtualMicrophone, home: Path, bus: str
) -> None:
    Program(stage, microphone, home, "open", "--hidden", bus=bus)
    assert visible(stage) == []
    clients = stage.run("wmctrl", "-l")
    assert "Scribe Desktop" in clients
