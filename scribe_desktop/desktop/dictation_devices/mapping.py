"""Which button does what, as the clinician has set it.

The defaults are those of the dictation programs people come from. A slider is
not in the map where it says RECORD or STOP: a position is followed.
"""

from collections.abc import Mapping

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.dictation_devices.buttons import Button
from scribe_desktop.desktop.dictation_devices.models import Family
from scribe_desktop.desktop.dictation_devices.presses import (
    Movement,
    Pressed,
    SliderAt,
)

_COMMON: dict[Button, Action] = {
    Button.RECORD: Action.TOGGLE,
    Button.STOP: Action.STOP,
    Button.PLAY: Action.PAUSE,
    Button.REWIND: Action.BACK,
    Button.FORWARD: Action.FORWARD,
    Button.EOL_PRIO: Action.FINISH,
    Button.INSTR: Action.BOOKMARK,
    Button.TAB_BACKWARD: Action.PREVIOUS_SECTION,
    Button.TAB_FORWARD: Action.NEXT_SECTION,
    Button.ENTER_SELECT: Action.INSERT_LAST,
    Button.TRANSCRIBE: Action.INSERT_LAST,
    Button.F1_A: Action.TEMPLATE_1,
    Button.F2_B: Action.TEMPLATE_2,
    Button.F3_C: Action.TEMPLATE_3,
    Button.F4_D: Action.TEMPLATE_4,
    Button.CUSTOM_LEFT: Action.TEMPLATE_1,
    Button.CUSTOM_RIGHT: Action.TEMPLATE_2,
}

# A pedal has no RECORD; its middle is the widest and does the main thing.
DEFAULT_ACTIONS: dict[Family, dict[Button, Action]] = {
    Family.SPEECHMIKE: _COMMON,
    Family.POWERMIC: _COMMON,
    Family.FOOT: {
        Button.REWIND: Action.BACK,
        Button.PLAY: Action.TOGGLE,
        Button.FORWARD: Action.FORWARD,
        Button.EOL_PRIO: Action.FINISH,
    },
}

BUTTONS_OF: dict[Family, tuple[Button, ...]] = {
    Family.SPEECHMIKE: (
        Button.RECORD,
        Button.STOP,
        Button.PLAY,
        Button.REWIND,
        Button.FORWARD,
        Button.EOL_PRIO,
        Button.INS_OVR,
        Button.INSTR,
        Button.F1_A,
        Button.F2_B,
        Button.F3_C,
        Button.F4_D,
        Button.COMMAND,
    ),
    Family.POWERMIC: (
        Button.RECORD,
        Button.PLAY,
        Button.REWIND,
        Button.FORWARD,
        Button.TAB_BACKWARD,
        Button.TAB_FORWARD,
        Button.ENTER_SELECT,
        Button.TRANSCRIBE,
        Button.CUSTOM_LEFT,
        Button.CUSTOM_RIGHT,
        Button.F1_A,
        Button.F2_B,
        Button.F3_C,
        Button.F4_D,
        Button.COMMAND,
    ),
    Family.FOOT: (Button.REWIND, Button.PLAY, Button.FORWARD, Button.EOL_PRIO),
}


def setting_key(family: Family, button: Button) -> str:
    """The key under which a choice is kept in the settings: `speechmike/F1_A`."""
    return f"{family}/{button.name}"


class ButtonMap:
    """The defaults with the clinician's choices over them.

    A choice that no program version knows is ignored; its default holds.
    """

    def __init__(self, chosen: Mapping[str, str] | None = None) -> None:
        self._actions = {family: dict(actions) for family, actions in DEFAULT_ACTIONS.items()}
        for key, value in (chosen or {}).items():
            family, _, name = key.partition("/")
            if (
                family in Family.__members__.values()
                and name in Button.__members__
                and value in Action.__members__.values()
            ):
                self._actions[Family(family)][Button[name]] = Action(value)

    def action(self, family: Family, button: Button) -> Action:
        """What a button does."""
        return self._actions[family].get(button, Action.NOTHING)

    def event(self, family: Family, movement: Movement, at_s: float) -> ActionEvent | None:
        """What a movement asks for, or None when it asks for nothing."""
        if isinstance(movement, SliderAt):
            action = Action.NOTHING if movement.found else self._followed(family, movement.position)
            edge = Edge.DOWN
        else:
            action = self.action(family, movement.button)
            edge = Edge.DOWN if isinstance(movement, Pressed) else Edge.UP
        return None if action is Action.NOTHING else ActionEvent(action, edge, at_s)

    def _followed(self, family: Family, position: Button) -> Action:
        if position is Button.RECORD:
            return Action.START
        if position is Button.STOP:
            return Action.STOP
        return self.action(family, position)
