"""One dictation that its service refuses, or that hangs it, never holds up the next.

Two dictations, the real service, and a fault proxy that strikes only the first.
"""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from scribe_desktop.domain.machine import candidate_remote_id
from scribe_desktop.domain.session import Delivery, SessionId
from scribe_desktop.services.wire import POLL_S, Wire
from tests.faults.memory_story import Story
from tests.faults.proxy import Arrived, FaultProxy
from tests.services.deliveries import REMOTE, an_order

PATIENCE = 0.02


class Struck(FaultProxy):
    """What is said about one session fails at one place, for ever."""

    victim = ""
    place = ""
    fault = ""

    def _answer(self, connection: socket.socket, arrived: Arrived) -> None:
        if self.victim in arrived.path and arrived.purpose == self.place:
            with self._lock:
                self.arrived.append(arrived)
            self._refuse(connection, self.fault)
            return
        super()._answer(connection, arrived)


class Neighbours(Story):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.proxy.close()
        self.proxy: Struck = Struck(lambda: self.service.port)
        self.desk.rebuild(Wire(patience=PATIENCE), self._address)
        order = an_order(templates=("soap",))
        self.first = self.spool.speak("a", 2, order=order, at=1000.0)
        self.second = self.spool.speak("b", 2, order=order, at=2000.0)
        self.proxy.victim = candidate_remote_id(self.spool.get(self.first))

    def run_until_resolved(self, session_id: SessionId, steps: int = 60) -> int:
        """Step until it is resolved; returns how often its neighbour hit the fault meanwhile."""
        for _ in range(steps):
            if self.spool.get(session_id).delivery is Delivery.RESOLVED:
                return self.hits()
            self.desk.step(REMOTE)
        raise AssertionError(f"held up: {self.spool.get(session_id)}")

    def hits(self) -> int:
        return sum(
            self.proxy.victim in arrived.path and arrived.purpose == self.proxy.place
            for arrived in self.proxy.arrived
        )


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Neighbours]:
    two = Neighbours(tmp_path)
    yield two
    two.close()


@pytest.mark.parametrize("place", ["upload 0", "upload 1", "end", "poll"])
@pytest.mark.parametrize(
    "fault", ["answer 422", "answer 403 missing_token", "answer 409", "answer 500", "hang", "reset"]
)
def test_the_second_is_resolved_whatever_befalls_the_first(
    two: Neighbours, place: str, fault: str
) -> None:
    two.proxy.place, two.proxy.fault = place, fault
    began = two.desk.clock.at
    hits = two.run_until_resolved(two.second)
    # Each time that the first one hangs costs the second one time limit: it must not be many.
    assert 1 <= hits <= 2
    assert two.desk.clock.at - began < POLL_S
    first = two.spool.get(two.first)
    is_taken_for_ended = (place, fault) == ("end", "answer 409")
    assert first.problem is not None or is_taken_for_ended
    assert first.delivery is not Delivery.RESOLVED
