"""Inserts text on Wayland through the desktop's own door, if the clinician opened it.

On Wayland no program may press keys in another; the desktop's remote control
portal may, once the user said yes to it. No program may see there which
window is in front either, so this is only for text that the clinician asks
for at that very moment, never for text that arrives by itself.

The text goes over the portal's clipboard and not key by key: a desktop drops
characters that the present layout does not have, and says nothing. Whether
the other program took it is known, because the desktop then asks for it.
"""

import logging
import os
import select
import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from time import monotonic
from typing import Any, Final

from scribe_desktop.desktop.dbus import Address, Bus, BusError, Signal
from scribe_desktop.desktop.hotkeys.portal import PORTAL, PORTAL_PATH, Request
from scribe_desktop.desktop.insertion.insert import NotAllowed
from scribe_desktop.desktop.insertion.target import Target
from scribe_desktop.domain.errors import DesktopError

log = logging.getLogger(__name__)

REMOTE = Address(PORTAL, PORTAL_PATH, "org.freedesktop.portal.RemoteDesktop")
CLIPBOARD = Address(PORTAL, PORTAL_PATH, "org.freedesktop.portal.Clipboard")
IN_FRONT: Final = Target(1, "wayland")
"""Stands for whatever is in front: nobody may know what that is."""

_KEYBOARD, _UNTIL_REVOKED = 1, 2
_CONTROL, _LETTER_V = 0xFFE3, ord("v")
_TEXT = ("text/plain;charset=utf-8", "text/plain", "UTF8_STRING")
_SECRET = "x-kde-passwordManagerHint"  # noqa: S105  a format's name: histories leave it out
_QUESTION_S = 300.0
_CALL_S = 1.0
_READ_S = 1.0
_WRITE_S = 5.0
_LARGEST = 16 * 2**20

ASKING = "The desktop is asking you whether the program may insert text. Until then it is copied."
NO_PORTAL = (
    "This desktop has no way for a program to insert text. It is on the clipboard: put the cursor "
    "where it belongs and press Ctrl+V."
)
NOT_ALLOWED = (
    "The desktop was told not to let the program insert text. It is on the clipboard: put the "
    "cursor where it belongs and press Ctrl+V."
)


class PortalSession:
    """The permission, and the connection it holds for. `open` waits for the user's answer."""

    def __init__(self, token_file: Path) -> None:
        self._token_file = token_file
        self._bus: Bus | None = None
        self._clipboard: PortalClipboard | None = None
        self._handle = ""
        self.plain_word = ASKING

    def open(self) -> "PortalDesk | None":
        """Ask the desktop; None, and `plain_word` says why, where it does not allow it."""
        try:
            self._bus = bus = Bus("SESSION", fds=True)
            desk = self._ask(bus)
        except DesktopError as error:
            log.info("no insertion through the portal: %s", type(error).__name__)
            self.plain_word = NO_PORTAL if isinstance(error, BusError) else NOT_ALLOWED
            self.close()
            return None
        self.plain_word = ""
        return desk

    def close(self) -> None:
        """Give the permission back for now."""
        bus, self._bus = self._bus, None
        if self._clipboard is not None:
            self._clipboard.close()
        if bus is not None:
            bus.close()

    def _ask(self, bus: Bus) -> "PortalDesk":
        request = Request(bus)
        options = {
            "handle_token": ("s", request.token),
            "session_handle_token": ("s", f"{request.token}s"),
        }
        bus.call(REMOTE, "CreateSession", "a{sv}", (options,))
        self._handle = handle = str(request.answer(_QUESTION_S)["session_handle"][1])
        wishes: dict[str, Any] = {
            "types": ("u", _KEYBOARD),
            "persist_mode": ("u", _UNTIL_REVOKED),
        }
        with suppress(OSError):
            wishes["restore_token"] = ("s", self._token_file.read_text(encoding="utf-8"))
        self._question(bus, "SelectDevices", wishes)
        bus.call(CLIPBOARD, "RequestClipboard", "oa{sv}", (handle, {}))
        clipboard = self._clipboard = PortalClipboard(bus, handle)
        granted = self._question(bus, "Start", {}, parent="")
        allowed = granted.get("devices", ("u", 0))[1] & _KEYBOARD
        if not (allowed and granted.get("clipboard_enabled", ("b", False))[1]):
            raise DesktopError(NOT_ALLOWED)
        self._keep_token(granted.get("restore_token", ("s", ""))[1])
        return PortalDesk(PortalKeyboard(bus, handle), clipboard)

    def _question(
        self, bus: Bus, method: str, options: dict[str, Any], parent: str | None = None
    ) -> Mapping[str, Any]:
        request = Request(bus)
        asked = options | {"handle_token": ("s", request.token)}
        if parent is None:
            bus.call(REMOTE, method, "oa{sv}", (self._handle, asked))
        else:
            bus.call(REMOTE, method, "osa{sv}", (self._handle, parent, asked))
        return request.answer(_QUESTION_S)

    def _keep_token(self, token: str) -> None:
        # With it the desktop need not ask again at the next start.
        if token:
            with suppress(OSError):
                self._token_file.touch(mode=0o600)
                self._token_file.write_text(token, encoding="utf-8")


