"""The service over a real socket, in a process that can be killed."""

import datetime as dt
import hashlib
import ipaddress
import json
import os
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from socket import SHUT_WR
from threading import Thread, Timer
from typing import Any

import httpx
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from filelock import FileLock
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.server.host import ServeOptions, from_parent, run
from scribe_desktop.server.store import FILE_NAME, Store
from tests.server.scripted import STUCK, WORDS, wav, wav_of
from tests.server.scripted_host import make_parts

ROOT = Path(__file__).parents[2]
KEY = bytes(range(32))
TOKEN = "canary-token"


class Host:
    """One child process and a client of it."""

    def __init__(self, folder: Path, *more: str, verify: ssl.SSLContext | bool = True) -> None:
        self.child = subprocess.Popen(
            [sys.executable, "-m", "tests.server.scripted_host", "--token-stdin", *more],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        line = {"token": TOKEN, "store_key": KEY.hex(), "folder": str(folder)}
        self.child.stdin.write(json.dumps(line).encode() + b"\n")
        self.child.stdin.flush()
        self.said: dict[str, Any] = json.loads(self.child.stdout.readline())
        self.client = httpx.Client(
            base_url=self.said["url"],
            headers={"Authorization": f"Bearer {TOKEN}"},
            verify=verify,
            timeout=60,
        )

    def result(self, session_id: str) -> Any:
        """The final answer; the service holds each request until there is one."""
        reply = self.client.get(f"sessions/{session_id}")
        while reply.status_code == 202:
            reply = self.client.get(f"sessions/{session_id}")
        return reply.json()

    def close(self) -> None:
        self.client.close()
        assert self.child.stdin is not None
        self.child.stdin.close()
        self.child.wait(20)
        for pipe in (self.child.stdout, self.child.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Host]:
    """One process for all tests that do not harm it."""
    made = Host(tmp_path_factory.mktemp("service"))
    yield made
    made.close()


def test_the_service_says_where_it_is_and_keeps_a_given_token_to_itself(host: Host) -> None:
    assert set(host.said) == {"url"}
    found = host.client.get(".well-known/medscribealliance").json()
    assert found["endpoints"]["base_url"] == host.said["url"]
    assert host.client.get("templates").status_code == 200
    assert httpx.get(host.said["url"] + "/templates").status_code == 401


def test_the_service_ends_when_its_parent_does(tmp_path: Path) -> None:
    host = Host(tmp_path)
    host.close()
    assert host.child.returncode == 0


def test_a_killed_service_goes_on_with_everything_it_acknowledged(tmp_path: Path) -> None:
    first = Host(tmp_path)
    body = {"upload_type": "chunked", "templates": ["soap"]}
    session_id = first.client.post("sessions", json=body).json()["session_id"]
    for number in range(4):
        path = f"sessions/{session_id}/audio/audio_{number}.wav"
        assert first.client.post(path, content=wav(number)).status_code == 200
    os.kill(first.child.pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    first.close()

    second = Host(tmp_path)
    ended = second.client.post(f"sessions/{session_id}/end", json={"audio_files_sent": 4})
    assert ended.json()["audio_files"] == ["0.wav", "1.wav", "2.wav", "3.wav"]
    reply = second.result(session_id)
    assert reply["status"] == "completed"
    assert reply["transcript"] == "zero one two three"
    second.close()

    store = Store.open(tmp_path, KEY)
    with store.reading() as rows:
        digests = rows.execute("SELECT sha256 FROM files ORDER BY number").fetchall()
    store.close()
    assert [row[0] for row in digests] == [
        hashlib.sha256(wav(number)).hexdigest() for number in range(4)
    ]


def test_a_service_killed_after_the_end_still_resolves(tmp_path: Path) -> None:
    first = Host(tmp_path)
    session_id = first.client.post("sessions", json={}).json()["session_id"]
    first.client.post(f"sessions/{session_id}/audio/audio_0.wav", content=wav(7))
    first.client.post(f"sessions/{session_id}/end")
    first.child.kill()
    first.close()
    second = Host(tmp_path)
    assert second.result(session_id)["transcript"] == "seven"
    second.close()


@pytest.mark.parametrize("after_s", [0.03, 0.11, 0.23])
def test_a_service_killed_at_any_instant_loses_nothing_it_acknowledged(
    tmp_path: Path, after_s: float
) -> None:
    """The kill comes from another thread while chunks are posted as fast as they are taken."""
    first = Host(tmp_path)
    session_id = first.client.post("sessions", json={}).json()["session_id"]
    acknowledged = 0
    killer = Timer(after_s, first.child.kill)
    killer.start()
    with suppress(httpx.TransportError):
        for number in range(500):
            path = f"sessions/{session_id}/audio/audio_{number}.wav"
            if first.client.post(path, content=wav(number % 10)).is_success:
                acknowledged += 1
    killer.join()
    first.close()
    second = Host(tmp_path)
    ended = second.client.post(f"sessions/{session_id}/end").json()
    # One more than was acknowledged may be there: its reply was lost on the way.
    assert ended["audio_files_received"] in {acknowledged, acknowledged + 1}
    reply = second.result(session_id)
    words = [WORDS[number % 10] for number in range(ended["audio_files_received"])]
    assert reply["transcript"] == " ".join(words)
    second.close()


def test_nothing_that_was_said_can_be_read_in_the_store(tmp_path: Path) -> None:
    host = Host(tmp_path)
    body = {"patient_details": {"name": "Canary Patient"}}
    session_id = host.client.post("sessions", json=body).json()["session_id"]
    host.client.post(f"sessions/{session_id}/audio/audio_0.wav", content=wav(1))
    host.close()
    for file in tmp_path.iterdir():
        content = file.read_bytes()
        assert b"Canary" not in content
        assert b"RIFF" not in content
        assert b"SQLite" not in content
    assert (tmp_path / FILE_NAME).stat().st_mode & 0o077 == 0 or os.name != "posix"


def test_a_terminal_run_prints_its_token_and_ends_at_a_signal() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.server.scripted_host"],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    with child.stdout:
        said = json.loads(child.stdout.readline())
        headers = {"X-API-Key": said["token"]}
        assert httpx.get(said["url"] + "/templates", headers=headers).status_code == 200
        child.terminate()
        assert child.wait(20) == 0


@pytest.mark.parametrize("line", [b"", b"no json\n", b"[]\n", b'{"token": 3}\n', b'{"token":""}\n'])
def test_a_wrong_first_line_is_a_sentence(line: bytes) -> None:
    theirs, ours = os.pipe()
    os.write(ours, line)
    os.close(ours)
    with pytest.raises(SettingsError, match="first line"):
        from_parent(ServeOptions(token_stdin=True), theirs)
    os.close(theirs)


def test_a_wrong_start_ends_with_a_sentence_and_code_2() -> None:
    child = subprocess.run(
        [sys.executable, "-m", "tests.server.scripted_host", "--token-stdin"],
        cwd=ROOT,
        input=b"{}",
        capture_output=True,
        check=False,
    )
    assert child.returncode == 2
    assert b"first line" in child.stderr
    assert b"Traceback" not in child.stderr


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "::", "clinic.example"])  # noqa: S104
def test_an_open_door_needs_encryption(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ServeOptions(host=host), make_parts) == 2
    assert "without encryption" in capsys.readouterr().err


