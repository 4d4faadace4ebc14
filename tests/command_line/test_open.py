"""What a file manager or a link hands over arrives in the window, and can do nothing else."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line.conftest import LIMIT_S, SAMPLE, Scribe, finish, start


@pytest.fixture
def window(tmp_path: Path, scribe: Scribe) -> Iterator[None]:
    process = start(tmp_path / "home", "open", str(SAMPLE), env={"QT_QPA_PLATFORM": "offscreen"})
    until = time.monotonic() + LIMIT_S
    while len(imported(scribe)) < 1:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
    yield
    process.send_signal(signal.SIGTERM)
    assert "Traceback" not in finish(process).err


def imported(scribe: Scribe) -> list[str]:
    return [one["session_id"] for one in scribe("sessions", "--json").record("sessions")]


@pytest.mark.engine
def test_a_recording_is_imported_and_a_link_only_shows_the_window(
    window: None, scribe: Scribe, tmp_path: Path
) -> None:
    assert len(imported(scribe)) == 1

    # Any web page can offer such a link: it must not start a microphone.
    assert scribe("open", "scribe-desktop:start").exit_code == 0
    assert len(imported(scribe)) == 1

    assert scribe("open", str(SAMPLE)).exit_code == 0
    assert len(imported(scribe)) == 2

    no_audio = tmp_path / "letter.wav"
    no_audio.write_bytes(b"this is no audio")
    assert scribe("open", str(no_audio)).exit_code == 0
