"""What is said when the program had to end before the disk took everything."""

from scribe_desktop.domain.errors import DiskFull


def parting(unkept_s: float, *, is_settled: bool) -> DiskFull | None:
    """None if all is on disk; `unkept_s` of speech were not, or changes where not `is_settled`.

    Nothing is called safe that may be lost: where changes wait, "all before" is not known.
    """
    spoken = f"the last {max(unkept_s, 0.1):.1f} seconds that were spoken"
    if unkept_s > 0 and not is_settled:
        return DiskFull(
            f"The disk did not take {spoken}, nor what you changed last, and the program had "
            "to end.",
            "Free some space on the disk. Then dictate the end again, and look at the dictations "
            "and settings that you changed.",
        )
    if unkept_s > 0:
        return DiskFull(
            f"The disk did not take {spoken}, and the program had to end. All before that is safe.",
            "Free some space on the disk, then dictate the end again.",
        )
    if not is_settled:
        return DiskFull(
            "The disk did not take what you changed last, and the program had to end.",
            "Look at the dictations and settings that you changed when you start again.",
        )
    return None