class PortalFocus:
    """Whether something else than our own windows gets the keys; more nobody may know."""

    def __init__(self, ours_is_active: Callable[[], bool]) -> None:
        self._ours_is_active = ours_is_active

    def current(self) -> Target | None:
        """What is in front, without a name."""
        return None if self._ours_is_active() else IN_FRONT


class PortalKeyboard:
    """Presses the paste key in whatever is in front."""

    can_type = False
    types_into_remote = False

    def __init__(self, bus: Bus, handle: str) -> None:
        self._bus = bus
        self._handle = handle

    def modifiers_held(self) -> bool:
        """Nobody may know."""
        return False

    def paste(self, _target: Target) -> None:
        """Ctrl+V."""
        strokes = ((_CONTROL, 1), (_LETTER_V, 1), (_LETTER_V, 0), (_CONTROL, 0))
        refused = False
        for keysym, state in strokes:
            # A refusal in the middle must not leave Ctrl down.
            if not refused or not state:
                refused = not self._stroke(keysym, state) or refused
        if refused:
            raise NotAllowed

    def _stroke(self, keysym: int, state: int) -> bool:
        arguments: tuple[Any, ...] = (self._handle, {}, keysym, state)
        try:
            self._bus.call(REMOTE, "NotifyKeyboardKeysym", "oa{sv}iu", arguments, timeout_s=_CALL_S)
        except BusError:
            return False
        return True

    def begin(self, _text: str, _target: Target, /) -> int:
        """Not through the portal: see the top of this module."""
        raise NotAllowed

    def type(self, _text: str, /) -> None:
        """Not through the portal."""
        raise NotAllowed

    def is_taken(self) -> bool:
        """Nothing is typed."""
        return True

    def end(self) -> None:
        """Nothing was changed."""

    def alone(self) -> AbstractContextManager[None]:
        """The desktop has no such thing."""
        return nullcontext()


