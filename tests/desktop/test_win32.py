"""What is asked of Windows, call by call; `packaging/wine` asks a real one."""

import ctypes
from collections.abc import Iterator
from ctypes import wintypes

import pytest

from scribe_desktop.desktop import win32
from scribe_desktop.desktop.idle import idle_s
from scribe_desktop.desktop.lock import lock_screen, windows_is_locked
from scribe_desktop.domain.errors import DesktopError
from scribe_desktop.wiring.computer import prepare_main_thread
from tests.desktop.played_library import PlayedLibrary

KEY_UP, UNICODE = 2, 4


@pytest.fixture
def windows(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlayedLibrary]:
    library = PlayedLibrary()
    win32._declared.cache_clear()
    monkeypatch.setattr(win32, "_library", lambda _name: library)
    yield library
    win32._declared.cache_clear()


@pytest.fixture
def strokes(windows: PlayedLibrary) -> list[tuple[int, int, int]]:
    """Every key stroke that was sent: key, UTF-16 unit, flags."""
    sent: list[tuple[int, int, int]] = []

    def send(count: int, address: int, size: int) -> int:
        assert size == ctypes.sizeof(win32._Input)
        for stroke in (win32._Input * count).from_address(address):
            keyboard = stroke.inputs.keyboard
            assert stroke.kind == 1
            sent.append((keyboard.key, keyboard.scan, keyboard.flags))
        return count

    windows.answers["SendInput"] = send
    return sent


def test_characters_are_sent_as_they_are(strokes: list[tuple[int, int, int]]) -> None:
    win32.FrontCalls().type("µ🩺")
    high, low = 0xD83E, 0xDE7A
    assert strokes == [
        (0, unit, flags) for unit in (0xB5, high, low) for flags in (UNICODE, UNICODE | KEY_UP)
    ]


def test_line_ends_and_tabs_are_keys(strokes: list[tuple[int, int, int]]) -> None:
    win32.FrontCalls().type("\n\t")
    assert strokes == [(0x0D, 0, 0), (0x0D, 0, KEY_UP), (0x09, 0, 0), (0x09, 0, KEY_UP)]


def test_paste_presses_and_releases_in_order(strokes: list[tuple[int, int, int]]) -> None:
    win32.FrontCalls().press_paste()
    control, letter = 0x11, 0x56
    assert strokes == [(control, 0, 0), (letter, 0, 0), (letter, 0, KEY_UP), (control, 0, KEY_UP)]


def test_strokes_that_were_not_taken_raise(windows: PlayedLibrary) -> None:
    windows.answers["SendInput"] = lambda *_: 0
    with pytest.raises(OSError, match="took no key strokes"):
        win32.FrontCalls().type("a")


def test_the_window_in_front_and_its_program(windows: PlayedLibrary) -> None:
    def process_of(_window: int, pid: "ctypes._Pointer[wintypes.DWORD]") -> int:
        ctypes.cast(pid, ctypes.POINTER(wintypes.DWORD))[0] = 4711
        return 1

    def name_of(
        _handle: int, _flags: int, path: ctypes.Array[ctypes.c_wchar], _size: object
    ) -> int:
        path.value = "C:\\Program Files\\Klinik\\AKTE.exe"
        return 1

    windows.answers |= {
        "GetForegroundWindow": lambda: 77,
        "GetWindowThreadProcessId": process_of,
        "QueryFullProcessImageNameW": name_of,
    }
    front = win32.FrontCalls()
    assert front.front() == (77, 4711)
    assert front.program(4711) == "akte.exe"
    assert len(windows.called("OpenProcess")) == len(windows.called("CloseHandle"))
    windows.answers["OpenProcess"] = lambda *_: None
    assert front.program(4711) == ""
    assert front.is_elevated(4711)


