"""Every recorded report of every device means what the vectors say."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.desktop.dictation_devices.buttons import Button
from scribe_desktop.desktop.dictation_devices.decode import ButtonsDown, Moved, decode
from scribe_desktop.desktop.dictation_devices.identify import TRIES, Identification
from scribe_desktop.desktop.dictation_devices.leds import (
    Led,
    LedMode,
    Light,
    led_frame,
    light_frame,
)
from scribe_desktop.desktop.dictation_devices.models import (
    Family,
    Interface,
    Wire,
    model_of,
    wire_of,
)
from scribe_desktop.desktop.dictation_devices.presses import (
    SETTLE_S,
    Movement,
    Pressed,
    Presses,
    Released,
    SliderAt,
)

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent / "dictation_vectors.json").read_text(encoding="utf-8")
)

# Two models of each series come with a slider: “INT” (…10) and “PHI” (…20).
WITH_SLIDER = {3210, 3220, 3310, 3510, 3520, 3610, 3710, 3720, 3810, 4010}


class Played:
    """One device fed with reports a second apart, its movements told as the vectors tell them."""

    def __init__(self, vector: dict[str, Any]) -> None:
        self.wire = Wire(vector["device_class"])
        interface = Interface(b"x", vector["vid"], vector.get("pid", 0x0C1C))
        self.model = model_of(interface, vector["device_code"])
        slider = self.model.slider if self.wire is Wire.SPEECHMIKE else Button.NONE
        self.presses = Presses(slider)
        self.powermic_4 = self.model.name == "PowerMic 4"
        self.now_s = 0.0

    def event(self, report: list[int]) -> str | None:
        self.now_s += 1.0
        decoded = decode(self.wire, bytes(report), powermic_4=self.powermic_4)
        assert isinstance(decoded, ButtonsDown)
        movements = self.presses.feed(decoded.buttons, self.now_s)
        movements += self.presses.settle(self.now_s + SETTLE_S)
        return _as_vector(movements)


def _as_vector(movements: list[Movement]) -> str | None:
    # The vectors tell one thing for each report: a press before the slider
    # position that the same report revealed, a slider before a release.
    for kind in (Pressed, SliderAt, Released):
        for movement in movements:
            if isinstance(movement, SliderAt) and kind is SliderAt:
                return movement.position.name
            if isinstance(movement, Pressed) and kind is Pressed:
                return movement.button.name
            if isinstance(movement, Released) and kind is Released:
                return "NONE"
    return None


@pytest.mark.parametrize(
    "vector", VECTORS["press_release"], ids=lambda v: f"{v['device_class']}-{v['device_code']}"
)
def test_every_press_and_release_is_decoded(vector: dict[str, Any]) -> None:
    played = Played(vector)
    for case in vector["cases"]:
        assert played.event(case["report"]) == case["event"], case
        released = "NONE" if case["event"] else None
        assert played.event(vector["release"]) == released, case


@pytest.mark.parametrize("vector", VECTORS["sequences"])
def test_sliders_are_told_from_buttons(vector: dict[str, Any]) -> None:
    played = Played(vector)
    for step in vector["steps"]:
        assert played.event(step["report"]) == step["event"], step


@pytest.mark.parametrize("vector", VECTORS["identify"], ids=lambda v: str(v["code"]))
def test_every_device_is_identified_by_its_answers(vector: dict[str, Any]) -> None:
    asking = Identification(now_s=0.0)
    while not asking.done:
        frame = asking.take_frame()
        assert frame is not None
        assert len(frame) == 9
        asking.answer(frame[0], bytes(vector["answers"][str(frame[0])]), now_s=0.1)
    model = model_of(Interface(b"x", vector["vid"], vector["pid"]), asking.code)
    assert model.code == vector["code"]
    assert bool(model.slider) == (vector["code"] in WITH_SLIDER)


def test_a_device_that_does_not_answer_is_asked_three_times_and_kept() -> None:
    asking = Identification(now_s=0.0)
    asked = 0
    while not asking.done:
        asked += asking.take_frame() is not None
        asking.wait(asking.due_s)
    assert (asked, asking.code) == (TRIES, None)
    unknown = model_of(Interface(b"x", 0x0911, 0x0C1D), asking.code)
    assert unknown.family is Family.SPEECHMIKE
    assert unknown.slider is Button.NONE


def test_answers_to_other_programs_change_nothing() -> None:
    asking = Identification(now_s=0.0)
    asking.answer(0x96, bytes(9), now_s=0.0)
    assert not asking.done
    assert (asking.take_frame() or b"")[0] == 0x83


@pytest.mark.parametrize("vector", VECTORS["leds"], ids=lambda v: v.get("preset") or v["led"])
def test_led_frames(vector: dict[str, Any]) -> None:
    presets: dict[str, dict[Led, LedMode]] = {
        "OFF": {},
        "RECORD_INSERT": {Led.RECORD_GREEN: LedMode.ON, Led.INSOVR_GREEN: LedMode.ON},
        "RECORD_OVERWRITE": {Led.RECORD_RED: LedMode.ON},
        "STANDBY_INSERT": {
            Led.RECORD_GREEN: LedMode.BLINK_SLOW,
            Led.INSOVR_GREEN: LedMode.BLINK_SLOW,
        },
        "STANDBY_OVERWRITE": {Led.RECORD_RED: LedMode.BLINK_SLOW},
    }
    if "preset" in vector:
        lights = presets[vector["preset"]]
    else:
        lights = {Led(vector["led"]): LedMode[vector["mode"]]}
    assert led_frame(lights) == bytes(vector["frame"])


def test_the_light_of_a_powermic_3_is_red_only_while_recording() -> None:
    frames = {v["state"]: bytes(v["frame"]) for v in VECTORS["pm3_leds"]}
    shown = {light: light_frame(Wire.POWERMIC_3, light) for light in Light}
    assert shown == {
        Light.OFF: frames["OFF"],
        Light.ARMED: frames["GREEN"],
        Light.RECORDING: frames["RED"],
        Light.FAULT: frames["OFF"],
    }
    assert light_frame(Wire.FOOT, Light.RECORDING) is None


@pytest.mark.parametrize("vector", VECTORS["motion"])
def test_motion(vector: dict[str, Any]) -> None:
    decoded = decode(Wire.SPEECHMIKE, bytes(vector["report"]))
    assert decoded == Moved(laid_down=vector["event"] == "LAID_DOWN")


def test_the_button_numbers_are_those_of_the_vectors() -> None:
    assert {b.name: b.value.bit_length() - 1 for b in Button if b} == VECTORS["button_bits"]


@given(st.sampled_from(Wire), st.binary(max_size=64), st.booleans())
def test_no_report_however_odd_raises(wire: Wire, report: bytes, powermic_4: bool) -> None:  # noqa: FBT001
    decode(wire, report, powermic_4=powermic_4)


def test_only_the_interface_that_speaks_our_language_is_opened() -> None:
    assert wire_of(Interface(b"x", 0x0911, 0x0FA0, 0xFFA0, 1)) is Wire.SPEECHMIKE
    assert wire_of(Interface(b"x", 0x0911, 0x0FA0, 1, 4)) is Wire.GAMEPAD
    assert wire_of(Interface(b"x", 0x0554, 0x1001, 1, 0)) is Wire.POWERMIC_3
    assert wire_of(Interface(b"x", 0x0911, 0x1844)) is Wire.FOOT
    assert wire_of(Interface(b"x", 0x0911, 0x0C1C, 1, 6)) is None
    assert wire_of(Interface(b"x", 0x046D, 0xC31C, 1, 6)) is None
