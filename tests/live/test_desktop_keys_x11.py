"""Global keys on a real X server, while another program has the focus."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from queue import Empty, Queue

import pytest

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.hotkeys.backend import (
    Binding,
    Bound,
    HotkeyTaken,
    HotkeyUnavailable,
)
from scribe_desktop.desktop.hotkeys.chord import Chord
from scribe_desktop.desktop.hotkeys.keys import GlobalKeys
from scribe_desktop.desktop.hotkeys.x11 import X11Hotkeys
from scribe_desktop.domain.errors import DesktopError
from tests.live.desktop_stage import Stage, wait_for

pytestmark = pytest.mark.live

DOWN, UP = Edge.DOWN, Edge.UP
TOGGLE = {Action.TOGGLE: Chord.parse("Ctrl+Alt+D")}


class Keys:
    def __init__(self, stage: Stage) -> None:
        self.events: Queue[ActionEvent] = Queue()
        self.lost: Queue[DesktopError] = Queue()
        self.backend = X11Hotkeys(stage.display)
        self.backend.start(self.events.put, self.lost.put)

    def next(self) -> tuple[Action, Edge]:
        event = self.events.get(timeout=5)
        return event.action, event.edge


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as stage:
        yield stage


@pytest.fixture
def keys(stage: Stage) -> Iterator[Keys]:
    keys = Keys(stage)
    yield keys
    keys.backend.stop()


def test_the_key_fires_and_does_not_reach_the_program_in_front(stage: Stage, keys: Keys) -> None:
    bound = keys.backend.bind({**TOGGLE, Action.PAUSE: Chord.parse("F13")})
    assert bound == {Action.TOGGLE: Bound("Ctrl+Alt+D"), Action.PAUSE: Bound("F13")}
    terminal = stage.xterm()
    stage.keys("type", "abc")
    stage.keys("key", "ctrl+alt+d")
    stage.keys("type", "dD")
    assert [keys.next(), keys.next()] == [(Action.TOGGLE, DOWN), (Action.TOGGLE, UP)]
    # F13 by its number, because the layout calls that key something else.
    stage.keys("key", "191")
    assert [keys.next(), keys.next()] == [(Action.PAUSE, DOWN), (Action.PAUSE, UP)]
    stage.keys("type", "z")
    terminal.wait_typed("abcdDz")
    assert keys.events.empty()


def test_a_held_key_is_one_press_however_long(stage: Stage, keys: Keys) -> None:
    keys.backend.bind({Action.TOGGLE: Chord.parse("F9")})
    # The server repeats after 660 ms, so one second is some ten repeats.
    stage.keys("keydown", "F9", "sleep", "1", "keyup", "F9")
    down, up = keys.events.get(timeout=5), keys.events.get(timeout=5)
    assert (down.edge, up.edge) == (DOWN, UP)
    assert up.at_s - down.at_s >= 1
    assert keys.events.empty()


def test_caps_lock_and_num_lock_change_nothing(stage: Stage, keys: Keys) -> None:
    keys.backend.bind(TOGGLE)
    for lock in ("Caps_Lock", "Num_Lock"):
        stage.keys("key", lock)
        stage.keys("key", "ctrl+alt+d")
        assert [keys.next()[1], keys.next()[1]] == [DOWN, UP], lock
    stage.keys("key", "Caps_Lock", "key", "Num_Lock")


def test_modifiers_released_before_the_key_are_still_a_release(stage: Stage, keys: Keys) -> None:
    keys.backend.bind(TOGGLE)
    stage.keys("keydown", "ctrl", "keydown", "alt", "keydown", "d")
    assert keys.next()[1] is DOWN
    stage.keys("keyup", "alt", "keyup", "ctrl")
    stage.keys("keyup", "d")
    assert keys.next()[1] is UP


def test_a_key_that_another_program_has_is_said_to_be_taken(stage: Stage, keys: Keys) -> None:
    keys.backend.bind(TOGGLE)
    other = Keys(stage)
    try:
        wanted = {**TOGGLE, Action.PAUSE: Chord.parse("F10")}
        bound = other.backend.bind(wanted)
        assert isinstance(bound[Action.TOGGLE], HotkeyTaken)
        assert "taken by another program" in str(bound[Action.TOGGLE])
        assert bound[Action.PAUSE] == Bound("F10")
        keys.backend.bind({})
        assert other.backend.bind(wanted)[Action.TOGGLE] == Bound("Ctrl+Alt+D")
    finally:
        other.backend.stop()


def test_another_layout_moves_the_key_with_its_name(stage: Stage, keys: Keys) -> None:
    keys.backend.bind({Action.TOGGLE: Chord.parse("Ctrl+Alt+Y")})
    stage.run("setxkbmap", "de")
    # Y and Z have changed places; the key that is now Y must work.
    wait_for(lambda: _fires(stage, keys, "ctrl+alt+y"), "the key on a German keyboard")
    stage.run("setxkbmap", "ru")
    # No Y at all: the key where an American keyboard has it (29).
    wait_for(lambda: _fires_by_number(stage, keys, "29"), "the key on a Russian keyboard")


def test_a_key_that_the_new_layout_does_not_have_is_told(stage: Stage) -> None:
    stage.run("setxkbmap", "de")
    told: Queue[Mapping[Action, Binding]] = Queue()
    keys = GlobalKeys(X11Hotkeys(stage.display), lambda _: None, told.put)
    keys.start()
    try:
        keys.set({**TOGGLE, Action.PAUSE: Chord.parse("Ctrl+Alt+Ü")})
        assert set(map(type, told.get(timeout=5).values())) == {Bound}
        stage.run("setxkbmap", "us")

        def told_of_each() -> bool:
            now = told.get(timeout=5)
            lost, kept = now[Action.PAUSE], now[Action.TOGGLE]
            return isinstance(lost, HotkeyUnavailable) and isinstance(kept, Bound)

        wait_for(told_of_each, "the key that is missing")
        stage.run("setxkbmap", "de")
        wait_for(lambda: set(map(type, told.get(timeout=5).values())) == {Bound}, "both again")
    finally:
        keys.stop()


def test_a_second_layout_switched_to_by_the_user_changes_nothing(stage: Stage, keys: Keys) -> None:
    stage.run("setxkbmap", "-layout", "us,ru", "-option", "grp:menu_toggle")
    keys.backend.bind(TOGGLE)
    stage.keys("key", "Menu")
    assert _fires_by_number(stage, keys, "40")


def test_mouse_buttons(stage: Stage, keys: Keys) -> None:
    bound = keys.backend.bind(
        {Action.TOGGLE: Chord.parse("MouseBack"), Action.PAUSE: Chord.parse("Ctrl+MouseMiddle")}
    )
    assert set(bound.values()) == {Bound("MouseBack"), Bound("Ctrl+MouseMiddle")}
    stage.keys("click", "8")
    assert [keys.next(), keys.next()] == [(Action.TOGGLE, DOWN), (Action.TOGGLE, UP)]
    stage.keys("keydown", "ctrl", "click", "2", "keyup", "ctrl")
    assert [keys.next(), keys.next()] == [(Action.PAUSE, DOWN), (Action.PAUSE, UP)]


def test_one_combination_does_one_thing(stage: Stage, keys: Keys) -> None:
    bound = keys.backend.bind({**TOGGLE, Action.PAUSE: Chord.parse("Ctrl+Alt+D")})
    assert bound[Action.TOGGLE] == Bound("Ctrl+Alt+D")
    assert isinstance(bound[Action.PAUSE], HotkeyUnavailable)


def test_a_server_that_goes_away_is_said_at_once(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        keys = Keys(stage)
        keys.backend.bind(TOGGLE)
    assert isinstance(keys.lost.get(timeout=5), HotkeyUnavailable)
    assert isinstance(keys.backend.bind(TOGGLE)[Action.TOGGLE], HotkeyUnavailable)
    keys.backend.stop()


def test_no_display_is_a_sentence() -> None:
    with pytest.raises(HotkeyUnavailable, match="no X window system"):
        X11Hotkeys(":9999").start(lambda _: None, lambda _: None)


def _fires(stage: Stage, keys: Keys, chord: str) -> bool:
    stage.keys("key", chord)
    return _drain(keys)


def _fires_by_number(stage: Stage, keys: Keys, code: str) -> bool:
    stage.keys("keydown", "ctrl", "keydown", "alt", "key", code, "keyup", "alt", "keyup", "ctrl")
    return _drain(keys)


def _drain(keys: Keys) -> bool:
    """Whether the key came down and up."""
    try:
        events = [keys.events.get(timeout=0.3), keys.events.get(timeout=5)]
    except Empty:
        return False
    return [event.edge for event in events] == [DOWN, UP]
