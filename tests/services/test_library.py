"""What can be done with a dictation on the service, against the real local service."""

import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace

import pytest

from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.events import OrderAmended
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Patient
from scribe_desktop.domain.session import Remote, Session
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from scribe_desktop.services.library import Library
from scribe_desktop.services.wire import Outgoing, Reply, Wire
from tests.faults.real_service import TOKEN, RealService
from tests.faults.story import WavSpool
from tests.peers import onprem
from tests.peers.eka import EkaPeer
from tests.peers.onprem import OnPremPeer
from tests.peers.peer import Answered, Asked, Dictation
from tests.peers.spec import KEY, SpecPeer
from tests.server.conftest import Clock
from tests.services.deliveries import Desk, an_order

NEVER = threading.Event()


@dataclass
class Shelf:
    library: Library
    desk: Desk

    def delivered(self) -> Session:
        order = replace(an_order(templates=("soap",)), patient=Patient(oid="canary-oid"))
        return self.desk.deliver(self.desk.spool.speak(chunks=2, order=order))

    def remote(self) -> Remote:
        remote = self.delivered().remote
        assert remote is not None
        return remote


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealService]:
    service = RealService(tmp_path_factory.mktemp("service"), Clock())
    yield service
    service.close()


@pytest.fixture
def shelf(service: RealService) -> Iterator[Shelf]:
    service.restart(forgetting=True)
    desk = Desk("", live=False)
    desk.spool = WavSpool()
    address = Address(f"http://127.0.0.1:{service.port}/voice/v1", "onprem", FixedToken(TOKEN))
    desk.rebuild(Wire(), lambda: address)
    yield Shelf(Library(desk.client), desk)
    desk.close()


def test_another_template_is_filled(shelf: Shelf) -> None:
    results = shelf.library.fill_template(shelf.remote(), "transcript_template", NEVER)
    assert [note.template_id for note in results.notes] == ["soap", "transcript_template"]
    assert "zero one" in str(results.notes[1].content)


class AsksForEvents(Wire):
    """Says to every service that it reads events."""

    def send(self, outgoing: Outgoing) -> Reply:
        headers = {**outgoing.headers, "Accept": "text/event-stream, application/json"}
        return super().send(replace(outgoing, headers=headers))


def test_another_template_is_filled_by_events_too(shelf: Shelf) -> None:
    remote = shelf.remote()
    address = shelf.desk.client._address()
    with closing(Client("clinic", lambda: address, wire=AsksForEvents())) as client:
        results = Library(client).fill_template(remote, "transcript_template", NEVER)
    assert "zero one" in str(results.notes[1].content)


def test_notes_are_read_edited_saved_and_deleted(shelf: Shelf) -> None:
    remote = shelf.remote()
    (document,) = shelf.library.documents(remote.remote_id)
    assert "zero one" in shelf.library.document_text(document.document_id)
    shelf.library.save_document(remote.remote_id, "# Mine\n", document_id=document.document_id)
    assert shelf.library.document_text(document.document_id) == "# Mine\n"
    made = shelf.library.save_document(remote.remote_id, "# New\n", name="Letter")
    assert shelf.library.document_text(made.document_id) == "# New\n"
    shelf.library.delete_document(made.document_id)
    with pytest.raises(ServiceError) as gone:
        shelf.library.document_text(made.document_id)
    assert gone.value.retry is not Retry.FRESH_SESSION


def test_history_and_archive(shelf: Shelf) -> None:
    assert shelf.library.history() == ()
    remote = shelf.remote()
    (past,) = shelf.library.history("canary-oid")
    assert past.remote_id == remote.remote_id
    assert past.created_at is not None
    shelf.library.archive(remote.remote_id)
    assert shelf.library.history() == ()


def test_templates_are_made_changed_and_deleted(shelf: Shelf) -> None:
    template_id = shelf.library.create_template("Letter", "## Dear colleague\n")
    assert template_id in {offer.template_id for offer in shelf.library.templates()}
    shelf.library.change_template(template_id, "Long letter", "## Dear colleague\n## Yours\n")
    names = {offer.template_id: offer.name for offer in shelf.library.templates()}
    assert names[template_id] == "Long letter"
    shelf.library.delete_template(template_id)
    assert template_id not in {offer.template_id for offer in shelf.library.templates()}


def test_a_change_of_patient_reaches_the_service(shelf: Shelf) -> None:
    session_id = shelf.desk.spool.speak(chunks=1, order=an_order(templates=("soap",)), stop=False)
    shelf.desk.step()
    before = shelf.desk.spool.get(session_id)
    order = replace(before.order, patient=Patient(oid="canary-new"))
    shelf.desk.spool.update(session_id, lambda s: apply(s, OrderAmended(order)))
    shelf.desk.step()
    assert not shelf.desk.spool.get(session_id).amended
    assert [past.oid for past in shelf.library.history()] == ["canary-new"]


def test_notes_are_written_from_a_text(shelf: Shelf) -> None:
    session_id = shelf.desk.spool.speak(chunks=1, order=an_order(templates=("soap",)), stop=False)
    remote = shelf.desk.client.create(shelf.desk.spool.get(session_id))
    results = shelf.library.notes_from_text(remote, "Blood pressure 120 over 80.", "soap", NEVER)
    assert results.transcript == "Blood pressure 120 over 80."


def test_waiting_for_a_note_can_be_cancelled(shelf: Shelf) -> None:
    cancelled = threading.Event()
    cancelled.set()
    remote = shelf.remote()
    with pytest.raises(ServiceError):
        shelf.library.fill_template(remote, "no_such_template", cancelled)


class BreaksOff(OnPremPeer):
    """Writes the note, but its stream of events does not arrive whole."""

    writes = True

    def about(self, session: Dictation, rest: str, asked: Asked) -> Answered:
        if self.writes or "/process/" not in rest:
            answered = super().about(session, rest, asked)
        if "/process/" in rest:
            return Answered(200, b"data: {", {"Content-Length": "999"}, "text/event-stream")
        return answered


@pytest.mark.parametrize("writes", [True, False])
def test_a_stream_of_events_that_breaks_off_is_looked_after(*, writes: bool) -> None:
    with BreaksOff() as peer:
        peer.writes = writes
        desk = Desk(peer.base_url, onprem.TOKEN, "onprem")
        remote = desk.deliver(desk.spool.speak(chunks=1)).remote
        assert remote is not None
        library = Library(desk.client)
        if writes:
            results = library.fill_template(remote, "soap", NEVER)
            assert [note.template_id for note in results.notes][1:] == ["soap"]
        else:
            with pytest.raises(ServiceError) as failed:
                library.fill_template(remote, "soap", NEVER)
            assert failed.value.code == "broken_off"
        desk.close()


def test_a_service_without_these_calls_says_so_in_a_sentence() -> None:
    with SpecPeer() as peer:
        desk = Desk(peer.base_url, KEY, "spec")
        library = Library(desk.client)
        assert library.history() == ()
        with pytest.raises(ServiceError) as refused:
            library.recording("ses_0123456789abcdef")
        assert refused.value.message
        desk.close()


def test_a_recording_that_is_not_offered_is_no_reason_to_sign_in() -> None:
    with EkaPeer() as peer:
        desk = Desk(peer.base_url, "canary-eka-token", "eka")
        with pytest.raises(ServiceError) as refused:
            Library(desk.client).recording("ses_0123456789abcdef")
        assert refused.value.status == 404
        desk.close()
