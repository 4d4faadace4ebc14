"""Types any character on X11, also those that no key of this keyboard has.

Programs read a key stroke by looking up what its key means *now*. Whoever
lends one key to a second character before the first was read makes the
program write the second one twice: µ where → was meant, in a dose. So each
character gets a key of its own among those that no keyboard has, nothing is
lent anew or taken back before the program has said that it read everything,
and if somebody else changes the keyboard meanwhile, typing stops.
"""

from collections.abc import Iterable, Iterator
from itertools import count
from time import monotonic
from typing import Final

from scribe_desktop.desktop.insertion.insert import KeyboardChanged, NotOnKeyboard
from scribe_desktop.desktop.insertion.target import Target
from scribe_desktop.desktop.keysyms import SHIFT, symbol_of
from scribe_desktop.desktop.xcb import Display, Pong

_RETURN, _CAPS_LOCK = 0xFF0D, 0xFFE5
_LOCK = 1 << 1
_TURN_LETTERS_INTO_COMMANDS = 1 << 0 | 1 << 2 | 1 << 3 | 1 << 6 | 1 << 7
_GROUP_AT, _GROUPS = 13, 0b11
_LETTER_KEYS = frozenset({*range(10, 22), *range(24, 36), *range(38, 50), *range(51, 62), 65, 94})
_SETTLED_S: Final = 1.0
"""A program that answers no pings is given this long to read what was typed."""

Symbols = dict[int, tuple[int, ...]]


class X11Typing:
    """One text on its way, from `begin` to `end`. One thread."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._numbers = count(1)
        self._is_open = False
        self._window = 0
        self._group = 0
        self._lent: dict[int, tuple[int, int]] = {}
        self._strokes: dict[str, tuple[int, bool]] = {}
        self._as_lent: Symbols = {}
        self._shift = 0
        self._caps_lock: int | None = None
        self._last_at_s = 0.0
        self._asked: int | None = None

    def begin(self, text: str, target: Target) -> int:
        """Find or lend a key for each of the next characters; how many have one.

        Only while nothing is on its way (`is_taken`). Raises NotOnKeyboard.
        """
        if not self._is_open:
            self._is_open = True
            self._display.hear_pongs(wanted=True)
        self._window = target.window
        symbols, modifiers = self._display.symbols(), self._display.modifier_keys()
        self._release_caps_lock(symbols)
        self._group = self._display.buttons_down() >> _GROUP_AT & _GROUPS
        bound = {code for row in modifiers for code in row}
        found = _by_symbol(symbols, self._group, bound | set(self._lent))
        self._shift = next((code for code, row in symbols.items() if row[:1] == (SHIFT,)), 0)
        unused = [code for code, row in symbols.items() if not any(row) and code not in bound]
        wanted: dict[int, tuple[int, int]] = {}
        places = _places([*self._lent, *unused] if not target.is_remote else [])
        ready = self._assign(text, found, places, wanted)
        if target.is_remote and ready < len(text):
            # Half of it would be there before it is known that the rest cannot follow.
            raise NotOnKeyboard
        # Each change makes window managers take their keys anew, so there are
        # as few as can be: a key that was lent before is not given back between.
        for code, row in wanted.items():
            if self._lent.get(code) != row:
                self._display.give_symbols(code, row)
        self._lent |= wanted
        self._as_lent = self._display.symbols()
        return ready

    def type(self, text: str) -> None:
        """Press the keys of characters that `begin` made ready. Raises KeyboardChanged."""
        state = self._display.buttons_down()
        if (
            state & (_LOCK | _TURN_LETTERS_INTO_COMMANDS)
            or state >> _GROUP_AT & _GROUPS != self._group
            or self._display.symbols() != self._as_lent
        ):
            raise KeyboardChanged
        for character in text:
            code, shifted = self._strokes[character]
            if shifted:
                self._display.press(self._shift, down=True)
            self._display.press(code, down=True)
            self._display.press(code, down=False)
            if shifted:
                self._display.press(self._shift, down=False)
        self._display.flush()
        self._last_at_s, self._asked = monotonic(), None

    def is_taken(self) -> bool:
        """Whether the program has read all that was typed."""
        if not self._last_at_s:
            return True
        if self._asked is None:
            number = next(self._numbers)
            self._asked = number if self._display.ping(self._window, number) else 0
        if not self._asked:
            return monotonic() - self._last_at_s >= _SETTLED_S
        while event := self._display.next_event():
            if event == Pong(self._asked):
                self._last_at_s = 0.0
                return True
        return False

    def end(self) -> None:
        """Leave the keyboard as it was."""
        if not self._is_open:
            return
        self._is_open = False
        self._give_back()
        if self._caps_lock is not None:
            self._tap(self._caps_lock)
            self._caps_lock = None
        self._display.hear_pongs(wanted=False)
        while self._display.next_event():
            pass
        self._last_at_s = 0.0

    def _assign(
        self,
        text: str,
        found: dict[int, tuple[int, bool]],
        places: Iterator[tuple[int, int]],
        wanted: dict[int, tuple[int, int]],
    ) -> int:
        self._strokes.clear()
        for index, character in enumerate(text):
            if character in self._strokes:
                continue
            symbol = _RETURN if character == "\n" else symbol_of(character)
            stroke = found.get(symbol)
            if stroke is None or (stroke[1] and not self._shift):
                place = next(places, None)
                if place is None:
                    if not index:
                        raise NotOnKeyboard
                    return index
                code, column = place
                # Both columns, because a capital alone on a key would be written small.
                first, _ = wanted.get(code, (symbol, symbol))
                wanted[code] = (first, symbol)
                stroke = (code, bool(column))
            self._strokes[character] = stroke
        return len(text)

    def _give_back(self) -> None:
        now = self._display.symbols() if self._lent else {}
        for code, (first, second) in self._lent.items():
            # A keyboard that was exchanged meanwhile keeps what it has there.
            if now.get(code, ())[:2] == (first, second):
                self._display.give_symbols(code, (0,))
        self._lent.clear()

    def _release_caps_lock(self, symbols: Symbols) -> None:
        # It would turn every letter into its capital.
        code = next((code for code, row in symbols.items() if row[:1] == (_CAPS_LOCK,)), None)
        if code is not None and self._display.buttons_down() & _LOCK:
            self._tap(code)
            self._caps_lock = code

    def _tap(self, code: int) -> None:
        self._display.press(code, down=True)
        self._display.press(code, down=False)
        self._display.flush()


def _places(free: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Two characters fit on a key: plain and with Shift."""
    for code in free:
        yield code, 0
        yield code, 1


def _by_symbol(symbols: Symbols, group: int, modifiers: set[int]) -> dict[int, tuple[int, bool]]:
    """Which key gives a symbol in this layout, and whether with Shift.

    The keys under the fingers win over others that give the same: another
    computer that is only told *which* key it was knows those.
    """
    found: dict[int, tuple[int, bool]] = {}
    if group > 1:
        return found  # the plain map of the keyboard tells of two layouts only
    ordered = sorted(symbols.items(), key=lambda item: item[0] not in _LETTER_KEYS)
    for level in (0, 1):
        for code, row in ordered:
            columns = row[2 * group : 2 * group + 2]
            if not any(columns):
                columns = row[:2]
            if code not in modifiers and level < len(columns) and columns[level]:
                found.setdefault(columns[level], (code, bool(level)))
    return found
