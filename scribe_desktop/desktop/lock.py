"""Notices that the screen was locked or opened again.

A locked screen does not stop a recording, but text must not be shown behind
it, and keys have to be registered anew when it opens.
"""

import contextlib
import ctypes as c
import logging
import sys
from collections.abc import Callable
from typing import Any

from scribe_desktop.desktop.dbus import Address, Bus, BusError, Signal
from scribe_desktop.domain.errors import DesktopError

log = logging.getLogger(__name__)

# Two names for one signal: the standard's and GNOME's.
_SCREENSAVERS = ("org.freedesktop.ScreenSaver", "org.gnome.ScreenSaver")
_LOCKERS = (
    ("SESSION", "org.gnome.ScreenSaver", "/org/gnome/ScreenSaver"),
    ("SESSION", "org.freedesktop.ScreenSaver", "/org/freedesktop/ScreenSaver"),
    ("SYSTEM", "org.freedesktop.login1.Session", "/org/freedesktop/login1/session/auto"),
)


class ScreenLock:
    """Calls `on_change(locked)` when the screen is locked or opened.

    On Linux the desktop announces it, on the bus's thread. On Windows and
    macOS `look` asks the system; call it once a second (`WakeWatch(also=…)`).
    """

    def __init__(
        self,
        on_change: Callable[[bool], None],
        is_locked: Callable[[], bool] | None = None,
    ) -> None:
        self._on_change = on_change
        self._is_locked = is_locked or _asking().get(sys.platform)
        self._bus: Bus | None = None
        self.locked = False

    def start(self) -> bool:
        """Begin to listen; False where there is nobody to listen to and nothing to ask."""
        if self._is_locked is not None:
            return True
        try:
            self._bus = Bus("SESSION")
            for interface in _SCREENSAVERS:
                self._bus.listen(self._hear, interface=interface, member="ActiveChanged")
        except BusError as error:
            log.info("screen locks are not announced here: %s", error.name)
            return False
        return True

    def look(self) -> None:
        """Ask the system, where it does not tell by itself."""
        if self._is_locked is not None:
            self._change(self._is_locked())

    def stop(self) -> None:
        """End it."""
        bus, self._bus = self._bus, None
        if bus is not None:
            bus.close()

    def _hear(self, signal: Signal) -> None:
        self._change(bool(signal.body[0]))

    def _change(self, locked: bool) -> None:  # noqa: FBT001  as it is announced
        if locked != self.locked:
            self.locked = locked
            log.info("screen %s", "locked" if locked else "opened")
            self._on_change(locked)


def lock_screen(platform: str = sys.platform) -> None:
    """Put up the system's own lock screen, which only the system's password opens.

    May wait. Raises DesktopError where the system does not do it.
    """
    if platform == "win32":
        from scribe_desktop.desktop import win32

        done = win32.lock_screen()
    elif platform == "darwin":
        done = _macos_locks()
    else:
        done = _desktop_locks()
    if not done:
        raise DesktopError(
            "The screen of this computer could not be locked from here.",
            "Lock it as you usually do, then sign in again.",
        )


def _desktop_locks() -> bool:
    for which, interface, path in _LOCKERS:
        with contextlib.suppress(BusError):
            bus = Bus(which)
            try:
                name = interface.removesuffix(".Session")
                bus.call(Address(name, path, interface), "Lock")
            finally:
                bus.close()
            return True
    return False


def _macos_locks() -> bool:
    # The call behind the entry of the Apple menu. Not yet run on a Mac.
    try:
        c.CDLL("/System/Library/PrivateFrameworks/login.framework/login").SACLockScreenImmediate()
    except (OSError, AttributeError):
        return False
    return True


def _asking() -> dict[str, Callable[[], bool]]:
    return {"win32": windows_is_locked, "darwin": macos_is_locked}


def windows_is_locked() -> bool:
    """Whether Windows shows its lock screen: then no program may open the desktop of the keys."""
    from scribe_desktop.desktop.win32 import desktop_is_reachable

    return not desktop_is_reachable()


def macos_is_locked() -> bool:
    """Whether macOS says that the session's screen is locked. Not yet run on a Mac."""
    services = _framework("ApplicationServices")
    foundation = _framework("CoreFoundation")
    services.CGSessionCopyCurrentDictionary.restype = c.c_void_p
    foundation.CFStringCreateWithCString.restype = c.c_void_p
    foundation.CFStringCreateWithCString.argtypes = [c.c_void_p, c.c_char_p, c.c_uint32]
    foundation.CFDictionaryContainsKey.argtypes = [c.c_void_p, c.c_void_p]
    foundation.CFRelease.argtypes = [c.c_void_p]
    session = services.CGSessionCopyCurrentDictionary()
    if not session:
        return True
    utf8 = 0x08000100
    # The key is there only while the screen is locked.
    key = foundation.CFStringCreateWithCString(None, b"CGSSessionScreenIsLocked", utf8)
    locked = bool(foundation.CFDictionaryContainsKey(session, key))
    foundation.CFRelease(key)
    foundation.CFRelease(session)
    return locked


def _framework(name: str) -> Any:  # noqa: ANN401  ctypes
    return c.CDLL(f"/System/Library/Frameworks/{name}.framework/{name}")
