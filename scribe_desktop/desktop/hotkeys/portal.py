"""Global keys on Wayland, where only the desktop itself may watch the keyboard.

The program asks the desktop's portal; the user sees the question and chooses
the key. What is asked for here is therefore a wish, and what the desktop
answers is what is shown. KDE Plasma, GNOME from 48 and Hyprland have such a
portal; where there is none, the desktop can run `scribe-desktop toggle`.
"""

import contextlib
import logging
import secrets
import threading
from collections.abc import Mapping
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Any

from scribe_desktop.desktop.actions import ACTION_NAMES, Action, ActionEvent, Edge
from scribe_desktop.desktop.dbus import Address, Bus, BusError, Signal
from scribe_desktop.desktop.hotkeys.backend import (
    Binding,
    Bound,
    HotkeyPermissionNeeded,
    HotkeyUnavailable,
    OnKey,
    OnLost,
)
from scribe_desktop.desktop.hotkeys.chord import Chord, Modifier

log = logging.getLogger(__name__)

PORTAL = "org.freedesktop.portal.Desktop"
PORTAL_PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = Address(PORTAL, PORTAL_PATH, "org.freedesktop.portal.GlobalShortcuts")
_PROPERTIES = Address(PORTAL, PORTAL_PATH, "org.freedesktop.DBus.Properties")
_REGISTRY = Address(PORTAL, PORTAL_PATH, "org.freedesktop.host.portal.Registry")
_REQUEST = "org.freedesktop.portal.Request"

# The name of our .desktop file: by it the desktop knows whose keys they are.
APP_ID = "org.scribe_desktop.ScribeDesktop"

_ANSWER_S = 10.0
_DIALOG_S = 300.0  # the user reads, thinks, and presses keys

_MODIFIERS = {
    Modifier.CTRL: "CTRL",
    Modifier.ALT: "ALT",
    Modifier.SHIFT: "SHIFT",
    Modifier.SUPER: "LOGO",
}
# The portal wants the names of X symbols; those not here are the same.
_SYMBOLS = {
    "Space": "space",
    "Plus": "plus",
    "Enter": "Return",
    "Backspace": "BackSpace",
    "PageUp": "Prior",
    "PageDown": "Next",
    "ScrollLock": "Scroll_Lock",
    "PrintScreen": "Print",
    "MediaPlay": "XF86AudioPlay",
    "MediaStop": "XF86AudioStop",
    "MediaPrevious": "XF86AudioPrev",
    "MediaNext": "XF86AudioNext",
    "MediaRecord": "XF86AudioRecord",
    "VolumeMute": "XF86AudioMute",
    "VolumeDown": "XF86AudioLowerVolume",
    "VolumeUp": "XF86AudioRaiseVolume",
    "MicMute": "XF86AudioMicMute",
}
_REFUSED_BY_USER = 1


def trigger(chord: Chord) -> str:
    """A combination as the portal's specification writes it: `CTRL+SHIFT+space`."""
    held = [_MODIFIERS[modifier] for modifier in Modifier if modifier in chord.modifiers]
    key = _SYMBOLS.get(chord.key, chord.key.lower() if len(chord.key) == 1 else chord.key)
    return "+".join([*held, key])


class Request:
    """One question to the portal, answered on a path that is known before it is asked."""

    def __init__(self, bus: Bus) -> None:
        self.token = f"scribe{secrets.token_hex(6)}"
        sender = bus.unique_name.removeprefix(":").replace(".", "_")
        self._answers: SimpleQueue[Signal] = SimpleQueue()
        bus.listen(
            self._answers.put,
            interface=_REQUEST,
            member="Response",
            path=f"{PORTAL_PATH}/request/{sender}/{self.token}",
        )

    def answer(self, timeout_s: float) -> dict[str, Any]:
        """What the portal, or the user, said. Raises a hotkey error for a no."""
        try:
            code, results = self._answers.get(timeout=timeout_s).body
        except Empty as error:
            raise HotkeyUnavailable(
                "The desktop did not answer the question for a global key.",
                "Try again in the settings.",
            ) from error
        if code == _REFUSED_BY_USER:
            raise HotkeyPermissionNeeded(
                "The desktop was told not to give the program a global key.",
                "Allow it in the settings, or use the button in the window.",
            )
        if code:
            raise HotkeyUnavailable(
                "The desktop ended the question for a global key.", "Try again in the settings."
            )
        return dict(results)


