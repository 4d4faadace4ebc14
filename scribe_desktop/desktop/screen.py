"""Whether there is a screen that a window can be opened on.

Asked before Qt is: where there is none Qt ends the process, with words about its own files.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from scribe_desktop.domain.errors import DesktopError

_OF_A_DESKTOP = ("xcb", "wayland")
"""What Qt draws on for a person; what else it can be told to use needs no desktop."""


def has_screen(platform: str = sys.platform, environment: Mapping[str, str] | None = None) -> bool:
    """Whether a window could open here; on Linux a compositor or an X server must be there."""
    environment = os.environ if environment is None else environment
    chosen = environment.get("QT_QPA_PLATFORM", "")
    if platform != "linux" or (chosen and not chosen.startswith(_OF_A_DESKTOP)):
        return True
    return _has_compositor(environment) or _has_x_server(environment.get("DISPLAY", ""))


def _has_compositor(environment: Mapping[str, str]) -> bool:
    name = environment.get("WAYLAND_DISPLAY", "")
    # A socket: a variable alone may be left of a session that has ended.
    return bool(name) and (Path(environment.get("XDG_RUNTIME_DIR", "/")) / name).is_socket()


def _has_x_server(name: str) -> bool:
    if not name:
        return False
    from scribe_desktop.desktop.xcb import Display

    try:
        Display(name).close()
    except DesktopError:
        return False
    return True
