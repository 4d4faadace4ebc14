"""Focus and key strokes on macOS.

macOS lets a program press keys in another only when the user allowed it under
Accessibility; nothing is asked before insertion is switched on. Written
against Apple's documentation and played against a recorded interface; not yet
run on a Mac.
"""

import ctypes as c
import os
from typing import Any, Protocol

from scribe_desktop.desktop.insertion.insert import NotAllowed, TypesAtOnce
from scribe_desktop.desktop.insertion.target import Target


class Quartz(Protocol):
    """The calls made of macOS; `QuartzCalls` is the real one."""

    def front(self) -> tuple[int, int, str]:
        """The front window, its process and its program's name; zeros when there is none."""

    def trusted(self) -> bool:
        """Whether the user allowed key strokes."""

    def modifiers_held(self) -> bool:
        """Whether a modifier is physically down."""

    def press_paste(self) -> None:
        """Command+V."""

    def type(self, text: str) -> None:
        """Write characters as they are."""


class MacFocus:
    """Asks macOS which window is in front."""

    def __init__(self, calls: Quartz, own_pid: int | None = None) -> None:
        self._calls = calls
        self._own_pid = os.getpid() if own_pid is None else own_pid

    def current(self) -> Target | None:
        """The window in front, unless it is our own."""
        window, pid, program = self._calls.front()
        if not window or pid == self._own_pid:
            return None
        return Target(window, program.lower(), pid)


class MacKeyboard(TypesAtOnce):
    """Posts key strokes to the program in front."""

    def __init__(self, calls: Quartz) -> None:
        self._calls = calls

    def modifiers_held(self) -> bool:
        """Whether a modifier is physically down."""
        return self._calls.modifiers_held()

    def paste(self, _target: Target) -> None:
        """Command+V, in terminals too."""
        self._refuse_without_trust()
        self._calls.press_paste()

    def type(self, text: str, /) -> None:
        """Write characters as they are."""
        self._refuse_without_trust()
        self._calls.type(text)

    def _refuse_without_trust(self) -> None:
        if not self._calls.trusted():
            raise NotAllowed


_ON_SCREEN, _NO_DESKTOP_ICONS = 1, 16
_HARDWARE_STATE, _HARDWARE_TAP = 1, 0
_COMMAND = 1 << 20
_ANY_MODIFIER = 1 << 17 | 1 << 18 | 1 << 19 | _COMMAND
_KEY_V, _KEY_RETURN, _KEY_TAB = 9, 36, 48
_UTF8, _INT64 = 0x08000100, 4
_LONGEST_NAME = 256


