"""A user's home for the real program as a process, and a service that can hang in front of it.

A patient goes with each dictation; whenever a process has ended, all that it
left is searched for what must not be there (`canaries.py`).
"""

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.session import Capture, Session
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.encoder import decode, decode_chunk
from scribe_desktop.services.places import find_places
from scribe_desktop.services.spool import Spool
from tests.faults import program_to_kill
from tests.faults.canaries import PATIENT_FILE, Onlooker, found
from tests.faults.kill_harness import SAMPLE
from tests.faults.proxy import FaultProxy
from tests.faults.real_service import TOKEN
from tests.live.desktop_stage import wait_for

WAIT_S = 60.0
ASKED = ("--template", "soap", "--patient-json", str(PATIENT_FILE), "--json")


@dataclass
class Home:
    """One user's files, and the program started in them."""

    folder: Path
    program: str = program_to_kill.__file__

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.speech = self.folder / "speech.pcm"
        self.speech.write_bytes(decode(SAMPLE.read_bytes()))
        self.count = self.folder / "count"
        self.onlooker = Onlooker(self.folder)
        self.environment = {
            **os.environ,
            **self.onlooker.environment,
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "QT_QPA_PLATFORM": "offscreen",
            "SCRIBE_DESKTOP_TOKEN": TOKEN,
        }

    @contextlib.contextmanager
    def started(
        self, *arguments: str, passes: tuple[int, ...] = ()
    ) -> "Iterator[subprocess.Popen[str]]":
        script = (self.program, str(self.speech), str(self.count))
        process = subprocess.Popen(
            [sys.executable, *script, *arguments],
            env=self.environment,
            pass_fds=passes,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        # A test that waits in vain for a word hears the end of the output instead.
        limit = threading.Timer(WAIT_S, process.kill)
        limit.start()
        with process:
            yield process
            process.kill()
        limit.cancel()
        self.onlooker.check()

    def done(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        with self.started(*arguments) as process:
            out, err = process.communicate(timeout=WAIT_S)
            assert found(err.encode()) == [], err
            return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def spool(self) -> Spool:
        places = find_places(self.environment)
        key = Credentials(places.keyring_name, places.config).spool_key(spool_exists=True).key
        return Spool.open(places.spool, key, now=time.time)

    def session(self) -> Session:
        """The one dictation; everything the microphone heard is in its sealed chunks."""
        with contextlib.closing(self.spool()) as spool:
            (session,) = spool.sessions()
            chunks = [spool.chunk(session.session_id, i) for i in range(session.chunks)]
        assert session.capture is Capture.STOPPED
        assert sum(len(decode_chunk(chunk)) // 2 for chunk in chunks) == session.frames
        return session

    def heard_frames(self) -> int:
        return int.from_bytes(self.count.read_bytes(), "little")


def service_at(proxy: FaultProxy) -> tuple[str, ...]:
    return (*ASKED, "--service", url(proxy), "--dialect", "onprem")


def url(proxy: FaultProxy) -> str:
    return f"http://127.0.0.1:{proxy.port}/voice/v1"


def says(process: "subprocess.Popen[str]", words: str) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        if words in line:
            return
    raise AssertionError(f"never said {words!r}")


def heard_until(home: Home, spoken_s: float) -> None:
    wait_for(lambda: home.count.exists() and home.heard_frames() > spoken_s * SAMPLE_RATE, "speech")


def arrives(proxy: FaultProxy, place: str) -> None:
    wait_for(lambda: any(arrived.purpose == place for arrived in proxy.arrived), place)


def answers(home: Home) -> None:
    """The window listens to other processes."""
    address = home.folder / "home" / "data" / "control" / "address"
    wait_for(address.exists, "the window")
