"""The few things the program asks of an X server, and nothing else of it.

Called by ctypes because both libraries are there wherever the window runs
(Qt needs them) and no Python package offers the same without a compiler.
Each `Display` is one connection and is used by one thread.
"""

import ctypes as c
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from scribe_desktop.domain.errors import DesktopError

KEY_PRESS, KEY_RELEASE, BUTTON_PRESS, BUTTON_RELEASE = 2, 3, 4, 5
CLIENT_MESSAGE, MAPPING_NOTIFY = 33, 34
BAD_ACCESS = 10
_SENT = 0x80  # the bit of events that another program sent by hand
_XKB_DETECTABLE = 1
_XKB_KEYBOARD_EVENTS = 0b11  # a new keyboard, a new map
_BUTTON_EVENTS = 0b1100  # press and release
_CURRENT_TIME = 0
_EVENT_MASK = 1 << 11  # which attribute of a window is changed
# Qt announces its answers with the one, all other programs with the other.
_STRUCTURE_NOTIFY, _SUBSTRUCTURE_NOTIFY = 1 << 17, 1 << 19

_u8, _u16, _u32, _i16, _ptr = c.c_uint8, c.c_uint16, c.c_uint32, c.c_int16, c.c_void_p


class _Cookie(c.Structure):
    _fields_ = [("sequence", c.c_uint)]


class _Input(c.Structure):
    """Key and button events share one shape."""

    _fields_ = [
        ("kind", _u8),
        ("detail", _u8),
        ("sequence", _u16),
        ("time", _u32),
        ("root", _u32),
        ("event", _u32),
        ("child", _u32),
        ("root_x", _i16),
        ("root_y", _i16),
        ("x", _i16),
        ("y", _i16),
        ("state", _u16),
        ("same_screen", _u8),
    ]


class _Message(c.Structure):
    """What one program says to another through the server."""

    _fields_ = [
        ("kind", _u8),
        ("format", _u8),
        ("sequence", _u16),
        ("window", _u32),
        ("type", _u32),
        ("data", _u32 * 5),
    ]


class _Error(c.Structure):
    _fields_ = [("kind", _u8), ("code", _u8), ("sequence", _u16), ("resource", _u32)]


class _Screen(c.Structure):
    _fields_ = [("root", _u32)]


class _Screens(c.Structure):
    _fields_ = [("data", c.POINTER(_Screen)), ("left", c.c_int), ("index", c.c_int)]


class _Extension(c.Structure):
    _fields_ = [
        ("kind", _u8),
        ("pad", _u8),
        ("sequence", _u16),
        ("length", _u32),
        ("present", _u8),
        ("major", _u8),
        ("first_event", _u8),
        ("first_error", _u8),
    ]


@dataclass(frozen=True, slots=True)
class InputEvent:
    """A grabbed key or button moved. `code` is its number, `state` the modifiers before it."""

    kind: int
    code: int
    state: int


@dataclass(frozen=True, slots=True)
class KeyboardChanged:
    """Another layout, or another keyboard."""


@dataclass(frozen=True, slots=True)
class Pong:
    """A program answered the ping of this number: all keys sent before it have been read."""

    number: int


@cache
def _library(name: str) -> c.CDLL:
    try:
        return c.CDLL(name)
    except OSError as error:
        raise DesktopError(
            "Keys and insertion cannot be used: a library of the X window system is missing.",
            f"Install {name.partition('.')[0]}; recording works without it.",
        ) from error


