"""Promise 1: whenever the program dies, all but the last second of speech is there.

Twelve instants here; SCRIBE_DESKTOP_KILLS=200 for as many as you like.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scribe_desktop.domain.session import Capture
from scribe_desktop.services.encoder import decode
from scribe_desktop.services.recovery import recover
from scribe_desktop.services.spool import Spool
from tests.services import killed_recordings
from tests.services.killed_recordings import ID, KEY, spoken

KILLS = int(os.environ.get("SCRIBE_DESKTOP_KILLS", "12"))
PCM = spoken()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kill -9 and fork are of POSIX")
def test_killed_at_any_instant_all_but_the_last_second_is_there(tmp_path: Path) -> None:
    script = killed_recordings.__file__
    subprocess.run([sys.executable, script, tmp_path, str(KILLS), "7"], check=True, timeout=600)
    frames = [check(tmp_path / str(number)) for number in range(KILLS)]
    # They died early, late, and in between, or this shows nothing.
    assert min(frames) < 2 * 16_000
    assert max(frames) > 3 * 16_000


def check(folder: Path) -> int:
    """One dead recording: whole before recovery, and whole after it. Returns what was spoken."""
    heard = int((folder / "spoken").read_text("ascii"))
    spool = Spool.open(folder, KEY, now=time.time)
    session = spool.get(ID)
    tail = spool.tail(ID)
    durable = session.frames + len(tail) // 2
    assert tail == PCM[2 * session.frames : 2 * durable], "the tail is bit for bit what was spoken"
    assert heard - durable <= 16_000, "at most a second is missing"
    recover(spool, time.time())
    after = spool.get(ID)
    chunks = [spool.chunk(ID, index) for index in range(after.chunks)]
    spool.close()
    assert after.capture is Capture.STOPPED
    assert sum(chunk.frames for chunk in chunks) == after.frames == durable
    assert all(
        len(decode(chunk.body)) == 2 * chunk.frames for chunk in chunks if chunk.frames >= 856
    )
    return heard
