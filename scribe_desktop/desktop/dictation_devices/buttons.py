"""The buttons a dictation microphone or a pedal can have, by one name each.

Every maker numbers them differently; the numbers here are those of the
published vectors, so that a recorded report can be checked against them.
"""

from collections.abc import Iterator
from enum import IntFlag


class Button(IntFlag):
    """One bit for each logical button; several may be down at once."""

    NONE = 0
    REWIND = 1 << 0
    PLAY = 1 << 1
    FORWARD = 1 << 2
    INS_OVR = 1 << 4
    RECORD = 1 << 5
    COMMAND = 1 << 6
    STOP = 1 << 8
    INSTR = 1 << 9
    F1_A = 1 << 10
    F2_B = 1 << 11
    F3_C = 1 << 12
    F4_D = 1 << 13
    EOL_PRIO = 1 << 14
    TRANSCRIBE = 1 << 15
    TAB_BACKWARD = 1 << 16
    TAB_FORWARD = 1 << 17
    CUSTOM_LEFT = 1 << 18
    CUSTOM_RIGHT = 1 << 19
    ENTER_SELECT = 1 << 20
    SCAN_END = 1 << 21
    SCAN_SUCCESS = 1 << 22


def each(buttons: Button) -> Iterator[Button]:
    """The single buttons in a mask, lowest bit first."""
    return (button for button in Button if button and button in buttons)
