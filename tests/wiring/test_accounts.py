"""What the window's sign-in asks of a service, in each way, against a scripted one."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from scribe_desktop.domain.errors import CredentialError, ScribeError, ServiceError, SettingsError
from scribe_desktop.domain.settings import Profile, Settings
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from scribe_desktop.services.secret import Secret
from scribe_desktop.services.signin import Accounts as Keepers
from scribe_desktop.services.wire import Wire
from scribe_desktop.ui.workplace import Meanwhile, Proof, ShownCode, SignInWay
from scribe_desktop.wiring.accounts import Accounts
from tests.peers.accounts import AccountsPeer
from tests.peers.peer import Answered, Asked

DOCUMENT: dict[str, Any] = {"protocol": "medscribealliance"}


class Clinic(AccountsPeer):
    """Signs people in, and says in its document what `document` says."""

    def __init__(self) -> None:
        super().__init__()
        self.document = DOCUMENT

    def answer(self, asked: Asked) -> Answered:
        if asked.path.endswith("/.well-known/medscribealliance"):
            return Answered(200, self.document)
        return super().answer(asked)


@dataclass
class Keyring:
    kept: dict[tuple[str, str, str], Secret] = field(default_factory=dict)

    def token(self, url: str, account: str = "", *, kind: str = "access") -> Secret | None:
        return self.kept.get((url, account, kind))

    def store_token(
        self, token: Secret, url: str, account: str = "", *, kind: str = "access"
    ) -> str:
        self.kept[url, account, kind] = token
        return ""

    def forget_token(self, url: str, account: str = "", *, kind: str = "access") -> None:
        self.kept.pop((url, account, kind), None)


class Stage:
    """The window's accounts for one service of each family at the same address."""

    def __init__(self, peer: Clinic) -> None:
        self.peer = peer
        self.codes: list[ShownCode] = []
        self.cancel = threading.Event()
        self.wire = Wire()
        profiles = tuple(
            Profile(dialect, peer.base_url, dialect, dialect)
            for dialect in ("onprem", "eka", "spec")
        )

        class Line:
            def settings(self) -> Settings:
                return Settings(profiles=profiles)

        address = Address(peer.base_url, "", FixedToken("t"))
        client = Client("clinic", lambda: address, wire=self.wire)
        keepers = Keepers(Keyring(), wire=self.wire)
        self.accounts = Accounts(cast("Any", Line()), keepers, lambda _: client)

    def sign_in(self, profile: str, proof: Proof) -> str:
        pages: list[str] = []
        meanwhile = Meanwhile(self._show, pages.append, self.cancel)
        return self.accounts.sign_in(profile, proof, meanwhile)

    def _show(self, code: ShownCode) -> None:
        self.codes.append(code)
        self.cancel.set()


@pytest.fixture
def stage() -> Iterator[Stage]:
    with Clinic() as peer:
        stage = Stage(peer)
        yield stage
        stage.wire.close()


@pytest.mark.parametrize(
    ("profile", "proof"),
    [
        ("spec", Proof(SignInWay.TOKEN, secret="canary-key")),
        ("eka", Proof(SignInWay.CLIENT, "clinic", "canary-secret")),
        ("onprem", Proof(SignInWay.PASSWORD, "doc", "canary-password")),
    ],
)
def test_what_was_typed_signs_in_to_that_account_alone(
    stage: Stage, profile: str, proof: Proof
) -> None:
    assert not stage.accounts.signed_in(profile)
    assert stage.sign_in(profile, proof) == ""
    signed_in = [one for one in ("onprem", "eka", "spec") if stage.accounts.signed_in(one)]
    assert signed_in == [profile]
    stage.accounts.sign_out(profile)
    assert not stage.accounts.signed_in(profile)


def test_a_wrong_password_is_a_sentence(stage: Stage) -> None:
    with pytest.raises(ServiceError) as refused:
        stage.sign_in("onprem", Proof(SignInWay.PASSWORD, "doc", "canary-wrong"))
    assert "canary" not in str(refused.value)


def test_a_code_is_shown_and_the_wait_for_it_can_be_given_up(stage: Stage) -> None:
    with pytest.raises(CredentialError, match="cancelled"):
        stage.sign_in("onprem", Proof(SignInWay.DEVICE))
    (code,) = stage.codes
    assert code.code
    assert code.address.startswith("http")
    assert not stage.accounts.signed_in("onprem")


def test_the_ways_follow_family_and_discovery(stage: Stage) -> None:
    token, client, password, device, browser = SignInWay
    assert stage.accounts.ways("eka") == (token, client, device)
    assert stage.accounts.ways("onprem") == (token, password, device)
    assert stage.accounts.ways("spec") == (token,)
    stage.peer.document = DOCUMENT | {
        "authentication": {
            "supported_methods": ["api_key", "oidc"],
            "oidc": {"authorization_endpoint": "https://a.test/a", "token_endpoint": "https://a.test/t"},
        }
    }  # fmt: skip
    again = Stage(stage.peer)
    assert again.accounts.ways("spec") == (token, browser)
    again.wire.close()


def test_without_a_document_the_family_s_own_ways_are_left(stage: Stage) -> None:
    stage.peer.document = {}
    assert stage.accounts.ways("onprem") == (SignInWay.TOKEN, SignInWay.PASSWORD, SignInWay.DEVICE)


def test_what_is_not_there_is_said(stage: Stage) -> None:
    with pytest.raises(ScribeError, match="browser"):
        stage.sign_in("spec", Proof(SignInWay.BROWSER, "program"))
    with pytest.raises(SettingsError, match="no longer"):
        stage.accounts.signed_in("gone")
