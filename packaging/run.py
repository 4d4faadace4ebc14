"""Sets up Scribe Desktop if need be and opens it: `python3 packaging/run.py [ARGUMENTS]`.

Arguments go to the command line of the program as they are. With none and no
display, the bundled sample is dictated instead, through the very same line.
"""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from console import ROOT, SetUpError, say
from environment import set_up

SAMPLE = ROOT / "resources" / "sample" / "01_htn.flac"


def arguments_for(
    given: Sequence[str], environment: Mapping[str, str], platform: str
) -> tuple[list[str], str]:
    """What the program is started with, and what to say first."""
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if given or not platform.startswith("linux") or any(environment.get(d) for d in displays):
        return list(given), ""
    return (
        ["dictate", "--file", str(SAMPLE), "--template", "clinical_notes_template"],
        "There is no display here, so no window can open. Dictating the bundled sample instead:",
    )


def main() -> int:
    """Set up, then become the program; its exit code is ours."""
    try:
        python = set_up(tests=False)
    except SetUpError as error:
        say(str(error))
        return 1
    arguments, word = arguments_for(sys.argv[1:], os.environ, sys.platform)
    if word:
        say(word)
    return _become(python, ["-m", "scribe_desktop", *arguments])


def _become(python: Path, arguments: Sequence[str]) -> int:
    command = [str(python), *arguments]
    if os.name != "nt":
        # No process in between: signals and the terminal reach the program itself.
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted
    child = subprocess.Popen(command)
    while True:
        try:
            return child.wait()
        except KeyboardInterrupt:
            # Ctrl+C reaches the program too; it decides how to end.
            continue


if __name__ == "__main__":
    raise SystemExit(main())
