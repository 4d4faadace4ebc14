"""The few things the program asks of Windows: keys, the window in front, key strokes.

By ctypes, with every argument declared: an undeclared handle is cut to 32
bits on 64-bit Windows and works only by luck.
"""

import ctypes as c
import sys
from ctypes import wintypes as w
from functools import cache
from pathlib import PureWindowsPath
from typing import Any

_WM_HOTKEY, _WM_APP = 0x0312, 0x8000
_REMOVE, _ALL_INPUT, _FOREVER = 1, 0x04FF, 0xFFFFFFFF
_DOWN = 0x8000
_SHIFT, _CONTROL, _ALT, _LEFT_WINDOWS, _RIGHT_WINDOWS = 0x10, 0x11, 0x12, 0x5B, 0x5C
_RETURN, _TAB, _V = 0x0D, 0x09, 0x56
_KEY_UP, _UNICODE = 2, 4
_KEYBOARD_INPUT = 1
_QUERY_LIMITED, _TOKEN_QUERY, _TOKEN_ELEVATION = 0x1000, 8, 20
_LONGEST_PATH = 1024

if sys.platform == "win32":

    @cache
    def _library(name: str) -> c.WinDLL:
        return c.WinDLL(name, use_last_error=True)

    def _last_error() -> int:
        return c.get_last_error()

else:

    @cache
    def _library(name: str) -> c.CDLL:
        raise OSError(f"{name} is a part of Windows")

    def _last_error() -> int:
        return 0


class _KeyboardInput(c.Structure):
    _fields_ = [
        ("key", w.WORD),
        ("scan", w.WORD),
        ("flags", w.DWORD),
        ("time", w.DWORD),
        ("extra", c.c_size_t),
    ]


class _MouseInput(c.Structure):
    # Never sent; it makes the union as large as Windows expects.
    _fields_ = [
        ("x", w.LONG),
        ("y", w.LONG),
        ("wheel", w.DWORD),
        ("flags", w.DWORD),
        ("time", w.DWORD),
        ("extra", c.c_size_t),
    ]


class _Inputs(c.Union):
    _fields_ = [("keyboard", _KeyboardInput), ("mouse", _MouseInput)]


class _Input(c.Structure):
    _fields_ = [("kind", w.DWORD), ("inputs", _Inputs)]


def _call(library: str, name: str, result: Any, *arguments: tuple[Any, Any]) -> Any:  # noqa: ANN401
    function = _declared(library, name, result, *(kind for kind, _ in arguments))
    return function(*(value for _, value in arguments))


@cache
def _declared(library: str, name: str, result: Any, *arguments: Any) -> Any:  # noqa: ANN401
    function = _library(library)[name]
    function.restype, function.argtypes = result, list(arguments)
    return function


