"""Global keys on X11: the server gives us these keys and nobody's typing.

A passive grab for each key and each state of the lock keys, so that nothing
else the clinician types is ever seen here. Everything X happens on one
thread: an event read by one thread while another waits would be found late.
"""

import logging
import os
import select
import threading
from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from itertools import combinations
from queue import Empty, SimpleQueue
from time import monotonic

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
from scribe_desktop.desktop.keysyms import ALT, NUM_LOCK, SCROLL_LOCK, SUPER, keycode
from scribe_desktop.desktop.xcb import (
    BAD_ACCESS,
    BUTTON_PRESS,
    BUTTON_RELEASE,
    KEY_PRESS,
    Display,
    InputEvent,
    KeyboardChanged,
)
from scribe_desktop.domain.errors import DesktopError

log = logging.getLogger(__name__)

_SHIFT, _LOCK, _CONTROL = 1, 2, 4
_MODIFIER_BITS = 0xFF
_MOUSE = {"MouseMiddle": 2, "MouseBack": 8, "MouseForward": 9}
_ANSWER_S = 5.0
_JOIN_S = 2.0

# (is it a mouse button, its number, modifiers)
_Grab = tuple[bool, int, int]
_Wanted = Mapping[Action, Chord]


class X11Hotkeys:
    """The `HotkeyBackend` for X11 and XWayland-less desktops."""

    supports_release = True
    user_chooses_key = False

    def __init__(self, display_name: str | None = None) -> None:
        self._display_name = display_name
        self._requests: SimpleQueue[tuple[_Wanted, Future[Mapping[Action, Binding]]] | None]
        self._requests = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._wake_out, self._wake_in = -1, -1
        self._chords: _Wanted = {}
        self._grabs: dict[_Grab, Action] = {}
        self._ours: set[_Grab] = set()
        self._down: dict[tuple[bool, int], Action] = {}

    def start(self, on_key: OnKey, on_lost: OnLost) -> None:
        """Connect and listen on a thread of its own. Raises HotkeyUnavailable."""
        try:
            display = Display(self._display_name)
            understood = display.tell_repeats_apart()
        except DesktopError as error:
            raise HotkeyUnavailable(error.message, error.remedy) from error
        if not understood:
            display.close()
            raise HotkeyUnavailable(
                "This X server cannot tell a held key from a repeated one.",
                "Bind the command “scribe-desktop toggle” to a key of your desktop instead.",
            )
        self._display, self._on_key, self._on_lost = display, on_key, on_lost
        self._wake_out, self._wake_in = os.pipe()
        self._thread = threading.Thread(target=self._run, name="hotkeys-x11", daemon=True)
        self._thread.start()

    def bind(self, keys: _Wanted) -> Mapping[Action, Binding]:
        """Make these the keys; any thread but the backend's own."""
        gone = HotkeyUnavailable(
            "The window system does not answer, so no global key works.",
            "Recording from the window still works; start the program again for the keys.",
        )
        if self._thread is None or not self._thread.is_alive():
            return dict.fromkeys(keys, gone)
        answer: Future[Mapping[Action, Binding]] = Future()
        self._requests.put((dict(keys), answer))
        os.write(self._wake_in, b"k")
        try:
            return answer.result(_ANSWER_S)
        except (FutureTimeout, CancelledError):
            return dict.fromkeys(keys, gone)

    def stop(self) -> None:
        """End the thread; the server gives the keys back when the connection ends."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self._requests.put(None)
        os.write(self._wake_in, b"q")
        thread.join(_JOIN_S)
        os.close(self._wake_in)
        os.close(self._wake_out)

    # --- on the backend's own thread ---
    def _run(self) -> None:
        while True:
            self._take_events()
            if self._display.broken:
                self._lose()
                return
            readable, _, _ = select.select([self._display.descriptor, self._wake_out], [], [])
            if self._wake_out in readable:
                os.read(self._wake_out, 1)
                request = self._requests.get()
                if request is None:
                    self._display.close()
                    return
                keys, answer = request
                answer.set_result(self._bind(keys))

    def _lose(self) -> None:
        log.warning("the X server is gone, and the global keys with it")
        self._display.close()
        while True:
            try:
                request = self._requests.get_nowait()
            except Empty:
                break
            if request is not None:
                request[1].cancel()
        self._on_lost(
            HotkeyUnavailable(
                "The window system went away, so no global key works.",
                "Recording goes on; start the program again for the keys.",
            )
        )

    def _take_events(self) -> None:
        changed = False
        while event := self._display.next_event():
            if isinstance(event, KeyboardChanged):
                changed = True
            elif isinstance(event, InputEvent):
                self._take(event)
        if changed:
            # Several events tell of one new layout; a key keeps its name and
            # changes its number.
            failed = [v for v in self._bind(self._chords).values() if isinstance(v, DesktopError)]
            log.info("keyboard changed; %d keys bound anew", len(self._chords) - len(failed))
            if failed:
                # Whoever keeps the keys asks again at once and tells what became of each.
                self._on_lost(failed[0])
            self._take_events()

    def _take(self, event: InputEvent) -> None:
        mouse = event.kind in (BUTTON_PRESS, BUTTON_RELEASE)
        key = (mouse, event.code)
        if event.kind in (KEY_PRESS, BUTTON_PRESS):
            modifiers = event.state & _MODIFIER_BITS & ~self._locks
            action = self._grabs.get((mouse, event.code, modifiers))
            if action is not None and key not in self._down:
                self._down[key] = action
                self._on_key(ActionEvent(action, Edge.DOWN, monotonic()))
            return
        # The modifiers may have come up first, so only the key itself counts.
        action = self._down.pop(key, None)
        if action is not None:
            self._on_key(ActionEvent(action, Edge.UP, monotonic()))

    def _bind(self, keys: _Wanted) -> Mapping[Action, Binding]:
        self._release_what_is_up()
        self._chords = keys
        symbols = self._display.symbols()
        self._read_modifiers()
        # What stays ours is never let go: the server tells of a "new keyboard"
        # at the first stroke on another one, and that stroke may be the key.
        before, self._ours, self._grabs = self._ours, set(), {}
        bound = {
            action: self._bind_one(action, chord, symbols, before) for action, chord in keys.items()
        }
        for grab in before - self._ours:
            self._ungrab(*grab)
        return bound

    def _bind_one(
        self,
        action: Action,
        chord: Chord,
        symbols: Mapping[int, tuple[int, ...]],
        before: set[_Grab],
    ) -> Binding:
        code = _MOUSE.get(chord.key) if chord.is_mouse else keycode(chord.key, symbols)
        if code is None:
            return HotkeyUnavailable(
                f"This keyboard has no key for {chord}.", "Choose another combination."
            )
        modifiers = 0
        for modifier in chord.modifiers:
            modifiers |= self._bits[modifier]
        if (chord.is_mouse, code, modifiers) in self._grabs:
            return HotkeyUnavailable(
                f"{chord} is already used for something else here.",
                "Choose another combination for one of the two.",
            )
        done: set[_Grab] = set()
        for locks in self._lock_states:
            wanted = (chord.is_mouse, code, modifiers | locks)
            grab = self._display.grab_button if chord.is_mouse else self._display.grab_key
            refused = 0 if wanted in before else grab(code, modifiers | locks)
            if refused:
                for earlier in done - before:
                    self._ungrab(*earlier)
                if refused == BAD_ACCESS:
                    return HotkeyTaken(chord)
                return HotkeyUnavailable(
                    f"The window system does not give {chord} away.", "Choose another combination."
                )
            done.add(wanted)
        self._ours |= done
        self._grabs[chord.is_mouse, code, modifiers] = action
        return Bound(str(chord))

    def _ungrab(self, mouse: bool, code: int, modifiers: int) -> None:  # noqa: FBT001
        ungrab = self._display.ungrab_button if mouse else self._display.ungrab_key
        ungrab(code, modifiers)

    def _read_modifiers(self) -> None:
        """Learn which bits mean Alt, Super and the lock keys on this keyboard."""
        rows = self._display.modifier_keys()
        symbols = self._display.symbols()

        def bit_of(symbol: int) -> int:
            for row, codes in enumerate(rows):
                if any(symbol in symbols.get(code, ()) for code in codes):
                    return 1 << row
            return 0

        self._bits = {
            Modifier.SHIFT: _SHIFT,
            Modifier.CTRL: _CONTROL,
            Modifier.ALT: bit_of(ALT) or 8,
            Modifier.SUPER: bit_of(SUPER) or 64,
        }
        locks = [bit for bit in {_LOCK, bit_of(NUM_LOCK), bit_of(SCROLL_LOCK)} if bit]
        self._locks = sum(locks)
        self._lock_states = [
            sum(held) for size in range(len(locks) + 1) for held in combinations(locks, size)
        ]

    _locks = 0
    _lock_states: list[int] = []  # noqa: RUF012  replaced whole at the first bind

    def _release_what_is_up(self) -> None:
        """A release that was lost (a locked screen keeps it) must not leave a key held for ever."""
        down = self._display.keys_down()
        buttons = self._display.buttons_down() >> 8
        for (mouse, code), action in list(self._down.items()):
            # The server reports only the first five mouse buttons.
            held = bool(buttons >> (code - 1) & 1) if mouse else code in down
            if not held:
                del self._down[mouse, code]
                self._on_key(ActionEvent(action, Edge.UP, monotonic()))
