import sys
from pathlib import Path

import pytest

from scribe_desktop.desktop.opening import opening_command, run_to_open
from scribe_desktop.domain.errors import DesktopError

LIVES_ON = [sys.executable, "-c", "import signal; signal.alarm(1); signal.pause()"]


def test_each_system_opens_a_file_its_own_way() -> None:
    installer = Path("/cache/new.deb")
    assert opening_command(installer, "linux") == ["xdg-open", "/cache/new.deb"]
    assert opening_command(installer, "darwin") == ["open", "/cache/new.deb"]


def test_what_opens_is_not_waited_for() -> None:
    run_to_open(LIVES_ON, within_s=0.01)


def test_what_says_that_it_opened_is_believed() -> None:
    run_to_open([sys.executable, "-c", ""])


@pytest.mark.parametrize(
    "command", [[sys.executable, "-c", "raise SystemExit(3)"], ["/no/such/opener"]]
)
def test_a_system_that_cannot_open_it_is_a_sentence(command: list[str]) -> None:
    with pytest.raises(DesktopError, match="no program that opens"):
        run_to_open(command)
