from collections.abc import Iterator

import pytest

from scribe_desktop.domain.results import Outcome
from tests.peers.eka import TOKEN, EkaPeer
from tests.services.deliveries import Desk


@pytest.fixture
def peer() -> Iterator[EkaPeer]:
    peer = EkaPeer()
    yield peer
    peer.close()


@pytest.fixture
def desk(peer: EkaPeer) -> Iterator[Desk]:
    desk = Desk(peer.base_url, TOKEN, "eka")
    yield desk
    desk.close()


def test_a_dictation_is_created_uploaded_in_order_ended_and_resolved(
    desk: Desk, peer: EkaPeer
) -> None:
    session_id = desk.spool.speak(chunks=3)
    session = desk.deliver(session_id)
    (kept,) = peer.sessions.values()
    assert kept.names == ["audio_0.webm", "audio_1.webm", "audio_2.webm"]
    assert [kept.files[i] for i in range(3)] == [desk.spool.bodies[session_id, i] for i in range(3)]
    assert kept.ends == [3]
    assert session.received == 3
    assert session.outcome is Outcome.COMPLETED
    results = desk.spool.results[session_id]
    assert results.transcript == kept.transcript
    assert results.notes[0].template_id == "clinical_notes_template"


def test_live_text_is_shown_while_the_microphone_is_open(desk: Desk, peer: EkaPeer) -> None:
    session_id = desk.spool.speak(chunks=1, stop=False)
    for _ in range(4):
        desk.step()
    assert desk.live == ["Piece 0: " + f"{len(desk.spool.bodies[session_id, 0])} bytes."]


def test_what_the_service_offers(desk: Desk, peer: EkaPeer) -> None:
    offer = desk.client.discover()
    assert [model.model_id for model in offer.models] == ["lite", "pro"]
    assert offer.languages == ("en", "hi", "ta")
    assert offer.auto_language
    assert [template.name for template in offer.templates] == ["Clinical notes"]
