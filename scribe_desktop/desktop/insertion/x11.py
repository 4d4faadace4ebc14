"""Focus and key strokes on X11, by the server's own test extension.

Pasting presses keys that every keyboard has (Ctrl, Shift, V, Insert), and the
text goes over the clipboard. What typing needs is in `x11_typing`.
"""

import os
from contextlib import AbstractContextManager
from time import monotonic

from scribe_desktop.desktop.insertion.insert import NotAllowed
from scribe_desktop.desktop.insertion.target import Target
from scribe_desktop.desktop.insertion.x11_typing import X11Typing
from scribe_desktop.desktop.keysyms import CONTROL, MODIFIER_KEYSYMS, SHIFT, keycode
from scribe_desktop.desktop.xcb import Display

_DEEPEST = 32
_LETTER_V = ord("v")
_LAYOUT_FRESH_S = 1.0


class X11Focus:
    """Asks the X server who has the focus. One thread."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._own_pid = os.getpid()

    def current(self) -> Target | None:
        """The program's window that gets the keys, found from the focus upwards."""
        window, found = self._display.focused(), None
        for _ in range(_DEEPEST):
            # 0 is no window, 1 follows the pointer; neither is a place for text.
            if window <= 1 or window == self._display.root:
                break
            program = self._program(window)
            if program:
                found = Target(window, program, self._pid(window))
            window = self._display.parent(window)
        return None if found is None or found.pid == self._own_pid else found

    def _program(self, window: int) -> str:
        # WM_CLASS holds two names; the second is the program's.
        names = self._display.read_property(window, "WM_CLASS").split(b"\0")
        return names[1].decode(errors="replace").lower() if len(names) > 1 else ""

    def _pid(self, window: int) -> int:
        return int.from_bytes(self._display.read_property(window, "_NET_WM_PID")[:4], "little")


class X11Keyboard:
    """Presses paste as a finger would. One thread."""

    can_type = True
    # Most viewers of other computers send the number of a key and not its
    # meaning: what no key here has would be another letter there, or none.
    types_into_remote = False

    def __init__(self, display: Display) -> None:
        self._display = display
        self._typing = X11Typing(display)
        self._symbols: dict[int, tuple[int, ...]] = {}
        self._symbols_at_s = float("-inf")

    def modifiers_held(self) -> bool:
        """Whether a modifier key is physically down."""
        symbols = self._layout()
        return any(
            symbol in MODIFIER_KEYSYMS
            for code in self._display.keys_down()
            for symbol in symbols.get(code, ())[:1]
        )

    def paste(self, target: Target) -> None:
        """Ctrl+V; Ctrl+Shift+V or Shift+Insert in a terminal.

        A keyboard that has only Cyrillic or Greek letters has no V, and not
        every program guesses which key is meant; Insert is on all of them.
        """
        letters = any(_LETTER_V in row for row in self._layout().values())
        if target.pastes_the_selection or not letters:
            self._press([SHIFT], "Insert")
        elif target.is_terminal:
            self._press([CONTROL, SHIFT], "V")
        else:
            self._press([CONTROL], "V")

    def begin(self, text: str, target: Target, /) -> int:
        """Make keys ready for the next characters."""
        return self._typing.begin(text, target)

    def type(self, text: str, /) -> None:
        """Press them."""
        self._typing.type(text)

    def is_taken(self) -> bool:
        """Whether the program has read them all."""
        return self._typing.is_taken()

    def end(self) -> None:
        """Leave the keyboard as it was."""
        self._typing.end()

    def alone(self) -> AbstractContextManager[None]:
        """The server serves nobody else meanwhile."""
        return self._display.alone()

    def _press(self, held: list[int], key: str) -> None:
        symbols = self._layout()
        by_symbol = {row[0]: code for code, row in reversed(symbols.items()) if row}
        codes = [by_symbol.get(symbol) for symbol in held] + [keycode(key, symbols)]
        present = [code for code in codes if code is not None]
        if len(present) < len(codes):
            raise NotAllowed
        for code in present:
            self._display.press(code, down=True)
        for code in reversed(present):
            self._display.press(code, down=False)
        self._display.flush()

    def _layout(self) -> dict[int, tuple[int, ...]]:
        # Asked for up to fifty times a second while a modifier is held.
        if monotonic() - self._symbols_at_s > _LAYOUT_FRESH_S:
            self._symbols = self._display.symbols()
            self._symbols_at_s = monotonic()
        return self._symbols
