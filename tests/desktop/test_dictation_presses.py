"""Bounces, moved microphones and sliders neither start nor end a recording."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.dictation_devices.buttons import Button, each
from scribe_desktop.desktop.dictation_devices.mapping import (
    BUTTONS_OF,
    DEFAULT_ACTIONS,
    ButtonMap,
    setting_key,
)
from scribe_desktop.desktop.dictation_devices.models import Family, Interface, model_of
from scribe_desktop.desktop.dictation_devices.presses import (
    SETTLE_S,
    Pressed,
    Presses,
    Released,
    SliderAt,
)

INTERNATIONAL = model_of(Interface(b"x", 0x0911, 0x0C1C), 3710).slider
R, F1, F2 = Button.RECORD, Button.F1_A, Button.F2_B


def test_a_press_is_told_at_once_and_a_release_when_it_has_lasted() -> None:
    presses = Presses()
    assert presses.feed(R, 0.0) == [Pressed(R)]
    assert presses.feed(Button.NONE, 1.0) == []
    assert presses.due_s == 1.0 + SETTLE_S
    assert presses.settle(1.0 + SETTLE_S) == [Released(R)]
    assert presses.due_s is None


def test_a_bounce_in_a_held_record_is_not_a_release() -> None:
    presses = Presses()
    presses.feed(R, 0.0)
    assert presses.feed(Button.NONE, 1.0) == []
    assert presses.feed(R, 1.01) == []
    assert presses.settle(9.0) == []


def test_a_bounce_after_a_press_is_one_press() -> None:
    presses = Presses()
    told = presses.feed(R, 0.0) + presses.feed(Button.NONE, 0.005) + presses.feed(R, 0.01)
    assert told == [Pressed(R)]


@pytest.mark.parametrize("compound", [F1 | F2, R | F1 | F2, F1 | F2 | Button.PLAY])
def test_a_compound_report_is_not_a_press_nor_a_release(compound: Button) -> None:
    presses = Presses()
    presses.feed(R, 0.0)
    assert presses.feed(compound, 1.0) == []
    assert presses.feed(R, 1.2) == []
    assert presses.settle(9.0) == []


def test_a_second_button_beside_a_held_one_is_a_press() -> None:
    presses = Presses()
    presses.feed(R, 0.0)
    assert presses.feed(R | F1, 1.0) == [Pressed(F1)]


def test_a_slider_found_on_record_is_shown_and_starts_nothing() -> None:
    presses = Presses(INTERNATIONAL)
    (found,) = presses.feed(R, 0.0)
    assert found == SliderAt(R, found=True)
    assert ButtonMap().event(Family.SPEECHMIKE, found, 0.0) is None


def test_a_slider_is_followed_and_never_toggled() -> None:
    presses = Presses(INTERNATIONAL)
    presses.stand(Button.STOP)
    reports = [R, R, R | F1, R, Button.STOP, Button.NONE, Button.STOP, R]
    orders = [
        ButtonMap().event(Family.SPEECHMIKE, movement, at_s)
        for at_s, mask in enumerate(reports)
        for movement in presses.feed(mask, at_s)
        if isinstance(movement, SliderAt)
    ]
    assert orders == [
        ActionEvent(Action.START, Edge.DOWN, 0),
        ActionEvent(Action.STOP, Edge.DOWN, 4),
        ActionEvent(Action.START, Edge.DOWN, 7),
    ]


def test_a_button_that_was_down_when_the_device_was_opened_is_no_press() -> None:
    presses = Presses()
    assert presses.stand(R) == []
    assert presses.feed(R, 0.0) == []
    assert presses.feed(Button.NONE, 1.0) == []
    assert presses.feed(R, 2.0) == [Pressed(R)]


@given(st.lists(st.tuples(st.integers(0, 2**23 - 1), st.floats(0, 0.2)), max_size=60))
def test_presses_and_releases_alternate_whatever_arrives(reports: list[tuple[int, float]]) -> None:
    presses, down, now_s = Presses(INTERNATIONAL), set(), 0.0
    for mask, gap_s in [*reports, (0, 1.0)]:
        now_s += gap_s
        buttons = Button.NONE
        for button in each(Button(mask & 0x7FFF77)):
            buttons |= button
        for movement in presses.feed(buttons, now_s):
            if isinstance(movement, Pressed):
                assert movement.button not in down
                down.add(movement.button)
            elif isinstance(movement, Released):
                down.remove(movement.button)
    assert {m.button for m in presses.settle(now_s + 1) if isinstance(m, Released)} == down


def test_the_clinicians_choice_wins_and_an_unknown_one_is_ignored() -> None:
    chosen = {
        setting_key(Family.FOOT, Button.PLAY): "pause",
        "foot/NO_SUCH": "stop",
        "gone/PLAY": "stop",
        "speechmike/F1_A": "no such action",
    }
    buttons = ButtonMap(chosen)
    assert buttons.action(Family.FOOT, Button.PLAY) is Action.PAUSE
    assert buttons.action(Family.SPEECHMIKE, F1) is Action.TEMPLATE_1
    assert buttons.action(Family.SPEECHMIKE, Button.COMMAND) is Action.NOTHING
    assert buttons.event(Family.FOOT, Released(Button.PLAY), 3.0) == ActionEvent(
        Action.PAUSE, Edge.UP, 3.0
    )
    assert buttons.event(Family.SPEECHMIKE, Pressed(Button.COMMAND), 3.0) is None


def test_every_default_is_a_button_that_family_has() -> None:
    for family, actions in DEFAULT_ACTIONS.items():
        assert set(BUTTONS_OF[family]) <= {*actions, Button.INS_OVR, Button.COMMAND}
