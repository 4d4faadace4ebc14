"""Without a screen the program says so; Qt would end it with words about its own files."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scribe_desktop.desktop.screen import has_screen, is_seen
from tests.live.desktop_stage import Stage

ROOT = Path(__file__).resolve().parents[2]
NOBODY = ":4711"
"""A number of a display that no X server has."""


@pytest.mark.parametrize(
    ("environment", "has"),
    [
        ({}, False),
        ({"DISPLAY": ""}, False),
        ({"DISPLAY": NOBODY}, False),
        ({"DISPLAY": NOBODY, "QT_QPA_PLATFORM": "xcb"}, False),
        ({"QT_QPA_PLATFORM": "wayland;xcb"}, False),
        ({"QT_QPA_PLATFORM": "offscreen"}, True),
        ({"QT_QPA_PLATFORM": "vnc:port=5900"}, True),
    ],
)
def test_a_variable_is_no_screen(environment: dict[str, str], *, has: bool) -> None:
    assert has_screen("linux", environment) is has
    assert not is_seen("linux", environment), "a box would wait for nobody"


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_windows_and_macos_have_one(platform: str) -> None:
    assert has_screen(platform, {})
    assert is_seen(platform, {})
    assert not is_seen(platform, {"QT_QPA_PLATFORM": "offscreen"})


def test_a_compositor_is_one_as_long_as_it_is_there(tmp_path: Path) -> None:
    environment = {"WAYLAND_DISPLAY": "wayland-0", "XDG_RUNTIME_DIR": str(tmp_path)}
    assert not has_screen("linux", environment)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "wayland-0"))
        assert not has_screen("linux", environment), "nobody is behind it"
        listening.listen()
        assert has_screen("linux", environment)
        assert is_seen("linux", environment)
        assert has_screen("linux", environment | {"QT_QPA_PLATFORM": "wayland;xcb"})
        assert not has_screen("linux", environment | {"QT_QPA_PLATFORM": "xcb"})
    assert not has_screen("linux", environment), "it was killed and left its socket"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs to be another user")
def test_the_compositor_of_another_user_is_none(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    asked = (
        "import os, sys; from scribe_desktop.desktop.screen import has_screen; os.seteuid(65534);"
        "sys.exit(has_screen('linux', {'WAYLAND_DISPLAY': 'w', 'XDG_RUNTIME_DIR': sys.argv[1]}))"
    )
    done = subprocess.run([sys.executable, "-c", asked, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == 0


@pytest.mark.live
def test_an_x_server_is_one(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        assert has_screen("linux", {"DISPLAY": stage.display})
        assert is_seen("linux", {"DISPLAY": stage.display})
        assert not has_screen("linux", {"DISPLAY": stage.display, "QT_QPA_PLATFORM": "wayland"})


def test_the_window_says_that_there_is_none(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "scribe_desktop"],
        env={
            "PATH": "",
            "DISPLAY": NOBODY,
            "HOME": str(tmp_path),
            "SCRIBE_DESKTOP_HOME": str(tmp_path / "home"),
            "PYTHONPATH": str(ROOT),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ran.returncode == 1, "not ended by a signal"
    assert ran.stderr.startswith("There is no screen here")
    assert "scribe-desktop dictate" in ran.stderr
    assert len(ran.stderr.splitlines()) == 1, ran.stderr
