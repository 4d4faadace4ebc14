"""Does what a key, a button or a pedal asks for, whichever thread it came on.

Starting and stopping go straight to the line, so that a busy window can
delay neither; what only the window can do is passed on to it.
"""

import threading
from collections.abc import Callable
from typing import Protocol

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.hotkeys.gesture import Gesture
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.session import Capture
from scribe_desktop.ui.line import Line


class WindowDeeds(Protocol):
    """What only the window can do; each call returns at once, from any thread."""

    def cancel(self) -> None:
        """Set the running dictation aside, and offer to take that back."""

    def insert_last(self) -> None:
        """Insert the text of the latest dictation."""

    def copy_last(self) -> None:
        """Copy the text of the latest dictation."""

    def show_or_hide(self) -> None:
        """Bring the window to the front, or put it away when it is there."""

    def play_or_pause(self) -> None:
        """Play the recording that is shown, or pause it."""

    def begin_skipping(self, direction: int) -> None:
        """Go back (-1) or forward (1) in it, and on until `end_skipping`."""

    def end_skipping(self) -> None:
        """The button or pedal came up."""

    def bookmark(self) -> None:
        """Mark the place in it, or take the mark away."""

    def go_to_stop(self, direction: int) -> None:
        """To the next (1) or the last (-1) field or heading of the text."""

    def tell(self, message: str, remedy: str = "") -> None:
        """Show a sentence."""

    def settings_changed(self) -> None:
        """A setting was changed by something else than the window."""


SUPPORTED: tuple[Action, ...] = (
    Action.TOGGLE,
    Action.START,
    Action.STOP,
    Action.PAUSE,
    Action.CANCEL,
    Action.FINISH,
    Action.INSERT_LAST,
    Action.COPY_LAST,
    Action.SHOW,
    Action.BACK,
    Action.FORWARD,
    Action.BOOKMARK,
    Action.PREVIOUS_SECTION,
    Action.NEXT_SECTION,
    Action.TEMPLATE_1,
    Action.TEMPLATE_2,
    Action.TEMPLATE_3,
    Action.TEMPLATE_4,
    Action.NOTHING,
)
"""What a button can be set to."""

_SKIPS = {Action.BACK: -1, Action.FORWARD: 1}

_TEMPLATES = (Action.TEMPLATE_1, Action.TEMPLATE_2, Action.TEMPLATE_3, Action.TEMPLATE_4)


class Obeying:
    """One place where movements of keys and buttons become deeds. Any thread."""

    def __init__(self, line: Line, window: WindowDeeds) -> None:
        self._line = line
        self._window = window
        self._lock = threading.Lock()
        self._gestures: dict[str, Gesture] = {}
        self._deeds: dict[Action, Callable[[], object]] = {
            Action.START: self._start,
            Action.STOP: line.stop,
            Action.FINISH: line.stop,
            Action.PAUSE: self._pause,
            Action.CANCEL: window.cancel,
            Action.INSERT_LAST: window.insert_last,
            Action.COPY_LAST: window.copy_last,
            Action.SHOW: window.show_or_hide,
            Action.BACK: lambda: window.begin_skipping(_SKIPS[Action.BACK]),
            Action.FORWARD: lambda: window.begin_skipping(_SKIPS[Action.FORWARD]),
            Action.BOOKMARK: self._bookmark,
            Action.PREVIOUS_SECTION: lambda: window.go_to_stop(-1),
            Action.NEXT_SECTION: lambda: window.go_to_stop(1),
        }

    def obey(self, event: ActionEvent, source: str, *, supports_release: bool = True) -> None:
        """Do it. `source` tells keys apart that can be held at the same time."""
        # One at a time: a stop that comes 200 ms after a start finds it begun.
        with self._lock:
            action: Action | None = event.action
            if event.action is Action.TOGGLE:
                gesture = self._gestures.setdefault(
                    source, Gesture(supports_release=supports_release)
                )
                action = gesture.feed(event, active=self._line.running() is not None)
            elif event.edge is Edge.UP:
                action = None
                if event.action in _SKIPS:
                    self._window.end_skipping()
            if action is not None:
                self._do(action)

    def forget(self) -> None:
        """Take every key as up: after sleep, or when the keys were bound anew."""
        with self._lock:
            for gesture in self._gestures.values():
                gesture.forget()

    def _do(self, action: Action) -> None:
        try:
            if action in _TEMPLATES:
                self._choose_template(_TEMPLATES.index(action))
            elif action in self._deeds:
                self._deeds[action]()
        except ScribeError as error:
            self._window.tell(error.message, error.remedy)

    def _start(self) -> None:
        if self._line.running() is None:
            self._line.start()

    def _pause(self) -> None:
        running = self._line.running()
        if running is None:
            self._window.play_or_pause()
        else:
            paused = running.capture is Capture.PAUSED
            self._line.resume() if paused else self._line.pause()

    def _bookmark(self) -> None:
        if self._line.running() is None:
            self._window.bookmark()
        else:
            self._line.bookmark_now()
            self._window.tell("This place is marked.")

    def _choose_template(self, place: int) -> None:
        offered = self._line.offer().templates
        if place < len(offered):
            self._line.set_setting("templates", [offered[place].template_id])
            self._window.settings_changed()
            self._window.tell(f"Template: {offered[place].name}.")
