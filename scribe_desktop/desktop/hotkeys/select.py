"""Chooses how this computer's desktop is asked for global keys."""

import os
import sys
from collections.abc import Mapping

from scribe_desktop.desktop.hotkeys.backend import HotkeyBackend


def hotkey_backend(
    platform: str = sys.platform, environment: Mapping[str, str] | None = None
) -> HotkeyBackend:
    """The backend for this system; it is not started yet.

    A Wayland session also offers X11, but there only to X11 programs: a key
    taken that way is dead whenever a Wayland program has the focus.
    """
    environment = os.environ if environment is None else environment
    if platform == "win32":
        from scribe_desktop.desktop.hotkeys.windows import WindowsHotkeys

        return WindowsHotkeys()
    if platform == "darwin":
        from scribe_desktop.desktop.hotkeys.macos import MacHotkeys

        return MacHotkeys()
    if environment.get("WAYLAND_DISPLAY") or environment.get("XDG_SESSION_TYPE") == "wayland":
        from scribe_desktop.desktop.hotkeys.portal import PortalHotkeys

        return PortalHotkeys()
    from scribe_desktop.desktop.hotkeys.x11 import X11Hotkeys

    return X11Hotkeys()
