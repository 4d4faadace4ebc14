"""Global keys through the desktop's portal, on a private bus with a desktop that obeys the test."""

from collections.abc import Iterator
from queue import Queue

import pytest
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.hotkeys.backend import (
    Bound,
    HotkeyPermissionNeeded,
    HotkeyUnavailable,
)
from scribe_desktop.desktop.hotkeys.chord import Chord
from scribe_desktop.desktop.hotkeys.portal import PortalHotkeys, trigger
from scribe_desktop.domain.errors import DesktopError
from tests.live.fake_portal import order
from tests.live.private_bus import private_bus, program

pytestmark = pytest.mark.live

KEYS = {Action.TOGGLE: Chord.parse("Ctrl+Shift+Space"), Action.PAUSE: Chord.parse("F13")}


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


@pytest.fixture
def desk(bus: str) -> Iterator[DBusConnection]:
    with program("fake_portal.py", bus), open_dbus_connection(bus="SESSION") as connection:
        yield connection


class Keys:
    def __init__(self) -> None:
        self.events: Queue[ActionEvent] = Queue()
        self.lost: Queue[DesktopError] = Queue()
        self.backend = PortalHotkeys()
        self.backend.start(self.events.put, self.lost.put)

    def next(self) -> tuple[Action, Edge]:
        event = self.events.get(timeout=5)
        return event.action, event.edge


@pytest.fixture
def keys(desk: DBusConnection) -> Iterator[Keys]:
    keys = Keys()
    yield keys
    keys.backend.stop()


def test_the_desktop_is_asked_and_its_keys_come_and_go(desk: DBusConnection, keys: Keys) -> None:
    assert keys.backend.bind(KEYS) == {
        Action.TOGGLE: Bound("Press CTRL+SHIFT+space"),
        Action.PAUSE: Bound("Press F13"),
    }
    order(desk, "Press", "toggle")
    order(desk, "Release", "toggle")
    order(desk, "Press", "no such key")
    order(desk, "Press", "pause")
    assert [keys.next() for _ in range(3)] == [
        (Action.TOGGLE, Edge.DOWN),
        (Action.TOGGLE, Edge.UP),
        (Action.PAUSE, Edge.DOWN),
    ]


def test_the_same_keys_are_not_asked_for_twice(desk: DBusConnection, keys: Keys) -> None:
    first = keys.backend.bind(KEYS)
    order(desk, "Deny")
    assert keys.backend.bind(KEYS) == first


def test_other_keys_replace_the_old_ones(desk: DBusConnection, keys: Keys) -> None:
    keys.backend.bind(KEYS)
    keys.backend.bind({Action.SHOW: Chord.parse("Super+F1")})
    assert order(desk, "Asked") == ([("show", "LOGO+F1")],)
    order(desk, "Press", "show")
    assert keys.next() == (Action.SHOW, Edge.DOWN)


def test_a_user_who_says_no_is_understood(desk: DBusConnection, keys: Keys) -> None:
    order(desk, "Deny")
    bound = keys.backend.bind(KEYS)
    assert {type(binding) for binding in bound.values()} == {HotkeyPermissionNeeded}
    assert keys.backend.bind(KEYS)[Action.TOGGLE] == Bound("Press CTRL+SHIFT+space")


def test_a_key_the_desktop_left_out_is_said_so(keys: Keys) -> None:
    bound = keys.backend.bind({**KEYS, Action.CANCEL: Chord.parse("Ctrl+Alt+Q")})
    assert isinstance(bound[Action.CANCEL], HotkeyUnavailable)
    assert isinstance(bound[Action.TOGGLE], Bound)


def test_mouse_buttons_are_refused_with_a_sentence(keys: Keys) -> None:
    bound = keys.backend.bind({Action.TOGGLE: Chord.parse("MouseBack")})
    assert "Mouse buttons" in str(bound[Action.TOGGLE])


def test_a_portal_that_goes_away_and_comes_back(bus: str, desk: DBusConnection, keys: Keys) -> None:
    keys.backend.bind(KEYS)
    order(desk, "Die")
    assert isinstance(keys.lost.get(timeout=5), HotkeyUnavailable)
    assert isinstance(keys.backend.bind(KEYS)[Action.TOGGLE], HotkeyUnavailable)
    with program("fake_portal.py", bus):
        assert isinstance(keys.backend.bind(KEYS)[Action.TOGGLE], Bound)


def test_a_desktop_without_the_portal_says_what_to_do(bus: str) -> None:
    with pytest.raises(HotkeyUnavailable, match="scribe-desktop toggle"):
        PortalHotkeys().start(lambda _: None, lambda _: None)


def test_no_bus_at_all_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    with pytest.raises(HotkeyUnavailable, match="scribe-desktop toggle"):
        PortalHotkeys().start(lambda _: None, lambda _: None)


@pytest.mark.parametrize(
    ("chord", "wish"),
    [
        ("Ctrl+Alt+D", "CTRL+ALT+d"),
        ("Super+PageUp", "LOGO+Prior"),
        ("MediaPlay", "XF86AudioPlay"),
        ("F24", "F24"),
    ],
)
def test_wishes_are_written_as_the_specification_says(chord: str, wish: str) -> None:
    assert trigger(Chord.parse(chord)) == wish
