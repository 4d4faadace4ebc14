"""Starts the program when the clinician logs in, if they want that.

Each system has one place where a user, without being administrator, writes
down what starts with the login; this module writes exactly one entry there
and removes exactly that one.
"""

import plistlib
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from scribe_desktop.domain.errors import DesktopError

_NAME = "scribe-desktop"
_LABEL = "org.scribe_desktop.ScribeDesktop"


class Autostart(Protocol):
    """The one entry. Both raise DesktopError when the system refuses."""

    def is_on(self) -> bool:
        """Whether the program starts with the login."""

    def turn(self, command: Sequence[str] | None) -> None:
        """Start this command with the login; None for nothing."""


class _FileEntry:
    """An entry that is a file of its own."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def is_on(self) -> bool:
        """Whether the file is there."""
        return self._file.exists()

    def turn(self, command: Sequence[str] | None) -> None:
        """Write or remove the file."""
        try:
            if command is None:
                self._file.unlink(missing_ok=True)
                return
            self._file.parent.mkdir(parents=True, exist_ok=True)
            self._file.write_bytes(self.content(command))
        except OSError as error:
            raise DesktopError(
                "The program could not be set to start with the system.",
                "Its folder for that cannot be written; ask whoever looks after this computer.",
            ) from error

    def content(self, command: Sequence[str]) -> bytes:
        """What the file holds."""
        raise NotImplementedError


class LinuxAutostart(_FileEntry):
    """An XDG autostart entry."""

    def __init__(self, configuration: Path) -> None:
        super().__init__(configuration / "autostart" / f"{_NAME}.desktop")

    def content(self, command: Sequence[str]) -> bytes:
        """A desktop entry; `%` has a meaning of its own there."""
        executable = shlex.join(command).replace("%", "%%")
        lines = (
            "[Desktop Entry]",
            "Type=Application",
            "Name=Scribe Desktop",
            f"Exec={executable}",
            "Terminal=false",
            "X-GNOME-Autostart-enabled=true",
        )
        return ("\n".join(lines) + "\n").encode()


class MacAutostart(_FileEntry):
    """A launch agent."""

    def __init__(self, library: Path) -> None:
        super().__init__(library / "LaunchAgents" / f"{_LABEL}.plist")

    def content(self, command: Sequence[str]) -> bytes:
        """A property list."""
        entry = {"Label": _LABEL, "ProgramArguments": list(command), "RunAtLoad": True}
        return plistlib.dumps(entry)


if sys.platform == "win32":
    import subprocess
    import winreg

    _RUN = r"Software\Microsoft\Windows\CurrentVersion\Run"

    class WindowsAutostart:
        """A value under the user's Run key."""

        def is_on(self) -> bool:
            """Whether the value is there."""
            try:
                with winreg.OpenKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
                    winreg.QueryValueEx(key, _NAME)
            except OSError:
                return False
            return True

        def turn(self, command: Sequence[str] | None) -> None:
            """Write or remove the value."""
            try:
                with winreg.CreateKey(winreg.HKEY_CURRENT_USER, _RUN) as key:
                    if command is not None:
                        line = subprocess.list2cmdline(command)
                        winreg.SetValueEx(key, _NAME, 0, winreg.REG_SZ, line)
                    elif self.is_on():
                        winreg.DeleteValue(key, _NAME)
            except OSError as error:
                raise DesktopError(
                    "The program could not be set to start with the system.",
                    "Windows does not allow it here; ask whoever looks after this computer.",
                ) from error


def autostart() -> Autostart:
    """The place of this system."""
    if sys.platform == "win32":
        return WindowsAutostart()
    if sys.platform == "darwin":
        return MacAutostart(Path.home() / "Library")
    import platformdirs

    return LinuxAutostart(Path(platformdirs.user_config_dir()))
