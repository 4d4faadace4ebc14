"""What a key, a button or a pedal can ask for, whichever of them it was.

Keys on the keyboard, buttons on a dictation microphone and foot pedals all end
here, so that "start or stop" means the same thing everywhere.
"""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """Something the clinician can ask for without the window."""

    TOGGLE = "toggle"
    START = "start"
    STOP = "stop"
    PAUSE = "pause"
    CANCEL = "cancel"
    FINISH = "finish"
    INSERT_LAST = "insert_last"
    COPY_LAST = "copy_last"
    SHOW = "show"
    BACK = "back"
    FORWARD = "forward"
    BOOKMARK = "bookmark"
    PREVIOUS_SECTION = "previous_section"
    NEXT_SECTION = "next_section"
    TEMPLATE_1 = "template_1"
    TEMPLATE_2 = "template_2"
    TEMPLATE_3 = "template_3"
    TEMPLATE_4 = "template_4"
    NOTHING = "nothing"


ACTION_NAMES: dict[Action, str] = {
    Action.TOGGLE: "Start or stop; hold to talk",
    Action.START: "Start",
    Action.STOP: "Stop",
    Action.PAUSE: "Pause or go on; play when nothing is recorded",
    Action.CANCEL: "Cancel (can be undone)",
    Action.FINISH: "Finish and send",
    Action.INSERT_LAST: "Insert the last text",
    Action.COPY_LAST: "Copy the last text",
    Action.SHOW: "Show or hide the window",
    Action.BACK: "Back in the recording; hold to go on",
    Action.FORWARD: "Forward in the recording; hold to go on",
    Action.BOOKMARK: "Mark this place",
    Action.PREVIOUS_SECTION: "Previous field or section of the note",
    Action.NEXT_SECTION: "Next field or section of the note",
    Action.TEMPLATE_1: "First template",
    Action.TEMPLATE_2: "Second template",
    Action.TEMPLATE_3: "Third template",
    Action.TEMPLATE_4: "Fourth template",
    Action.NOTHING: "Nothing",
}


class Edge(StrEnum):
    """Which way the key moved."""

    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True)
class ActionEvent:
    """One movement of one key or button, with the moment it happened.

    `at_s` is `time.monotonic()` on the thread that saw it, because a busy
    window may look at it later and must still tell a tap from a held key.
    """

    action: Action
    edge: Edge
    at_s: float
