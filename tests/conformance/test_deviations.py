"""Our client speaks as described, but for the intended deviations, each of which it needs.

One whole conversation with each scripted peer: every call that its dialect
has. What the client says elsewhere in the tests is held against the same
table (tests/conftest.py).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.errors import ServiceError
from scribe_desktop.domain.events import Cancelled
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.results import Outcome
from scribe_desktop.domain.session import Remote
from scribe_desktop.protocol import sign_in
from scribe_desktop.protocol.discovery import Oidc
from scribe_desktop.protocol.sign_in import BrowserLogin, Family, Terms
from scribe_desktop.services.auth_calls import AuthCalls
from scribe_desktop.services.library import Library
from scribe_desktop.services.wire import Wire
from tests.conformance.deviations import DEVIATIONS, DIALECTS, Deviation
from tests.conformance.differences import Difference, differences
from tests.peers import eka, onprem, spec
from tests.peers.accounts import AccountsPeer
from tests.peers.eka import EkaPeer
from tests.peers.onprem import OnPremPeer
from tests.peers.peer import Asked, Peer
from tests.peers.shelf import RECORDING
from tests.peers.spec import SpecPeer
from tests.services.deliveries import Desk, an_order

NEVER = threading.Event()
TEXT = "Blood pressure 120 over 80."


def with_eka() -> None:
    with EkaPeer() as peer, desk_at(peer.base_url, eka.TOKEN, "eka") as desk:
        library = around_a_dictation(desk, deliver(desk))
        recording = library.recording(desk_remote(desk).remote_id)
        assert desk.client.fetch(recording.url) == RECORDING


def with_onprem() -> None:
    for presigned in (False, True):
        with (
            OnPremPeer(presigned=presigned) as peer,
            desk_at(peer.base_url, onprem.TOKEN, "onprem") as desk,
        ):
            library = around_a_dictation(desk, deliver(desk))
            library.archive(desk_remote(desk).remote_id)
            with pytest.raises(ServiceError) as refused:
                library.recording(desk_remote(desk).remote_id)
            assert "recording" in refused.value.message


def with_spec() -> None:
    with SpecPeer() as peer, desk_at(peer.base_url, spec.KEY, "spec") as desk:
        remote = deliver(desk)
        refused = desk.client.create(desk.spool.get(desk.spool.speak("refused", 1)))
        peer.refused_forms = {"webm"}
        with pytest.raises(ServiceError):
            desk.client.upload(refused, EncodedChunk(0, b"webm", 1))
        with pytest.raises(ServiceError):
            desk.client.amend(remote, an_order())
        assert [one.template_id for one in desk.client.templates()] == ["soap"]


def with_sign_in() -> None:
    with AccountsPeer() as peer, closing(Wire()) as wire:
        calls, base_url = AuthCalls(wire), peer.base_url
        token_endpoint = f"{peer.origin}/oidc/token"
        got = calls.grant(base_url, sign_in.client_login("clinic", "canary-secret"))
        got = calls.refresh(base_url, Terms(Family.CLIENT, "clinic"), got.access, got.refresh)
        calls.revoke(base_url, got.refresh)
        got = calls.grant(base_url, sign_in.password_login("doc", "canary-password"))
        calls.refresh(base_url, Terms(Family.ONPREM), got.access, got.refresh)
        calls.grant(base_url, sign_in.device_token(calls.device_code(base_url)))
        login = BrowserLogin(Oidc("", "", token_endpoint, ()), "desk", "", "v" * 43, "state")
        peer.challenge = parse_qs(urlsplit(login.url()).query)["code_challenge"][0]
        got, id_token = calls.exchange(token_endpoint, login.exchange("canary-code"))
        terms = Terms(Family.OIDC, "desk", token_endpoint)
        got = calls.refresh(base_url, terms, got.access, got.refresh)
        got = calls.grant(base_url, sign_in.id_token_login("desk", id_token))
        calls.refresh(base_url, Terms(Family.EKA_OIDC, "desk"), got.access, got.refresh)
        with desk_at(base_url, "", "onprem") as desk, pytest.raises(ServiceError):
            desk.client.templates()


CONVERSATIONS: dict[str, Callable[[], None]] = {
    "eka": with_eka,
    "onprem": with_onprem,
    "spec": with_spec,
    "sign-in": with_sign_in,
}


@contextmanager
def desk_at(base_url: str, token: str, dialect: str) -> Iterator[Desk]:
    desk = Desk(base_url, token, dialect)
    yield desk
    desk.close()


def deliver(desk: Desk) -> Remote:
    """One dictation that is thrown away, and one to its end."""
    desk.client.discover()
    thrown_away = desk.spool.speak("thrown away", 1)
    desk.step()
    desk.spool.update(thrown_away, lambda s: apply(s, Cancelled(1.0)))
    desk.step()
    kept = desk.spool.speak("kept", 2)
    assert desk.deliver(kept).outcome is Outcome.COMPLETED
    remote = desk.spool.get(kept).remote
    assert remote is not None
    return remote


def desk_remote(desk: Desk) -> Remote:
    remotes = [s.remote for s in desk.spool.sessions() if s.outcome is Outcome.COMPLETED]
    assert remotes[-1] is not None
    return remotes[-1]


def around_a_dictation(desk: Desk, remote: Remote) -> Library:
    """Everything of EkaScribe's family, and what must come of it."""
    library = Library(desk.client)
    desk.client.amend(remote, an_order())
    results = library.fill_template(remote, "soap", NEVER)
    assert [note.template_id for note in results.notes] == ["clinical_notes_template", "soap"]
    first, _ = library.documents(remote.remote_id)
    library.save_document(remote.remote_id, "# Mine\n", document_id=first.document_id)
    assert library.document_text(first.document_id) == "# Mine\n"
    made = library.save_document(remote.remote_id, "# Letter\n", name="Letter")
    library.delete_document(made.document_id)
    library.delete_document(made.document_id)
    assert len(library.documents(remote.remote_id)) == 2
    template_id = library.create_template("Letter", "## Dear colleague\n")
    library.change_template(template_id, "Long letter", "## Dear colleague\n")
    assert "Long letter" in {one.name for one in library.templates()}
    library.delete_template(template_id)
    assert library.history("nobody") == ()
    assert remote.remote_id in {past.remote_id for past in library.history()}
    typed = desk.spool.speak("typed", 1, order=an_order(), stop=False)
    empty = desk.client.create(desk.spool.get(typed))
    results = library.notes_from_text(empty, TEXT, "soap", NEVER)
    assert results.transcript == TEXT
    return library


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_dialect_needs_each_of_its_deviations(
    dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: set[Difference] = set()
    look = Peer.witness
    assert look is not None

    def count(peer: str, asked: Asked) -> None:
        used.update(differences(asked))
        look(peer, asked)

    monkeypatch.setattr(Peer, "witness", count)
    CONVERSATIONS[dialect]()
    assert {one.difference for one in DEVIATIONS if one.dialect == dialect} == used


def test_every_deviation_has_its_place_in_the_protocol() -> None:
    def is_told(one: Deviation) -> bool:
        return one.section.startswith("§") and bool(one.reason) and one.dialect in DIALECTS

    assert [one for one in DEVIATIONS if not is_told(one)] == []
    assert len(set(DEVIATIONS)) == len(DEVIATIONS)


def test_every_test_that_the_page_names_exists() -> None:
    root = Path(__file__).resolve().parents[2]
    page = (root / "scribe_desktop" / "README.md").read_text("utf-8")
    named = {word for word in page.replace("`", " ").split() if word.startswith("tests/")}
    missing = [one for one in named if one.endswith((".py", ".json")) and not (root / one).exists()]
    assert missing == []
