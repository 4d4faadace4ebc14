"""Keys are bound again whenever there is a reason, and every result is told."""

from collections.abc import Iterator, Mapping
from queue import Empty, Queue

import pytest

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.hotkeys import keys as keys_module
from scribe_desktop.desktop.hotkeys.backend import (
    Binding,
    Bound,
    HotkeyTaken,
    HotkeyUnavailable,
    OnKey,
    OnLost,
)
from scribe_desktop.desktop.hotkeys.chord import Chord
from scribe_desktop.desktop.hotkeys.keys import GlobalKeys
from scribe_desktop.desktop.hotkeys.macos import MacHotkeys
from scribe_desktop.desktop.hotkeys.portal import PortalHotkeys
from scribe_desktop.desktop.hotkeys.select import hotkey_backend
from scribe_desktop.desktop.hotkeys.windows import WindowsHotkeys
from scribe_desktop.desktop.hotkeys.x11 import X11Hotkeys

CHORD = Chord.parse("Ctrl+Shift+Space")
KEYS = {Action.TOGGLE: CHORD}
WAIT_S = 5.0


class PlayedBackend:
    supports_release = True
    user_chooses_key = False

    def __init__(self) -> None:
        self.binds: Queue[Mapping[Action, Chord]] = Queue()
        self.answers: list[Binding] = []
        self.refuses_start = False
        self.stopped = False

    def start(self, on_key: OnKey, on_lost: OnLost) -> None:
        if self.refuses_start:
            raise HotkeyUnavailable("no keys here", "use the window")
        self.on_key, self.on_lost = on_key, on_lost

    def bind(self, keys: Mapping[Action, Chord]) -> Mapping[Action, Binding]:
        self.binds.put(keys)
        answer = self.answers.pop(0) if self.answers else Bound("ok")
        return dict.fromkeys(keys, answer)

    def stop(self) -> None:
        self.stopped = True


class Watched:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(keys_module, "AGAIN_AFTER_S", 0.01)
        self.backend = PlayedBackend()
        self.pressed: Queue[ActionEvent] = Queue()
        self.told: Queue[Mapping[Action, Binding]] = Queue()
        self.keys = GlobalKeys(self.backend, self.pressed.put, self.told.put)
        self.keys.start()

    def next(self) -> Binding:
        return self.told.get(timeout=WAIT_S)[Action.TOGGLE]


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    watched = Watched(monkeypatch)
    yield watched
    watched.keys.stop()


def test_the_result_is_told_and_presses_come_through(watched: Watched) -> None:
    watched.keys.set(KEYS)
    assert watched.next() == Bound("ok")
    event = ActionEvent(Action.TOGGLE, Edge.DOWN, 1.0)
    watched.backend.on_key(event)
    assert watched.pressed.get(timeout=WAIT_S) == event
    watched.keys.stop()
    assert watched.backend.stopped


def test_after_sleep_the_same_keys_are_bound_again(watched: Watched) -> None:
    watched.backend.answers = [Bound("ok"), HotkeyTaken(CHORD)]
    watched.keys.set(KEYS)
    assert watched.next() == Bound("ok")
    watched.keys.refresh()
    assert isinstance(watched.next(), HotkeyTaken)
    assert [watched.backend.binds.get(), watched.backend.binds.get()] == [KEYS, KEYS]


def test_a_key_that_another_program_gave_back_works_and_is_told_once(watched: Watched) -> None:
    watched.backend.answers = [HotkeyTaken(CHORD), HotkeyTaken(CHORD), HotkeyTaken(CHORD)]
    watched.keys.set(KEYS)
    assert isinstance(watched.next(), HotkeyTaken)
    assert watched.next() == Bound("ok")
    assert watched.backend.binds.qsize() == 4
    assert watched.told.empty()


def test_where_the_desktop_asks_the_user_a_no_is_not_asked_again(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watched.backend, "user_chooses_key", True)
    watched.backend.answers = [HotkeyUnavailable("ended", "try again"), Bound("asked again")]
    watched.keys.set(KEYS)
    assert isinstance(watched.next(), HotkeyUnavailable)
    with pytest.raises(Empty):
        watched.told.get(timeout=0.2)


def test_lost_keys_are_told_once_and_tried_until_they_are_back(watched: Watched) -> None:
    gone = HotkeyUnavailable("gone", "wait")
    watched.keys.set(KEYS)
    watched.next()
    watched.backend.answers = [gone, gone, gone, Bound("back")]
    watched.backend.on_lost(gone)
    assert watched.next() is gone
    assert watched.next() == Bound("back")
    assert watched.backend.binds.qsize() == 5


def test_a_system_without_keys_is_told_and_can_be_tried_again(watched: Watched) -> None:
    watched.backend.refuses_start = True
    watched.keys.set(KEYS)
    assert str(watched.next()) == "no keys here use the window"
    watched.backend.refuses_start = False
    watched.keys.refresh()
    assert watched.next() == Bound("ok")


def test_each_system_has_its_backend() -> None:
    assert isinstance(hotkey_backend("win32", {}), WindowsHotkeys)
    assert isinstance(hotkey_backend("darwin", {}), MacHotkeys)
    wayland = {"WAYLAND_DISPLAY": "wayland-0", "DISPLAY": ":0"}
    assert isinstance(hotkey_backend("linux", wayland), PortalHotkeys)
    assert isinstance(hotkey_backend("linux", {"DISPLAY": ":0"}), X11Hotkeys)
