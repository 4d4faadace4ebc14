"""Tap or hold: what one key asks for, as tables of movements."""

import pytest

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.hotkeys.gesture import Gesture

START, STOP = Action.START, Action.STOP


def play(movements: str, *, supports_release: bool = True) -> list[tuple[int, Action]]:
    """`↓0 ↑150` is down at 0 ms, up at 150 ms; the dictation obeys at once."""
    gesture, active, orders = Gesture(supports_release=supports_release), False, []
    for movement in movements.split():
        at_ms = int(movement[1:])
        edge = Edge.DOWN if movement[0] == "↓" else Edge.UP
        order = gesture.feed(ActionEvent(Action.TOGGLE, edge, at_ms / 1000), active=active)
        if order:
            orders.append((at_ms, order))
            active = order is START
    return orders


@pytest.mark.parametrize(
    ("movements", "orders"),
    [
        ("↓0 ↑100", [(0, START)]),
        ("↓0 ↑100 ↓5000 ↑5100", [(0, START), (5000, STOP)]),
        ("↓0 ↑600", [(0, START)]),
        ("↓0 ↑601", [(0, START), (601, STOP)]),
        ("↓0 ↑4000", [(0, START), (4000, STOP)]),
        # A stop pressed 200 ms after the start is honoured, and holding it long changes nothing.
        ("↓0 ↑100 ↓200 ↑300", [(0, START), (200, STOP)]),
        ("↓0 ↑100 ↓200 ↑2000", [(0, START), (200, STOP)]),
        # Key repeat while held, at the usual 500 ms and then every 33 ms.
        ("↓0 ↓500 ↓533 ↓566 ↓599 ↓632 ↑2000", [(0, START), (2000, STOP)]),
        ("↓0 ↓500 ↓533 ↑550 ↓3000", [(0, START), (3000, STOP)]),
        # A release that was lost behind a lock screen does not leave the key dead.
        ("↓0 ↓20000 ↑20100", [(0, START), (20000, STOP)]),
        # A release nobody pressed asks for nothing.
        ("↑100", []),
        ("↑100 ↓200 ↑300", [(200, START)]),
    ],
)
def test_tap_toggles_and_hold_talks(movements: str, orders: list[tuple[int, Action]]) -> None:
    assert play(movements) == orders


def test_without_releases_every_press_toggles() -> None:
    assert play("↓0 ↓400 ↓900", supports_release=False) == [(0, START), (400, STOP), (900, START)]


def test_a_dictation_that_ended_by_itself_is_not_stopped_by_the_release() -> None:
    gesture = Gesture()
    assert gesture.feed(ActionEvent(Action.TOGGLE, Edge.DOWN, 0.0), active=False) is START
    assert gesture.feed(ActionEvent(Action.TOGGLE, Edge.UP, 2.0), active=False) is None


def test_after_forgetting_the_next_press_counts() -> None:
    gesture = Gesture()
    gesture.feed(ActionEvent(Action.TOGGLE, Edge.DOWN, 0.0), active=False)
    gesture.forget()
    assert gesture.feed(ActionEvent(Action.TOGGLE, Edge.DOWN, 0.3), active=True) is STOP
