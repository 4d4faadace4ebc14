"""Global keys on Windows: the system sends us these keys and no others.

`RegisterHotKey` on a thread with a message loop; no keyboard hook, because a
hook would see everything the clinician types and alarms every virus scanner.
The system tells only of presses, so while a key is down, and only then, its
state is looked at every 20 ms.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from queue import Empty, SimpleQueue
from time import monotonic
from typing import Protocol

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

LOOK_EVERY_MS = 20
# Under Wine a repeated key is up for an instant between two repeats, longer
# on a busy computer. The end of a sentence may well be recorded 60 ms longer.
UP_FOR_MS = 60
_ANSWER_S = 5.0
_JOIN_S = 2.0
_ALREADY_REGISTERED = 1409
_NO_REPEAT = 0x4000
_MODIFIERS = {Modifier.ALT: 1, Modifier.CTRL: 2, Modifier.SHIFT: 4, Modifier.SUPER: 8}

VIRTUAL_KEYS: dict[str, int] = {
    "Backspace": 0x08,
    "Tab": 0x09,
    "Enter": 0x0D,
    "Pause": 0x13,
    "Escape": 0x1B,
    "Space": 0x20,
    "PageUp": 0x21,
    "PageDown": 0x22,
    "End": 0x23,
    "Home": 0x24,
    "Left": 0x25,
    "Up": 0x26,
    "Right": 0x27,
    "Down": 0x28,
    "PrintScreen": 0x2C,
    "Insert": 0x2D,
    "Delete": 0x2E,
    "Menu": 0x5D,
    "ScrollLock": 0x91,
    "VolumeMute": 0xAD,
    "VolumeDown": 0xAE,
    "VolumeUp": 0xAF,
    "MediaNext": 0xB0,
    "MediaPrevious": 0xB1,
    "MediaStop": 0xB2,
    "MediaPlay": 0xB3,
    "Plus": 0xBB,
}
VIRTUAL_KEYS |= {f"F{number}": 0x6F + number for number in range(1, 25)}
VIRTUAL_KEYS |= {character: ord(character) for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}


class User32(Protocol):
    """The calls this backend makes of Windows; all on its own thread but `post`."""

    def open_queue(self) -> int:
        """Make this thread's message queue; its id."""

    def register(self, number: int, modifiers: int, key: int) -> int:
        """RegisterHotKey; 0, or the system's error number."""

    def unregister(self, number: int) -> None:
        """UnregisterHotKey."""

    def virtual_key(self, character: str) -> int:
        """The key that writes this character on the present layout; 0 for none."""

    def is_down(self, key: int) -> bool:
        """Whether a key is physically down."""

    def wait(self, timeout_ms: int | None) -> int | None:
        """Wait for a message: the number of a hot key, or None for anything else."""

    def post(self, thread: int) -> None:
        """Wake the waiting thread; from any thread."""


class WindowsHotkeys:
    """The `HotkeyBackend` for Windows."""

    supports_release = True
    user_chooses_key = False

    def __init__(self, user32: User32 | None = None) -> None:
        self._user32 = user32
        self._requests: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._queue_id = 0
        self._ready = threading.Event()
        self._registered: dict[int, tuple[Action, int]] = {}
        self._down: dict[int, Action] = {}
        self._up_since_s: dict[int, float] = {}
        self._last_number = 0

    def start(self, on_key: OnKey, on_lost: OnLost) -> None:
        """Start the thread with the message loop; `on_lost` never happens on Windows."""
        del on_lost
        self._on_key = on_key
        self._thread = threading.Thread(target=self._run, name="hotkeys-windows", daemon=True)
        self._thread.start()
        if not self._ready.wait(_ANSWER_S):
            raise HotkeyUnavailable(
                "Windows does not answer, so no global key works.",
                "Recording from the window still works; start the program again for the keys.",
            )

    def bind(self, keys: Mapping[Action, Chord]) -> Mapping[Action, Binding]:
        """Make these the keys; any thread but the backend's own."""
        answer: Future[Mapping[Action, Binding]] = Future()
        self._ask(lambda: answer.set_result(self._bind(keys)))
        try:
            return answer.result(_ANSWER_S)
        except FutureTimeout:
            error = HotkeyUnavailable(
                "Windows does not answer, so no global key works.",
                "Recording from the window still works; start the program again for the keys.",
            )
            return dict.fromkeys(keys, error)

    def stop(self) -> None:
        """Give the keys back and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._ask(None)
            thread.join(_JOIN_S)

    def _ask(self, request: Callable[[], None] | None) -> None:
        self._requests.put(request)
        if self._user32 is not None:
            self._user32.post(self._queue_id)

    # --- on the backend's own thread ---
    def _run(self) -> None:
        # The system ties a queue and its keys to the thread that made them.
        if self._user32 is None:
            self._user32 = _real_user32()
        user32 = self._user32
        self._queue_id = user32.open_queue()
        self._ready.set()
        while True:
            number = user32.wait(LOOK_EVERY_MS if self._down else None)
            if number is not None:
                self._press(number)
            self._release(user32)
            try:
                request = self._requests.get_nowait()
            except Empty:
                continue
            if request is None:
                self._forget(user32)
                return
            request()

    def _press(self, number: int) -> None:
        action, key = self._registered.get(number, (None, 0))
        self._up_since_s.pop(key, None)
        # Some systems repeat in spite of the flag that forbids it.
        if action is not None and key not in self._down:
            self._down[key] = action
            self._on_key(ActionEvent(action, Edge.DOWN, monotonic()))

    def _release(self, user32: User32) -> None:
        for key in list(self._down):
            if user32.is_down(key):
                self._up_since_s.pop(key, None)
                continue
            now_s = monotonic()
            since_s = self._up_since_s.setdefault(key, now_s)
            if now_s - since_s >= UP_FOR_MS / 1000:
                del self._up_since_s[key]
                # Told late, but with the moment it happened: a tap stays a tap.
                self._on_key(ActionEvent(self._down.pop(key), Edge.UP, since_s))

    def _forget(self, user32: User32) -> None:
        for number in self._registered:
            user32.unregister(number)
        self._registered = {}

    def _bind(self, keys: Mapping[Action, Chord]) -> Mapping[Action, Binding]:
        user32 = self._user32
        assert user32 is not None  # noqa: S101  `_run` has set it before any request
        self._forget(user32)
        return {action: self._bind_one(user32, action, chord) for action, chord in keys.items()}

    def _bind_one(self, user32: User32, action: Action, chord: Chord) -> Binding:
        if chord.is_mouse:
            return HotkeyUnavailable(
                "Mouse buttons cannot be global keys on Windows.",
                "Let the mouse's own software send F13 for that button, and choose F13 here.",
            )
        key = VIRTUAL_KEYS.get(chord.key) or user32.virtual_key(chord.key)
        if not key:
            return HotkeyUnavailable(
                f"This keyboard has no key for {chord}.", "Choose another combination."
            )
        modifiers = sum(_MODIFIERS[modifier] for modifier in chord.modifiers) | _NO_REPEAT
        self._last_number += 1
        error = user32.register(self._last_number, modifiers, key)
        if error == _ALREADY_REGISTERED:
            return HotkeyTaken(chord)
        if error:
            log.warning("RegisterHotKey failed with error %d", error)
            return HotkeyUnavailable(
                f"Windows does not give {chord} away.", "Choose another combination."
            )
        self._registered[self._last_number] = (action, key)
        return Bound(str(chord))


def _real_user32() -> User32:
    from scribe_desktop.desktop.win32 import HotkeyCalls

    return HotkeyCalls()
