"""Reads and writes lists of text rules at a place of the clinician's choosing."""

from collections.abc import Mapping
from pathlib import Path

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.rule_list import read_rules, written_rules
from scribe_desktop.services.places import write_private

LARGEST = 5_000_000


class RuleFiles:
    """`ui.workplace.RuleFiles` on this computer's disk."""

    def read(self, path: str) -> Mapping[str, str]:
        """The pairs of a file; raises SettingsError."""
        try:
            with Path(path).open("rb") as file:
                found = file.read(LARGEST + 1)
        except OSError as error:
            raise SettingsError(
                "The file could not be opened.", "Check that it is there and may be read."
            ) from error
        if len(found) > LARGEST:
            raise SettingsError("The file is too large for a list of rules.", "Choose another.")
        try:
            return read_rules(found.decode("utf-8-sig"))
        except UnicodeDecodeError:
            # What a spreadsheet on Windows writes unless it is asked otherwise.
            return read_rules(found.decode("cp1252", errors="replace"))

    def write(self, path: str, pairs: Mapping[str, str]) -> None:
        """Write them, readable by their owner only; raises SettingsError."""
        text = written_rules(pairs, as_json=path.casefold().endswith(".json"))
        try:
            write_private(Path(path), text.encode())
        except OSError as error:
            raise SettingsError(
                "The file could not be written.", "Choose another folder, or make room."
            ) from error