class PortalHotkeys:
    """The `HotkeyBackend` for Wayland desktops that have the portal."""

    supports_release = True
    user_chooses_key = True

    def __init__(self, app_id: str = APP_ID) -> None:
        self._app_id = app_id
        self._bus: Bus | None = None
        self._lock = threading.Lock()
        self._session = ""
        self._keys: Mapping[Action, Chord] = {}
        self._bound: Mapping[Action, Binding] = {}

    def start(self, on_key: OnKey, on_lost: OnLost) -> None:
        """Find the portal; keys arrive on the bus's thread. Raises HotkeyUnavailable."""
        self._on_key, self._on_lost = on_key, on_lost
        bus: Bus | None = None
        try:
            bus = Bus("SESSION", on_lost=self._lose)
            bus.call(_PROPERTIES, "Get", "ss", (SHORTCUTS.interface, "version"))
            # Older portals know no registry and take the name from the .desktop file.
            with contextlib.suppress(BusError):
                bus.call(_REGISTRY, "Register", "sa{sv}", (self._app_id, {}))
            bus.listen(self._press, interface=SHORTCUTS.interface, path=PORTAL_PATH)
            bus.listen(
                self._owner_changed,
                interface="org.freedesktop.DBus",
                member="NameOwnerChanged",
            )
        except BusError as error:
            if bus is not None:
                bus.close()
            raise HotkeyUnavailable(
                "This desktop gives programs no global keys.",
                "Bind the command “scribe-desktop toggle” to a key in the desktop's own "
                "keyboard settings.",
            ) from error
        self._bus = bus

    def bind(self, keys: Mapping[Action, Chord]) -> Mapping[Action, Binding]:
        """Ask for these keys. Waits for the user, so not on the window's thread."""
        with self._lock:
            if self._session and keys == self._keys:
                # The desktop keeps them over sleep and layouts; asking again
                # would only show its question again.
                return self._bound
        wanted = {action: chord for action, chord in keys.items() if not chord.is_mouse}
        bound: dict[Action, Binding] = {
            action: HotkeyUnavailable(
                "Mouse buttons cannot be global keys on this desktop.", "Choose a key."
            )
            for action in keys.keys() - wanted.keys()
        }
        session = ""
        try:
            if wanted:
                session = self._create_session()
                bound |= self._ask(session, wanted)
        except (HotkeyUnavailable, HotkeyPermissionNeeded) as error:
            bound |= dict.fromkeys(wanted, error)
        except BusError:
            lost = HotkeyUnavailable(
                "The desktop does not answer, so no global key works.",
                "Recording from the window still works; the keys are asked for again.",
            )
            bound |= dict.fromkeys(wanted, lost)
        with self._lock:
            old, self._session = self._session, session
            self._keys, self._bound = dict(keys), bound
        self._close_session(old)
        return bound

    def stop(self) -> None:
        """Give the keys back."""
        bus, self._bus = self._bus, None
        if bus is not None:
            bus.close()

    def _create_session(self) -> str:
        request = Request(self._connected())
        options = {
            "handle_token": ("s", request.token),
            "session_handle_token": ("s", f"scribe{secrets.token_hex(6)}"),
        }
        self._connected().call(SHORTCUTS, "CreateSession", "a{sv}", (options,))
        return str(request.answer(_ANSWER_S)["session_handle"][1])

    def _ask(self, session: str, keys: Mapping[Action, Chord]) -> Mapping[Action, Binding]:
        request = Request(self._connected())
        shortcuts = [
            (
                str(action),
                {
                    "description": ("s", ACTION_NAMES[action]),
                    "preferred_trigger": ("s", trigger(chord)),
                },
            )
            for action, chord in keys.items()
        ]
        self._connected().call(
            SHORTCUTS,
            "BindShortcuts",
            "oa(sa{sv})sa{sv}",
            (session, shortcuts, "", {"handle_token": ("s", request.token)}),
        )
        granted = dict(request.answer(_DIALOG_S)["shortcuts"][1])
        return {
            action: self._granted(granted[str(action)], chord)
            if str(action) in granted
            else HotkeyUnavailable(
                f"The desktop gave no key for “{ACTION_NAMES[action]}”.",
                "Choose one in the desktop's keyboard settings.",
            )
            for action, chord in keys.items()
        }

    def _granted(self, properties: Mapping[str, tuple[str, Any]], chord: Chord) -> Bound:
        _, description = properties.get("trigger_description", ("s", ""))
        return Bound(str(description) or str(chord))

    def _close_session(self, session: str) -> None:
        if session and self._bus is not None:
            with contextlib.suppress(BusError):
                self._bus.call(Address(PORTAL, session, "org.freedesktop.portal.Session"), "Close")

    def _connected(self) -> Bus:
        if self._bus is None:
            raise BusError("disconnected")
        return self._bus

    # --- on the bus's own thread ---
    def _press(self, signal: Signal) -> None:
        edges = {"Activated": Edge.DOWN, "Deactivated": Edge.UP}
        if signal.member not in edges:
            return
        session, name, *_ = signal.body
        with self._lock:
            ours = session == self._session
        if ours and name in Action.__members__.values():
            self._on_key(ActionEvent(Action(name), edges[signal.member], monotonic()))

    def _owner_changed(self, signal: Signal) -> None:
        name, _, owner = signal.body
        if name == PORTAL and not owner:
            self._lose()

    def _lose(self) -> None:
        with self._lock:
            had_keys, self._session = bool(self._session), ""
        if had_keys:
            log.warning("the desktop's portal went away, and the global keys with it")
            self._on_lost(
                HotkeyUnavailable(
                    "The desktop's key service went away, so no global key works just now.",
                    "The keys are asked for again by themselves; the window works meanwhile.",
                )
            )