@cache
def _function(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:  # noqa: ANN401  ctypes
    library = "libxcb.so.1"
    if name.startswith("xcb_xkb_"):
        library = "libxcb-xkb.so.1"
    elif name.startswith("xcb_test_"):
        library = "libxcb-xtest.so.0"
    elif name.startswith("xcb_sync_"):
        library = "libxcb-sync.so.1"
    # A function pointer of our own: the library object is shared by the whole
    # process and others may declare the same function differently.
    return c.CFUNCTYPE(result, *arguments)((name, _library(library)))


@cache
def _free() -> Callable[[Any], None]:
    function = c.CDLL(None).free
    function.argtypes, function.restype = [_ptr], None
    return function


class Display:
    """One connection to the X server. Raises DesktopError where there is none."""

    def __init__(self, name: str | None = None) -> None:
        connect = _function("xcb_connect", _ptr, c.c_char_p, _ptr)
        name = name or os.environ.get("DISPLAY", "")
        self._connection = connect(name.encode(), None)
        if self.broken:
            self._call("xcb_disconnect", None)
            raise DesktopError(
                "There is no X window system to take keys from.",
                "Start the program from the desktop; recording from the window still works.",
            )
        setup = _function("xcb_get_setup", _ptr, _ptr)(self._connection)
        header = c.string_at(setup, 36)
        self._first_code, self._last_code = header[34], header[35]
        screens = _function("xcb_setup_roots_iterator", _Screens, _ptr)(setup)
        self.root: int = screens.data[0].root
        self._xkb_event = 0
        self._ping_name = 0

    # --- keys ---
    def tell_repeats_apart(self) -> bool:
        """Ask that a held key sends presses without releases; also asks to hear of new layouts.

        True if the server does it (every one with the XKB extension).
        """
        identity = c.c_char.in_dll(_library("libxcb-xkb.so.1"), "xcb_xkb_id")
        data = _function("xcb_get_extension_data", c.POINTER(_Extension), _ptr, _ptr)
        extension = data(self._connection, c.addressof(identity))
        if not extension or not extension[0].present:
            return False
        self._xkb_event = extension[0].first_event
        self._reply("xcb_xkb_use_extension", (_u16, 1), (_u16, 0))
        core_keyboard = 0x100
        flags = self._reply(
            "xcb_xkb_per_client_flags",
            *((_u16, core_keyboard), (_u32, _XKB_DETECTABLE), (_u32, _XKB_DETECTABLE)),
            *((_u32, 0), (_u32, 0), (_u32, 0)),
        )
        self._checked(
            "xcb_xkb_select_events_aux_checked",
            *((_u16, core_keyboard), (_u16, _XKB_KEYBOARD_EVENTS), (_u16, 0)),
            *((_u16, _XKB_KEYBOARD_EVENTS), (_u16, 0xFF), (_u16, 0xFF), (_ptr, None)),
        )
        return bool(flags) and bool(int.from_bytes(flags[12:16], "little") & _XKB_DETECTABLE)

    def symbols(self) -> dict[int, tuple[int, ...]]:
        """All keys by number, each with the symbols of its columns."""
        count = self._last_code - self._first_code + 1
        reply = self._reply("xcb_get_keyboard_mapping", (_u8, self._first_code), (_u8, count))
        width = reply[1]
        words = memoryview(reply[32 : 32 + 4 * width * count]).cast("I")
        return {
            self._first_code + row: tuple(words[row * width : (row + 1) * width])
            for row in range(count)
        }

    def modifier_keys(self) -> list[tuple[int, ...]]:
        """For each of the eight modifiers (Shift, Lock, Control, Mod1…Mod5) its keys."""
        reply = self._reply("xcb_get_modifier_mapping")
        width = reply[1]
        return [
            tuple(code for code in reply[32 + row * width : 32 + (row + 1) * width] if code)
            for row in range(8)
        ]

    def keys_down(self) -> frozenset[int]:
        """The numbers of all keys that are down now."""
        bits = self._reply("xcb_query_keymap")[8:40]
        return frozenset(code for code in range(256) if bits[code // 8] >> code % 8 & 1)

    def buttons_down(self) -> int:
        """The mask of modifiers and mouse buttons that are down now."""
        reply = self._reply("xcb_query_pointer", (_u32, self.root))
        return int.from_bytes(reply[24:26], "little")

    def grab_key(self, code: int, modifiers: int) -> int:
        """Take a key from all programs; the X error, 0 for success."""
        asynchronous = 1
        return self._checked(
            "xcb_grab_key_checked",
            *((_u8, 0), (_u32, self.root), (_u16, modifiers), (_u8, code)),
            *((_u8, asynchronous), (_u8, asynchronous)),
        )

    def ungrab_key(self, code: int, modifiers: int) -> None:
        """Give a key back."""
        self._checked("xcb_ungrab_key_checked", (_u8, code), (_u32, self.root), (_u16, modifiers))

    def grab_button(self, button: int, modifiers: int) -> int:
        """Take a mouse button from all programs; the X error, 0 for success."""
        asynchronous = 1
        return self._checked(
            "xcb_grab_button_checked",
            *((_u8, 0), (_u32, self.root), (_u16, _BUTTON_EVENTS)),
            *((_u8, asynchronous), (_u8, asynchronous), (_u32, 0), (_u32, 0)),
            *((_u8, button), (_u16, modifiers)),
        )

    def ungrab_button(self, button: int, modifiers: int) -> None:
        """Give a mouse button back."""
        self._checked(
            "xcb_ungrab_button_checked", (_u8, button), (_u32, self.root), (_u16, modifiers)
        )

    def press(self, code: int, *, down: bool) -> None:
        """Move a key as if a finger did. Needs the XTEST extension."""
        kind = KEY_PRESS if down else KEY_RELEASE
        cookie = self._send(
            "xcb_test_fake_input",
            *((_u8, kind), (_u8, code), (_u32, _CURRENT_TIME), (_u32, self.root)),
            *((_i16, 0), (_i16, 0), (_u8, 0)),
        )
        del cookie

    def give_symbols(self, code: int, symbols: tuple[int, ...]) -> None:
        """Let a key mean something else, for every program."""
        row = (_u32 * len(symbols))(*symbols)
        self._checked(
            "xcb_change_keyboard_mapping_checked",
            *((_u8, 1), (_u8, code), (_u8, len(symbols)), (_ptr, c.addressof(row))),
        )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Nobody else is served meanwhile, so no window can take the focus. Keep it short."""
        self._send("xcb_grab_server")
        try:
            yield
        finally:
            self._send("xcb_ungrab_server")
            self.flush()

    def idle_ms(self) -> int | None:
        """How long nobody has moved a key or the mouse; None if the server does not count it."""
        try:
            self._reply("xcb_sync_initialize", (_u8, 3), (_u8, 0))
        except DesktopError:
            return None
        counters = self._reply("xcb_sync_list_system_counters")
        place = 32
        while place + 14 <= len(counters):
            # A counter's number, its resolution, and the length of its name.
            number = int.from_bytes(counters[place : place + 4], "little")
            length = int.from_bytes(counters[place + 12 : place + 14], "little")
            if counters[place + 14 : place + 14 + length] == b"IDLETIME":
                value = self._reply("xcb_sync_query_counter", (_u32, number))
                high, low = value[8:12], value[12:16]
                return int.from_bytes(high, "little") << 32 | int.from_bytes(low, "little")
            place += (14 + length + 3) // 4 * 4
        return None

    # --- windows ---
    def hear_pongs(self, *, wanted: bool) -> None:
        """Begin or end to be told of answers to pings; until the end `next_event` must be called.

        The answers go to the root window, and what else happens there comes along.
        """
        self._ping_name = self.atom("_NET_WM_PING") if wanted else 0
        mask = (_u32 * 1)(_STRUCTURE_NOTIFY | _SUBSTRUCTURE_NOTIFY if wanted else 0)
        self._checked(
            "xcb_change_window_attributes_checked",
            *((_u32, self.root), (_u32, _EVENT_MASK), (_ptr, c.addressof(mask))),
        )

    def ping(self, window: int, number: int) -> bool:
        """Ask a program to answer once it has read everything before; False if it never does."""
        answered = self.read_property(window, "WM_PROTOCOLS")
        if self._ping_name not in memoryview(answered[: len(answered) // 4 * 4]).cast("I"):
            return False
        message = _Message(CLIENT_MESSAGE, 32, 0, window, self.atom("WM_PROTOCOLS"))
        message.data[:3] = self._ping_name, number, window
        self._send(
            "xcb_send_event",
            *((_u8, 0), (_u32, window), (_u32, 0), (c.c_char_p, bytes(message))),
        )
        self.flush()
        return True

    def focused(self) -> int:
        """The window that gets the keys; 0 or 1 when there is none in particular."""
        return int.from_bytes(self._reply("xcb_get_input_focus")[8:12], "little")

    def parent(self, window: int) -> int:
        """The window that holds this one; 0 for the root and for windows that are gone."""
        reply = self._reply("xcb_query_tree", (_u32, window))
        return int.from_bytes(reply[12:16], "little") if reply else 0

    def atom(self, name: str) -> int:
        """The number of a name."""
        encoded = name.encode()
        reply = self._reply(
            "xcb_intern_atom", (_u8, 0), (_u16, len(encoded)), (c.c_char_p, encoded)
        )
        return int.from_bytes(reply[8:12], "little")

    def read_property(self, window: int, name: str) -> bytes:
        """A property of a window, at most 4 kB of it; empty when it has none."""
        anything, words = 0, 1024
        reply = self._reply(
            "xcb_get_property",
            *((_u8, 0), (_u32, window), (_u32, self.atom(name)), (_u32, anything)),
            *((_u32, 0), (_u32, words)),
        )
        if not reply:
            return b""
        size = int.from_bytes(reply[16:20], "little") * (reply[1] // 8)
        return reply[32 : 32 + size]

    # --- the connection ---
    def next_event(self) -> InputEvent | KeyboardChanged | Pong | None:
        """The next event that has arrived, or None; never waits."""
        poll = _function("xcb_poll_for_event", _ptr, _ptr)
        while address := poll(self._connection):
            received = c.string_at(address, 32)
            _free()(address)
            event = _Input.from_buffer_copy(received)
            kind = event.kind & ~_SENT
            if KEY_PRESS <= kind <= BUTTON_RELEASE:
                return InputEvent(kind, event.detail, event.state)
            if kind == MAPPING_NOTIFY or (self._xkb_event and kind == self._xkb_event):
                return KeyboardChanged()
            if kind == CLIENT_MESSAGE and self._ping_name:
                message = _Message.from_buffer_copy(received)
                if message.data[0] == self._ping_name and message.window == self.root:
                    return Pong(message.data[1])
        return None

    @property
    def descriptor(self) -> int:
        """Becomes readable when something arrives."""
        return int(_function("xcb_get_file_descriptor", c.c_int, _ptr)(self._connection))

    @property
    def broken(self) -> bool:
        """Whether the server is gone."""
        return bool(_function("xcb_connection_has_error", c.c_int, _ptr)(self._connection))

    def flush(self) -> None:
        """Send what was asked for."""
        _function("xcb_flush", c.c_int, _ptr)(self._connection)

    def close(self) -> None:
        """End the connection, which also gives every grab back."""
        self._call("xcb_disconnect", None)

    def _call(self, name: str, result: Any) -> Any:  # noqa: ANN401  ctypes
        return _function(name, result, _ptr)(self._connection)

    def _send(self, name: str, *arguments: tuple[Any, Any]) -> _Cookie:
        function = _function(name, _Cookie, _ptr, *(kind for kind, _ in arguments))
        cookie: _Cookie = function(self._connection, *(value for _, value in arguments))
        return cookie

    def _checked(self, name: str, *arguments: tuple[Any, Any]) -> int:
        cookie = self._send(name, *arguments)
        check = _function("xcb_request_check", c.POINTER(_Error), _ptr, _Cookie)
        error = check(self._connection, cookie)
        if not error:
            return 0
        code = int(error[0].code)
        _free()(error)
        return code

    def _reply(self, name: str, *arguments: tuple[Any, Any]) -> bytes:
        cookie = self._send(name, *arguments)
        wait = _function(f"{name}_reply", _ptr, _ptr, _Cookie, _ptr)
        # Without an error pointer the error would come back as an event.
        failed = _ptr()
        address = wait(self._connection, cookie, c.byref(failed))
        if failed:
            _free()(failed)
        if not address:
            return b""
        length = 32 + 4 * int.from_bytes(c.string_at(address, 8)[4:8], "little")
        reply = c.string_at(address, length)
        _free()(address)
        return reply
