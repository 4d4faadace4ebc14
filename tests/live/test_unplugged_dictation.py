"""The only microphone is pulled out of a dictation, and each way to end it ends it.

A real sound server, the real program as a process, a real local service. What
was spoken is sealed and sent, and the gap is in the session.
"""

import base64
import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scribe_desktop.domain.speech_marks import mark_of
from tests.faults.counting_host import CountingSpeech
from tests.faults.leaving_home import ASKED, Home
from tests.faults.real_service import TOKEN, RealService
from tests.live.virtual_microphone import RATE, VirtualMicrophone
from tests.server.conftest import Clock
from tests.services.sounds import speechlike

pytestmark = pytest.mark.live

SPOKEN_S = 1.5
LIMIT_S = 60.0


@pytest.fixture(scope="module")
def server() -> Iterator[VirtualMicrophone]:
    with VirtualMicrophone() as started:
        started.plug("desk", default=True)
        yield started


@pytest.fixture
def virtual(server: VirtualMicrophone) -> Iterator[VirtualMicrophone]:
    yield server
    server.restore()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "user")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[str]:
    clock = Clock()
    clock.at = time.time()
    running = RealService(tmp_path / "service", clock, CountingSpeech)
    yield f"http://127.0.0.1:{running.port}/voice/v1"
    running.close()


@dataclass
class Dictation:
    """A dictation at a terminal whose only microphone was pulled out in the middle."""

    process: "subprocess.Popen[str]"
    keyboard: int
    started_at: float
    unplugged_at: float
    said_at: float

    def type(self, text: str) -> None:
        os.write(self.keyboard, text.encode())

    def record(self) -> dict[str, Any]:
        out, err = self.process.communicate(timeout=LIMIT_S)
        assert self.process.returncode == 0, (out, err)
        record: dict[str, Any] = json.loads(out)
        return record


@pytest.fixture
def unplug(
    virtual: VirtualMicrophone, home: Home, service: str
) -> Iterator[Callable[..., Dictation]]:
    keyboard, terminal = pty.openpty()
    processes: list[subprocess.Popen[str]] = []

    def dictate(*arguments: str) -> Dictation:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "scribe_desktop", "dictate", "--mic", *ASKED),
                *("--service", service, "--dialect", "onprem", *arguments),
            ],
            env={**home.environment, **virtual.environment, "SCRIBE_DESKTOP_TOKEN": TOKEN},
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        # A test that waits in vain for a word hears the end of the output instead.
        limit = threading.Timer(LIMIT_S, process.kill)
        limit.start()
        assert process.stderr
        told = iter(process.stderr.readline, "")
        assert any("Listening" in line for line in told)
        started_at = time.monotonic()
        virtual.speak("desk", speechlike(SPOKEN_S, rate=RATE)).wait(LIMIT_S)
        unplugged_at = virtual.unplug("desk")
        assert any("The microphone is gone" in line for line in told)
        said_at = time.monotonic()
        limit.cancel()
        return Dictation(process, keyboard, started_at, unplugged_at, said_at)

    yield dictate
    for process in processes:
        process.kill()
        process.communicate()
    os.close(keyboard)
    os.close(terminal)


def assert_kept(home: Home, record: dict[str, Any]) -> None:
    """All that was spoken is sealed and accepted, and the session says where it breaks off."""
    session = home.session()
    assert record["status"] == "completed"
    assert session.frames / 16_000 >= SPOKEN_S
    assert session.accepted == session.chunks >= 1
    (gap,) = session.gaps
    assert gap.at_frame == session.frames
    assert gap.seconds_lost > 0
    assert record["gaps"] == [
        {
            "start": round(session.frames / 16_000, 3),
            "length": round(gap.seconds_lost, 3),
            "why": gap.reason,
            "recorded": False,
        }
    ]
    assert record["transcript"].endswith(f"\n{mark_of(gap)}"), "the end is missing"


def assert_exported(home: Home, record: dict[str, Any]) -> None:
    """The real gap is in every export of the real program."""
    (gap,) = record["gaps"]
    why = f"are missing: {gap['why']}."

    def exported(form: str) -> str:
        asked = ("export", "last", "--format", form)
        done = subprocess.run(
            [sys.executable, "-m", "scribe_desktop", *asked],
            env=home.environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=True,
        )
        return done.stdout

    again = json.loads(exported("json"))
    assert (again["gaps"], again["receipts"]) == (record["gaps"], record["receipts"])
    assert again["receipts"]["files_received"] == again["receipts"]["files_sent"] >= 1
    assert len(again["receipts"]["sha256"]) == 64
    text = exported("markdown")
    assert "## Not recorded\n" in text
    assert why in text
    documents = [one["resource"] for one in json.loads(exported("fhir"))["entry"]]
    attached = [one["content"][0]["attachment"]["data"] for one in documents]
    assert attached
    assert all(why in base64.b64decode(data).decode() for data in attached)


def test_the_clock_ends_it(unplug: Callable[..., Dictation], home: Home) -> None:
    dictation = unplug("--seconds", "5")
    record = dictation.record()
    took_s = time.monotonic() - dictation.started_at
    assert dictation.said_at - dictation.unplugged_at <= 1.0
    assert 5.0 <= took_s <= 12.0, "the rest is for the result"
    assert_kept(home, record)


@pytest.mark.parametrize("arguments", [(), ("--seconds", "300")])
def test_enter_ends_it(
    unplug: Callable[..., Dictation], home: Home, arguments: tuple[str, ...]
) -> None:
    dictation = unplug(*arguments)
    assert dictation.said_at - dictation.unplugged_at <= 1.0
    dictation.type("\n")
    record = dictation.record()
    assert_kept(home, record)


def test_ctrl_c_ends_it(unplug: Callable[..., Dictation], home: Home) -> None:
    dictation = unplug("--seconds", "300")
    dictation.process.send_signal(signal.SIGINT)
    record = dictation.record()
    assert_kept(home, record)
    assert_exported(home, record)
