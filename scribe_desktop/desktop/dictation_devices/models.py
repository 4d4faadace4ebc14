"""Which dictation microphones and pedals there are, and how each is recognised.

A workstation has many HID interfaces; only those in this table are opened.
Identifiers and device codes are facts of the hardware, gathered from the
makers' published support code and public drivers.
"""

from dataclasses import dataclass
from enum import StrEnum

from scribe_desktop.desktop.dictation_devices.buttons import Button

PHILIPS = 0x0911
NUANCE = 0x0554


class Wire(StrEnum):
    """How an interface speaks; one microphone in browser mode has two of these."""

    SPEECHMIKE = "SM_HID"
    GAMEPAD = "SM_PAD"
    FOOT = "FOOT"
    POWERMIC_3 = "PM3"


class Family(StrEnum):
    """What the clinician calls it; button maps are kept by family."""

    SPEECHMIKE = "speechmike"
    POWERMIC = "powermic"
    FOOT = "foot"


@dataclass(frozen=True, slots=True)
class Interface:
    """One HID interface as the system lists it.

    `usage_page` and `usage` are 0 where the system does not say.
    """

    path: bytes
    vendor: int
    product: int
    usage_page: int = 0
    usage: int = 0
    serial: str = ""


@dataclass(frozen=True, slots=True)
class Model:
    """What an interface turned out to be. `code` is None when the device did not say."""

    name: str
    family: Family
    code: int | None = None
    slider: Button = Button.NONE


POWERMIC_4 = (NUANCE, 0x0064)
_FOUR_PEDALS = 0x091A

# (wire, vendor, product, usage page, usage); the order is the order of trial.
_KNOWN: tuple[tuple[Wire, int, int, int, int], ...] = (
    (Wire.SPEECHMIKE, PHILIPS, 0x0C1C, 0xFFA0, 1),
    (Wire.SPEECHMIKE, PHILIPS, 0x0C1D, 0xFFA0, 1),
    (Wire.SPEECHMIKE, PHILIPS, 0x0C1E, 0xFFA0, 1),
    (Wire.SPEECHMIKE, PHILIPS, 0x0FA0, 0xFFA0, 1),
    (Wire.SPEECHMIKE, NUANCE, 0x0064, 0xFFA0, 1),
    (Wire.GAMEPAD, PHILIPS, 0x0FA0, 1, 4),
    (Wire.GAMEPAD, PHILIPS, 0x0C1E, 1, 4),
    (Wire.GAMEPAD, NUANCE, 0x0064, 1, 4),
    (Wire.FOOT, PHILIPS, 0x1844, 1, 4),
    (Wire.FOOT, PHILIPS, _FOUR_PEDALS, 1, 4),
    (Wire.POWERMIC_3, NUANCE, 0x1001, 1, 0),
)

_PHI = Button.FORWARD | Button.STOP | Button.PLAY | Button.REWIND
_INTERNATIONAL = Button.RECORD | Button.STOP | Button.PLAY | Button.REWIND
_SLIDERS: dict[int, Button] = dict.fromkeys((3220, 3520, 3720), _PHI) | dict.fromkeys(
    (3210, 3310, 3510, 3610, 3710, 3810, 4010), _INTERNATIONAL
)

_SERIES: dict[int, str] = {
    32: "SpeechMike III",
    33: "SpeechMike III with scanner",
    35: "SpeechMike Premium",
    36: "SpeechMike Premium with scanner",
    37: "SpeechMike Premium Touch",
    38: "SpeechMike Premium Touch with scanner",
    40: "SpeechMike Premium Air",
    50: "SpeechMike Ambient",
    60: "SpeechOne",
}


def wire_of(interface: Interface) -> Wire | None:
    """How to speak to an interface, or None when it is not one of ours.

    A known device on another usage page (its keyboard, its volume keys) is
    left alone. A system that names no usage at all gives the benefit of the
    doubt: on Linux some builds of the HID library report 0/0.
    """
    for wire, vendor, product, page, usage in _KNOWN:
        if (interface.vendor, interface.product) != (vendor, product):
            continue
        said = (interface.usage_page, interface.usage)
        if said == (page, usage) or (said == (0, 0) and wire is not Wire.GAMEPAD):
            return wire
    return None


def model_without_asking(wire: Wire, interface: Interface) -> Model | None:
    """The model where vendor and product already tell it; None means: ask the device."""
    if wire is Wire.FOOT:
        pedals = 4 if interface.product == _FOUR_PEDALS else 3
        return Model(f"Philips foot control, {pedals} pedals", Family.FOOT, interface.product)
    if wire is Wire.POWERMIC_3:
        return Model("PowerMic III", Family.POWERMIC, interface.product)
    return None


def model_of(interface: Interface, code: int | None) -> Model:
    """The model behind a device code; None is a device that would not say.

    PowerMic 4 answers with a SpeechMike's code, so its ids decide.
    """
    if (interface.vendor, interface.product) == POWERMIC_4:
        return Model("PowerMic 4", Family.POWERMIC, 100)
    if code is None:
        return Model("Dictation microphone", Family.SPEECHMIKE)
    name = f"Philips {_SERIES.get(code // 100, 'dictation microphone')}"
    return Model(name, Family.SPEECHMIKE, code, _SLIDERS.get(code, Button.NONE))