class HotkeyCalls:
    """What `hotkeys.windows` asks of Windows."""

    def open_queue(self) -> int:
        """Looking at a thread's message queue makes it."""
        message = w.MSG()
        self._peek(message)
        return int(_call("kernel32", "GetCurrentThreadId", w.DWORD))

    def register(self, number: int, modifiers: int, key: int) -> int:
        """Register one hot key for this thread."""
        done = _call(
            *("user32", "RegisterHotKey", w.BOOL, (w.HWND, None), (c.c_int, number)),
            *((w.UINT, modifiers), (w.UINT, key)),
        )
        return 0 if done else _last_error() or -1

    def unregister(self, number: int) -> None:
        """Give one hot key back."""
        _call("user32", "UnregisterHotKey", w.BOOL, (w.HWND, None), (c.c_int, number))

    def virtual_key(self, character: str) -> int:
        """Ask the present layout where a character is."""
        layout = _call("user32", "GetKeyboardLayout", c.c_void_p, (w.DWORD, 0))
        found = _call(
            "user32", "VkKeyScanExW", c.c_short, (w.WCHAR, character.lower()), (c.c_void_p, layout)
        )
        return 0 if found == -1 else int(found) & 0xFF

    def is_down(self, key: int) -> bool:
        """Whether a key is down now."""
        return _is_down(key)

    def wait(self, timeout_ms: int | None) -> int | None:
        """Wait for one message; hot keys that wait already come first."""
        message = w.MSG()
        if not self._peek(message):
            milliseconds = _FOREVER if timeout_ms is None else timeout_ms
            _call(
                *("user32", "MsgWaitForMultipleObjects", w.DWORD, (w.DWORD, 0)),
                *((c.c_void_p, None), (w.BOOL, 0), (w.DWORD, milliseconds), (w.DWORD, _ALL_INPUT)),
            )
            if not self._peek(message):
                return None
        return int(message.wParam) if message.message == _WM_HOTKEY else None

    def post(self, thread: int) -> None:
        """Wake a thread that waits."""
        _call(
            *("user32", "PostThreadMessageW", w.BOOL, (w.DWORD, thread)),
            *((w.UINT, _WM_APP), (w.WPARAM, 0), (w.LPARAM, 0)),
        )

    def _peek(self, message: w.MSG) -> bool:
        return bool(
            _call(
                *("user32", "PeekMessageW", w.BOOL, (c.POINTER(w.MSG), c.byref(message))),
                *((w.HWND, None), (w.UINT, 0), (w.UINT, 0), (w.UINT, _REMOVE)),
            )
        )


class FrontCalls:
    """What insertion asks of Windows: the window in front, and key strokes into it."""

    def front(self) -> tuple[int, int]:
        """The window in front and its process; zeros when there is none."""
        window = int(_call("user32", "GetForegroundWindow", w.HWND) or 0)
        return window, _process_of(window)

    def program(self, pid: int) -> str:
        """The file name of a process, in lower case; empty when it may not be known."""
        opened = self._open(pid)
        if not opened:
            return ""
        size, path = w.DWORD(_LONGEST_PATH), c.create_unicode_buffer(_LONGEST_PATH)
        done = _call(
            *("kernel32", "QueryFullProcessImageNameW", w.BOOL, (w.HANDLE, opened), (w.DWORD, 0)),
            *((w.LPWSTR, path), (c.POINTER(w.DWORD), c.byref(size))),
        )
        self._close(opened)
        return PureWindowsPath(path.value).name.lower() if done else ""

    def is_elevated(self, pid: int) -> bool:
        """Whether a process runs as administrator: Windows keeps our key strokes from it."""
        opened = self._open(pid)
        if not opened:
            return True
        token, elevated, size = w.HANDLE(), w.DWORD(0), w.DWORD(0)
        found = _call(
            *("advapi32", "OpenProcessToken", w.BOOL, (w.HANDLE, opened)),
            *((w.DWORD, _TOKEN_QUERY), (c.POINTER(w.HANDLE), c.byref(token))),
        )
        self._close(opened)
        if not found:
            return True
        _call(
            *("advapi32", "GetTokenInformation", w.BOOL, (w.HANDLE, token)),
            *((c.c_int, _TOKEN_ELEVATION), (c.c_void_p, c.byref(elevated))),
            *((w.DWORD, c.sizeof(elevated)), (c.POINTER(w.DWORD), c.byref(size))),
        )
        self._close(token)
        return bool(elevated.value)

    def modifiers_held(self) -> bool:
        """Whether a modifier is physically down."""
        keys = (_SHIFT, _CONTROL, _ALT, _LEFT_WINDOWS, _RIGHT_WINDOWS)
        return any(_is_down(key) for key in keys)

    def press_paste(self) -> None:
        """Ctrl+V."""
        down = [_stroke(key=_CONTROL), _stroke(key=_V)]
        up = [_stroke(key=_V, flags=_KEY_UP), _stroke(key=_CONTROL, flags=_KEY_UP)]
        self._send(down + up)

    def type(self, text: str) -> None:
        """Write characters as they are, whatever the keyboard; line ends as Enter."""
        strokes: list[_Input] = []
        for character in text:
            key = {"\n": _RETURN, "\t": _TAB}.get(character, 0)
            if key:
                strokes += [_stroke(key=key), _stroke(key=key, flags=_KEY_UP)]
                continue
            units = memoryview(character.encode("utf-16-le")).cast("H")
            for unit in units:
                strokes.append(_stroke(scan=unit, flags=_UNICODE))
                strokes.append(_stroke(scan=unit, flags=_UNICODE | _KEY_UP))
        self._send(strokes)

    def _send(self, strokes: list[_Input]) -> None:
        array = (_Input * len(strokes))(*strokes)
        sent = _call(
            *("user32", "SendInput", w.UINT, (w.UINT, len(strokes))),
            *((c.c_void_p, c.addressof(array)), (c.c_int, c.sizeof(_Input))),
        )
        if sent != len(strokes):
            raise OSError(_last_error(), "Windows took no key strokes")

    def _open(self, pid: int) -> int:
        return int(
            _call(
                *("kernel32", "OpenProcess", w.HANDLE, (w.DWORD, _QUERY_LIMITED)),
                *((w.BOOL, 0), (w.DWORD, pid)),
            )
            or 0
        )

    def _close(self, opened: Any) -> None:  # noqa: ANN401  a handle, plain or wrapped
        _call("kernel32", "CloseHandle", w.BOOL, (w.HANDLE, opened))


