import logging
import socket
import threading
import time
from collections.abc import Callable

import pytest

from scribe_desktop.domain.notices import Trouble
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.services.address import Address
from scribe_desktop.services.client import Client
from scribe_desktop.services.uploader import Uploader
from scribe_desktop.services.worker import Worker
from tests.services.deliveries import REMOTE, MemorySpool, an_order

SOON_S = 1.0


class Steps:
    """Counts steps, and lets a test wait for them."""

    def __init__(self, step: Callable[[int], float | None] = lambda _: None) -> None:
        self.taken = 0
        self._step = step
        self._changed = threading.Condition()

    def __call__(self) -> float | None:
        with self._changed:
            self.taken += 1
            self._changed.notify_all()
        return self._step(self.taken)

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.taken >= count, 10)


def test_a_worker_sleeps_until_it_is_woken() -> None:
    steps = Steps()
    worker = Worker("test", steps)
    worker.start()
    steps.wait_for(1)
    worker.wake()
    steps.wait_for(2)
    assert worker.stop(SOON_S)


def test_a_worker_comes_back_when_its_next_step_is_due() -> None:
    steps = Steps(lambda taken: time.time() + 0.01 if taken < 3 else None)
    worker = Worker("test", steps)
    worker.start()
    steps.wait_for(3)
    assert worker.stop(SOON_S)


def test_an_unexpected_exception_is_reported_and_the_loop_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail_first(taken: int) -> float | None:
        if taken == 1:
            raise ZeroDivisionError
        return None

    bugs: list[Exception] = []
    steps = Steps(fail_first)
    worker = Worker("test", steps, now=lambda: 0.0, on_bug=bugs.append)
    with caplog.at_level(logging.CRITICAL):
        worker.start()
        steps.wait_for(1)
        worker.wake()
        steps.wait_for(2)
        assert worker.stop(SOON_S)
    assert [type(bug) for bug in bugs] == [ZeroDivisionError]


@pytest.mark.parametrize("due", [None, 1e12], ids=["idle", "waiting for a far moment"])
def test_stopping_is_quick_from_every_wait(due: float | None) -> None:
    steps = Steps(lambda _: due)
    worker = Worker("test", steps)
    worker.start()
    steps.wait_for(1)
    began = time.monotonic()
    assert worker.stop(SOON_S)
    assert time.monotonic() - began < SOON_S


def test_a_worker_that_was_never_started_can_be_stopped() -> None:
    assert Worker("test", Steps()).stop(SOON_S)


class Silent:
    """Accepts a connection, or does not even do that, and never says a word."""

    def __init__(self, *, accepts: bool) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.reached = threading.Event()
        self._held: list[socket.socket] = []
        if accepts:
            threading.Thread(target=self._accept, daemon=True).start()
        else:
            # A full queue of connections: the next one waits, as behind a firewall.
            for _ in range(2):
                filler = socket.socket()
                filler.setblocking(False)  # noqa: FBT003  the standard library's signature
                filler.connect_ex(self._listener.getsockname())
                self._held.append(filler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        self._held.append(connection)
        connection.recv(65536)
        self.reached.set()

    def close(self) -> None:
        for held in self._held:
            held.close()
        self._listener.close()


def test_stopping_cuts_off_a_service_that_never_answers() -> None:
    silent = Silent(accepts=True)
    spool = MemorySpool()
    client = Client("clinic", lambda: Address(silent.url))
    told: list[Trouble] = []
    uploader = Uploader(spool, lambda _: client, on_trouble=told.append)
    session_id = spool.speak()
    before = spool.get(session_id)
    uploader.start()
    assert silent.reached.wait(10)
    began = time.monotonic()
    assert uploader.stop(SOON_S)
    assert time.monotonic() - began < SOON_S
    assert spool.get(session_id) == before, "being cut off is not a failure of the service"
    assert told == []
    client.close()
    silent.close()


def test_stopping_does_not_wait_for_a_connection_that_never_comes() -> None:
    silent = Silent(accepts=False)
    spool = MemorySpool()
    connecting = threading.Event()

    def address() -> Address:
        connecting.set()
        return Address(silent.url)

    client = Client("clinic", address)
    uploader = Uploader(spool, lambda _: client)
    session_id = spool.speak()
    before = spool.get(session_id)
    uploader.start()
    assert connecting.wait(10)
    began = time.monotonic()
    uploader.stop(0.5)
    assert time.monotonic() - began < SOON_S
    silent.close()
    assert uploader.stop(10), "a refused connection ends the thread that was left behind"
    assert spool.get(session_id) == before
    client.close()


def test_a_silent_service_does_not_delay_another() -> None:
    silent = Silent(accepts=True)
    other = ServiceRef("other", "http://other.test/v1")
    spool = MemorySpool()
    clients = {
        REMOTE: Client("clinic", lambda: Address(silent.url)),
        other: Client("other", lambda: Address("http://127.0.0.1:1/v1")),
    }
    uploader = Uploader(spool, lambda session: clients[session.order.service])
    spool.speak("a")
    session_id = spool.speak("b", order=an_order(other))
    uploader.start()
    assert silent.reached.wait(10)
    assert spool.wait(lambda: spool.get(session_id).problem is not None)
    assert uploader.stop(SOON_S)
    for client in clients.values():
        client.close()
    silent.close()


def test_a_clock_set_back_a_day_makes_nobody_wait_for_that_day(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scribe_desktop.services.worker.LONGEST_WAIT_S", 0.01)
    clock = [1_000_000.0]
    steps = threading.Semaphore(0)

    def step() -> float:
        steps.release()
        return 1_000_010.0

    worker = Worker("clock", step, now=lambda: clock[0])
    worker.start()
    assert steps.acquire(timeout=10)
    clock[0] -= 86_400
    assert steps.acquire(timeout=10)
    assert worker.stop(SOON_S)
