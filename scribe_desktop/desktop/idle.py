"""How long nobody has touched this computer, where the system tells.

Text is hidden when the clinician walked away, not when they work in the
record system for a while; so it is the whole workstation that is asked for,
and where it cannot be known, only our own window counts.
"""

import ctypes as c
import os
import sys
from collections.abc import Callable, Mapping

from scribe_desktop.desktop.dbus import Address, Bus, BusError
from scribe_desktop.domain.errors import DesktopError

_ASK_S = 1.0
_GNOME = Address(
    "org.gnome.Mutter.IdleMonitor",
    "/org/gnome/Mutter/IdleMonitor/Core",
    "org.gnome.Mutter.IdleMonitor",
)
_KDE = Address(
    "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver"
)
_QUESTIONS = ((_GNOME, "GetIdletime"), (_KDE, "GetSessionIdleTime"))


def idle_s(
    platform: str = sys.platform, environment: Mapping[str, str] | None = None
) -> float | None:
    """Seconds since the last key or movement anywhere; None where nobody tells. May wait."""
    asked: Callable[[], float | None]
    environment = os.environ if environment is None else environment
    if platform == "win32":
        from scribe_desktop.desktop.win32 import idle_s as asked
    elif platform == "darwin":
        asked = macos_idle_s
    elif environment.get("WAYLAND_DISPLAY") or not environment.get("DISPLAY"):
        # X programs inside Wayland see only what is done to them.
        asked = desktop_idle_s
    else:
        return x11_idle_s(environment["DISPLAY"])
    return asked()


def x11_idle_s(name: str) -> float | None:
    """What the X server counts, of all keyboards and mice."""
    from scribe_desktop.desktop.xcb import Display

    try:
        display = Display(name)
    except DesktopError:
        return None
    try:
        idle_ms = display.idle_ms()
    finally:
        display.close()
    return None if idle_ms is None else idle_ms / 1000


def desktop_idle_s() -> float | None:
    """What a Wayland desktop says on the bus: GNOME in its way, KDE in another."""
    try:
        bus = Bus("SESSION")
    except BusError:
        return None
    try:
        for address, method in _QUESTIONS:
            try:
                (idle_ms,) = bus.call(address, method, timeout_s=_ASK_S)
            except BusError:
                continue
            return float(idle_ms) / 1000
    finally:
        bus.close()
    return None


def macos_idle_s() -> float | None:
    """What macOS counts. Not yet run on a Mac."""
    framework = "/System/Library/Frameworks/ApplicationServices.framework/ApplicationServices"
    since = c.CDLL(framework).CGEventSourceSecondsSinceLastEventType
    since.restype, since.argtypes = c.c_double, [c.c_int32, c.c_uint32]
    of_the_hardware, any_event = 1, 0xFFFFFFFF
    return float(since(of_the_hardware, any_event))
