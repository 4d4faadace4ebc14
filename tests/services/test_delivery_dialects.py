"""A dictation completes against each dialect's scripted peer, in each upload type it has."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from scribe_desktop.domain.events import Cancelled, OrderAmended
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order, Patient, UploadType
from scribe_desktop.domain.results import NoteStatus, Outcome
from scribe_desktop.domain.session import Delivery
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.ui.view_state import state_of
from tests.peers import eka, onprem, spec
from tests.peers.eka import EkaPeer
from tests.peers.onprem import OnPremPeer
from tests.peers.peer import Dictation, Peer
from tests.peers.spec import SpecPeer
from tests.services.deliveries import Desk, an_order

PATIENT = Patient(oid="canary-oid", name="Canary Name", age="54", mobile="5550100")


@dataclass
class Case:
    peer: Peer
    desk: Desk
    dialect: str

    @property
    def kept(self) -> Dictation:
        (session,) = self.peer.sessions.values()
        return session


@pytest.fixture(params=["eka", "onprem", "onprem presigned", "spec"])
def case(request: pytest.FixtureRequest) -> Iterator[Case]:
    dialect = request.param.split()[0]
    peer: Peer
    if dialect == "eka":
        eka_peer = EkaPeer()
        peer, desk = eka_peer, Desk(eka_peer.base_url, eka.TOKEN, "eka")
    elif dialect == "onprem":
        onprem_peer = OnPremPeer(presigned=request.param.endswith("presigned"))
        peer, desk = onprem_peer, Desk(onprem_peer.base_url, onprem.TOKEN, "onprem")
    else:
        spec_peer = SpecPeer()
        peer, desk = spec_peer, Desk(spec_peer.base_url, spec.KEY, "spec")
    yield Case(peer, desk, dialect)
    desk.close()
    peer.close()


def names_of(case: Case, count: int) -> list[str]:
    if isinstance(case.peer, OnPremPeer) and case.peer.presigned:
        return [f"{number + 1}.webm" for number in range(count)]
    return [f"audio_{number}.webm" for number in range(count)]


def test_chunked(case: Case) -> None:
    session_id = case.desk.spool.speak(chunks=3)
    session = case.desk.deliver(session_id)
    assert case.kept.names == names_of(case, 3)
    bodies = [case.desk.spool.bodies[session_id, index] for index in range(3)]
    assert [body for _, body in sorted(case.kept.files.items())] == bodies
    assert case.kept.ends == [3]
    assert session.outcome is Outcome.COMPLETED
    results = case.desk.spool.results[session_id]
    assert results.transcript == case.kept.transcript
    (note,) = results.notes
    assert (note.template_id, note.status) == ("clinical_notes_template", NoteStatus.SUCCESS)
    assert note.content


def test_single(case: Case) -> None:
    order = an_order(upload_type=UploadType.SINGLE)
    session = case.desk.deliver(case.desk.spool.speak(chunks=1, order=order))
    assert case.kept.asked["upload_type"] == "single"
    assert case.kept.names == names_of(case, 1)
    assert session.outcome is Outcome.COMPLETED


def test_every_field_that_some_server_needs_is_sent(case: Case) -> None:
    order = replace(
        an_order(), patient=PATIENT, transcript_language="en", languages=("en", "auto_detect")
    )
    case.desk.deliver(case.desk.spool.speak(chunks=1, order=order))
    sent = case.kept.asked
    assert {key: sent[key] for key in ("upload_type", "communication_protocol", "model")} == {
        "upload_type": "chunked",
        "communication_protocol": "http",
        "model": "pro",
    }
    assert sent["session_mode"] == "dictation"
    assert sent["additional_data"] == {}
    assert sent["transcript_language"] == "en"
    assert sent["language_hint"] == (["en", "auto_detect"] if case.dialect == "eka" else ["en"])
    assert sent["patient_details"]["oid"] == "canary-oid"
    assert sent["patient_details"].get("mobile") == (5550100 if case.dialect == "eka" else None)
    assert ("session_details" in sent) == (case.dialect == "onprem")


def test_a_cancelled_session_is_withdrawn(case: Case) -> None:
    session_id = case.desk.spool.speak(chunks=1)
    case.desk.step()
    case.desk.spool.update(session_id, lambda s: apply(s, Cancelled(1.0)))
    case.desk.step()
    assert case.desk.spool.get(session_id).withdrawn
    assert case.kept.status == ("created" if case.dialect == "spec" else "cancelled")
    assert case.kept.ends == []


def test_a_repeated_create_finds_the_first_one(case: Case) -> None:
    session_id = case.desk.spool.speak(chunks=1)
    case.desk.client.create(case.desk.spool.get(session_id))  # its reply was lost
    session = case.desk.deliver(session_id)
    assert session.outcome is Outcome.COMPLETED
    # A server that chooses the ids itself cannot recognise the repetition.
    assert len(case.peer.sessions) == (2 if case.dialect == "spec" else 1)


def test_a_lost_reply_to_end_is_asked_about_and_not_repeated(case: Case) -> None:
    session_id = case.desk.spool.speak(chunks=1)
    while case.desk.spool.get(session_id).accepted < 1:
        case.desk.step()
    remote = case.desk.spool.get(session_id).remote
    assert remote is not None
    case.desk.client.end(remote, 1)
    case.desk.spool.update(session_id, lambda s: replace(s, end_sent=True))
    case.desk.deliver(session_id)
    assert case.kept.ends == [1]


def test_a_lost_end_is_repeated(case: Case) -> None:
    session_id = case.desk.spool.speak(chunks=1)
    while case.desk.spool.get(session_id).accepted < 1:
        case.desk.step()
    case.desk.spool.update(session_id, lambda s: replace(s, end_sent=True))
    case.desk.deliver(session_id)
    assert case.kept.ends == [1]


def test_a_forgotten_session_is_delivered_anew(case: Case) -> None:
    session_id = case.desk.spool.speak(chunks=2)
    while case.desk.spool.get(session_id).accepted < 1:
        case.desk.step()
    case.peer.sessions.clear()
    if isinstance(case.peer, OnPremPeer):
        case.peer.form_token = "form-2"
    session = case.desk.deliver(session_id)
    assert len(session.remote_ids) == 2
    assert case.kept.names == names_of(case, 2)


def test_a_session_forgotten_while_it_is_processed_is_delivered_anew(case: Case) -> None:
    session_id = case.desk.spool.speak(chunks=1)
    while case.desk.spool.get(session_id).delivery is not Delivery.ENDED:
        case.desk.step()
    case.peer.sessions.clear()
    session = case.desk.deliver(session_id)
    assert len(session.remote_ids) == 2


def test_a_refused_session_waits_and_does_not_hold_up_the_next(case: Case) -> None:
    bad = Order(
        service=an_order().service,
        templates=("clinical_notes_template",),
        languages=("not-a-language",),
    )
    first = case.desk.spool.speak("first", 1, order=bad, at=1.0)
    second = case.desk.spool.speak("second", 1, at=2.0)
    case.desk.deliver(second)
    if case.dialect == "spec":
        problem = case.desk.spool.get(first).problem
        assert problem is not None
        assert "safe" in problem.message


def test_a_change_after_the_result_is_told_as_soon_as_the_service_answers(case: Case) -> None:
    session_id = case.desk.spool.speak(chunks=1)
    resolved = case.desk.deliver(session_id)
    good = case.desk.address
    case.desk.address = Address("http://127.0.0.1:9/v1", good.dialect, good.tokens)
    order = replace(resolved.order, patient=PATIENT)
    case.desk.spool.update(session_id, lambda s: apply(s, OrderAmended(order)))
    due = case.desk.uploader.step(order.service)
    assert case.desk.spool.get(session_id) == replace(resolved, order=order, amended=True)
    due = case.desk.uploader.step(order.service)
    assert due is not None
    assert due > case.desk.clock.at, "not tried again and again at once"
    case.desk.address = good
    case.desk.clock.at = due + 60.0
    case.desk.uploader.step(order.service)
    assert case.desk.spool.get(session_id) == replace(resolved, order=order)
    if case.dialect != "spec":
        name = "session_details" if case.dialect == "onprem" else "patient_details"
        assert case.kept.asked[name]["oid"] == "canary-oid"


def test_a_dictation_that_was_cancelled_elsewhere_is_not_asked_for_for_ever() -> None:
    with OnPremPeer() as peer:
        desk = Desk(peer.base_url, onprem.TOKEN, "onprem")
        session_id = desk.spool.speak(chunks=1)
        while desk.spool.get(session_id).delivery is not Delivery.ENDED:
            desk.step()
        (kept,) = peer.sessions.values()
        kept.status = "cancelled"
        began, asked = desk.clock.at, len(peer.asked)
        while desk.clock.at < began + 3600:
            desk.step()
        assert len(peer.asked) - asked <= 12, "now and then, for as long as it takes"
        session = desk.spool.get(session_id)
        assert session.problem is not None
        assert "failure" in session.problem.message
        assert "safe" in session.problem.message
        assert state_of(session).word == "Needs attention"
        desk.uploader.release()  # the network is back: nobody asked for a new one
        desk.step()
        assert len(peer.sessions) == 1
        while (problem := desk.spool.get(session_id).problem) is None or problem.retry != "never":
            desk.step()
        desk.uploader.release(session_id)
        assert desk.deliver(session_id).outcome is Outcome.COMPLETED
        assert len(peer.sessions) == 2
        desk.uploader.stop()
        desk.close()


def test_a_wrong_credential_asks_for_sign_in_and_keeps_everything(case: Case) -> None:
    good = case.desk.address
    case.desk.address = Address(good.base_url, good.dialect, FixedToken("canary-wrong"))
    session_id = case.desk.spool.speak(chunks=1)
    case.desk.step()
    problem = case.desk.spool.get(session_id).problem
    assert problem is not None
    assert problem.retry == "after_sign_in"
    assert case.desk.spool.get(session_id).retry_at is None
    case.desk.address = good
    case.desk.uploader.release()
    assert case.desk.deliver(session_id).outcome is Outcome.COMPLETED
    case.desk.uploader.stop()


def test_the_dialect_is_found_without_being_told(case: Case) -> None:
    case.desk.address = replace(case.desk.address, dialect="")
    offer = case.desk.client.discover()
    assert offer.dialect == case.dialect
    assert offer.templates
    assert case.desk.client.dialect().name == case.dialect
    case.desk.deliver(case.desk.spool.speak(chunks=1))


def test_an_expired_upload_form_is_renewed() -> None:
    with OnPremPeer(presigned=True) as peer:
        desk = Desk(peer.base_url, onprem.TOKEN, "onprem")
        session_id = desk.spool.speak(chunks=2)
        while desk.spool.get(session_id).accepted < 1:
            desk.step()
        peer.form_token = "form-2"
        session = desk.deliver(session_id)
        assert len(session.remote_ids) == 1
        forms = [asked.headers for asked in peer.asked if "blob" in asked.path]
        assert len(forms) == 3
        assert not any("authorization" in headers for headers in forms)
        desk.close()


def test_live_text_is_shown_while_the_microphone_is_open() -> None:
    with EkaPeer() as peer:
        desk = Desk(peer.base_url, eka.TOKEN, "eka")
        session_id = desk.spool.speak(chunks=1, stop=False)
        for _ in range(4):
            desk.step()
        assert desk.live == [f"Piece 0: {len(desk.spool.bodies[session_id, 0])} bytes."]
        desk.close()


def test_what_the_service_offers() -> None:
    with EkaPeer() as peer:
        desk = Desk(peer.base_url, eka.TOKEN, "eka")
        offer = desk.client.discover()
        assert [model.model_id for model in offer.models] == ["lite", "pro"]
        assert offer.languages == ("en", "hi", "ta")
        assert offer.auto_language
        assert [template.name for template in offer.templates] == ["Clinical notes"]
        desk.client.discover()
        assert peer.paths("GET").count("/voice/v1/.well-known/medscribealliance") == 1
        desk.clock.at += 10801
        desk.client.discover()
        assert peer.paths("GET").count("/voice/v1/.well-known/medscribealliance") == 2
        desk.close()
