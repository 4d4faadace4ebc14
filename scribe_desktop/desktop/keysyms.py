"""Finds the physical key behind a name on whatever keyboard is plugged in.

X names keys by symbol and grabs them by number, and the number of a symbol
depends on the layout. A Latin letter that the layout does not have at all is
looked for where an American keyboard has it: on a Russian layout Ctrl+Shift+D
is still the key under the same finger, as in every other program.
"""

import ctypes
from collections.abc import Mapping, Sequence
from functools import cache

_NAMED: dict[str, tuple[int, ...]] = {
    "Space": (0x20,),
    "Plus": (0x2B,),
    "Tab": (0xFF09,),
    "Enter": (0xFF0D,),
    "Backspace": (0xFF08,),
    "Escape": (0xFF1B,),
    "Insert": (0xFF63,),
    "Delete": (0xFFFF,),
    "Home": (0xFF50,),
    "Left": (0xFF51,),
    "Up": (0xFF52,),
    "Right": (0xFF53,),
    "Down": (0xFF54,),
    "PageUp": (0xFF55,),
    "PageDown": (0xFF56,),
    "End": (0xFF57,),
    "Menu": (0xFF67,),
    "Pause": (0xFF13,),
    "ScrollLock": (0xFF14,),
    "PrintScreen": (0xFF61,),
    "MediaPlay": (0x1008FF14,),
    "MediaStop": (0x1008FF15,),
    "MediaPrevious": (0x1008FF16,),
    "MediaNext": (0x1008FF17,),
    "MediaRecord": (0x1008FF1C,),
    "VolumeDown": (0x1008FF11,),
    "VolumeMute": (0x1008FF12,),
    "VolumeUp": (0x1008FF13,),
    "MicMute": (0x1008FFB2,),
}
_NAMED |= {f"F{number}": (0xFFBD + number,) for number in range(1, 25)}

SHIFT, CONTROL, ALT, SUPER = 0xFFE1, 0xFFE3, 0xFFE9, 0xFFEB
NUM_LOCK, SCROLL_LOCK = 0xFF7F, 0xFF14
MODIFIER_KEYSYMS = (
    *(0xFFE1, 0xFFE2, 0xFFE3, 0xFFE4),  # Shift, Control
    *(0xFFE7, 0xFFE8, 0xFFE9, 0xFFEA, 0xFFEB, 0xFFEC),  # Meta, Alt, Super
    0xFE03,  # AltGr
)

# Where the keys are on the kernel's keyboard, which X numbers from 8.
_ROWS = (
    (10, "1234567890-="),
    (24, "QWERTYUIOP[]"),
    (38, "ASDFGHJKL;'`"),
    (51, "\\ZXCVBNM,./"),
)
_PLACES: dict[str, int] = {
    character: first + offset for first, row in _ROWS for offset, character in enumerate(row)
}
# The usual layouts give F13 and above other symbols (XF86Tools, XF86Launch5),
# yet pedals and mice that send them press these very keys.
_PLACES |= {f"F{number}": 178 + number for number in range(13, 25)}


def keysyms(key: str) -> tuple[int, ...]:
    """The symbols that a key of a chord may have, most likely first."""
    named = _NAMED.get(key)
    if named:
        return named
    return tuple(dict.fromkeys(symbol_of(character) for character in (key.lower(), key)))


def keycode(key: str, symbols: Mapping[int, Sequence[int]]) -> int | None:
    """The number of a key under a layout: `symbols` maps numbers to symbols, plain ones first.

    A plain symbol wins over a shifted one; None when the keyboard has no such key.
    """
    for wanted in keysyms(key):
        columns = max((len(row) for row in symbols.values()), default=0)
        for column in range(columns):
            for code, row in symbols.items():
                if column < len(row) and row[column] == wanted:
                    return code
    place = _PLACES.get(key)
    return place if place in symbols else None


def symbol_of(character: str) -> int:
    """The symbol that a character is on every keyboard that has it."""
    library = _xkbcommon()
    found = int(library.xkb_utf32_to_keysym(ord(character))) if library else 0
    # Latin-1 symbols are their own numbers; everything newer is offset.
    return found or (ord(character) if ord(character) < 0x100 else 0x1000000 + ord(character))  # noqa: PLR2004


@cache
def _xkbcommon() -> ctypes.CDLL | None:
    """The library that knows the older symbols of Cyrillic, Greek and others; Qt brings it."""
    try:
        library = ctypes.CDLL("libxkbcommon.so.0")
    except OSError:
        return None
    library.xkb_utf32_to_keysym.argtypes = [ctypes.c_uint32]
    library.xkb_utf32_to_keysym.restype = ctypes.c_uint32
    return library
