"""The macOS backend against a recorded interface; it has not run on a Mac."""

from collections.abc import Callable
from queue import Queue

import pytest

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.hotkeys.backend import Bound, HotkeyTaken, HotkeyUnavailable
from scribe_desktop.desktop.hotkeys.chord import Chord
from scribe_desktop.desktop.hotkeys.macos import KEY_CODES, MacHotkeys


class RecordedCarbon:
    """What was asked of macOS; the test is the main thread and the fingers."""

    def __init__(self) -> None:
        self.heard: Callable[[int, bool], None] = lambda _number, _pressed: None
        self.registered: dict[int, tuple[int, int]] = {}
        self.exists: set[tuple[int, int]] = set()
        self.fails = 0

    def on_main(self, job: Callable[[], None]) -> None:
        job()

    def install(self, heard: Callable[[int, bool], None]) -> int:
        self.heard = heard
        return self.fails

    def register(self, number: int, key_code: int, modifiers: int) -> int:
        if (key_code, modifiers) in self.exists:
            return -9878
        self.registered[number] = (key_code, modifiers)
        return 0

    def unregister(self, number: int) -> None:
        del self.registered[number]


def test_press_release_and_repeat() -> None:
    carbon, events = RecordedCarbon(), Queue[ActionEvent]()
    backend = MacHotkeys(carbon)
    backend.start(events.put, lambda _: None)
    bound = backend.bind({Action.TOGGLE: Chord.parse("Ctrl+Shift+Space")})
    assert bound == {Action.TOGGLE: Bound("Ctrl+Shift+Space")}
    ((number, asked),) = carbon.registered.items()
    assert asked == (49, 0x1200)
    for pressed in (True, True, False, False):
        carbon.heard(number, pressed)
    assert [events.get().edge, events.get().edge] == [Edge.DOWN, Edge.UP]
    assert events.empty()
    carbon.heard(999, True)  # noqa: FBT003  as the system calls it
    assert events.empty()
    backend.stop()
    assert carbon.registered == {}


def test_taken_and_impossible_keys() -> None:
    carbon = RecordedCarbon()
    carbon.exists.add((105, 0))
    backend = MacHotkeys(carbon)
    backend.start(lambda _: None, lambda _: None)
    bound = backend.bind(
        {Action.TOGGLE: Chord.parse("F13"), Action.PAUSE: Chord.parse("MouseBack")}
    )
    assert isinstance(bound[Action.TOGGLE], HotkeyTaken)
    assert isinstance(bound[Action.PAUSE], HotkeyUnavailable)
    carbon.exists.clear()
    assert backend.bind({Action.TOGGLE: Chord.parse("F13")}) == {Action.TOGGLE: Bound("F13")}


def test_a_listener_that_cannot_be_installed_is_said() -> None:
    carbon = RecordedCarbon()
    carbon.fails = -1
    with pytest.raises(HotkeyUnavailable):
        MacHotkeys(carbon).start(lambda _: None, lambda _: None)


def test_no_two_keys_share_a_place() -> None:
    codes = [code for key, code in KEY_CODES.items() if key != "Plus"]
    assert len(codes) == len(set(codes))
