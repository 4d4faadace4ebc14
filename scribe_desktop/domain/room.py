"""How long a dictation the disk still has room for, and when that is worth a sentence."""

from scribe_desktop.domain.notices import SpoolTrouble

BYTES_PER_MINUTE = 1_000_000
"""Encoded speech here and at the local service, and what is not yet encoded: twice 15 MB an hour,
doubled once more for what a database needs while it writes."""

ENOUGH_MINUTES = 180


def foretold(free_bytes: int) -> SpoolTrouble | None:
    """What to say before a dictation when fewer than three hours of it fit on the disk."""
    minutes = max(free_bytes, 0) // BYTES_PER_MINUTE
    if minutes >= ENOUGH_MINUTES:
        return None
    return SpoolTrouble(
        f"The disk of this computer has room for about {minutes} more minutes of dictation.",
        "Free some space before a long dictation.",
    )
