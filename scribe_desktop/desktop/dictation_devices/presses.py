"""Tells real presses of a button from the noise around them.

A slider is a position, not a press: it is followed, never toggled, and what
it already stood on when the device was opened is shown but starts nothing.
Buttons bounce, and a microphone that is only moved can send reports with
several bits at once; neither may start or end a recording.
"""

from dataclasses import dataclass
from typing import TypeAlias

from scribe_desktop.desktop.dictation_devices.buttons import Button, each

# A press comes through at once; only a release waits this long, so that a
# bounce in the middle of a held RECORD does not cut a sentence in two.
SETTLE_S = 0.05


@dataclass(frozen=True, slots=True)
class Pressed:
    """A button went down."""

    button: Button


@dataclass(frozen=True, slots=True)
class Released:
    """A button came up and stayed up."""

    button: Button


@dataclass(frozen=True, slots=True)
class SliderAt:
    """The slider stands here. `found` means it stood here when first seen: nobody moved it."""

    position: Button
    found: bool


Movement: TypeAlias = Pressed | Released | SliderAt


class Presses:
    """The buttons of one device over time; `now_s` is any monotonic clock."""

    def __init__(self, slider: Button = Button.NONE) -> None:
        self._slider = slider
        self._position = Button.NONE
        self._held = Button.NONE
        self._standing = Button.NONE
        self._rising: dict[Button, float] = {}

    def stand(self, mask: Button) -> list[Movement]:
        """Take in what was already down before anybody listened; no button counts as pressed.

        A button that stood is ignored until it has been up once.
        """
        self._standing = mask & ~self._slider
        return self._follow_slider(mask & self._slider, found=True)

    def feed(self, mask: Button, now_s: float) -> list[Movement]:
        """Take in one report: everything that is down, slider included."""
        movements = self.settle(now_s)
        movements += self._follow_slider(mask & self._slider, found=not self._position)
        self._standing &= mask
        movements += self._press(mask & ~self._slider & ~self._standing, now_s)
        return movements

    def settle(self, now_s: float) -> list[Movement]:
        """The releases that have lasted long enough by now."""
        movements: list[Movement] = []
        for button in [button for button, due_s in self._rising.items() if due_s <= now_s]:
            del self._rising[button]
            self._held &= ~button
            movements.append(Released(button))
        return movements

    @property
    def due_s(self) -> float | None:
        """When `settle` has something to say, or None."""
        return min(self._rising.values(), default=None)

    def _follow_slider(self, position: Button, *, found: bool) -> list[Movement]:
        # A slider has no release: no bit at all means that it said nothing.
        # It also cannot be in two places.
        if position.bit_count() != 1 or position == self._position:
            return []
        self._position = position
        return [SliderAt(position, found)]

    def _press(self, down: Button, now_s: float) -> list[Movement]:
        appeared = down & ~self._held
        if appeared.bit_count() > 1:
            # Two buttons in the same instant is what a moved microphone sends.
            # The whole report is doubtful, so what is held stays held.
            return []
        for button in each(down & self._held):
            self._rising.pop(button, None)
        for button in each(self._held & ~down):
            self._rising.setdefault(button, now_s + SETTLE_S)
        self._held |= appeared
        return [Pressed(appeared)] if appeared else []
