"""One request out, one reply in, whatever is at the other end; credentials go nowhere else."""

import ipaddress
import json
import logging
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.session import Remote
from scribe_desktop.protocol.requests import Request
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from scribe_desktop.services.wire import Outgoing, Wire, upload_seconds
from tests.peers.peer import Answered, Asked, Peer
from tests.services.deliveries import Desk

SECRET = "canary-token"


class Told(Peer):
    """Answers everything with the same."""

    # The carrier of requests is tried here with requests that mean nothing.
    speaks_the_protocol = False

    def __init__(self, *answers: Answered) -> None:
        super().__init__()
        self.answers = list(answers)

    @property
    def base_url(self) -> str:
        return self.origin + "/v1"

    def answer(self, asked: Asked) -> Answered:
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@contextmanager
def client_of(base_url: str, wire: Wire | None = None) -> Iterator[Client]:
    address = Address(base_url, "eka", FixedToken(SECRET))
    with closing(Client("clinic", lambda: address, wire=wire)) as client:
        yield client


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(ServiceError) as failed:
        act()
    assert "safe" in str(failed.value)
    return failed.value.code


def test_a_redirect_is_not_followed() -> None:
    with (
        Told(Answered(200, {})) as evil,
        Told(Answered(302, None, {"Location": f"{evil.origin}/collect"})) as peer,
        client_of(peer.base_url) as client,
    ):
        code_of(lambda: client.call(Request("GET", "sessions/x")))
        assert evil.asked == []


def test_a_token_is_shown_to_the_configured_origin_only() -> None:
    with (
        Told(Answered(200, {})) as other,
        Told(Answered(200, {})) as home,
        client_of(home.base_url) as client,
    ):
        form = {"uploadData": {"url": f"{other.origin}/bucket", "fields": {"key": "a"}}}
        client.upload(Remote("ses_1", json.dumps(form)), EncodedChunk(0, b"x", 1))
        client.fetch(f"{other.origin}/note")
        client.fetch(f"{home.origin}/note")
        client.put(f"{other.origin}/note", b"x", "text/markdown")
        client.call(Request("GET", "sessions/x"))
        assert not any("authorization" in asked.headers for asked in other.asked)
        assert ["authorization" in asked.headers for asked in home.asked] == [False, True]


def test_cookies_are_neither_kept_nor_sent() -> None:
    with (
        Told(Answered(200, {}, {"Set-Cookie": "session=canary; Path=/"})) as peer,
        client_of(peer.base_url) as client,
    ):
        client.call(Request("GET", "sessions/x"))
        client.call(Request("GET", "sessions/x"))
        assert not any("cookie" in asked.headers for asked in peer.asked)


def test_a_discovery_that_names_another_host_moves_nothing() -> None:
    document = {
        "protocol": "medscribealliance",
        "endpoints": {"base_url": "https://evil.example/v1", "templates_url": "https://evil/t"},
    }
    with Told(Answered(200, document)) as peer, client_of(peer.base_url) as client:
        client.discovered()
        client.call(Request("GET", "sessions/x"))
        assert [asked.path for asked in peer.asked][-1] == "/v1/sessions/x"


@pytest.mark.parametrize(
    "base_url", ["http://clinic.example/v1", "https://me@clinic.example/v1", "nonsense"]
)
def test_an_unsafe_address_is_refused_before_anything_is_sent(base_url: str) -> None:
    with client_of(base_url) as client:
        for act in (
            lambda: client.call(Request("GET", "sessions/x")),
            lambda: client.call(Request("GET", "sessions/x", at_root=True)),
            client.discovered,
            lambda: client.upload(Remote("s", '"x"'), EncodedChunk(0, b"x", 1)),
        ):
            assert code_of(act) == "forbidden_address"


def test_nothing_listens() -> None:
    # Bound and not listening: nobody else is given its number meanwhile.
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with client_of(f"http://127.0.0.1:{nobody.getsockname()[1]}/v1") as client:
            assert code_of(lambda: client.call(Request("GET", "x"))) == "unreachable"


def test_a_reply_without_end_is_cut_off() -> None:
    with Told(Answered(200, b"x" * 1000)) as peer, closing(Wire()) as wire:
        outgoing = Outgoing("GET", peer.origin, largest=999)
        assert code_of(lambda: wire.send(outgoing)) == "too_large"


