"""One entry, written and removed, that starts exactly what was asked."""

import plistlib
import shlex
from pathlib import Path

import pytest

from scribe_desktop.desktop.autostart import LinuxAutostart, MacAutostart
from scribe_desktop.domain.errors import DesktopError

COMMAND = ["/opt/Scribe Desktop/scribe-desktop", "window", "--hidden", "50%"]


def test_an_entry_for_linux(tmp_path: Path) -> None:
    entry = LinuxAutostart(tmp_path)
    assert not entry.is_on()
    entry.turn(COMMAND)
    assert entry.is_on()
    text = (tmp_path / "autostart" / "scribe-desktop.desktop").read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith("Exec=")]
    assert shlex.split(line.removeprefix("Exec=").replace("%%", "%")) == COMMAND
    entry.turn(None)
    entry.turn(None)
    assert not entry.is_on()


def test_an_entry_for_macos(tmp_path: Path) -> None:
    entry = MacAutostart(tmp_path)
    entry.turn(COMMAND)
    (file,) = (tmp_path / "LaunchAgents").iterdir()
    agent = plistlib.loads(file.read_bytes())
    assert agent["ProgramArguments"] == COMMAND
    assert agent["RunAtLoad"] is True
    assert file.stem == agent["Label"]


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "autostart").write_text("a file where the folder should be")
    with pytest.raises(DesktopError, match="could not be set"):
        LinuxAutostart(tmp_path).turn(COMMAND)
