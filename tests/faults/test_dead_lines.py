"""Somebody presses "Send now" while a call hangs: the next try comes long before its time is over.

Uploader and poller on their own threads, the real service behind the fault proxy.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scribe_desktop.domain.session import Delivery
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from scribe_desktop.services.lanes import STUCK_LINE_S
from scribe_desktop.services.poller import Poller
from scribe_desktop.services.uploader import Uploader
from scribe_desktop.services.wire import CONNECT_S, JSON_S
from tests.faults.proxy import FaultProxy
from tests.faults.real_service import TOKEN, RealService
from tests.faults.story import WavSpool
from tests.server.conftest import Clock
from tests.services.deliveries import an_order


class Sending:
    """A dictation of two chunks on its way."""

    def __init__(self, folder: Path) -> None:
        clock = Clock()
        clock.at = time.time()
        self.service = RealService(folder, clock)
        self.proxy = FaultProxy(lambda: self.service.port)
        address = Address(
            f"http://127.0.0.1:{self.proxy.port}/voice/v1", "onprem", FixedToken(TOKEN)
        )
        self.client = Client("clinic", lambda: address)
        self.spool = WavSpool()
        self.session_id = self.spool.speak(chunks=2, order=an_order(templates=("soap",)))
        self.uploader = Uploader(self.spool, lambda _: self.client)
        self.poller = Poller(self.spool, lambda _: self.client)

    def start(self) -> None:
        self.uploader.start()
        self.poller.start()

    def tries(self, place: str) -> int:
        return [arrived.purpose for arrived in self.proxy.arrived].count(place)

    def wait(self, is_so: Callable[[], bool]) -> None:
        # The poller waits for a word of the spool's, as in the program.
        end = time.monotonic() + JSON_S
        while not self.spool.wait(is_so, 0.05):
            assert time.monotonic() < end
            self.uploader.wake()
            self.poller.wake()

    def close(self) -> None:
        assert self.uploader.stop()
        assert self.poller.stop()
        self.client.close()
        self.proxy.close()
        self.service.close()


@pytest.fixture
def sending(tmp_path: Path) -> Iterator[Sending]:
    sending = Sending(tmp_path)
    yield sending
    sending.close()


@pytest.mark.parametrize("place", ["upload 1", "poll"])
def test_send_now_ends_a_call_in_which_nothing_moves(sending: Sending, place: str) -> None:
    sending.proxy.faults[place].append("hang")
    sending.start()
    sending.wait(lambda: sending.tries(place) == 1)
    began = time.monotonic()

    def is_tried_again() -> bool:
        sending.uploader.release(sending.session_id)
        sending.poller.ask_now()
        return sending.tries(place) > 1

    sending.wait(is_tried_again)
    took_s = time.monotonic() - began
    assert STUCK_LINE_S / 2 < took_s < CONNECT_S, "a service may think for a moment"
    sending.wait(lambda: sending.spool.get(sending.session_id).delivery is Delivery.RESOLVED)
    session = sending.spool.get(sending.session_id)
    assert (session.problem, len(session.remote_ids)) == (None, 1)
    ends = [one for one in sending.proxy.seen if one.purpose == "end"]
    assert len(ends) == 1


@pytest.mark.parametrize("place", ["upload 0", "end"])
def test_a_new_network_ends_it_at_once(sending: Sending, place: str) -> None:
    sending.proxy.faults[place].append("hang")
    sending.start()
    sending.wait(lambda: sending.tries(place) == 1)
    began = time.monotonic()
    sending.uploader.release(is_network_new=True)
    sending.poller.ask_now(is_network_new=True)
    sending.wait(lambda: sending.tries(place) > 1)
    assert time.monotonic() - began < STUCK_LINE_S
    sending.wait(lambda: sending.spool.get(sending.session_id).delivery is Delivery.RESOLVED)
    uploads = [one.purpose for one in sending.proxy.seen if one.purpose.startswith("upload")]
    assert uploads == ["upload 0", "upload 1"], "each chunk once"
