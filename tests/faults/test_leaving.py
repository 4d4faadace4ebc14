"""Told to end, the program is gone within three seconds; the next start delivers what was spoken.

The real program as a process, hearing a file in place of a microphone, in
front of a service that takes a connection and never answers.
"""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.session import Delivery
from tests.faults import program_signed_out
from tests.faults.counting_host import CountingSpeech
from tests.faults.kill_harness import SAMPLE
from tests.faults.leaving_home import (
    ASKED,
    WAIT_S,
    Home,
    answers,
    arrives,
    heard_until,
    says,
    service_at,
    url,
)
from tests.faults.proxy import FaultProxy
from tests.faults.real_service import RealService
from tests.server.conftest import Clock

LEAVE_LIMIT_S = 3.0
INTERPRETER_S = 1.5
"""What Python itself may take to end on a busy computer."""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "user")


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[FaultProxy]:
    clock = Clock()
    clock.at = time.time()
    service = RealService(tmp_path / "service", clock, CountingSpeech)
    proxy = FaultProxy(lambda: service.port)
    yield proxy
    proxy.close()
    service.close()


def told_to_end(process: "subprocess.Popen[str]", *numbers: int) -> str:
    """How it ended; it must be quick."""
    began = time.monotonic()
    for number in numbers:
        process.send_signal(number)
    out, err = process.communicate(timeout=WAIT_S)
    took_s = time.monotonic() - began
    assert took_s < LEAVE_LIMIT_S + INTERPRETER_S, took_s
    assert "Traceback" not in err, err
    return out


def test_while_recording(home: Home) -> None:
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        says(process, "Listening")
        heard_until(home, 1.0)
        told_to_end(process, signal.SIGTERM)
    session = home.session()
    assert session.frames == home.heard_frames() > SAMPLE_RATE
    delivered = home.done("deliver", "--json")
    assert delivered.returncode == 0, delivered.stderr
    assert home.session().delivery is Delivery.RESOLVED


@pytest.mark.parametrize(
    ("place", "source", "numbers"),
    [
        ("create", ("--mic", "any"), (signal.SIGHUP,)),
        ("upload 0", ("--file", str(SAMPLE)), (signal.SIGINT,)),
        ("poll", ("--mic", "any", "--seconds", "1"), (signal.SIGTERM,)),
    ],
)
def test_while_the_service_hangs(
    home: Home,
    proxy: FaultProxy,
    place: str,
    source: tuple[str, ...],
    numbers: tuple[int, ...],
) -> None:
    proxy.faults[place].append("hang")
    with home.started("dictate", *source, *service_at(proxy)) as process:
        arrives(proxy, place)
        told_to_end(process, *numbers)
    session = home.session()
    assert session.frames > 0
    assert session.delivery is not Delivery.RESOLVED
    proxy.released.set()
    delivered = home.done("deliver", "--service", url(proxy), "--json")
    assert delivered.returncode == 0, delivered.stdout
    after = home.session()
    assert after.delivery is Delivery.RESOLVED
    assert after.remote_ids == session.remote_ids or not session.remote_ids


def test_the_window_while_it_records(home: Home) -> None:
    with home.started() as window:
        answers(home)
        assert home.done("start").returncode == 0
        heard_until(home, 1.0)
        told_to_end(window, signal.SIGTERM)
    session = home.session()
    assert session.frames == home.heard_frames() > SAMPLE_RATE


def test_the_user_signs_out_while_the_window_records(home: Home) -> None:
    """The session manager asks the window, and waits no longer than systems do."""
    signs_out = home.folder / "signs out"
    script = (program_signed_out.__file__, str(home.speech), str(home.count), str(signs_out))
    with subprocess.Popen(
        [sys.executable, *script],
        env=home.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as window:
        try:
            answers(home)
            assert home.done("start").returncode == 0
            heard_until(home, 1.0)
            signs_out.touch()
            assert told_to_end(window) == ""
        finally:
            window.kill()
    assert window.returncode == 0
    session = home.session()
    assert session.frames == home.heard_frames() > SAMPLE_RATE


def test_a_command_that_is_served_by_another_process(home: Home) -> None:
    """The holder is told to end; what it recorded for the other one is kept."""
    with home.started() as window:
        answers(home)
        with home.started("dictate", "--mic", "any", *ASKED) as asker:
            says(asker, "Listening")
            heard_until(home, 1.0)
            told_to_end(window, signal.SIGTERM)
            asker.communicate(timeout=WAIT_S)
    assert home.session().frames >= SAMPLE_RATE


@pytest.mark.parametrize("place", ["create", "upload 0", "poll"])
def test_the_window_while_its_service_hangs(home: Home, proxy: FaultProxy, place: str) -> None:
    proxy.faults[place].append("hang")
    with home.started() as window:
        answers(home)
        with home.started("dictate", "--file", str(SAMPLE), *service_at(proxy)) as asker:
            arrives(proxy, place)
            told_to_end(window, signal.SIGTERM)
            asker.communicate(timeout=WAIT_S)
    session = home.session()
    assert session.frames > 0
    assert session.delivery is not Delivery.RESOLVED
    proxy.released.set()
    assert home.done("deliver", "--service", url(proxy), "--json").returncode == 0
    assert home.session().delivery is Delivery.RESOLVED
