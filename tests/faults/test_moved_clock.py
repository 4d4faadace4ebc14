"""The computer's clock jumps a day: nothing waits for that day, and nobody slept through it."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from scribe_desktop.app import LOOK_EVERY_S
from scribe_desktop.domain.audio import SAMPLE_RATE
from tests.faults import program_with_clock
from tests.faults.counting_host import CountingSpeech
from tests.faults.kill_harness import SAMPLE
from tests.faults.leaving_home import Home, arrives, heard_until, says, service_at
from tests.faults.proxy import FaultProxy
from tests.faults.real_service import RealService
from tests.server.conftest import Clock

DAY_S = 86_400


@pytest.mark.parametrize(
    ("place", "by_s"), [("create", DAY_S), ("upload 0", -DAY_S), ("end", -DAY_S)]
)
def test_a_wait_that_the_clock_made_endless_is_given_up(
    tmp_path: Path, place: str, by_s: int
) -> None:
    home, clock, wrong = Home(tmp_path / "user"), Clock(), tmp_path / "wrong"
    clock.at = time.time()
    service = RealService(tmp_path / "service", clock, CountingSpeech)
    proxy = FaultProxy(lambda: service.port)
    proxy.faults[place].append("answer 503 after 3000")
    wrong.write_text("0")
    command = [sys.executable, program_with_clock.__file__, str(wrong), "dictate", "--file"]
    with subprocess.Popen(
        [*command, str(SAMPLE), *service_at(proxy)],
        env=home.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        says(process, "safe")
        moved = tmp_path / "moved"
        moved.write_text(str(by_s))
        moved.replace(wrong)
        try:
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
            proxy.close()
            service.close()
    assert process.returncode == 0, (out, err)


@pytest.mark.parametrize("by_s", [DAY_S, -DAY_S])
def test_a_dictation_goes_on_as_if_nothing_had_happened(tmp_path: Path, by_s: int) -> None:
    home, clock, wrong = Home(tmp_path / "user"), Clock(), tmp_path / "wrong"
    clock.at = time.time()
    service = RealService(tmp_path / "service", clock, CountingSpeech)
    proxy = FaultProxy(lambda: service.port)
    wrong.write_text("0")
    microphone = (program_with_clock.MICROPHONE, str(home.speech), str(home.count))
    command = [sys.executable, program_with_clock.__file__, str(wrong), *microphone]
    with subprocess.Popen(
        [*command, "dictate", "--mic", "any", *service_at(proxy)],
        env=home.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        says(process, "Listening")
        arrives(proxy, "create")
        moved = tmp_path / "moved"
        moved.write_text(str(by_s))
        moved.replace(wrong)
        # Longer than the program needs to look at the clock, and at the session's age.
        heard_until(home, home.heard_frames() / SAMPLE_RATE + LOOK_EVERY_S + 0.5)
        try:
            # The end of its input ends the speech.
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
            proxy.close()
    assert process.returncode == 0, (out, err)
    # One session, whole, without a gap, and all of it there.
    session = home.session()
    assert session.frames == home.heard_frames()
    assert session.gaps == ()
    assert session.remote is not None
    assert service.status(session.remote.remote_id) == "completed"
    assert len(service.digests(session.remote.remote_id)) == session.chunks
    service.close()
