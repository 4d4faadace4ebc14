"""Our own client and our own service understand each other in every dialect.

This proves them against each other only; the scripted peers, which were
written from the protocol alone, prove the client against others.
"""

from collections.abc import Iterator

import pytest

from scribe_desktop.domain.order import UploadType
from scribe_desktop.domain.results import NoteStatus, Outcome
from scribe_desktop.domain.session import SessionId
from scribe_desktop.server.api import build
from scribe_desktop.server.service import Service
from scribe_desktop.server.store import Store
from tests.conformance.checked_service import checked
from tests.server.conftest import TOKEN, Clock, parts
from tests.server.scripted import ScriptedSpeech, wav
from tests.services.deliveries import Desk, an_order


@pytest.fixture
def speech() -> ScriptedSpeech:
    return ScriptedSpeech()


@pytest.fixture
def service(speech: ScriptedSpeech) -> Iterator[Service]:
    store = Store.in_memory()
    made = build(parts(store, speech, Clock()))
    made.start()
    yield made
    speech.gate.set()
    made.stop(5.0)
    store.close()


def speak(desk: Desk, *words: int, upload_type: UploadType = UploadType.CHUNKED) -> SessionId:
    order = an_order(upload_type=upload_type, templates=("soap",))
    session_id = desk.spool.speak(chunks=len(words), order=order)
    for index, word in enumerate(words):
        desk.spool.bodies[session_id, index] = wav(word)
    return session_id


@pytest.fixture(params=[("eka", "/voice/v1"), ("onprem", "/voice/v1"), ("spec", "/v1")])
def desk(request: pytest.FixtureRequest, service: Service) -> Iterator[Desk]:
    dialect, mount = request.param
    with checked(service) as (origin, seen):
        made = Desk(origin + mount, TOKEN, dialect)
        yield made
        made.close()
    assert seen.seen
    assert seen.wrong == []


@pytest.mark.parametrize("upload_type", [UploadType.CHUNKED, UploadType.SINGLE])
def test_a_dictation_is_delivered_and_resolved(desk: Desk, upload_type: UploadType) -> None:
    session_id = speak(desk, 0, 1, 2, upload_type=upload_type)
    session = desk.deliver(session_id)
    assert session.outcome is Outcome.COMPLETED
    # One file of all chunks is not counted against them.
    assert session.received == (3 if upload_type is UploadType.CHUNKED else None)
    results = desk.spool.results[session_id]
    assert results.transcript == "zero one two"
    assert results.languages == ("en",)
    [note] = results.notes
    assert note.status is NoteStatus.SUCCESS
    assert note.content == {"Said": "zero one two"}


def test_an_engine_that_failed_is_told_in_words(desk: Desk, speech: ScriptedSpeech) -> None:
    speech.failing = True
    session_id = speak(desk, 1)
    assert desk.deliver(session_id).outcome is Outcome.FAILED
    assert any("missing" in said for said in desk.spool.results[session_id].errors)


def test_what_the_service_offers_can_be_read(desk: Desk) -> None:
    offer = desk.client.discover()
    assert [model.model_id for model in offer.models] == ["pro", "lite"]
    assert offer.languages == ("en", "hi", "de")
    assert {template.template_id for template in offer.templates} >= {"soap"}


def test_a_lost_create_reply_is_recognised(desk: Desk, service: Service) -> None:
    session_id = speak(desk, 0)
    session = desk.spool.get(session_id)
    first = desk.client.create(session)
    assert desk.client.create(session) == first
    assert len(service.sessions.history(10, None)) == 1


def test_a_dictation_that_is_thrown_away_is_withdrawn(desk: Desk, service: Service) -> None:
    remote = desk.client.create(desk.spool.get(speak(desk, 0)))
    desk.client.withdraw(remote)
    assert service.sessions.find(remote.remote_id).status == "cancelled"


def test_an_end_said_twice_is_a_success(desk: Desk) -> None:
    remote = desk.client.create(desk.spool.get(speak(desk, 0)))
    assert desk.client.end(remote, 0).received == 0
    desk.client.end(remote, 0)
