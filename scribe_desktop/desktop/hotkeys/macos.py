"""Global keys on macOS: the system sends us these keys and needs no permission for it.

Carbon's hot keys, still the only way that does not ask to watch the whole
keyboard. They belong to the main thread, so registering is carried there.
Written against Apple's documentation and played against a recorded interface;
not yet run on a Mac.
"""

import ctypes as c
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from time import monotonic
from typing import Protocol, TypeVar

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.hotkeys.backend import (
    Binding,
    Bound,
    HotkeyTaken,
    HotkeyUnavailable,
    OnKey,
    OnLost,
)
from scribe_desktop.desktop.hotkeys.chord import Chord, Modifier

log = logging.getLogger(__name__)

Result = TypeVar("Result")

_ANSWER_S = 5.0
_EXISTS = -9878
_MODIFIERS = {
    Modifier.SUPER: 0x100,
    Modifier.SHIFT: 0x200,
    Modifier.ALT: 0x800,
    Modifier.CTRL: 0x1000,
}

# Apple's numbers are places on the keyboard, not letters.
_LETTERS = dict(
    zip(
        "ASDFHGZXCVBQWERYT123465=97-80]OU[IPLJ'K;\\,/NM.`",
        (
            *(0, 1, 2, 3, 4, 5, 6, 7, 8, 9),
            *(11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30),
            *(31, 32, 33, 34, 35, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 50),
        ),
        strict=True,
    )
)
KEY_CODES: dict[str, int] = {
    **_LETTERS,
    "Enter": 36,
    "Tab": 48,
    "Space": 49,
    "Backspace": 51,
    "Escape": 53,
    "Plus": 24,
    "VolumeUp": 72,
    "VolumeDown": 73,
    "VolumeMute": 74,
    "F1": 122,
    "F2": 120,
    "F3": 99,
    "F4": 118,
    "F5": 96,
    "F6": 97,
    "F7": 98,
    "F8": 100,
    "F9": 101,
    "F10": 109,
    "F11": 103,
    "F12": 111,
    "F13": 105,
    "F14": 107,
    "F15": 113,
    "F16": 106,
    "F17": 64,
    "F18": 79,
    "F19": 80,
    "F20": 90,
    "Insert": 114,
    "Home": 115,
    "PageUp": 116,
    "Delete": 117,
    "End": 119,
    "PageDown": 121,
    "Left": 123,
    "Right": 124,
    "Down": 125,
    "Up": 126,
}


class Carbon(Protocol):
    """The calls this backend makes of macOS; all on the main thread but `on_main`."""

    def on_main(self, job: Callable[[], None]) -> None:
        """Run a job on the main thread soon; from any thread."""

    def install(self, heard: Callable[[int, bool], None]) -> int:
        """Call `heard(number, pressed)` for every hot key; 0, or the system's error."""

    def register(self, number: int, key_code: int, modifiers: int) -> int:
        """RegisterEventHotKey; 0, or the system's error."""

    def unregister(self, number: int) -> None:
        """UnregisterEventHotKey."""


class MacHotkeys:
    """The `HotkeyBackend` for macOS; keys arrive on the main thread."""

    supports_release = True
    user_chooses_key = False

    def __init__(self, carbon: Carbon | None = None) -> None:
        self._carbon = carbon
        self._registered: dict[int, Action] = {}
        self._down: set[int] = set()
        self._last_number = 0

    def start(self, on_key: OnKey, on_lost: OnLost) -> None:
        """Install the listener on the main thread; `on_lost` never happens on macOS."""
        del on_lost
        self._on_key = on_key
        if self._carbon is None:
            self._carbon = _real_carbon()
        carbon = self._carbon
        error = self._on_main(lambda: carbon.install(self._hear))
        if error:
            raise HotkeyUnavailable(
                "macOS does not answer, so no global key works.",
                "Recording from the window still works; start the program again for the keys.",
            )

    def bind(self, keys: Mapping[Action, Chord]) -> Mapping[Action, Binding]:
        """Make these the keys; not from the main thread, which does the work."""
        try:
            return self._on_main(lambda: self._bind(keys))
        except HotkeyUnavailable as error:
            return dict.fromkeys(keys, error)

    def stop(self) -> None:
        """Give the keys back."""
        if self._carbon is not None:
            self._carbon.on_main(self._forget)

    def _on_main(self, job: Callable[[], Result]) -> Result:
        answer: Future[Result] = Future()
        assert self._carbon is not None  # noqa: S101  `start` has set it
        self._carbon.on_main(lambda: answer.set_result(job()))
        try:
            return answer.result(_ANSWER_S)
        except FutureTimeout as error:
            raise HotkeyUnavailable(
                "The window is busy, so the keys could not be set.", "Try again in the settings."
            ) from error

    # --- on the main thread ---
    def _hear(self, number: int, pressed: bool) -> None:  # noqa: FBT001  as the system calls it
        action = self._registered.get(number)
        if action is None or pressed == (number in self._down):
            return
        (self._down.add if pressed else self._down.discard)(number)
        self._on_key(ActionEvent(action, Edge.DOWN if pressed else Edge.UP, monotonic()))

    def _forget(self) -> None:
        for number in self._registered:
            if self._carbon is not None:
                self._carbon.unregister(number)
        self._registered = {}
        self._down = set()

    def _bind(self, keys: Mapping[Action, Chord]) -> Mapping[Action, Binding]:
        self._forget()
        return {action: self._bind_one(action, chord) for action, chord in keys.items()}

    def _bind_one(self, action: Action, chord: Chord) -> Binding:
        code = KEY_CODES.get(chord.key)
        if code is None or self._carbon is None:
            return HotkeyUnavailable(
                f"{chord} cannot be a global key on macOS.",
                "Choose another combination; a mouse's own software can send F13.",
            )
        self._last_number += 1
        modifiers = sum(_MODIFIERS[modifier] for modifier in chord.modifiers)
        error = self._carbon.register(self._last_number, code, modifiers)
        if error == _EXISTS:
            return HotkeyTaken(chord)
        if error:
            log.warning("RegisterEventHotKey failed with error %d", error)
            return HotkeyUnavailable(
                f"macOS does not give {chord} away.", "Choose another combination."
            )
        self._registered[self._last_number] = action
        return Bound(str(chord))


