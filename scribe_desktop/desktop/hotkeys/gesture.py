"""One key for both habits: tap to start and stop, or hold it and talk.

Start and stop act on the press, so that nothing waits to see how long the key
is held. Only a key that started the recording and was held longer than 600 ms
stops it when it comes up.
"""

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge

HOLD_S = 0.6
# Two presses without a release between them are key repeat when they are
# close. Further apart the release was lost (a locked screen swallows it), and
# a key that stayed dead until somebody noticed would be worse.
REPEAT_GAP_S = 1.0


class Gesture:
    """What one toggle key asks for. Not thread-safe; feed it where the recording is controlled."""

    def __init__(self, *, supports_release: bool = True) -> None:
        self._supports_release = supports_release
        self._last_down_s: float | None = None
        self._started_s: float | None = None

    def feed(self, event: ActionEvent, *, active: bool) -> Action | None:
        """START, STOP or nothing for one movement of the key.

        `active` is whether a dictation is open now, from the moment it was
        asked for: a stop pressed 200 ms after a start finds it true although
        no sample has arrived yet.
        """
        if event.edge is Edge.UP:
            return self._up(event.at_s, active=active)
        repeated = self._last_down_s is not None and event.at_s - self._last_down_s <= REPEAT_GAP_S
        if self._supports_release:
            self._last_down_s = event.at_s
            if repeated:
                return None
        self._started_s = None if active else event.at_s
        return Action.STOP if active else Action.START

    def forget(self) -> None:
        """Take the key as up, after sleep or when the keys were bound anew."""
        self._last_down_s = self._started_s = None

    def _up(self, at_s: float, *, active: bool) -> Action | None:
        started_s = self._started_s
        self.forget()
        held = started_s is not None and at_s - started_s > HOLD_S
        return Action.STOP if held and active else None
