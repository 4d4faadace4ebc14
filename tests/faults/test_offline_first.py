"""The real program with no service to reach: it records, ends, starts again, and delivers in order.

Hearing a file in place of a microphone; the service's port is closed until the end.
"""

import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scribe_desktop.domain.session import Capture, Delivery, Session
from tests.faults import program_with_network
from tests.faults.counting_host import CountingSpeech
from tests.faults.leaving_home import ASKED, Home, arrives, heard_until, says, service_at
from tests.faults.proxy import FaultProxy
from tests.faults.real_service import RealService
from tests.live.desktop_stage import wait_for
from tests.server.conftest import Clock


class ClosedPort(FaultProxy):
    """Refuses everybody until it is opened; nobody else is given its number meanwhile."""

    def __init__(self, upstream: Callable[[], int]) -> None:
        super().__init__(upstream)
        self._door = socket.socket()
        self._door.bind(("127.0.0.1", 0))

    @property
    def door(self) -> str:
        return f"http://127.0.0.1:{self._door.getsockname()[1]}/voice/v1"

    def open(self) -> None:
        self._door.listen()
        threading.Thread(target=self._let_in, daemon=True).start()

    def _let_in(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._door.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        super().close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "user")


@pytest.fixture
def port(tmp_path: Path) -> Iterator[ClosedPort]:
    clock = Clock()
    clock.at = time.time()
    service = RealService(tmp_path / "service", clock, CountingSpeech)
    port = ClosedPort(lambda: service.port)
    yield port
    port.close()
    service.close()


def sessions(home: Home) -> list[Session]:
    with contextlib.closing(home.spool()) as spool:
        return sorted(spool.sessions(), key=lambda session: session.created_at)


def first_seen(port: ClosedPort, purpose: str) -> list[str]:
    paths = [seen.path for seen in port.seen if seen.purpose == purpose]
    return list(dict.fromkeys(path.split("/sessions/")[1].split("/")[0] for path in paths))


def test_nothing_of_a_day_without_a_service_is_lost(home: Home, port: ClosedPort) -> None:
    asked = ("dictate", "--mic", "any", *ASKED, "--service", port.door, "--dialect", "onprem")
    # One that is paused, resumed and stopped, one that is killed while it records, and another.
    for commands in (("pause", "resume", "stop"), (), ("stop",)):
        home.count.unlink(missing_ok=True)
        with home.started(*asked) as process:
            says(process, "Listening")
            heard_until(home, 0.6)
            for command in commands:
                done = home.done(command)
                assert done.returncode == 0, done.stderr
            process.kill()
    assert port.arrived == []
    assert [one.capture for one in sessions(home)][::2] == [Capture.STOPPED] * 2
    assert len(sessions(home)) == 3
    port.open()
    delivered = home.done("deliver", "--service", port.door, "--json")
    assert delivered.returncode == 0, (delivered.stdout, delivered.stderr)
    after = sessions(home)
    assert [one.delivery for one in after] == [Delivery.RESOLVED] * 3
    assert all(one.frames > 0 and one.problem is None for one in after)
    in_order = [one.remote_ids[-1] for one in after]
    assert all(len(one.remote_ids) == 1 for one in after)
    assert first_seen(port, "upload 0") == in_order
    assert first_seen(port, "end") == in_order


def test_the_window_tries_at_once_when_its_network_is_back(home: Home, port: ClosedPort) -> None:
    for _ in range(2):
        port.faults["create"].append("answer 503 after 3000")
    with home.started("dictate", "--mic", "any", "--seconds", "1", *service_at(port)) as process:
        arrives(port, "create")
        says(process, "safe")
        process.kill()

    def tries() -> int:
        return [one.purpose for one in port.arrived].count("create")

    is_back = home.folder / "network is back"

    def is_tried_again() -> bool:
        # More than once: the first time the reply may just be on its way.
        is_back.touch()
        return tries() > 2

    script = (program_with_network.__file__, str(home.speech), str(home.count), str(is_back))
    with subprocess.Popen([sys.executable, *script], env=home.environment) as window:
        try:
            # After a start everything is tried once, and then it waits for most of an hour.
            wait_for(lambda: tries() == 2, "the window")
            wait_for(is_tried_again, "the next try")
        finally:
            window.kill()
