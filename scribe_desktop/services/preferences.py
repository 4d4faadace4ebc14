"""The settings in force: what the clinician set, under what the hospital fixed.

One owner for the one copy of the settings; a change is checked, in force, and
then stored, in that order: a choice counts also where the disk does not answer.
"""

import threading
from collections.abc import Mapping
from typing import Any, Protocol

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.settings import Settings, with_value
from scribe_desktop.services.late_write import LateWrites


class File(Protocol):
    """Where the clinician's own settings are kept."""

    def save(self, settings: Settings) -> None:
        """Store them durably."""


class Preferences:
    """The settings of this user; any thread may ask."""

    def __init__(
        self,
        file: File,
        settings: Settings,
        policy: Mapping[str, Any],
        writes: LateWrites | None = None,
    ) -> None:
        self._file = file
        self._writes = writes or LateWrites()
        self._lock = threading.Lock()
        self._locked = frozenset(policy)
        for name, value in policy.items():
            settings = with_value(settings, name, value)
        self._settings = settings

    def load(self) -> Settings:
        """The settings in force."""
        return self._settings

    def set(self, name: str, value: Any) -> Settings:  # noqa: ANN401  JSON
        """Change one setting; raises SettingsError with a sentence."""
        if name in self._locked:
            raise SettingsError(
                "Your organisation has fixed this setting.",
                "Ask your IT department if it should be different.",
            )
        with self._lock:
            self._settings = changed = with_value(self._settings, name, value)
        # All that is in force by then: one that was stored late must not undo a later one.
        self._writes.within(lambda: self._file.save(self._settings))
        return changed

    def settle(self, timeout_s: float) -> bool:
        """Wait until what is in force is on disk; whether it is."""
        return self._writes.settle(timeout_s)

    def locked(self) -> frozenset[str]:
        """Names that the machine-wide policy fixes."""
        return self._locked
