"""What was deleted is in no page of any store of this computer, and on no service that was told.

The real program and its real local service, looked at while both still run:
nothing is tidied up by their end.
"""

import sys
from collections.abc import Callable, Iterator

import pytest

from scribe_desktop.app import Program
from scribe_desktop.domain.order import Order, Patient
from scribe_desktop.domain.session import Delivery, SessionId
from scribe_desktop.server.store import FILE_NAME as SERVICE_FILE
from scribe_desktop.services import local_service
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.local_service import service_key
from scribe_desktop.services.places import find_places
from scribe_desktop.services.spool_schema import SPOOL_FILE
from scribe_desktop.wiring.custody import Custody
from tests.faults import counting_host
from tests.faults.kill_harness import SAMPLE
from tests.faults.pages import holds
from tests.live.desktop_stage import wait_for

PATIENT = b"Kanarienvogel"
SOUND = slice(2000, 2032)
"""Somewhere in the middle of a chunk: thirty-two bytes that no other file has."""


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setattr(
        local_service, "serve_command", lambda: [sys.executable, counting_host.__file__]
    )
    with Program(find_places()) as program:
        program.deliver()
        yield program


def dictated(program: Program) -> SessionId:
    """One whole dictation, resolved."""
    order = Order(templates=("soap",), patient=Patient(name=PATIENT.decode()))
    session_id = program.line.import_file(str(SAMPLE), order)
    wait_for(
        lambda: program.line.session(session_id).delivery is Delivery.RESOLVED, "the result", 60
    )
    return session_id


def in_stores(words: bytes) -> tuple[bool, bool]:
    """Whether the spool and the local service's store have these words in any page."""
    places = find_places()
    key = Credentials(places.keyring_name, places.config).spool_key(spool_exists=True).key
    return (
        holds(places.spool, SPOOL_FILE, key, words),
        holds(places.service, SERVICE_FILE, service_key(key), words),
    )


def discarded_first(program: Program, session_id: SessionId) -> None:
    program.line.discard(session_id)
    wait_for(lambda: program.line.session(session_id).is_cancelled, "the cancel")


@pytest.mark.parametrize("before", [lambda *_: None, discarded_first], ids=["kept", "discarded"])
def test_a_deleted_dictation_is_in_no_page_of_any_store(
    program: Program, before: Callable[[Program, SessionId], None]
) -> None:
    other, session_id = dictated(program), dictated(program)
    sound = program._spool.chunk(session_id, 0).body[SOUND]
    said = f"{program.line.session(session_id).frames} frames of {counting_host.PHRASE}".encode()
    assert in_stores(sound) == (True, True)
    assert in_stores(said) == (True, True)
    assert in_stores(PATIENT) == (True, True)

    for gone in (other, session_id):
        before(program, gone)
        assert not Custody(program).delete(gone), "nothing may be left on the service"

    for words in (sound, said, PATIENT):
        assert in_stores(words) == (False, False), words