class QuartzCalls:
    """`Quartz` by ctypes, from the C parts of the system only."""

    def __init__(self) -> None:
        frameworks = "/System/Library/Frameworks"
        self._services = c.CDLL(f"{frameworks}/ApplicationServices.framework/ApplicationServices")
        self._foundation = c.CDLL(f"{frameworks}/CoreFoundation.framework/CoreFoundation")
        pointer, size = c.c_void_p, c.c_long
        declared: tuple[tuple[Any, str, Any, tuple[Any, ...]], ...] = (
            (self._services, "CGWindowListCopyWindowInfo", pointer, (c.c_uint32, c.c_uint32)),
            (self._services, "AXIsProcessTrusted", c.c_bool, ()),
            (self._services, "CGEventSourceFlagsState", c.c_uint64, (c.c_int32,)),
            (
                *(self._services, "CGEventCreateKeyboardEvent", pointer),
                (pointer, c.c_uint16, c.c_bool),
            ),
            (self._services, "CGEventSetFlags", None, (pointer, c.c_uint64)),
            (
                *(self._services, "CGEventKeyboardSetUnicodeString", None),
                (pointer, c.c_ulong, pointer),
            ),
            (self._services, "CGEventPost", None, (c.c_uint32, pointer)),
            (self._foundation, "CFArrayGetCount", size, (pointer,)),
            (self._foundation, "CFArrayGetValueAtIndex", pointer, (pointer, size)),
            (self._foundation, "CFDictionaryGetValue", pointer, (pointer, pointer)),
            (
                *(self._foundation, "CFStringCreateWithCString", pointer),
                (pointer, c.c_char_p, c.c_uint32),
            ),
            (
                *(self._foundation, "CFStringGetCString", c.c_bool),
                (pointer, c.c_char_p, size, c.c_uint32),
            ),
            (self._foundation, "CFNumberGetValue", c.c_bool, (pointer, c.c_int, pointer)),
            (self._foundation, "CFRelease", None, (pointer,)),
        )
        self._functions: dict[str, Any] = {}
        for library, name, result, arguments in declared:
            function = library[name]
            function.restype, function.argtypes = result, list(arguments)
            self._functions[name] = function

    def front(self) -> tuple[int, int, str]:
        """The first ordinary window; the list is ordered from front to back."""
        windows = self._do("CGWindowListCopyWindowInfo", _ON_SCREEN | _NO_DESKTOP_ICONS, 0)
        if not windows:
            return 0, 0, ""
        try:
            for index in range(self._do("CFArrayGetCount", windows)):
                window = self._do("CFArrayGetValueAtIndex", windows, index)
                if self._number(window, b"kCGWindowLayer") == 0:
                    return (
                        self._number(window, b"kCGWindowNumber"),
                        self._number(window, b"kCGWindowOwnerPID"),
                        self._text(window, b"kCGWindowOwnerName"),
                    )
        finally:
            self._do("CFRelease", windows)
        return 0, 0, ""

    def trusted(self) -> bool:
        """Whether the user allowed key strokes under Accessibility."""
        return bool(self._do("AXIsProcessTrusted"))

    def modifiers_held(self) -> bool:
        """Whether Shift, Control, Option or Command is down."""
        return bool(self._do("CGEventSourceFlagsState", _HARDWARE_STATE) & _ANY_MODIFIER)

    def press_paste(self) -> None:
        """Command+V."""
        self._stroke(_KEY_V, _COMMAND)

    def type(self, text: str) -> None:
        """One event for each character, which carries the character itself."""
        for character in text:
            key = {"\n": _KEY_RETURN, "\t": _KEY_TAB}.get(character)
            if key is not None:
                self._stroke(key, 0)
            else:
                self._stroke(0, 0, character.encode("utf-16-le"))

    def _do(self, name: str, *arguments: Any) -> Any:  # noqa: ANN401  ctypes
        return self._functions[name](*arguments)

    def _stroke(self, key: int, flags: int, units: bytes = b"") -> None:
        for down in (True, False):
            event = self._do("CGEventCreateKeyboardEvent", None, key, down)
            self._do("CGEventSetFlags", event, flags)
            if units:
                self._do("CGEventKeyboardSetUnicodeString", event, len(units) // 2, units)
            self._do("CGEventPost", _HARDWARE_TAP, event)
            self._do("CFRelease", event)

    def _value(self, dictionary: int, name: bytes) -> Any:  # noqa: ANN401  an address
        key = self._do("CFStringCreateWithCString", None, name, _UTF8)
        value = self._do("CFDictionaryGetValue", dictionary, key)
        self._do("CFRelease", key)
        return value

    def _number(self, dictionary: int, name: bytes) -> int:
        value, number = self._value(dictionary, name), c.c_int64(-1)
        if value:
            self._do("CFNumberGetValue", value, _INT64, c.byref(number))
        return int(number.value)

    def _text(self, dictionary: int, name: bytes) -> str:
        value, text = self._value(dictionary, name), c.create_string_buffer(_LONGEST_NAME)
        if value:
            self._do("CFStringGetCString", value, text, _LONGEST_NAME, _UTF8)
        return text.value.decode(errors="replace")
