"""The settings in force: what the clinician set, under what the hospital fixed.

One owner for the one copy of the settings; a change is checked, stored and
then in force, in that order.
"""

import threading
from collections.abc import Mapping
from typing import Any, Protocol

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.settings import Settings, with_value


class File(Protocol):
    """Where the clinician's own settings are kept."""

    def save(self, settings: Settings) -> None:
        """Store them durably."""


class Preferences:
    """The settings of this user; any thread may ask."""

    def __init__(self, file: File, settings: Settings, policy: Mapping[str, Any]) -> None:
        self._file = file
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
            changed = with_value(self._settings, name, value)
            self._file.save(changed)
            self._settings = changed
            return changed

    def locked(self) -> frozenset[str]:
        """Names that the machine-wide policy fixes."""
        return self._locked
