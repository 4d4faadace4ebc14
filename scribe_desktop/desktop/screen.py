"""Whether there is a screen that a window can be opened on.

Asked before Qt is: where there is none Qt ends the process, with words about its own files.
"""

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

from scribe_desktop.domain.errors import DesktopError

_ANSWER_S = 2.0
_OF_A_DESKTOP = ("xcb", "wayland", "windows", "cocoa")
"""What Qt draws on for a person; what else it can be told to use needs no desktop."""


def has_screen(platform: str = sys.platform, environment: Mapping[str, str] | None = None) -> bool:
    """Whether Qt can open a window here; on Linux a compositor or an X server must answer."""
    environment = os.environ if environment is None else environment
    chosen = _chosen(environment)
    if platform != "linux" or (chosen and not chosen.startswith(_OF_A_DESKTOP)):
        return True
    # Told to use the one Qt does not look for the other, unless both are named.
    on_wayland = (not chosen or "wayland" in chosen) and _has_compositor(environment)
    return on_wayland or (
        (not chosen or "xcb" in chosen) and _has_x_server(environment.get("DISPLAY", ""))
    )


def is_seen(platform: str = sys.platform, environment: Mapping[str, str] | None = None) -> bool:
    """Whether a person may look at what is drawn, and close a box that waits to be read."""
    environment = os.environ if environment is None else environment
    chosen = _chosen(environment)
    return (not chosen or chosen.startswith(_OF_A_DESKTOP)) and has_screen(platform, environment)


def _chosen(environment: Mapping[str, str]) -> str:
    return environment.get("QT_QPA_PLATFORM", "")


def _has_compositor(environment: Mapping[str, str]) -> bool:
    name = environment.get("WAYLAND_DISPLAY", "")
    if not name:
        return False
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(_ANSWER_S)
        try:
            # A variable and even a socket may be left of a session that has ended,
            # and those of another user are not ours to open.
            asking.connect(str(Path(environment.get("XDG_RUNTIME_DIR", "/")) / name))
        except OSError:
            return False
    return True


def _has_x_server(name: str) -> bool:
    if not name:
        return False
    from scribe_desktop.desktop.xcb import Display

    try:
        Display(name).close()
    except DesktopError:
        return False
    return True
