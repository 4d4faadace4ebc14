"""Everything around the window on this computer: keys, devices, insertion, lock, start-up.

Built before the window, started when it is on screen, stopped before the line
is: none of it is needed to record or to keep what was recorded.
"""

import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from scribe_desktop.desktop.actions import ActionEvent
from scribe_desktop.desktop.autostart import autostart
from scribe_desktop.desktop.dictation_devices.transport import HidTransport
from scribe_desktop.desktop.hotkeys.select import hotkey_backend
from scribe_desktop.desktop.insertion.portal import PortalSession
from scribe_desktop.desktop.insertion.select import could_ask_the_desktop
from scribe_desktop.desktop.lock import ScreenLock
from scribe_desktop.domain.errors import DesktopError
from scribe_desktop.domain.notices import MicrophoneChanged, Notice, SessionChanged
from scribe_desktop.domain.session import Capture
from scribe_desktop.services.late_write import LateWrites
from scribe_desktop.services.pin import PinLock
from scribe_desktop.ui.application import WindowCommands, has_the_focus
from scribe_desktop.ui.line import Line
from scribe_desktop.wiring.computer import Computer
from scribe_desktop.wiring.dictation_devices import WiredDevices
from scribe_desktop.wiring.global_keys import WiredKeys
from scribe_desktop.wiring.inserting import Inserting
from scribe_desktop.wiring.obeying import Obeying
from scribe_desktop.wiring.own_lock import OwnLock
from scribe_desktop.wiring.portal_insertion import PortalInsertion

log = logging.getLogger(__name__)

_PORTAL_TOKEN = "portal_token"  # noqa: S105  a file's name


class Workstation:
    """Owns the parts; `keys`, `devices`, `insertion` and `lock` are for the window.

    `folder` keeps what the desktop gave us for the next start; `keyring_opens`
    waits for a locked keyring.
    """

    def __init__(
        self,
        line: Line,
        computer: Computer,
        pin: PinLock,
        folder: Path,
        keyring_opens: Callable[[], bool] = lambda: True,
    ) -> None:
        self._line = line
        self._computer = computer
        self._window: WindowCommands | None = None
        self._obeying: Obeying | None = None
        self._starts_with_system: bool | None = None
        self._writes = LateWrites()
        self.keys = WiredKeys(hotkey_backend(), line.settings, self._key)
        self.devices = WiredDevices(HidTransport(), line.settings, self._button, self._tell)
        portal = PortalInsertion(lambda: PortalSession(folder / _PORTAL_TOKEN), has_the_focus)
        self.insertion = Inserting(
            line.settings, portal=portal if could_ask_the_desktop() else None
        )
        self._screen = ScreenLock(self._screen_locked)
        self._hears_screen = False
        self.lock = OwnLock(
            pin, hears_screen=lambda: self._hears_screen, keyring_opens=keyring_opens
        )
        self._end_listening: Callable[[], None] = lambda: None

    def start(self, window: WindowCommands) -> None:
        """The window is on screen: let keys and devices work."""
        self._window = window
        self._obeying = Obeying(self._line, window)
        self._end_listening = self._line.subscribe(self._hear)
        self.keys.start()
        self.devices.start()
        self._hears_screen = self._screen.start()
        self._computer.on_wake = self._woke
        self._computer.each_second = self._screen.look
        self.follow_settings()

    def stop(self) -> None:
        """Give everything back."""
        if self._window is None:
            return
        self._end_listening()
        self._computer.on_wake = self._computer.each_second = lambda: None
        for part in (self.keys, self.devices, self._screen, self.insertion):
            part.stop()

    def follow_settings(self) -> None:
        """A setting was changed; before `start` there is nothing to follow. GUI thread."""
        if self._window is None:
            return
        self.keys.follow()
        self.devices.follow()
        self.insertion.follow()
        wanted = self._line.settings().start_with_system
        if wanted is not self._starts_with_system:
            self._starts_with_system = wanted
            # A file in the home folder, which may be a slow one.
            self._writes.within(partial(self._set_autostart, on=wanted))

    def _set_autostart(self, *, on: bool) -> None:
        entry = autostart()
        try:
            if on:
                # Written anew at each start: the program may have moved since.
                entry.turn([*own_command(), "open", "--hidden"])
            elif entry.is_on():
                entry.turn(None)
        except DesktopError as error:
            self._tell(error.message, error.remedy)

    # --- from the threads of the parts ---
    def _key(self, event: ActionEvent, supports_release: bool) -> None:  # noqa: FBT001  a callback
        if self._obeying is not None:
            source = f"key {event.action}"
            self._obeying.obey(event, source, supports_release=supports_release)

    def _button(self, event: ActionEvent, source: str) -> None:
        if self._obeying is not None:
            self._obeying.obey(event, source)

    def _tell(self, message: str, remedy: str) -> None:
        if self._window is not None:
            self._window.tell(message, remedy)

    def _hear(self, notice: Notice) -> None:
        if isinstance(notice, MicrophoneChanged):
            self.devices.show_microphone(notice.state)
        elif isinstance(notice, SessionChanged) and self._window is not None:
            # Not here: the notice comes from inside the line, and the question
            # which session is at the microphone goes back into it.
            self._window.call(self._follow_recording)

    def _follow_recording(self) -> None:
        """GUI thread. A file that is read is no recording: its lights stay off."""
        running = self._line.running()
        self.devices.show_capture(running.capture if running else Capture.STOPPED)

    def _woke(self) -> None:
        if self._obeying is not None:
            self._obeying.forget()
        self.keys.refresh()
        if self._window is not None:
            self._window.microphones_changed()

    def _screen_locked(self, locked: bool) -> None:  # noqa: FBT001  a callback
        if locked and self._window is not None:
            self._window.lock()
        if not locked:
            self.keys.refresh()
        self.lock.screen_changed(locked)


def own_command() -> list[str]:
    """How this program is started again, installed or from the source tree."""
    if getattr(sys, "frozen", False):
        return [sys.executable]
    return [sys.executable, "-m", "scribe_desktop"]
