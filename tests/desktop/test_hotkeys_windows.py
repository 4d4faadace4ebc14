"""The Windows backend against a Windows that is played."""

import threading
from collections.abc import Iterator
from queue import Empty, Queue

import pytest

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.hotkeys.backend import Bound, HotkeyTaken, HotkeyUnavailable
from scribe_desktop.desktop.hotkeys.chord import Chord
from scribe_desktop.desktop.hotkeys.windows import LOOK_EVERY_MS, WindowsHotkeys
from tests.live.desktop_stage import wait_for

CTRL_SHIFT_NO_REPEAT = 2 | 4 | 0x4000


class PlayedUser32:
    """RegisterHotKey with somebody else's keys, and fingers."""

    def __init__(self) -> None:
        self.taken: set[tuple[int, int]] = set()
        self.registered: dict[int, tuple[int, int]] = {}
        self.down: set[int] = set()
        self.messages: Queue[int | None] = Queue()
        self.waits: Queue[int | None] = Queue()
        self.threads: set[int] = set()
        self.flickers = 0

    def open_queue(self) -> int:
        self.threads.add(threading.get_ident())
        return 1

    def register(self, number: int, modifiers: int, key: int) -> int:
        self.threads.add(threading.get_ident())
        if (modifiers, key) in self.taken | set(self.registered.values()):
            return 1409
        self.registered[number] = (modifiers, key)
        return 0

    def unregister(self, number: int) -> None:
        self.threads.add(threading.get_ident())
        del self.registered[number]

    def virtual_key(self, character: str) -> int:
        return {"É": 0x32}.get(character, 0)

    def is_down(self, key: int) -> bool:
        if self.flickers:
            self.flickers -= 1
            return False
        return key in self.down

    def wait(self, timeout_ms: int | None) -> int | None:
        self.waits.put(timeout_ms)
        try:
            return self.messages.get(timeout=None if timeout_ms is None else timeout_ms / 1000)
        except Empty:
            return None

    def post(self, thread: int) -> None:
        assert thread == 1
        self.messages.put(None)

    def press(self, key: int) -> None:
        self.down.add(key)
        self.messages.put(next(n for n, (_, k) in self.registered.items() if k == key))


@pytest.fixture
def windows() -> PlayedUser32:
    return PlayedUser32()


@pytest.fixture
def events() -> Queue[ActionEvent]:
    return Queue()


@pytest.fixture
def backend(windows: PlayedUser32, events: Queue[ActionEvent]) -> Iterator[WindowsHotkeys]:
    backend = WindowsHotkeys(windows)
    backend.start(events.put, lambda _: None)
    yield backend
    backend.stop()
    assert windows.registered == {}


TOGGLE = {Action.TOGGLE: Chord.parse("Ctrl+Shift+Space")}


def test_a_press_and_its_release(
    windows: PlayedUser32, events: Queue[ActionEvent], backend: WindowsHotkeys
) -> None:
    assert backend.bind(TOGGLE) == {Action.TOGGLE: Bound("Ctrl+Shift+Space")}
    assert set(windows.registered.values()) == {(CTRL_SHIFT_NO_REPEAT, 0x20)}
    windows.press(0x20)
    windows.press(0x20)
    assert events.get(timeout=5).edge is Edge.DOWN
    windows.down.clear()
    assert events.get(timeout=5).edge is Edge.UP
    assert events.empty()


def test_a_key_that_is_up_for_an_instant_was_not_released(
    windows: PlayedUser32, events: Queue[ActionEvent], backend: WindowsHotkeys
) -> None:
    backend.bind(TOGGLE)
    windows.flickers = 1
    windows.press(0x20)
    assert events.get(timeout=5).edge is Edge.DOWN
    wait_for(lambda: windows.flickers == 0 and windows.waits.qsize() > 5, "a few more looks")
    assert events.empty()
    windows.down.clear()
    assert events.get(timeout=5).edge is Edge.UP


def test_the_keyboard_is_looked_at_only_while_a_key_is_down(
    windows: PlayedUser32, events: Queue[ActionEvent], backend: WindowsHotkeys
) -> None:
    backend.bind(TOGGLE)
    windows.press(0x20)
    events.get(timeout=5)
    windows.down.clear()
    events.get(timeout=5)
    backend.bind({})
    waits = [windows.waits.get() for _ in range(windows.waits.qsize())]
    assert set(waits) == {None, LOOK_EVERY_MS}
    assert waits[-1] is None


def test_a_key_another_program_has(windows: PlayedUser32, backend: WindowsHotkeys) -> None:
    windows.taken.add((CTRL_SHIFT_NO_REPEAT, 0x20))
    bound = backend.bind({**TOGGLE, Action.PAUSE: Chord.parse("F13")})
    assert isinstance(bound[Action.TOGGLE], HotkeyTaken)
    assert bound[Action.PAUSE] == Bound("F13")
    windows.taken.clear()
    assert backend.bind(TOGGLE) == {Action.TOGGLE: Bound("Ctrl+Shift+Space")}


def test_keys_the_layout_knows_and_keys_it_does_not(backend: WindowsHotkeys) -> None:
    bound = backend.bind(
        {
            Action.TOGGLE: Chord.parse("Ctrl+É"),
            Action.PAUSE: Chord.parse("Ctrl+Ф"),
            Action.SHOW: Chord.parse("MouseBack"),
        }
    )
    assert bound[Action.TOGGLE] == Bound("Ctrl+É")
    assert isinstance(bound[Action.PAUSE], HotkeyUnavailable)
    assert "F13" in str(bound[Action.SHOW])


def test_everything_happens_on_the_thread_that_owns_the_queue(
    windows: PlayedUser32, backend: WindowsHotkeys
) -> None:
    backend.bind(TOGGLE)
    backend.bind({})
    assert len(windows.threads) == 1
    assert threading.get_ident() not in windows.threads