def _is_down(key: int) -> bool:
    state: int = _call("user32", "GetAsyncKeyState", c.c_short, (c.c_int, key))
    return bool(state & _DOWN)


def _stroke(*, key: int = 0, scan: int = 0, flags: int = 0) -> _Input:
    return _Input(_KEYBOARD_INPUT, _Inputs(keyboard=_KeyboardInput(key, scan, flags, 0, 0)))


def clipboard_reader() -> int:
    """The process that has the clipboard open now; 0 when Windows does not say."""
    window = _call("user32", "GetOpenClipboardWindow", w.HWND)
    return _process_of(int(window)) if window else 0


def _process_of(window: int) -> int:
    pid = w.DWORD(0)
    _call(
        *("user32", "GetWindowThreadProcessId", w.DWORD),
        *((w.HWND, window), (c.POINTER(w.DWORD), c.byref(pid))),
    )
    return int(pid.value)


def desktop_is_reachable() -> bool:
    """Whether the desktop that gets the keys is the user's and not the lock screen."""
    switch_desktop = 0x0100
    opened = _call(
        *("user32", "OpenInputDesktop", w.HANDLE, (w.DWORD, 0)),
        *((w.BOOL, 0), (w.DWORD, switch_desktop)),
    )
    if not opened:
        return False
    reachable = _call("user32", "SwitchDesktop", w.BOOL, (w.HANDLE, opened))
    _call("user32", "CloseDesktop", w.BOOL, (w.HANDLE, opened))
    return bool(reachable)


def wake_window_system() -> None:
    """Have the window system ready before two threads load libraries; on the main thread.

    FFmpeg's device library reaches for it while it is loaded, holding the lock
    of the loader; the sound library reaches for it on its own thread, and its
    first use loads a library. Met half-way, both wait for ever (seen in Wine,
    in one start of five when forced; never with this).
    """
    screen_width = 0
    _call("user32", "GetSystemMetrics", c.c_int, (c.c_int, screen_width))
    _call("user32", "GetDesktopWindow", w.HWND)


class _LastInput(c.Structure):
    _fields_ = [("size", w.UINT), ("at_ms", w.DWORD)]


def idle_s() -> float:
    """Seconds since the last key or movement of this session."""
    last = _LastInput(c.sizeof(_LastInput))
    _call("user32", "GetLastInputInfo", w.BOOL, (c.c_void_p, c.addressof(last)))
    now_ms = int(_call("kernel32", "GetTickCount", w.DWORD))
    # Both counts begin anew after 49 days.
    return float((now_ms - int(last.at_ms)) % 2**32) / 1000


def lock_screen() -> bool:
    """Show the lock screen of Windows; whether it will."""
    return bool(_call("user32", "LockWorkStation", w.BOOL))
