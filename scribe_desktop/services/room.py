"""Asks the disk how much room is left before a dictation."""

import shutil
from pathlib import Path

from scribe_desktop.domain.notices import SpoolTrouble
from scribe_desktop.domain.room import foretold


def low_room(folder: Path) -> SpoolTrouble | None:
    """What to say when the disk of `folder` is nearly full (domain/room.py)."""
    try:
        return foretold(shutil.disk_usage(folder).free)
    except OSError:
        # A disk that cannot be asked says so itself when it is written to.
        return None
