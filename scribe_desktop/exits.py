"""The exit codes that other programs rely on."""

from enum import IntEnum


class Exit(IntEnum):
    """What a command's end means."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOTHING_SAID = 3
    UNREACHABLE = 4
