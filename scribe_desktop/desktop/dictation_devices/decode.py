"""Turns the bytes a dictation device sends into buttons, motion or an answer.

Nothing here can fail: other programs talk to the same microphone and their
answers arrive here too, so whatever is not understood is simply nothing.
"""

from dataclasses import dataclass
from typing import TypeAlias

from scribe_desktop.desktop.dictation_devices.buttons import Button
from scribe_desktop.desktop.dictation_devices.models import Wire

_BUTTONS = 0x80
_MOTION = 0x9E
_ANSWERS = frozenset({0x83, 0x87, 0x8B, 0x8D, 0x91, 0x96})
_SPEECHMIKE_REPORT = 9


@dataclass(frozen=True, slots=True)
class ButtonsDown:
    """All buttons that are down now, sliders included."""

    buttons: Button


@dataclass(frozen=True, slots=True)
class Moved:
    """The microphone was picked up or laid down."""

    laid_down: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The device's answer to a question of the same number."""

    command: int
    report: bytes


Decoded: TypeAlias = ButtonsDown | Moved | Answer | None

_SPEECHMIKE: tuple[tuple[int, Button], ...] = (
    (0x0001, Button.SCAN_END),
    (0x0002, Button.F1_A),
    (0x0004, Button.F2_B),
    (0x0008, Button.F3_C),
    (0x0010, Button.F4_D),
    (0x0020, Button.COMMAND),
    (0x0080, Button.SCAN_SUCCESS),
    (0x0100, Button.RECORD),
    (0x0200, Button.STOP),
    (0x0400, Button.PLAY),
    (0x0800, Button.FORWARD),
    (0x1000, Button.REWIND),
    (0x2000, Button.EOL_PRIO),
    (0x4000, Button.INS_OVR),
    (0x8000, Button.INSTR),
)
_POWERMIC_4: tuple[tuple[int, Button], ...] = (
    (0x0002, Button.F1_A),
    (0x0004, Button.F2_B),
    (0x0008, Button.F3_C),
    (0x0010, Button.F4_D),
    (0x0020, Button.COMMAND),
    (0x0100, Button.RECORD),
    (0x0400, Button.PLAY),
    (0x0800, Button.TAB_FORWARD),
    (0x1000, Button.TAB_BACKWARD),
    (0x2000, Button.REWIND),
    (0x4000, Button.FORWARD),
    (0x8000, Button.ENTER_SELECT),
)
_GAMEPAD_SPEECHMIKE: tuple[tuple[int, Button], ...] = (
    (0x0001, Button.REWIND),
    (0x0002, Button.PLAY),
    (0x0004, Button.FORWARD),
    (0x0010, Button.INS_OVR),
    (0x0020, Button.RECORD),
    (0x0040, Button.COMMAND),
    (0x0200, Button.INSTR),
    (0x0400, Button.F1_A),
    (0x0800, Button.F2_B),
    (0x1000, Button.F3_C),
    (0x2000, Button.F4_D),
    (0x4000, Button.EOL_PRIO),
)
_GAMEPAD_POWERMIC_4: tuple[tuple[int, Button], ...] = (
    (0x0001, Button.TAB_BACKWARD),
    (0x0002, Button.PLAY),
    (0x0004, Button.TAB_FORWARD),
    (0x0010, Button.FORWARD),
    (0x0020, Button.RECORD),
    (0x0040, Button.COMMAND),
    (0x0200, Button.ENTER_SELECT),
    (0x0400, Button.F1_A),
    (0x0800, Button.F2_B),
    (0x1000, Button.F3_C),
    (0x2000, Button.F4_D),
    (0x4000, Button.REWIND),
)
_FOOT: tuple[tuple[int, Button], ...] = (
    (0x01, Button.REWIND),
    (0x02, Button.PLAY),
    (0x04, Button.FORWARD),
    (0x08, Button.EOL_PRIO),
)
_POWERMIC_3: tuple[tuple[int, Button], ...] = (
    (0x0001, Button.TRANSCRIBE),
    (0x0002, Button.TAB_BACKWARD),
    (0x0004, Button.RECORD),
    (0x0008, Button.TAB_FORWARD),
    (0x0010, Button.REWIND),
    (0x0020, Button.FORWARD),
    (0x0040, Button.PLAY),
    (0x0080, Button.CUSTOM_LEFT),
    (0x0100, Button.ENTER_SELECT),
    (0x0200, Button.CUSTOM_RIGHT),
)


def decode(wire: Wire, report: bytes, *, powermic_4: bool = False) -> Decoded:
    """Read one input report, without its report id; anything unknown is None."""
    if wire is Wire.SPEECHMIKE:
        return _decode_speechmike(report, _POWERMIC_4 if powermic_4 else _SPEECHMIKE)
    if wire is Wire.GAMEPAD:
        table = _GAMEPAD_POWERMIC_4 if powermic_4 else _GAMEPAD_SPEECHMIKE
        return _buttons(report, 0, 2, table)
    if wire is Wire.FOOT:
        return _buttons(report, 0, 1, _FOOT)
    return _buttons(report, 1, 2, _POWERMIC_3)


def _decode_speechmike(report: bytes, table: tuple[tuple[int, Button], ...]) -> Decoded:
    if len(report) < _SPEECHMIKE_REPORT:
        return None
    kind = report[0]
    if kind == _BUTTONS:
        return _buttons(report, 7, 2, table)
    if kind == _MOTION:
        return Moved(laid_down=report[8] == 1)
    if kind in _ANSWERS:
        return Answer(kind, report)
    return None


def _buttons(
    report: bytes, offset: int, size: int, table: tuple[tuple[int, Button], ...]
) -> ButtonsDown | None:
    if len(report) < offset + size:
        return None
    word = int.from_bytes(report[offset : offset + size], "little")
    down = Button.NONE
    for bit, button in table:
        if word & bit:
            down |= button
    return ButtonsDown(down)
