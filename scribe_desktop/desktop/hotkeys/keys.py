"""Keeps the global keys working through sleep, locks and restarts of the desktop.

People complain most that a key was dead after sleep and nobody told them. So
the wanted keys are remembered here, bound again whenever there is a reason,
and every result is reported, good or bad.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from typing import TypeAlias

from scribe_desktop.desktop.actions import Action
from scribe_desktop.desktop.hotkeys.backend import (
    Binding,
    HotkeyBackend,
    HotkeyTaken,
    HotkeyUnavailable,
    OnKey,
)
from scribe_desktop.desktop.hotkeys.chord import Chord
from scribe_desktop.domain.errors import DesktopError

log = logging.getLogger(__name__)

AGAIN_AFTER_S = 5.0
_JOIN_S = 2.0

OnBound: TypeAlias = Callable[[Mapping[Action, Binding]], None]


class GlobalKeys:
    """The keys that are wanted, and a thread that gets them.

    Binding may wait for a question the desktop asks the user, so it never
    happens on the caller's thread. `on_key` comes on the backend's thread,
    `on_bound` on this one's; both must only pass the news on.
    """

    def __init__(self, backend: HotkeyBackend, on_key: OnKey, on_bound: OnBound) -> None:
        self._backend, self._on_key, self._on_bound = backend, on_key, on_bound
        self._changed = threading.Condition()
        self._wanted: Mapping[Action, Chord] | None = None
        self._due = False
        self._lost: DesktopError | None = None
        self._recovering = False
        self._told: Mapping[Action, Binding] = {}
        self._ending = False
        self._thread = threading.Thread(target=self._run, name="global-keys", daemon=True)

    @property
    def supports_release(self) -> bool:
        """Whether a key can be held to talk on this system."""
        return self._backend.supports_release

    @property
    def user_chooses_key(self) -> bool:
        """Whether the desktop asks the user for the key."""
        return self._backend.user_chooses_key

    def start(self) -> None:
        """Begin; nothing is bound before `set`."""
        self._thread.start()

    def set(self, keys: Mapping[Action, Chord]) -> None:
        """Make these the global keys; none while the settings capture one."""
        with self._changed:
            self._wanted, self._due = dict(keys), True
            self._changed.notify()

    def refresh(self) -> None:
        """Bind the same keys again: after sleep, unlock, or when asked to try again."""
        with self._changed:
            self._due = self._wanted is not None
            self._changed.notify()

    def stop(self) -> None:
        """Give all keys back; waits at most two seconds."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self._thread.join(_JOIN_S)

    def _lose(self, error: DesktopError) -> None:
        with self._changed:
            self._lost, self._due = error, self._wanted is not None
            self._changed.notify()

    def _run(self) -> None:
        started = False
        while (reason := self._next()) is not None:
            keys, again = reason
            try:
                if not started:
                    self._backend.start(self._on_key, self._lose)
                    started = True
                bound = self._backend.bind(keys)
            except DesktopError as error:
                bound = dict.fromkeys(keys, error)
            failed = sum(isinstance(binding, DesktopError) for binding in bound.values())
            if self._recovering and failed == len(bound):
                # Said when they were lost; tried again until they are back.
                continue
            self._recovering = False
            if again and _same(bound, self._told):
                continue  # still another program's
            log.info("%d of %d global keys work", len(bound) - failed, len(bound))
            self._told = bound
            self._on_bound(bound)
        if started:
            self._backend.stop()

    def _next(self) -> tuple[Mapping[Action, Chord], bool] | None:
        """Wait for a reason to bind, and whether it is only another try; None for the end."""
        again = False
        with self._changed:
            while not self._ending:
                if self._lost is not None:
                    self._told = dict.fromkeys(self._wanted or (), self._lost)
                    self._on_bound(self._told)
                    self._lost, self._recovering = None, True
                if self._due and self._wanted is not None:
                    self._due = False
                    return self._wanted, again
                try_again = self._recovering or self._may_come_back()
                notified = self._changed.wait(AGAIN_AFTER_S if try_again else None)
                again = not notified
                self._due = self._due or again
        return None

    def _may_come_back(self) -> bool:
        """Whether a key that fails now may work by itself later.

        No system tells when another program gives a key back. Where the desktop
        asks the user, trying again would only show its question again.
        """
        if self._backend.user_chooses_key:
            return False
        failing = (HotkeyTaken, HotkeyUnavailable)
        return any(isinstance(one, failing) for one in self._told.values())


def _same(bound: Mapping[Action, Binding], told: Mapping[Action, Binding]) -> bool:
    return {action: str(one) for action, one in bound.items()} == {
        action: str(one) for action, one in told.items()
    }
