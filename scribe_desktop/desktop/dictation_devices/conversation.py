"""One open interface: what arrives becomes movements, what must be said goes out.

No thread, clock or device here, so every order of events can be played in a
test: an answer that never comes, a button pressed during identification, a
light set before the device is known.
"""

from dataclasses import dataclass
from typing import TypeAlias

from scribe_desktop.desktop.dictation_devices.buttons import Button
from scribe_desktop.desktop.dictation_devices.decode import Answer, ButtonsDown, Moved, decode
from scribe_desktop.desktop.dictation_devices.identify import Identification
from scribe_desktop.desktop.dictation_devices.leds import Light, light_frame
from scribe_desktop.desktop.dictation_devices.models import (
    POWERMIC_4,
    Interface,
    Model,
    Wire,
    model_of,
    model_without_asking,
)
from scribe_desktop.desktop.dictation_devices.presses import Movement, Presses


@dataclass(frozen=True, slots=True)
class Identified:
    """The device has said what it is, or will not say."""

    model: Model


Fact: TypeAlias = Identified | Movement | Moved


class Conversation:
    """What is known of one open interface. `frames` collects reports to write."""

    def __init__(self, wire: Wire, interface: Interface, light: Light, now_s: float) -> None:
        self.wire = wire
        self.interface = interface
        self.frames: list[bytes] = []
        self._powermic_4 = (interface.vendor, interface.product) == POWERMIC_4
        self._presses = Presses()
        self._down = Button.NONE
        self._identification: Identification | None = None
        self.model: Model | None = None
        # A pad is the buttons of a microphone that has an interface of its
        # own to be asked on; it needs no model and has no light.
        self._listening = wire is not Wire.SPEECHMIKE
        if wire is not Wire.GAMEPAD:
            self.model = model_without_asking(wire, interface)
        if wire is Wire.SPEECHMIKE:
            self._identification = Identification(now_s)
            self._collect_question()
        self.show(light)

    def show(self, light: Light) -> None:
        """Set the light; a device without one ignores it."""
        frame = light_frame(self.wire, light)
        if frame is not None:
            self.frames.append(frame)

    def receive(self, report: bytes, now_s: float) -> list[Fact]:
        """Take in one input report."""
        decoded = decode(self.wire, report, powermic_4=self._powermic_4)
        if isinstance(decoded, ButtonsDown):
            self._down = decoded.buttons
            # Without the model a slider cannot be told from a button, so
            # nothing is pressed yet; it takes some milliseconds.
            return [*self._presses.feed(decoded.buttons, now_s)] if self._listening else []
        if isinstance(decoded, Moved):
            return [decoded]
        if isinstance(decoded, Answer) and self._identification:
            self._identification.answer(decoded.command, decoded.report, now_s)
            return self._go_on()
        return []

    def tick(self, now_s: float) -> list[Fact]:
        """What the passing of time brings: releases that lasted, questions asked again."""
        facts: list[Fact] = [*self._presses.settle(now_s)]
        if self._identification:
            self._identification.wait(now_s)
            facts += self._go_on()
        return facts

    @property
    def due_s(self) -> float | None:
        """When `tick` should be called next, or None."""
        times = [self._presses.due_s]
        if self._identification:
            times.append(self._identification.due_s)
        return min((time for time in times if time is not None), default=None)

    def _go_on(self) -> list[Fact]:
        assert self._identification is not None  # noqa: S101  both callers have looked
        self._collect_question()
        if not self._identification.done:
            return []
        self.model = model_of(self.interface, self._identification.code)
        self._identification = None
        self._listening = True
        self._presses = Presses(self.model.slider)
        return [Identified(self.model), *self._presses.stand(self._down)]

    def _collect_question(self) -> None:
        if self._identification and (frame := self._identification.take_frame()):
            self.frames.append(frame)
