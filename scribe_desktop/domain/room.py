"""Says before a dictation starts that the disk is nearly full, and not only when it is.

An hour of speech takes about 15 MB here and as much again at the service of
this computer; other programs fill a disk faster than we do.
"""

from scribe_desktop.domain.notices import Trouble

LEAST_FREE_BYTES = 200_000_000


def foretold(free_bytes: int | None) -> Trouble | None:
    """What to tell the clinician, or None where there is room enough or nobody knows."""
    if free_bytes is None or free_bytes >= LEAST_FREE_BYTES:
        return None
    return Trouble(
        f"Only {free_bytes // 1_000_000} MB are free on this computer's disk. "
        "The dictation begins all the same.",
        "Free some space soon. A recording that meets a full disk goes on in memory and says so.",
    )
