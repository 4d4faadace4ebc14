"""Recorded for a day without a network: all of it is delivered, the oldest first.

The real spool, closed and opened again, and the real service behind the fault proxy.
"""

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.events import SpeechStarted, Stopped
from scribe_desktop.domain.machine import apply, candidate_remote_id
from scribe_desktop.domain.session import Delivery, Session, SessionId
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from scribe_desktop.services.poller import Poller
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.uploader import Uploader
from scribe_desktop.services.wire import Wire
from tests.faults.proxy import FaultProxy
from tests.faults.real_service import TOKEN, RealService
from tests.server.conftest import Clock
from tests.server.scripted import wav
from tests.services.deliveries import REMOTE, an_order

DAY_S = 86_400.0
KEY = bytes(32)


class Clinic:
    """A computer whose network comes and goes; its program can be started again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        service_clock = Clock()
        service_clock.at = time.time()
        self.clock = Clock(service_clock.at)
        self.service = RealService(folder / "service", service_clock)
        self.proxy = FaultProxy(lambda: self.service.port)
        # Bound and not listening: it refuses, and nobody else is given its number.
        self._nobody = socket.socket()
        self._nobody.bind(("127.0.0.1", 0))
        self.has_network = False
        self.recorded: list[SessionId] = []
        self.start()

    def start(self) -> None:
        self.spool = Spool.open(self.folder / "spool", KEY, now=self.clock)
        self.client = Client("clinic", self._address, now=self.clock, wire=Wire(patience=0.02))
        self.uploader = Uploader(self.spool, lambda _: self.client, self.clock, lambda: 0.0)
        self.poller = Poller(self.spool, lambda _: self.client, self.clock, spread=lambda: 0.0)

    def end(self) -> None:
        self.client.close()
        self.spool.close()

    def close(self) -> None:
        self.end()
        self.proxy.close()
        self.service.close()
        self._nobody.close()

    def _address(self) -> Address:
        port = self.proxy.port if self.has_network else self._nobody.getsockname()[1]
        return Address(f"http://127.0.0.1:{port}/voice/v1", "onprem", FixedToken(TOKEN))

    def record(self, name: str, chunks: int = 2) -> SessionId:
        session_id = SessionId("ses_" + name.encode().hex().ljust(24, "0")[:24])
        order = an_order(templates=("soap",))
        self.spool.add(Session(session_id, self.clock.at, order))
        self.spool.update(session_id, lambda s: apply(s, SpeechStarted(self.clock.at)))
        for index in range(chunks):
            self.spool.seal(session_id, EncodedChunk(index, wav(index), 1600, "audio/wav", "wav"))
        self.spool.update(session_id, lambda s: apply(s, Stopped(self.clock.at)))
        self.recorded.append(session_id)
        return session_id

    def work(self, for_s: float, steps: int = 400) -> None:
        """Go on for so long, or until nothing is due."""
        end = self.clock.at + for_s
        for _ in range(steps):
            dues = [self.uploader.step(REMOTE), self.poller.step(REMOTE)]
            ahead = min((due for due in dues if due is not None), default=None)
            if ahead is None or ahead > end:
                break
            self.clock.at = max(self.clock.at, ahead)
        self.clock.at = max(self.clock.at, end)

    def remote_ids(self) -> list[str]:
        return [candidate_remote_id(self.spool.get(name)) for name in self.recorded]

    def order_of(self, purpose: str) -> list[str]:
        """The remote sessions in the order in which that first reached the service."""
        paths = [seen.path for seen in self.proxy.seen if seen.purpose == purpose]
        return list(dict.fromkeys(path.split("/sessions/")[1].split("/")[0] for path in paths))


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with closing(Clinic(tmp_path)) as clinic:
        yield clinic


def check_all_is_there_in_order(clinic: Clinic) -> None:
    assert all(s.delivery is Delivery.RESOLVED for s in clinic.spool.sessions())
    in_order = clinic.remote_ids()
    for purpose in ("upload 0", "upload 1", "end"):
        assert clinic.order_of(purpose) == in_order, purpose


def record_a_morning(clinic: Clinic) -> None:
    # Neither their ids nor how often each was tried is in the order of the day.
    for name in ("d", "a", "c", "b", "e"):
        clinic.record(name)
        clinic.work(for_s=200.0)
    assert len(clinic.spool.sessions()) == 5
    assert clinic.proxy.arrived == []


def test_a_day_later_everything_is_delivered_oldest_first(clinic: Clinic) -> None:
    record_a_morning(clinic)
    clinic.end()
    clinic.clock.at += DAY_S
    clinic.has_network = True
    clinic.start()
    clinic.work(for_s=600.0)
    check_all_is_there_in_order(clinic)


@pytest.mark.parametrize("away_s", [1.0, 30.0, 500.0, 4000.0])
def test_it_is_so_too_if_the_network_comes_a_while_after_the_start(
    clinic: Clinic, away_s: float
) -> None:
    record_a_morning(clinic)
    clinic.end()
    clinic.clock.at += DAY_S
    clinic.start()
    clinic.work(for_s=away_s)
    clinic.has_network = True
    clinic.work(for_s=1200.0)
    check_all_is_there_in_order(clinic)


@pytest.mark.parametrize("away_s", [1.0, 20.0, 100.0])
def test_and_if_the_network_goes_away_in_the_middle(clinic: Clinic, away_s: float) -> None:
    clinic.has_network = True
    for name in ("c", "a", "b"):
        clinic.record(name)
        clinic.clock.at += 1.0
    for _ in range(2):
        clinic.uploader.step(REMOTE)
    clinic.has_network = False
    clinic.work(for_s=away_s)
    clinic.end()
    clinic.start()
    clinic.work(for_s=away_s)
    clinic.has_network = True
    clinic.work(for_s=1200.0)
    check_all_is_there_in_order(clinic)
