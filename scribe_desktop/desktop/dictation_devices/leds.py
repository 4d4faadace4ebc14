"""The light on the microphone, which clinicians watch instead of the screen.

Solid red only while samples are really being kept: a light that promises a
recording that is not there costs a visit.
"""

from collections.abc import Mapping
from enum import IntEnum, StrEnum

from scribe_desktop.desktop.dictation_devices.models import Wire


class Led(StrEnum):
    """The lights a SpeechMike can have."""

    RECORD_GREEN = "RECORD_GREEN"
    RECORD_RED = "RECORD_RED"
    INSTR_GREEN = "INSTR_GREEN"
    INSTR_RED = "INSTR_RED"
    INSOVR_GREEN = "INSOVR_GREEN"
    INSOVR_RED = "INSOVR_RED"
    F4 = "F4"
    F3 = "F3"
    F2 = "F2"
    F1 = "F1"


class LedMode(IntEnum):
    """What one light does; two bits in the frame."""

    OFF = 0
    BLINK_SLOW = 1
    BLINK_FAST = 2
    ON = 3


class Light(StrEnum):
    """The true state of the recording, as the device shows it."""

    OFF = "off"
    ARMED = "armed"
    RECORDING = "recording"
    FAULT = "fault"


# light -> (byte of the frame, lowest bit)
_PLACES: dict[Led, tuple[int, int]] = {
    Led.RECORD_GREEN: (6, 0),
    Led.RECORD_RED: (6, 2),
    Led.INSTR_GREEN: (6, 4),
    Led.INSTR_RED: (6, 6),
    Led.INSOVR_GREEN: (7, 4),
    Led.INSOVR_RED: (7, 6),
    Led.F4: (8, 0),
    Led.F3: (8, 2),
    Led.F2: (8, 4),
    Led.F1: (8, 6),
}
_SET_LEDS = 0x02

_SPEECHMIKE: dict[Light, Mapping[Led, LedMode]] = {
    Light.OFF: {},
    Light.ARMED: {Led.RECORD_RED: LedMode.BLINK_SLOW},
    Light.RECORDING: {Led.RECORD_RED: LedMode.ON},
    Light.FAULT: {Led.RECORD_RED: LedMode.BLINK_FAST},
}
# PowerMic III cannot blink. Green is "ready"; a fault shows nothing, because
# red would promise a recording.
POWERMIC_3_OFF = bytes([0])
POWERMIC_3_RED = bytes([1])
POWERMIC_3_GREEN = bytes([2])
_POWERMIC_3: dict[Light, bytes] = {
    Light.OFF: POWERMIC_3_OFF,
    Light.ARMED: POWERMIC_3_GREEN,
    Light.RECORDING: POWERMIC_3_RED,
    Light.FAULT: POWERMIC_3_OFF,
}


def led_frame(lights: Mapping[Led, LedMode]) -> bytes:
    """The nine bytes that set every light of a SpeechMike; those not named go off."""
    frame = bytearray(9)
    frame[0] = _SET_LEDS
    for led, mode in lights.items():
        at, shift = _PLACES[led]
        frame[at] |= mode << shift
    return bytes(frame)


def light_frame(wire: Wire, light: Light) -> bytes | None:
    """The report that shows a state, without its report id; None where there is no light."""
    if wire is Wire.SPEECHMIKE:
        return led_frame(_SPEECHMIKE[light])
    if wire is Wire.POWERMIC_3:
        return _POWERMIC_3[light]
    return None