def test_a_certificate_that_cannot_be_used_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    certificate, key = make_certificate(tmp_path)
    assert run(ServeOptions(certificate=certificate), make_parts) == 2
    assert "needs its key" in capsys.readouterr().err
    swapped = ServeOptions(certificate=key, certificate_key=certificate)
    assert run(swapped, make_parts) == 2
    assert "could not be read" in capsys.readouterr().err


def test_two_services_do_not_share_a_store(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scribe_desktop.server.host._LOCK_WAIT_S", 0.01)
    with FileLock(tmp_path / "service.lock"):
        assert run(ServeOptions(folder=tmp_path, store_key=lambda: KEY), make_parts) == 2
    assert "Another local service" in capsys.readouterr().err


def test_a_port_that_is_taken_is_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert run(ServeOptions(port=taken.getsockname()[1]), make_parts) == 1
    assert "Choose another port" in capsys.readouterr().err


def test_a_service_whose_engine_is_stuck_ends_all_the_same(tmp_path: Path) -> None:
    host = Host(tmp_path)
    session_id = host.client.post("sessions", json={}).json()["session_id"]
    stuck = wav_of(np.full(1600, STUCK, np.int16))
    host.client.post(f"sessions/{session_id}/audio/audio_0.wav", content=stuck)
    host.client.post(f"sessions/{session_id}/end")
    held: list[int] = []
    waiting = Thread(
        target=lambda: held.append(host.client.get(f"sessions/{session_id}").status_code)
    )
    waiting.start()
    assert host.child.stdin is not None
    host.child.stdin.close()
    waiting.join()
    assert host.child.wait(20) == 0
    # Nobody is kept waiting; what a busy computer does not answer within the second of grace is
    # an error that every client asks again after.
    assert held in ([202], [500])
    host.close()


def test_the_service_speaks_tls_with_a_certificate(tmp_path: Path) -> None:
    certificate, key = make_certificate(tmp_path)
    trust = ssl.create_default_context(cafile=str(certificate))
    host = Host(tmp_path, str(certificate), str(key), verify=trust)
    assert host.said["url"].startswith("https://127.0.0.1:")
    made = host.client.post("sessions", json={"upload_type": "stream"}).json()
    assert made["upload_url"].startswith("wss://127.0.0.1:")
    host.close()


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this computer, signed by itself, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "clinic")])
    today = dt.datetime.now(dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(today - dt.timedelta(days=1))
        .not_valid_after(today + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    paths = (folder / "certificate.pem", folder / "key.pem")
    paths[0].write_bytes(certificate.public_bytes(pem))
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    paths[1].write_bytes(key.private_bytes(pem, *plain))
    return paths


def test_a_body_that_never_ends_is_cut_off(host: Host) -> None:
    """The limit is kept while reading: the client need not say how long its body is."""
    session_id = host.client.post("sessions", json={}).json()["session_id"]

    def endless() -> Iterator[bytes]:
        for _ in range(1000):
            yield bytes(64 * 1024)

    path = f"sessions/{session_id}/audio/audio_0.wav"
    try:
        reply = host.client.post(path, content=endless())
    except httpx.TransportError:
        return  # The service closed the connection while we were still sending.
    assert reply.status_code == 413


def test_a_file_over_ten_megabytes_is_refused_and_the_client_hears_it(host: Host) -> None:
    session_id = host.client.post("sessions", json={}).json()["session_id"]
    path = f"sessions/{session_id}/audio/audio_0.wav"
    reply = host.client.post(path, content=bytes(11 * 1024 * 1024))
    assert reply.status_code == 413
    assert reply.json()["error"]["code"] == "file_too_large"


@pytest.mark.parametrize("headers", [{"Authorization": "Bearer old"}, {"Content-Encoding": "gzip"}])
def test_a_refusal_is_heard_even_while_ten_megabytes_are_on_their_way(
    host: Host, headers: dict[str, str]
) -> None:
    session_id = host.client.post("sessions", json={}).json()["session_id"]
    path = f"sessions/{session_id}/audio/audio_0.wav"
    for _ in range(3):
        reply = host.client.post(path, content=bytes(10 * 1024 * 1024), headers=headers)
        assert reply.status_code in {401, 415}


def test_what_was_streamed_before_a_break_is_kept(host: Host) -> None:
    made = host.client.post("sessions", json={"upload_type": "stream"}).json()
    half_a_second = np.full(8000, 200, "<i2").tobytes()
    with connect(made["upload_url"]) as socket:
        socket.send(half_a_second)
        socket.socket.shutdown(SHUT_WR)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=20)
    host.client.post(f"sessions/{made['session_id']}/end", json={"audio_files_sent": 0})
    assert host.result(made["session_id"])["transcript"] == "one"


def test_a_streamed_frame_over_a_megabyte_closes_with_1009(host: Host) -> None:
    made = host.client.post("sessions", json={"upload_type": "stream"}).json()
    with connect(made["upload_url"]) as socket:
        socket.send(bytes(1024 * 1024 + 2))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


def test_only_loopback_is_listened_on(host: Host) -> None:
    port = int(host.said["url"].split(":")[2].partition("/")[0])
    try:
        names = socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)
    except socket.gaierror:
        names = []  # a machine that does not know its own name, as in a fresh container
    others = {item[4][0] for item in names if not str(item[4][0]).startswith("127.")}
    for address in others:
        with pytest.raises(OSError, match=r"."):
            socket.create_connection((str(address), port), timeout=1)
