"""What is asked of macOS, call by call, of libraries that are played; it has not run on a Mac."""

import ctypes
from collections.abc import Callable
from typing import Any

import pytest

from scribe_desktop.desktop import lock
from scribe_desktop.desktop.hotkeys import macos as keys
from scribe_desktop.desktop.idle import idle_s
from scribe_desktop.desktop.insertion import macos as insertion
from scribe_desktop.domain.errors import DesktopError
from tests.desktop.played_library import PlayedLibrary

COMMAND = 1 << 20


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> PlayedLibrary:
    library = PlayedLibrary()
    monkeypatch.setattr(ctypes, "CDLL", lambda _path: library)
    return library


def test_text_and_paste_become_events(system: PlayedLibrary) -> None:
    quartz = insertion.QuartzCalls()
    quartz.press_paste()
    assert [call[1:] for call in system.called("CGEventCreateKeyboardEvent")] == [
        (9, True),
        (9, False),
    ]
    assert [flags for _, flags in system.called("CGEventSetFlags")] == [COMMAND, COMMAND]
    system.calls.clear()
    quartz.type("🩺\n")
    units = "🩺".encode("utf-16-le")
    sent = [call[1:] for call in system.called("CGEventKeyboardSetUnicodeString")]
    assert sent == [(2, units), (2, units)]
    assert [call[1] for call in system.called("CGEventCreateKeyboardEvent")] == [0, 0, 36, 36]
    assert len(system.called("CGEventPost")) == len(system.called("CFRelease")) == 4


def test_the_front_window_is_the_first_ordinary_one(system: PlayedLibrary) -> None:
    names: dict[int, bytes] = {}

    def make(_allocator: object, name: bytes, _encoding: int) -> int:
        names[len(names) + 1] = name
        return len(names)

    windows: dict[int, dict[bytes, Any]] = {
        10: {b"kCGWindowLayer": 25},
        11: {
            b"kCGWindowLayer": 0,
            b"kCGWindowNumber": 5,
            b"kCGWindowOwnerPID": 77,
            b"kCGWindowOwnerName": b"TextEdit",
        },
    }
    values: dict[int, Any] = {}

    def value_of(window: int, key: int) -> int:
        values[len(values) + 1000] = windows[window][names[key]]
        return len(values) + 999

    def number(value: int, _kind: int, out: Any) -> bool:
        ctypes.cast(out, ctypes.POINTER(ctypes.c_int64))[0] = values[value]
        return True

    def text(value: int, out: Any, _size: int, _encoding: int) -> bool:
        out.value = values[value]
        return True

    system.answers |= {
        "CFStringCreateWithCString": make,
        "CFArrayGetCount": lambda _list: 2,
        "CFArrayGetValueAtIndex": lambda _list, index: 10 + index,
        "CFDictionaryGetValue": value_of,
        "CFNumberGetValue": number,
        "CFStringGetCString": text,
        "CGEventSourceFlagsState": lambda _state: 1 << 17,
    }
    quartz = insertion.QuartzCalls()
    assert quartz.front() == (5, 77, "TextEdit")
    assert quartz.trusted()
    assert quartz.modifiers_held()
    system.answers["CFArrayGetCount"] = lambda _list: 1
    assert quartz.front() == (0, 0, "")
    system.answers["CGWindowListCopyWindowInfo"] = lambda *_: None
    assert quartz.front() == (0, 0, "")


def test_hot_keys_are_registered_heard_and_given_back(
    system: PlayedLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue = ctypes.c_char(b"q")
    monkeypatch.setattr(keys, "_main_queue", lambda _system: ctypes.addressof(queue))
    handlers: list[Callable[..., int]] = []

    def install(_target: object, handler: Any, count: int, *_: object) -> int:
        assert count == 2
        kind = ctypes.CFUNCTYPE(ctypes.c_int32, *[ctypes.c_void_p] * 3)
        handlers.append(kind(handler.value))
        return 0

    def parameter(_event: int, *arguments: Any) -> int:
        identity = ctypes.cast(arguments[-1], ctypes.POINTER(keys._HotKeyId))[0]
        identity.signature, identity.number = keys._SIGNATURE, 7
        return 0

    system.answers |= {
        "InstallEventHandler": install,
        "RegisterEventHotKey": lambda *_: 0,
        "GetEventParameter": parameter,
        "GetEventKind": lambda event: event,
        "dispatch_async_f": lambda _queue, context, job: job(context.value),
    }
    carbon = keys.CarbonCalls()
    heard: list[tuple[int, bool]] = []
    assert carbon.install(lambda number, pressed: heard.append((number, pressed))) == 0
    assert carbon.register(7, 49, 0x1200) == 0
    for kind in (5, 6):
        assert handlers[0](0, kind, 0) == 0
    assert heard == [(7, True), (7, False)]
    ran: list[str] = []
    carbon.on_main(lambda: ran.append("on the main thread"))
    assert ran == ["on the main thread"]
    carbon.unregister(7)
    assert len(system.called("UnregisterEventHotKey")) == 1
    system.answers["GetEventParameter"] = lambda *_: -1
    assert handlers[0](0, 5, 0) == -9874


def test_a_locked_mac(system: PlayedLibrary) -> None:
    assert lock.macos_is_locked()
    system.answers["CFDictionaryContainsKey"] = lambda *_: 0
    assert not lock.macos_is_locked()
    system.answers["CGSessionCopyCurrentDictionary"] = lambda: None
    assert lock.macos_is_locked()


def test_how_long_nobody_touched_a_mac(system: PlayedLibrary) -> None:
    system.answers["CGEventSourceSecondsSinceLastEventType"] = lambda *_: 12.5
    assert idle_s("darwin") == 12.5
    assert system.called("CGEventSourceSecondsSinceLastEventType") == [(1, 0xFFFFFFFF)]


def test_the_lock_screen_of_a_mac(system: PlayedLibrary, monkeypatch: pytest.MonkeyPatch) -> None:
    lock.lock_screen("darwin")
    assert system.called("SACLockScreenImmediate") == [()]

    def missing(_path: str) -> None:
        raise OSError

    monkeypatch.setattr(ctypes, "CDLL", missing)
    with pytest.raises(DesktopError, match="could not be locked"):
        lock.lock_screen("darwin")
