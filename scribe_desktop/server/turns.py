"""Decides whose turn it is at the one speech engine.

Whoever has stopped speaking waits for the text and goes first; those who
still speak take turns. One condition, so that a waiting engine costs nothing.
"""

import threading
import time
from dataclasses import dataclass

# A store that cannot be written, for want of room, is tried again after this time.
_STORE_PAUSE_S = 2.0


@dataclass(frozen=True)
class Prepare:
    """Load this model: somebody begins to speak."""

    model: str


@dataclass(frozen=True)
class Hear:
    """Go on with this session."""

    session_id: str


@dataclass(frozen=True)
class Rest:
    """Nothing was wanted for a long while."""


@dataclass(frozen=True)
class Stop:
    """The service ends."""


class Turns:
    """What is to be done next. Any thread asks for turns, the engine thread takes them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: dict[str, bool] = {}
        self._parked: set[str] = set()
        self._models: list[str] = []
        self._stopping = False

    def prepare(self, model: str) -> None:
        """Ask for a model to be loaded, before anything else."""
        with self._changed:
            if model not in self._models:
                self._models.append(model)
            self._changed.notify_all()

    def ask(self, session_id: str, *, urgent: bool) -> None:
        """Ask for a turn; urgent once is urgent until it is taken."""
        with self._changed:
            self._due[session_id] = urgent or self._due.get(session_id, False)
            self._changed.notify_all()

    def park(self, session_id: str) -> None:
        """Ask for a turn a little later, because the store could not be written."""
        with self._changed:
            self._parked.add(session_id)

    def stop(self) -> None:
        """Let the next turn be the last."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def next(self, rest_after_s: float) -> Prepare | Hear | Rest | Stop:
        """Wait for something to do, or for so long that the engine may rest."""
        until = time.monotonic() + rest_after_s
        with self._changed:
            while not self._wanted():
                left = until - time.monotonic()
                if left <= 0:
                    return Rest()
                self._changed.wait(min(left, _STORE_PAUSE_S) if self._parked else left)
                for session_id in self._parked:
                    self._due.setdefault(session_id, True)
                self._parked.clear()
            if self._stopping:
                return Stop()
            if self._models:
                return Prepare(self._models.pop(0))
            return Hear(self._take())

    def _wanted(self) -> bool:
        return self._stopping or bool(self._models) or bool(self._due)

    def _take(self) -> str:
        urgent = (session_id for session_id, hurry in self._due.items() if hurry)
        session_id = next(urgent, None) or next(iter(self._due))
        del self._due[session_id]
        return session_id