def test_an_administrators_process_is_known(windows: PlayedLibrary) -> None:
    def elevation(_token: int, _kind: int, answer: object, _size: int, _used: object) -> int:
        ctypes.cast(answer, ctypes.POINTER(wintypes.DWORD))[0] = 1  # type: ignore[arg-type]
        return 1

    front = win32.FrontCalls()
    assert not front.is_elevated(5)
    windows.answers["GetTokenInformation"] = elevation
    assert front.is_elevated(5)
    windows.answers["OpenProcessToken"] = lambda *_: 0
    assert front.is_elevated(5)


def test_modifiers(windows: PlayedLibrary) -> None:
    down = {0x5B}
    windows.answers["GetAsyncKeyState"] = lambda key: -0x8000 if key in down else 0
    assert win32.FrontCalls().modifiers_held()
    down.clear()
    assert not win32.FrontCalls().modifiers_held()


def test_hot_keys(windows: PlayedLibrary) -> None:
    calls = win32.HotkeyCalls()
    assert calls.register(1, 0x4006, 0x20) == 0
    windows.answers["RegisterHotKey"] = lambda *_: 0
    assert calls.register(2, 0x4006, 0x20) != 0
    calls.unregister(1)
    assert windows.called("UnregisterHotKey") == [(None, 1)]
    windows.answers["VkKeyScanExW"] = lambda *_: 0x0632
    assert calls.virtual_key("É") == 0x32
    windows.answers["VkKeyScanExW"] = lambda *_: -1
    assert calls.virtual_key("Ф") == 0
    assert calls.open_queue() == 1
    calls.post(9)
    assert windows.called("PostThreadMessageW") == [(9, 0x8000, 0, 0)]


def test_waiting_for_a_hot_key(windows: PlayedLibrary) -> None:
    waiting = [(0x0312, 5), (0x8000, 0)]

    def peek(message: object, *_: object) -> int:
        if not waiting:
            return 0
        kind, number = waiting.pop(0)
        read = ctypes.cast(message, ctypes.POINTER(wintypes.MSG))[0]  # type: ignore[arg-type]
        read.message, read.wParam = kind, number
        return 1

    windows.answers["PeekMessageW"] = peek
    calls = win32.HotkeyCalls()
    assert calls.wait(None) == 5
    assert calls.wait(None) is None
    assert windows.called("MsgWaitForMultipleObjects") == []
    assert calls.wait(20) is None
    assert windows.called("MsgWaitForMultipleObjects")[0][3] == 20


def test_who_reads_the_clipboard_and_whether_the_screen_is_locked(windows: PlayedLibrary) -> None:
    windows.answers["GetOpenClipboardWindow"] = lambda: None
    assert win32.clipboard_reader() == 0
    assert not windows_is_locked()
    windows.answers["OpenInputDesktop"] = lambda *_: None
    assert windows_is_locked()


def test_elsewhere_it_is_a_part_that_is_missing() -> None:
    with pytest.raises(OSError, match="part of Windows"):
        win32._library("user32")


def test_the_window_system_is_woken_before_threads_load_libraries(windows: PlayedLibrary) -> None:
    prepare_main_thread("linux")
    assert windows.calls == []
    prepare_main_thread("win32")
    assert [name for name, *_ in windows.calls] == ["GetSystemMetrics", "GetDesktopWindow"]


def test_how_long_nobody_touched_it_also_over_the_end_of_the_count(windows: PlayedLibrary) -> None:
    def last_input(address: int) -> int:
        last = win32._LastInput.from_address(address)
        assert last.size == ctypes.sizeof(win32._LastInput)
        last.at_ms = 2**32 - 1_000
        return 1

    windows.answers["GetLastInputInfo"] = last_input
    windows.answers["GetTickCount"] = lambda: 4_000
    assert idle_s("win32") == 5.0


@pytest.mark.parametrize("done", [1, 0])
def test_the_lock_screen_of_windows(windows: PlayedLibrary, done: int) -> None:
    windows.answers["LockWorkStation"] = lambda: done
    if done:
        lock_screen("win32")
    else:
        with pytest.raises(DesktopError, match="could not be locked"):
            lock_screen("win32")
    assert len(windows.called("LockWorkStation")) == 1
