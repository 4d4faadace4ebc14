"""Says before a dictation how little room the disk has left for it."""

import shutil
from pathlib import Path

from scribe_desktop.domain.notices import SpoolTrouble

BYTES_PER_MINUTE = 1_000_000
"""Encoded speech here and at the local service, and what is not yet encoded: twice 15 MB an hour,
doubled once more for what a database needs while it writes."""

ENOUGH_MINUTES = 180


def low_room(folder: Path) -> SpoolTrouble | None:
    """What to say when fewer than three hours of dictation fit on the disk of `folder`."""
    try:
        minutes = shutil.disk_usage(folder).free // BYTES_PER_MINUTE
    except OSError:
        # A disk that cannot be asked says so itself when it is written to.
        return None
    if minutes >= ENOUGH_MINUTES:
        return None
    return SpoolTrouble(
        f"The disk of this computer has room for about {minutes} more minutes of dictation.",
        "Free some space before a long dictation.",
    )