class Dribble:
    """Sends a reply one byte at a time, for ever."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def _serve(self) -> None:
        connection, _ = self._listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
            try:
                while True:
                    connection.sendall(b"x" * 1000)
            except OSError:
                return

    def close(self) -> None:
        self._listener.close()
        self._thread.join(5)


def test_a_reply_that_dribbles_has_an_end_all_the_same() -> None:
    with closing(Dribble()) as dribble, closing(Wire(patience=0.005)) as wire:
        began = time.monotonic()
        outgoing = Outgoing("GET", dribble.origin, largest=10**9)
        assert code_of(lambda: wire.send(outgoing)) == "timed_out"
        assert time.monotonic() - began < 5


def test_an_aborted_wire_sends_nothing_more() -> None:
    with Told(Answered(200, {})) as peer:
        wire = Wire()
        wire.send(Outgoing("GET", peer.origin))
        wire.abort()
        assert code_of(lambda: wire.send(Outgoing("GET", peer.origin))) == "aborted"
        wire.close()
        assert code_of(lambda: wire.send(Outgoing("GET", peer.origin))) == "aborted"
        assert len(peer.asked) == 1


def test_an_upload_is_given_time_for_a_slow_line() -> None:
    assert upload_seconds(80_000) == pytest.approx(140)
    assert upload_seconds(10_000_000) > 10_000


def test_the_library_logs_no_address(caplog: pytest.LogCaptureFixture) -> None:
    with Told(Answered(200, {})) as peer, closing(Wire()) as wire:
        with caplog.at_level(logging.INFO):
            wire.send(Outgoing("GET", f"{peer.origin}/canary?signature=canary"))
        assert "canary" not in caplog.text


def test_a_clock_that_is_a_day_off_changes_nothing_and_is_noticed() -> None:
    yesterday = "Mon, 01 Jan 2024 00:00:00 GMT"
    with Told(Answered(200, {}, {"Date": yesterday})) as peer:
        desk = Desk(peer.base_url, SECRET, "eka")
        skews = [desk.client.clock_skew_s]
        desk.client.call(Request("GET", "sessions/x"))
        skews.append(desk.client.clock_skew_s)
        desk.close()
        assert skews[0] is None
        assert skews[1] is not None


# --- proxies ---------------------------------------------------------------------------


def test_the_proxy_of_the_environment_is_used_for_the_network_and_never_for_loopback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Told(Answered(502, {})) as proxy, Told(Answered(200, {})) as peer:
        for name in list(os.environ):
            if name.lower().endswith("_proxy"):
                monkeypatch.delenv(name)
        monkeypatch.setenv("https_proxy", proxy.origin)
        monkeypatch.setenv("http_proxy", proxy.origin)
        with closing(Wire()) as wire:
            assert wire.send(Outgoing("GET", peer.origin)).status == 200
            assert proxy.asked == []
            code_of(lambda: wire.send(Outgoing("GET", "https://clinic.example/v1")))
        assert [asked.method for asked in proxy.asked] == ["CONNECT"]


def test_a_proxy_can_be_named_instead() -> None:
    with Told(Answered(407, {})) as proxy:
        wire = Wire(lambda: {"https://": proxy.origin})
        assert code_of(lambda: wire.send(Outgoing("GET", "https://clinic.example"))) == (
            "unreachable"
        )
        assert [asked.method for asked in proxy.asked] == ["CONNECT"]
        wire.close()


# --- trust --------------------------------------------------------------------------------


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, as a hospital's own authority would."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Clinic")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "clinic.pem", folder / "clinic.key"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, secret


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[Told, Path]]:
    pem, secret = certificate(tmp_path)
    with Told(Answered(200, {})) as peer:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, secret)
        peer.secure(context)
        yield peer, pem


def test_a_service_that_cannot_prove_who_it_is_gets_nothing(secure: tuple[Told, Path]) -> None:
    peer, _ = secure
    with closing(Wire()) as wire:
        outgoing = Outgoing("GET", peer.origin.replace("http:", "https:"))
        assert code_of(lambda: wire.send(outgoing)) == "untrusted"
    assert peer.asked == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a test cannot add to the store")
def test_the_authority_of_a_hospital_is_trusted_when_the_system_trusts_it(
    secure: tuple[Told, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    peer, pem = secure
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with closing(Wire()) as wire:
        reply = wire.send(Outgoing("GET", peer.origin.replace("http:", "https:")))
    assert reply.is_success


def test_a_missing_renewal_asks_for_sign_in() -> None:
    with (
        Told(Answered(401, {"detail": "token_expired"})) as peer,
        client_of(peer.base_url) as client,
    ):
        with pytest.raises(ServiceError) as refused:
            client.call(Request("GET", "sessions/x"))
        assert refused.value.retry is Retry.AFTER_SIGN_IN
        assert len(peer.asked) == 1


def test_secrets_do_not_show_themselves() -> None:
    assert SECRET not in repr(FixedToken(SECRET))
    assert SECRET not in repr(Address("https://clinic.test", tokens=FixedToken(SECRET)))
