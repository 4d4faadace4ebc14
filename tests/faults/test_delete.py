"""Deleting a dictation that a remote service still has open tells the service, or says what stays.

The real program in front of the real local service over a real socket.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from scribe_desktop.app import Program
from scribe_desktop.domain.errors import UnknownSession
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Delivery, SessionId
from scribe_desktop.services.places import find_places
from scribe_desktop.wiring.custody import Custody
from tests.faults.counting_host import CountingSpeech
from tests.faults.kill_harness import SAMPLE
from tests.faults.leaving_home import url
from tests.faults.proxy import FaultProxy
from tests.faults.real_service import TOKEN, RealService
from tests.live.desktop_stage import wait_for
from tests.server.conftest import Clock


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RealService]:
    clock = Clock()
    clock.at = time.time()
    service = RealService(tmp_path / "service", clock, CountingSpeech)
    yield service
    service.close()


@pytest.fixture
def proxy(service: RealService) -> Iterator[FaultProxy]:
    proxy = FaultProxy(lambda: service.port)
    yield proxy
    proxy.close()


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with Program(find_places()) as program:
        program.deliver()
        yield program


def left_open(program: Program, proxy: FaultProxy, fault: str) -> SessionId:
    """A dictation whose audio is on the service, and whose End the service does not take."""
    proxy.faults["end"].append(fault)
    line = program.line
    ref = line.service_named(url(proxy), "onprem")
    line.use_token(ref, TOKEN)
    session_id = line.import_file(str(SAMPLE), Order(service=ref, templates=("soap",)))
    wait_for(lambda: line.session(session_id).problem, "the refusal of End")
    assert line.session(session_id).delivery is Delivery.OPEN
    return session_id


def is_gone(program: Program, session_id: SessionId) -> bool:
    try:
        program.line.session(session_id)
    except UnknownSession:
        return True
    return False


@pytest.mark.parametrize("fault", ["answer 422", "answer 503 after 3000"])
def test_an_open_session_is_cancelled_on_the_service(
    program: Program, proxy: FaultProxy, service: RealService, fault: str
) -> None:
    session_id = left_open(program, proxy, fault)
    remote = program.line.session(session_id).remote
    assert remote is not None
    assert not program.delete(session_id), "nothing may be left on the service"
    assert is_gone(program, session_id)
    assert [seen.purpose for seen in proxy.seen].count("withdraw") == 1
    assert service.status(remote.remote_id) == "cancelled"


def test_what_was_delivered_before_it_was_delivered_anew_is_cancelled_too(
    program: Program, proxy: FaultProxy, service: RealService
) -> None:
    # The first session of the service has a file, and the chunk too large for it began a second.
    proxy.faults["upload 1"].append("answer 413")
    session_id = left_open(program, proxy, "answer 422")
    remote_ids = program.line.session(session_id).remote_ids
    assert len(remote_ids) == 2
    assert not Custody(program).delete(session_id), "nothing may be left on the service"
    assert [service.status(one) for one in remote_ids] == ["cancelled"] * 2


def test_what_was_delivered_before_and_cannot_be_cancelled_is_said(
    program: Program, proxy: FaultProxy
) -> None:
    proxy.faults["upload 1"].append("answer 413")
    session_id = left_open(program, proxy, "answer 422")
    # The cancel of the present one arrives, and that of the earlier one does not.
    proxy.faults["withdraw"].extend(["pass", "answer 503"])
    assert Custody(program).delete(session_id), "the service may still hold a copy"
    assert is_gone(program, session_id)


def test_what_a_silent_service_keeps_is_said(program: Program, proxy: FaultProxy) -> None:
    session_id = left_open(program, proxy, "answer 422")
    proxy.faults["withdraw"].extend(["answer 503"] * 20)
    assert program.delete(session_id, limit_s=0.5), "the service may still hold a copy"
    assert is_gone(program, session_id)
    deeds = [line.action for line in program.audit_lines() if line.session_id == session_id]
    assert deeds[-1] == "deleted"
