"""What was thrown away can be taken back for seven days, and is gone after them.

The real program as a process, on a computer whose clock is moved, in front of
the real local service, which keeps the same time.
"""

import contextlib
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.retention import UNDO_S
from scribe_desktop.domain.session import Delivery, Session
from scribe_desktop.exits import Exit
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.places import find_places
from scribe_desktop.services.spool_schema import SPOOL_FILE
from tests.faults import program_with_clock
from tests.faults.counting_host import PHRASE, CountingSpeech
from tests.faults.kill_harness import SAMPLE
from tests.faults.leaving_home import WAIT_S, Home, service_at, url
from tests.faults.pages import holds
from tests.faults.proxy import FaultProxy
from tests.faults.real_service import RealService
from tests.server.conftest import Clock

DAY_S = 86_400.0


@dataclass
class Desk:
    """A user's home, the service, and the clock that both go by."""

    folder: Path
    later_s: float = 0.0
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self.home = Home(self.folder / "user")
        self.clock.at = time.time()
        self.service = RealService(self.folder / "service", self.clock, CountingSpeech)
        self.proxy = FaultProxy(lambda: self.service.port)
        self.wrong = self.folder / "wrong"
        self.wait(0)

    def wait(self, seconds: float) -> None:
        self.later_s += seconds
        self.clock.at = time.time() + self.later_s
        self.wrong.write_text(str(self.later_s))

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, program_with_clock.__file__, str(self.wrong), *arguments]
        return subprocess.run(
            command,
            env=self.home.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_S,
        )

    def sessions(self) -> tuple[Session, ...]:
        with contextlib.closing(self.home.spool()) as spool:
            return spool.sessions()

    def digests(self) -> list[str]:
        with contextlib.closing(self.home.spool()) as spool:
            (session,) = spool.sessions()
            chunks = [spool.chunk(session.session_id, index) for index in range(session.chunks)]
        return [hashlib.sha256(chunk.body).hexdigest() for chunk in chunks]

    def spool_holds(self, words: bytes) -> bool:
        places = find_places(self.home.environment)
        key = Credentials(places.keyring_name, places.config).spool_key(spool_exists=True).key
        return holds(places.spool, SPOOL_FILE, key, words)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.proxy.close()
    desk.service.close()


def thrown_away(desk: Desk) -> Session:
    """A dictation that the service has all of but the end, and that was then thrown away."""
    desk.proxy.faults["end"].append("answer 422")
    dictated = desk.run("dictate", "--file", str(SAMPLE), *service_at(desk.proxy))
    assert dictated.returncode != 0, dictated.stdout
    assert desk.run("discard", "last").returncode == 0
    desk.proxy.faults["withdraw"].append("answer 503")
    silent = desk.run("deliver", "--service", url(desk.proxy))
    assert silent.returncode == Exit.UNREACHABLE, silent.stdout
    assert desk.run("deliver", "--service", url(desk.proxy)).returncode == Exit.DONE
    (session,) = desk.sessions()
    assert session.is_cancelled
    assert session.withdrawn
    assert session.remote is not None
    assert desk.service.status(session.remote.remote_id) == "cancelled"
    assert [seen.purpose for seen in desk.proxy.seen].count("withdraw") == 1
    return session


def test_what_was_thrown_away_can_be_taken_back_on_the_seventh_day(desk: Desk) -> None:
    before = thrown_away(desk)
    sound = desk.digests()
    desk.wait(UNDO_S - 0.1 * DAY_S)
    assert desk.run("deliver", "--service", url(desk.proxy)).returncode == 0
    assert desk.digests() == sound
    restored = desk.run("restore", "last")
    assert restored.returncode == 0, restored.stdout
    delivered = desk.run("deliver", "--service", url(desk.proxy))
    assert delivered.returncode == 0, delivered.stdout
    (session,) = desk.sessions()
    assert (session.delivery, session.outcome) == (Delivery.RESOLVED, Outcome.COMPLETED)
    assert session.remote is not None
    assert session.remote.remote_id not in before.remote_ids
    assert desk.service.digests(session.remote.remote_id) == sound
    shown = json.loads(desk.run("show", "last", "--json").stdout)
    assert shown["transcript"] == f"{session.frames} frames of {PHRASE}"


def test_what_was_thrown_away_is_gone_after_seven_days(desk: Desk) -> None:
    thrown_away(desk)
    with contextlib.closing(desk.home.spool()) as spool:
        (session,) = spool.sessions()
        sound = spool.chunk(session.session_id, 0).body[2000:2032]
    assert desk.spool_holds(sound)
    desk.wait(UNDO_S + 60)
    assert desk.run("deliver", "--service", url(desk.proxy)).returncode == 0
    assert desk.sessions() == ()
    assert not desk.spool_holds(sound)
