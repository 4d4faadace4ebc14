"""Hands a file to whatever program the system opens it with.

Used for the installer of a newer version: the system asks for the rights it
needs, in its own window and in its own words; this program never has any.
"""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scribe_desktop.domain.errors import DesktopError

OPENED_WITHIN_S: Final = 10.0
"""What still runs after this long has a window open; only a refusal comes sooner."""


def opening_command(path: Path, system: str = sys.platform) -> list[str]:
    """The command that opens a file as a double click would; none on Windows, which has a call."""
    return ["open" if system == "darwin" else "xdg-open", str(path)]


if sys.platform == "win32":
    import os

    def open_with_system(path: Path) -> None:
        """Open it as a double click would; raises DesktopError when the system refuses."""
        try:
            os.startfile(path)  # noqa: S606  the file was proved to be the publisher's
        except OSError as error:
            raise _refused() from error

else:

    def open_with_system(path: Path) -> None:
        """Open it as a double click would; raises DesktopError when the system refuses."""
        run_to_open(opening_command(path))


def run_to_open(command: Sequence[str], within_s: float = OPENED_WITHIN_S) -> None:
    """Run a command that opens something; raises DesktopError when it says that it could not."""
    try:
        opener = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise _refused() from error
    try:
        code = opener.wait(within_s)
    except subprocess.TimeoutExpired:
        # It is the program itself that was opened, and lives on its own.
        opener.returncode = 0
        return
    if code:
        raise _refused()


def _refused() -> DesktopError:
    return DesktopError(
        "The system has no program that opens this installer.",
        "Open it yourself from its folder, or ask your IT department.",
    )
