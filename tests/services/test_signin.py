import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from scribe_desktop.domain.errors import CredentialError, Retry, ServiceError
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.protocol.discovery import Oidc
from scribe_desktop.protocol.sign_in import DeviceCode, Family, Grant, Terms
from scribe_desktop.services.address import Address
from scribe_desktop.services.client import Client
from scribe_desktop.services.secret import Secret
from scribe_desktop.services.signin import Accounts, SignInCancelled
from scribe_desktop.services.wire import Outgoing, Wire
from tests.peers.accounts import AccountsPeer
from tests.services.deliveries import Clock


class Keyring:
    """Tokens in memory; `log` is the order in which they were stored."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str, str], Secret] = {}
        self.log: list[str] = []
        self.notice = ""

    def token(self, url: str, account: str = "", *, kind: str = "access") -> Secret | None:
        return self.kept.get((url, account, kind))

    def store_token(
        self, token: Secret, url: str, account: str = "", *, kind: str = "access"
    ) -> str:
        self.kept[url, account, kind] = token
        self.log.append(kind)
        return self.notice

    def forget_token(self, url: str, account: str = "", *, kind: str = "access") -> None:
        self.kept.pop((url, account, kind), None)

    def __getitem__(self, kind: str) -> str:
        (found,) = [secret for key, secret in self.kept.items() if key[2] == kind]
        return found.reveal()


class Stage:
    def __init__(self, peer: AccountsPeer, dialect: str = "onprem") -> None:
        self.peer = peer
        self.clock = Clock()
        self.keyring = Keyring()
        self.wire = Wire()
        self.deeds: list[tuple[str, str]] = []
        self.patience = {"clinic": 1.0}
        self.accounts = Accounts(
            self.keyring,
            now=self.clock,
            wire=self.wire,
            on_deed=lambda deed, host, _who: self.deeds.append((deed, host)),
            patience_for=lambda service: self.patience[service.name],
        )
        self.service = ServiceRef("clinic", peer.base_url, dialect, "me")
        tokens = self.accounts.tokens(self.service)
        self.client = Client(
            "clinic", lambda: Address(peer.base_url, dialect, tokens), now=self.clock
        )

    def ask(self) -> None:
        self.client.templates()

    def close(self) -> None:
        self.client.close()
        self.wire.close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    with AccountsPeer() as peer:
        stage = Stage(peer)
        yield stage
        stage.close()


class Impatient:
    """Never waits, so that a sign-in that waits for somebody takes no time."""

    def __init__(self, *, cancel_after: int = 1000) -> None:
        self.waits: list[float] = []
        self._cancel_after = cancel_after

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0.0)
        return self.is_set()

    def is_set(self) -> bool:
        return len(self.waits) >= self._cancel_after


def test_a_pasted_token_is_cleaned_and_used(stage: Stage) -> None:
    stage.peer.access = "canary-pasted"
    stage.accounts.with_token(stage.service, "Bearer canary-\npasted \n")
    stage.ask()


def test_who_signed_in_where_is_written_down_and_no_token(stage: Stage) -> None:
    stage.accounts.with_token(stage.service, "canary-token")
    stage.accounts.sign_out(stage.service)
    assert stage.deeds == [("signed in", "127.0.0.1"), ("signed out", "127.0.0.1")]


@pytest.mark.parametrize("pasted", ["", "  ", "naïve", "a\x00b"])
def test_what_is_no_token_is_refused_with_a_sentence(stage: Stage, pasted: str) -> None:
    with pytest.raises(CredentialError, match="Copy it again"):
        stage.accounts.with_token(stage.service, pasted)


def test_client_id_and_secret(stage: Stage) -> None:
    stage.accounts.with_client(stage.service, "clinic", "canary-secret")
    stage.ask()
    stage.clock.at += 800
    stage.ask()
    assert stage.peer.paths("POST")[-1] == "/connect-auth/v1/account/refresh-token"
    assert stage.keyring["access"] == "canary-access-2"


def test_a_wrong_secret_is_a_sentence(stage: Stage) -> None:
    with pytest.raises(ServiceError):
        stage.accounts.with_client(stage.service, "clinic", "wrong")


def test_password_login_and_sign_out(stage: Stage) -> None:
    stage.accounts.with_password(stage.service, "doc", "canary-password")
    stage.ask()
    stage.accounts.sign_out(stage.service)
    assert stage.keyring.kept == {}
    assert stage.peer.spent == {"canary-refresh-1"}
    with pytest.raises(ServiceError) as refused:
        stage.ask()
    assert refused.value.retry is Retry.AFTER_SIGN_IN


def test_signing_out_works_without_a_network(stage: Stage) -> None:
    stage.accounts.with_password(stage.service, "doc", "canary-password")
    stage.peer.network_page = True
    stage.accounts.sign_out(stage.service)
    assert stage.keyring.kept == {}


def test_a_wrong_password_is_a_sentence(stage: Stage) -> None:
    with pytest.raises(ServiceError, match="did not accept"):
        stage.accounts.with_password(stage.service, "doc", "wrong")


def test_the_refresh_token_is_stored_before_the_access_token_is_used(stage: Stage) -> None:
    stage.accounts.with_password(stage.service, "doc", "canary-password")
    assert stage.keyring.log == ["refresh", "access", "terms"]


def test_a_notice_says_that_a_sign_in_lasts_for_this_run_only(stage: Stage) -> None:
    stage.keyring.notice = "Only until you close the program."
    notice = stage.accounts.with_password(stage.service, "doc", "canary-password")
    assert notice == "Only until you close the program."


def test_device_login_waits_slows_down_and_survives_a_bad_network(stage: Stage) -> None:
    stage.peer.device_answers = ["authorization_pending", "slow_down", "authorization_pending"]
    shown: list[DeviceCode] = []
    cancel = Impatient()
    stage.accounts.with_device(stage.service, shown.append, cancel)
    assert shown[0].user_code == "BCDF-2345"
    assert cancel.waits == [5, 5, 10, 10]
    assert "canary" not in repr(shown[0])
    stage.ask()


def test_device_login_can_be_cancelled(stage: Stage) -> None:
    stage.peer.device_answers = ["authorization_pending"] * 99
    with pytest.raises(SignInCancelled):
        stage.accounts.with_device(stage.service, lambda _: None, Impatient(cancel_after=3))
    assert stage.keyring.kept == {}


@pytest.mark.parametrize("code", ["access_denied", "expired_token", "invalid_device_code"])
def test_device_login_ends_when_it_is_denied(stage: Stage, code: str) -> None:
    stage.peer.device_answers = [code]
    with pytest.raises(ServiceError) as refused:
        stage.accounts.with_device(stage.service, lambda _: None, Impatient())
    assert refused.value.code == code
    assert refused.value.remedy


def test_device_login_ends_when_the_code_has_run_out(stage: Stage) -> None:
    stage.peer.device_answers = ["authorization_pending"] * 99

    def show(_: DeviceCode) -> None:
        stage.clock.at += 601

    with pytest.raises(ServiceError, match="no longer valid"):
        stage.accounts.with_device(stage.service, show, Impatient())


def browse(stage: Stage, *, state: str = "", code: str = "canary-code") -> "list[str]":
    """Open the page as a browser would, approve, and go where it sends us."""
    opened: list[str] = []

    def open_page(url: str) -> None:
        opened.append(url)
        query = parse_qs(urlsplit(url).query)
        stage.peer.challenge = query["code_challenge"][0]
        answer = f"?state={state or query['state'][0]}&code={code}"
        target = query["redirect_uri"][0] + answer
        threading.Thread(target=lambda: Wire().send(Outgoing("GET", target))).start()

    oidc = Oidc(
        stage.peer.origin, f"{stage.peer.origin}/oidc/authorize", f"{stage.peer.origin}/oidc/token"
    )
    stage.accounts.with_browser(stage.service, oidc, "desk", open_page, threading.Event())
    return opened


def test_browser_login_with_pkce_and_its_refresh(stage: Stage) -> None:
    (url,) = browse(stage)
    assert "code_challenge_method=S256" in url
    assert stage.accounts.tokens(stage.service).family() is Family.OIDC
    stage.ask()
    stage.clock.at += 800
    stage.ask()
    assert stage.peer.paths("POST").count("/oidc/token") == 2


def test_browser_login_at_ekascribe_is_exchanged_for_its_own_tokens(stage: Stage) -> None:
    eka = Stage(stage.peer, "eka")
    browse(eka)
    assert eka.accounts.tokens(eka.service).family() is Family.EKA_OIDC
    eka.ask()
    eka.close()


def test_an_answer_to_another_sign_in_is_not_believed(stage: Stage) -> None:
    with pytest.raises(CredentialError, match="no valid answer"):
        browse(stage, state="somebody-elses")
    assert stage.keyring.kept == {}


def test_a_code_that_the_service_does_not_know_signs_nobody_in(stage: Stage) -> None:
    with pytest.raises(ServiceError):
        browse(stage, code="wrong")


def test_browser_login_can_be_cancelled(stage: Stage) -> None:
    cancel = threading.Event()
    oidc = Oidc(stage.peer.origin, f"{stage.peer.origin}/a", f"{stage.peer.origin}/t")
    with pytest.raises(SignInCancelled):
        stage.accounts.with_browser(stage.service, oidc, "desk", lambda _: cancel.set(), cancel)


def test_a_token_is_renewed_before_it_runs_out(stage: Stage) -> None:
    stage.accounts.with_password(stage.service, "doc", "canary-password")
    stage.clock.at += 0.79 * 900
    stage.ask()
    assert stage.peer.issued == 1
    stage.clock.at += 0.02 * 900
    stage.ask()
    assert stage.peer.issued == 2


def test_a_refused_token_is_renewed_once_and_the_call_repeated(stage: Stage) -> None:
    stage.accounts.with_password(stage.service, "doc", "canary-password")
    stage.peer.access = "canary-changed"
    stage.ask()
    assert stage.peer.issued == 2


def test_many_threads_renew_once(stage: Stage) -> None:
    stage.accounts.with_password(stage.service, "doc", "canary-password")
    stage.peer.access = "canary-changed"
    threads = [threading.Thread(target=stage.ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert stage.peer.issued == 2
    assert not stage.peer.is_revoked


def test_a_dead_network_is_not_a_logout(stage: Stage) -> None:
    stage.accounts.with_password(stage.service, "doc", "canary-password")
    stage.clock.at += 850
    stage.peer.network_page = True
    assert stage.accounts.tokens(stage.service).token() == "canary-access-1", "good for a while"
    stage.clock.at += 100
    with pytest.raises(ServiceError) as failed:
        stage.accounts.tokens(stage.service).token()
    assert failed.value.retry is Retry.LATER
    stage.peer.network_page = False
    stage.ask()


def test_a_rejected_refresh_token_is_never_presented_again(stage: Stage) -> None:
    stage.accounts.with_password(stage.service, "doc", "canary-password")
    stage.peer.is_revoked = True
    for _ in range(2):
        with pytest.raises(ServiceError) as refused:
            stage.ask()
        assert refused.value.retry is Retry.AFTER_SIGN_IN
    assert stage.peer.paths("POST").count("/connect-auth/v1/refresh") == 1


def test_a_locked_keyring_is_a_reason_to_wait(stage: Stage) -> None:
    def silent(*_: str, **__: str) -> Secret | None:
        raise CredentialError("The keyring does not answer.", "Unlock it.")

    stage.keyring.token = silent  # type: ignore[method-assign]
    with pytest.raises(ServiceError, match="Unlock it") as failed:
        stage.ask()
    assert failed.value.retry is Retry.LATER


def test_accounts_at_one_service_are_kept_apart(stage: Stage) -> None:
    other = ServiceRef("clinic", stage.peer.base_url, "onprem", "another")
    stage.accounts.with_token(stage.service, "canary-mine")
    stage.accounts.with_token(other, "canary-theirs")
    assert stage.accounts.tokens(stage.service).token() == "canary-mine"
    assert stage.accounts.tokens(other).token() == "canary-theirs"


def test_the_ways_to_sign_in(stage: Stage) -> None:
    assert stage.accounts.ways(stage.service, (), None).password
    assert stage.accounts.ways(stage.service, (), None).device
    spec = ServiceRef("s", "https://spec.test/v1", "spec")
    oidc = Oidc("i", "a", "t")
    ways = stage.accounts.ways(spec, ("api_key", "oidc"), oidc)
    assert (ways.client, ways.password, ways.device, ways.browser) == (False, False, False, True)


def test_an_address_that_is_not_encrypted_gets_no_password(stage: Stage) -> None:
    service = ServiceRef("clinic", "http://clinic.example/voice/v1", "onprem")
    with pytest.raises(ServiceError) as refused:
        stage.accounts.with_password(service, "doc", "canary-password")
    assert refused.value.code == "forbidden_address"


def test_a_sign_in_and_a_renewal_wait_as_long_as_the_profile_says(stage: Stage) -> None:
    # The system takes the connection, and nobody ever answers.
    with socket.create_server(("127.0.0.1", 0)) as mute:
        silent = replace(stage.service, base_url=f"http://127.0.0.1:{mute.getsockname()[1]}/v1")
        stage.patience["clinic"] = 0.01
        tokens = stage.accounts.tokens(silent)
        tokens.keep(Grant("old", "canary-refresh"), Terms(Family.ONPREM, renew_at=0.0, ends_at=0.0))
        began = time.monotonic()
        with pytest.raises(ServiceError) as failed:
            stage.accounts.with_password(silent, "doc", "canary-password")
        assert failed.value.code == "timed_out"
        with pytest.raises(ServiceError) as failed:
            tokens.token()
        assert failed.value.code == "timed_out"
        assert time.monotonic() - began < 8
