"""Reads and writes the settings: a small JSON file that a person can read.

A file that cannot be read is set aside and the defaults apply, because a
typing mistake must not keep a clinician from dictating.
"""

import json
from dataclasses import dataclass
from pathlib import Path

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.settings import Settings, read_settings, settings_record
from scribe_desktop.services.places import make_private, write_private

SETTINGS_FILE = "settings.json"


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """The settings in force, and a sentence for each thing that was not taken."""

    settings: Settings
    complaints: tuple[str, ...] = ()


class SettingsFile:
    """The settings file in one folder."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / SETTINGS_FILE

    def load(self) -> LoadedSettings:
        """Read the file; a missing one means the defaults."""
        try:
            record = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return LoadedSettings(Settings())
        except OSError:
            return LoadedSettings(
                Settings(), ("The settings cannot be read at the moment; the defaults apply.",)
            )
        except (ValueError, RecursionError):
            return self._set_aside()
        if not isinstance(record, dict):
            return self._set_aside()
        settings, complaints = read_settings(record)
        return LoadedSettings(settings, complaints)

    def save(self, settings: Settings) -> None:
        """Replace the file; raises SettingsError when the disk does not take it."""
        text = json.dumps(settings_record(settings), ensure_ascii=False, indent=2) + "\n"
        try:
            make_private(self._path.parent)
            write_private(self._path, text.encode())
        except OSError as error:
            raise SettingsError(
                "The settings could not be stored; they apply until you close the program.",
                "Free some space on the disk and change the setting again.",
            ) from error

    def _set_aside(self) -> LoadedSettings:
        aside = self._path.with_name("settings.unreadable.json")
        number = 1
        while aside.exists():
            number += 1
            aside = self._path.with_name(f"settings.unreadable-{number}.json")
        self._path.rename(aside)
        complaint = (
            f"The settings file could not be read. It was set aside as “{aside.name}” "
            "and the defaults apply."
        )
        return LoadedSettings(Settings(), (complaint,))