class PortalClipboard:
    """The clipboard as the portal lends it, with the text on it only while it is wanted."""

    def __init__(self, bus: Bus, handle: str) -> None:
        self._bus = bus
        self._handle = handle
        self._lock = threading.Lock()
        self._offered: Mapping[str, bytes] = {}
        self._there: tuple[str, ...] = ()
        self._ours = False
        self._reads = 0
        self._wanted: SimpleQueue[tuple[str, int] | None] = SimpleQueue()
        bus.listen(
            self._owner_changed, interface=CLIPBOARD.interface, member="SelectionOwnerChanged"
        )
        bus.listen(self._asked, interface=CLIPBOARD.interface, member="SelectionTransfer")
        # Handing the text over asks the bus again, which its own thread must not do.
        threading.Thread(target=self._hand_over, name="portal-clipboard", daemon=True).start()

    def keep(self) -> object:
        """What is there now, in the formats that can be read within a second."""
        with self._lock:
            names, ours = self._there, self._ours
        kept: dict[str, bytes] = {}
        until = monotonic() + _READ_S
        for name in () if ours else names:
            with suppress(BusError, OSError, TimeoutError):
                kept[name] = self._read(name, until)
        return kept

    def offer(self, text: str, *, selection: bool) -> None:
        """Put text there, marked so that histories leave it out."""
        del selection
        self._put(dict.fromkeys(_TEXT, text.encode()) | {_SECRET: b"secret"})

    def reads(self, _pid: int) -> int:
        """How often somebody fetched the text; who it was is not told."""
        with self._lock:
            return self._reads

    def still_ours(self) -> bool:
        """Whether nobody has copied since."""
        with self._lock:
            return self._ours

    def put_back(self, kept: object) -> None:
        """Offer what was there before."""
        if not isinstance(kept, dict):
            raise TypeError("only what `keep` returned can be put back")
        self._put(kept)

    def _put(self, formats: Mapping[str, bytes]) -> None:
        with self._lock:
            self._offered, self._ours = formats, True
        options = {"mime_types": ("as", list(formats))}
        try:
            self._bus.call(
                CLIPBOARD, "SetSelection", "oa{sv}", (self._handle, options), timeout_s=_CALL_S
            )
        except BusError:
            with self._lock:
                self._ours = False

    def _read(self, name: str, until: float) -> bytes:
        (descriptor,) = self._bus.call(
            CLIPBOARD, "SelectionRead", "os", (self._handle, name), timeout_s=_CALL_S
        )
        content = b""
        with descriptor.to_file("rb", buffering=0) as pipe:
            while True:
                ready, _, _ = select.select([pipe], [], [], max(0.0, until - monotonic()))
                if not ready:
                    raise TimeoutError
                block = os.read(pipe.fileno(), 65_536)
                if not block:
                    return content
                content += block
                if len(content) > _LARGEST:
                    raise TimeoutError

    # --- on the bus's thread ---
    def _owner_changed(self, signal: Signal) -> None:
        handle, options = signal.body
        if handle != self._handle:
            return
        with self._lock:
            self._there = tuple(options.get("mime_types", ("as", []))[1])
            self._ours = bool(options.get("session_is_owner", ("b", False))[1])

    def _asked(self, signal: Signal) -> None:
        handle, name, serial = signal.body
        if handle == self._handle:
            self._wanted.put((name, serial))

    def close(self) -> None:
        """Hand nothing over any more."""
        self._wanted.put(None)

    # --- on a thread of its own ---
    def _hand_over(self) -> None:
        while (wanted := self._wanted.get()) is not None:
            name, serial = wanted
            with self._lock:
                content = self._offered.get(name)
            try:
                done = content is not None and self._write(content, serial)
                self._bus.call(CLIPBOARD, "SelectionWriteDone", "oub", (self._handle, serial, done))
            except BusError:
                continue
            if done and name in _TEXT:
                with self._lock:
                    self._reads += 1

    def _write(self, content: bytes, serial: int) -> bool:
        (descriptor,) = self._bus.call(
            CLIPBOARD, "SelectionWrite", "ou", (self._handle, serial), timeout_s=_CALL_S
        )
        with descriptor.to_file("wb", buffering=0) as pipe:
            os.set_blocking(pipe.fileno(), False)
            rest, until = memoryview(content), monotonic() + _WRITE_S
            while rest:
                _, ready, _ = select.select([], [pipe], [], max(0.0, until - monotonic()))
                if not ready:
                    return False
                try:
                    rest = rest[os.write(pipe.fileno(), rest) :]
                except OSError:
                    return False
        return True


@dataclass(frozen=True, slots=True)
class PortalDesk:
    """What the permission gives."""

    keyboard: PortalKeyboard
    clipboard: PortalClipboard