def _real_carbon() -> Carbon:
    try:
        return CarbonCalls()
    except OSError as error:
        raise HotkeyUnavailable(
            "This macOS gives programs no global keys.",
            "Bind the command “scribe-desktop toggle” to a key with the Shortcuts program.",
        ) from error


def _main_queue(system: c.CDLL) -> int:
    return c.addressof(c.c_char.in_dll(system, "_dispatch_main_q"))


_SIGNATURE = int.from_bytes(b"Scrb", "big")
_PRESSED = 5


class _HotKeyId(c.Structure):
    _fields_ = [("signature", c.c_uint32), ("number", c.c_uint32)]


class _EventType(c.Structure):
    _fields_ = [("kind_class", c.c_uint32), ("kind", c.c_uint32)]


class CarbonCalls:
    """`Carbon` by ctypes."""

    def __init__(self) -> None:
        self._carbon = c.CDLL("/System/Library/Frameworks/Carbon.framework/Carbon")
        self._system = c.CDLL("/usr/lib/libSystem.dylib")
        self._carbon.GetEventDispatcherTarget.restype = c.c_void_p
        self._carbon.RegisterEventHotKey.argtypes = [
            *(c.c_uint32, c.c_uint32, _HotKeyId, c.c_void_p, c.c_uint32, c.c_void_p)
        ]
        self._carbon.UnregisterEventHotKey.argtypes = [c.c_void_p]
        self._carbon.InstallEventHandler.argtypes = [
            *(c.c_void_p, c.c_void_p, c.c_ulong, c.c_void_p, c.c_void_p, c.c_void_p)
        ]
        self._carbon.GetEventKind.argtypes = [c.c_void_p]
        self._carbon.GetEventParameter.argtypes = [
            *(c.c_void_p, c.c_uint32, c.c_uint32, c.c_void_p, c.c_ulong, c.c_void_p, c.c_void_p)
        ]
        self._references: dict[int, c.c_void_p] = {}
        self._jobs: dict[int, Callable[[], None]] = {}
        # Kept, because the system holds only their addresses.
        self._run_job = c.CFUNCTYPE(None, c.c_void_p)(self._run)
        self._handler = c.CFUNCTYPE(c.c_int32, c.c_void_p, c.c_void_p, c.c_void_p)(self._event)
        self._heard: Callable[[int, bool], None] = lambda _number, _pressed: None

    def on_main(self, job: Callable[[], None]) -> None:
        """Queue a job on the main dispatch queue, which the window's loop serves."""
        number = id(job)
        self._jobs[number] = job
        queue = _main_queue(self._system)
        self._system.dispatch_async_f(c.c_void_p(queue), c.c_void_p(number), self._run_job)

    def _run(self, number: int) -> None:
        self._jobs.pop(number)()

    def install(self, heard: Callable[[int, bool], None]) -> int:
        """Listen for presses and releases of hot keys."""
        self._heard = heard
        keyboard = int.from_bytes(b"keyb", "big")
        kinds = (_EventType * 2)(_EventType(keyboard, _PRESSED), _EventType(keyboard, _PRESSED + 1))
        target = self._carbon.GetEventDispatcherTarget()
        handler = c.cast(self._handler, c.c_void_p)
        return int(self._carbon.InstallEventHandler(target, handler, 2, kinds, None, None))

    def register(self, number: int, key_code: int, modifiers: int) -> int:
        """Register one hot key with the event dispatcher."""
        reference = c.c_void_p()
        target = self._carbon.GetEventDispatcherTarget()
        identity = _HotKeyId(_SIGNATURE, number)
        error = int(
            self._carbon.RegisterEventHotKey(
                key_code, modifiers, identity, target, 0, c.byref(reference)
            )
        )
        if not error:
            self._references[number] = reference
        return error

    def unregister(self, number: int) -> None:
        """Give one hot key back."""
        self._carbon.UnregisterEventHotKey(self._references.pop(number))

    def _event(self, _call: int, event: int, _context: int) -> int:
        identity = _HotKeyId()
        direct, kind = int.from_bytes(b"----", "big"), int.from_bytes(b"hkid", "big")
        failed = self._carbon.GetEventParameter(
            event, direct, kind, None, c.sizeof(identity), None, c.byref(identity)
        )
        not_handled = -9874
        if failed or identity.signature != _SIGNATURE:
            return not_handled
        self._heard(int(identity.number), self._carbon.GetEventKind(event) == _PRESSED)
        return 0
