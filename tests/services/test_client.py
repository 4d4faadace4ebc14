"""What the client makes of replies that a delivery seldom meets."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.offer import Health
from scribe_desktop.domain.results import NoteStatus
from scribe_desktop.domain.session import Remote, Session, SessionId
from scribe_desktop.protocol.responses import Finished, Gone
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from tests.peers.peer import Answered, Asked, Peer
from tests.services.deliveries import an_order

SESSION = Session(SessionId("ses_" + "a" * 24), 0.0, an_order())
REMOTE = Remote("ses_0123456789abcdef", '""')
CHUNK = EncodedChunk(0, b"x", 1)


class Scripted(Peer):
    """Answers by method and the end of the path; everything else is a 404."""

    def __init__(self, **answers: Answered | list[Answered]) -> None:
        super().__init__()
        self.answers = answers

    def answer(self, asked: Asked) -> Answered:
        name = f"{asked.method}_{asked.path.split('/')[-1].split('.')[0]}"
        found = self.answers.get(name, Answered(404))
        return found.pop(0) if isinstance(found, list) else found


@contextmanager
def speaking_to(peer: Scripted, dialect: str = "spec") -> Iterator[Client]:
    address = Address(peer.origin + "/v1", dialect, FixedToken("canary"))
    with peer, closing(Client("clinic", lambda: address)) as client:
        yield client


def completed(*notes: dict[str, Any]) -> Answered:
    templates = [{f"t{place}": note} for place, note in enumerate(notes)]
    body = {"status": "completed", "transcript": "All", "templates": templates}
    return Answered(200, body)


def test_a_note_that_lies_elsewhere_is_fetched_without_a_credential() -> None:
    peer = Scripted(GET_text=Answered(200, b"# Note", {}, "text/markdown"))
    peer.answers["GET_tree"] = Answered(200, {"plan": "rest"})
    peer.answers["GET_" + REMOTE.remote_id] = completed(
        {"status": "success", "presigned_url": f"{peer.origin}/storage/text"},
        {"status": "success", "presigned_url": f"{peer.origin}/storage/tree"},
        {"status": "success", "data": "here", "presigned_url": f"{peer.origin}/storage/never"},
    )
    with speaking_to(peer) as client:
        answer = client.get(REMOTE)
    assert isinstance(answer, Finished)
    contents = [note.content for note in answer.results.notes]
    assert contents == ["# Note", {"plan": "rest"}, "here"]
    fetched = [asked for asked in peer.asked if asked.path in {"/storage/text", "/storage/tree"}]
    assert len(fetched) == 2
    assert not any("authorization" in asked.headers for asked in fetched)


def test_a_note_that_is_not_handed_out_does_not_hold_up_the_transcript() -> None:
    peer = Scripted(GET_text=Answered(403))
    peer.answers["GET_" + REMOTE.remote_id] = completed(
        {"status": "success", "presigned_url": f"{peer.origin}/storage/text"}
    )
    with speaking_to(peer) as client:
        answer = client.get(REMOTE)
    assert isinstance(answer, Finished)
    assert answer.results.transcript == "All"
    (note,) = answer.results.notes
    assert note.status is NoteStatus.FAILED
    assert note.errors


def test_storage_that_is_away_is_asked_again() -> None:
    peer = Scripted(GET_text=Answered(503))
    peer.answers["GET_" + REMOTE.remote_id] = completed(
        {"status": "success", "presigned_url": f"{peer.origin}/storage/text"}
    )
    with speaking_to(peer) as client, pytest.raises(ServiceError) as failed:
        client.get(REMOTE)
    assert failed.value.retry is Retry.LATER


@pytest.mark.parametrize(
    "status", ["processing", "completed"], ids=["already ended", "already done"]
)
def test_an_id_that_is_taken_by_a_session_already_ended_gives_way_to_a_fresh_one(
    status: str,
) -> None:
    from scribe_desktop.domain.machine import candidate_remote_id

    peer = Scripted(POST_sessions=Answered(409))
    peer.answers["GET_" + candidate_remote_id(SESSION)] = Answered(200, {"status": status})
    with speaking_to(peer) as client, pytest.raises(ServiceError) as failed:
        client.create(SESSION)
    assert failed.value.retry is Retry.FRESH_SESSION


def test_a_create_that_is_answered_with_nonsense_is_repeated() -> None:
    peer = Scripted(POST_sessions=Answered(201, {"status": "created"}))
    with speaking_to(peer) as client, pytest.raises(ServiceError) as failed:
        client.create(SESSION)
    assert (failed.value.retry, failed.value.code) == (Retry.LATER, "unreadable")


def test_a_stored_target_that_makes_no_sense_means_a_fresh_session() -> None:
    with speaking_to(Scripted()) as client, pytest.raises(ServiceError) as failed:
        client.upload(Remote("s", '{"uploadData": {}}'), CHUNK)
    assert failed.value.retry is Retry.FRESH_SESSION


@pytest.mark.parametrize(("dialect", "first"), [("spec", "audio/webm;codecs=opus"), ("eka", "")])
def test_a_refused_label_is_tried_once_the_other_way(dialect: str, first: str) -> None:
    refused = Answered(400, {"error": {"code": "invalid_audio_format"}})
    peer = Scripted(POST_audio_0=[refused, Answered(200, {}), refused, refused])
    with speaking_to(peer, dialect) as client:
        client.upload(REMOTE, CHUNK)
        labels = [asked.headers.get("content-type", "") for asked in peer.asked]
        assert labels == [first, "" if first else "audio/webm;codecs=opus"]
        with pytest.raises(ServiceError) as failed:
            client.upload(REMOTE, CHUNK)
    assert failed.value.retry is Retry.NEVER


def test_an_end_that_was_taken_before_is_a_success_and_another_refusal_is_not() -> None:
    ended = Answered(400, {"error": {"code": "session_ended"}})
    peer = Scripted(POST_end=[ended, Answered(422)])
    with speaking_to(peer) as client:
        assert client.end(REMOTE, 1).received is None
        with pytest.raises(ServiceError):
            client.end(REMOTE, 1)


def test_a_session_that_is_not_found_is_gone() -> None:
    with speaking_to(Scripted()) as client:
        assert isinstance(client.get(REMOTE), Gone)


@pytest.mark.parametrize(
    ("answered", "code"),
    [(Answered(200, b"<html>"), "unreadable"), (Answered(404), ""), (Answered(500), "")],
)
def test_a_service_without_a_readable_document_is_an_error(answered: Answered, code: str) -> None:
    with speaking_to(Scripted(GET_medscribealliance=answered)) as client:
        with pytest.raises(ServiceError) as failed:
            client.discover()
        assert failed.value.code == code
        assert failed.value.retry is Retry.LATER


DOCUMENT = Answered(200, {"protocol": "medscribealliance"})


@pytest.mark.parametrize(
    ("templates", "health"),
    [
        (Answered(401), Health.SIGNED_OUT),
        (Answered(500), Health.READY),
        (Answered(404), Health.READY),
        (Answered(200, {"templates": 7}), Health.READY),
    ],
)
def test_templates_that_cannot_be_listed_leave_the_offer_standing(
    templates: Answered, health: Health
) -> None:
    peer = Scripted(GET_medscribealliance=DOCUMENT, GET_templates=templates)
    with speaking_to(peer) as client:
        offer = client.discover()
    assert offer.health is health
    assert bool(offer.sentence) == (health is Health.SIGNED_OUT)
