"""What other programs can see of ours while a patient and a phrase are on its screen.

Every property of every window, as any program on the screen can read it, and
every message on the desktop's bus, the icon beside the clock and its menu with
it: none holds a word of what was dictated.
"""

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from jeepney import DBusAddress, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from tests.faults.canaries import found
from tests.faults.counting_host import PHRASE
from tests.faults.leaving_home import ASKED, Home, answers, heard_until, says
from tests.live.desktop_stage import Stage, wait_for
from tests.live.fake_tray import order
from tests.live.private_bus import private_bus, program
from tests.live.test_desktop_whole import stage

pytestmark = pytest.mark.live

__all__ = ["stage"]

OUR_WINDOW = re.compile(r"\n +(0x[0-9a-f]+) ")
SETTINGS = {"first_run_done": True, "after_stop": "copy", "mini_recorder": True}


@pytest.fixture
def bus() -> Iterator[str]:
    with private_bus() as address:
        yield address


@pytest.fixture
def home(tmp_path: Path, stage: Stage, bus: str) -> Home:
    home = Home(tmp_path / "user")
    inherited = {k: v for k, v in home.environment.items() if not k.startswith("WAYLAND")}
    home.environment = {
        **inherited,
        "DISPLAY": stage.display,
        "QT_QPA_PLATFORM": "xcb",
        "DBUS_SESSION_BUS_ADDRESS": bus,
        "DBUS_SYSTEM_BUS_ADDRESS": bus,
    }
    config = home.folder / "home" / "config"
    config.mkdir(parents=True)
    config.chmod(0o700)
    (config / "settings.json").write_text(json.dumps(SETTINGS))
    return home


@contextlib.contextmanager
def overheard(bus: str, file: Path) -> Iterator[None]:
    """Every message on the bus, in this file."""
    with file.open("wb") as heard:
        monitor = subprocess.Popen(["dbus-monitor", "--address", bus], stdout=heard)
        wait_for(lambda: b"NameLost" in file.read_bytes(), "the monitor")
        yield
        monitor.terminate()
        monitor.wait(10)


def seen_on(stage: Stage) -> str:
    """Every property of every window on the screen."""
    tree = stage.run("xwininfo", "-root", "-tree")
    names = dict.fromkeys(OUR_WINDOW.findall(tree))
    return tree + "".join(stage.run("xprop", "-id", name) for name in names)


def ask_for_tray(tray: DBusConnection) -> None:
    """What a desktop asks an icon for; the answers cross the bus."""
    name = order(tray, "Icons")[0][0]
    item = DBusAddress("/StatusNotifierItem", name, "org.freedesktop.DBus.Properties")
    tray.send_and_get_reply(
        new_method_call(item, "GetAll", "s", ("org.kde.StatusNotifierItem",)), timeout=5
    )
    menu = DBusAddress("/MenuBar", name, "com.canonical.dbusmenu")
    tray.send_and_get_reply(new_method_call(menu, "GetLayout", "iias", (0, -1, [])), timeout=5)


def test_no_other_program_sees_a_word(
    home: Home, stage: Stage, bus: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus)
    heard = tmp_path / "bus"
    looks: dict[str, str] = {}
    with (
        program("fake_tray.py", bus),
        open_dbus_connection(bus="SESSION") as tray,
        overheard(bus, heard),
        home.started() as window,
    ):
        answers(home)
        main = stage.window("Scribe Desktop")
        wait_for(lambda: order(tray, "Icons")[0], "the icon in the tray")
        with home.started("dictate", "--mic", "any", *ASKED) as dictated:
            says(dictated, "Listening")
            heard_until(home, 1.0)
            looks["recording"] = seen_on(stage)
            ask_for_tray(tray)
            out, _ = dictated.communicate(timeout=60)
        assert PHRASE in out
        clipboard = ("xclip", "-o", "-selection", "clipboard")
        wait_for(lambda: PHRASE in stage.run(*clipboard), "the text in the window")
        stage.focus(main)
        looks["done"] = seen_on(stage)
        ask_for_tray(tray)
        for key in ("ctrl+comma", "F1", "ctrl+t"):
            looks[key] = seen_with(stage, main, key)
        window.terminate()
        out, err = window.communicate(timeout=60)
    assert found((out + err).encode()) == []
    for when, look in looks.items():
        assert "WM_NAME" in look
        assert found(look.encode()) == [], when
    messages = heard.read_bytes()
    assert messages.count(b"dbusmenu") >= 2
    assert b"Scribe Desktop: " in messages, "the tooltip"
    assert found(messages) == []


def seen_with(stage: Stage, main: int, key: str) -> str:
    """The same while the window is open that this key opens."""
    before = windows(stage)
    stage.focus(main)
    stage.keys("key", key)
    wait_for(lambda: windows(stage) > before, f"the window of {key}")
    look = seen_on(stage)
    stage.keys("key", "Escape")
    wait_for(lambda: windows(stage) == before, f"the end of {key}")
    return look


def windows(stage: Stage) -> set[str]:
    """The windows that a person could choose among."""
    return {line.split()[0] for line in stage.run("wmctrl", "-l").splitlines()}
