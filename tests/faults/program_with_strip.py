"""The real program, which also writes on stderr what its window shows in the strip.

Run as a script, as `program_to_kill.py` is.
"""

import sys
from pathlib import Path

from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.strip import Strip
from tests.faults import program_to_kill

SHOWN = "strip: "


def main(speech: Path, count: Path, arguments: list[str]) -> int:
    tell = Strip.tell

    def told(strip: Strip, telling: Telling) -> None:
        tell(strip, telling)
        if strip.isVisible():
            # As a screen reader finds it.
            sys.stderr.write(f"{SHOWN}{strip.accessibleName()}\n")
            sys.stderr.flush()

    setattr(Strip, "tell", told)  # noqa: B010  its type is none of ours
    return program_to_kill.main(speech, count, arguments)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
