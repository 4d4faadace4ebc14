"""Callers that say nothing do not keep others out; callers that wait are left in peace."""

import socket
import threading
import time
from collections.abc import Iterator

import httpx
import pytest
from websockets.sync.client import connect

from scribe_desktop.server import api, connections
from scribe_desktop.server.service import Service
from tests.conformance.checked_service import checked
from tests.server.conftest import TOKEN
from tests.server.scripted import ScriptedSpeech, wav

BEARER = f"Authorization: Bearer {TOKEN}\r\n"
PATIENCE_S = 0.15


@pytest.fixture
def address(service: Service, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    monkeypatch.setattr(connections, "HEAD_S", PATIENCE_S)
    monkeypatch.setattr(connections, "STALL_S", PATIENCE_S)
    with checked(service) as (origin, _):
        yield "127.0.0.1", int(origin.rpartition(":")[2])


def is_let_go(connection: socket.socket) -> bool:
    """Whether the other side ends the connection without a word; waits for it."""
    connection.settimeout(10)
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.mark.parametrize(
    "said",
    [
        "",
        "GET /healthz HT",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n",
        f"POST /v1/sessions HTTP/1.1\r\nHost: localhost\r\n{BEARER}Content-Length: 9\r\n\r\n{{",
    ],
)
def test_a_caller_that_does_not_go_on_is_let_go(address: tuple[str, int], said: str) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(said.encode())
        assert is_let_go(connection)


def test_a_header_that_only_drips_is_no_request(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        dripping = threading.Event()

        def drip() -> None:
            while not dripping.wait(PATIENCE_S / 5):
                try:
                    connection.sendall(b"G")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        assert is_let_go(connection)
        dripping.set()
        thread.join()


def test_the_second_request_of_a_connection_is_timed_too(address: tuple[str, int]) -> None:
    with socket.create_connection(address) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        connection.settimeout(10)
        answer = b""
        while not answer.endswith(b"}"):
            answer += connection.recv(4096)
        connection.sendall(b"GET /hea")
        assert is_let_go(connection)


def test_a_body_that_moves_may_take_its_time(address: tuple[str, int]) -> None:
    pause = threading.Event()

    def slowly() -> Iterator[bytes]:
        for piece in (b"{", b'"', b"m", b"odel", b'":"p', b'ro"', b"}"):
            pause.wait(PATIENCE_S / 2)
            yield piece

    host, port = address
    headers = {"Authorization": f"Bearer {TOKEN}"}
    began = time.monotonic()
    with httpx.Client(trust_env=False) as client:
        reply = client.post(f"http://{host}:{port}/v1/sessions", content=slowly(), headers=headers)
    assert reply.status_code == 201
    assert time.monotonic() - began > PATIENCE_S


def test_a_caller_who_waits_for_us_is_not_let_go(
    address: tuple[str, int], speech: ScriptedSpeech, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "HOLD_S", PATIENCE_S * 4)
    speech.gate.clear()
    host, port = address
    base = f"http://{host}:{port}/v1/sessions"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(trust_env=False, headers=headers) as client:
        made = client.post(base, json={"upload_type": "stream"}).json()
        with connect(made["upload_url"], proxy=None) as stream:
            stream.send(b"\0\0" * 1600)
            one = client.post(base, json={}).json()["session_id"]
            client.post(f"{base}/{one}/audio/audio_0.wav", content=wav(1)).raise_for_status()
            client.post(f"{base}/{one}/end", json={"audio_files_sent": 1}).raise_for_status()
            began = time.monotonic()
            assert client.get(f"{base}/{one}").status_code == 202
            assert time.monotonic() - began > PATIENCE_S * 2
            stream.send(b"\0\0" * 1600)
            stream.send('{"event": "stop"}')
            assert list(stream) == [] or stream.close_code == 1000
            assert stream.close_code == 1000
    speech.gate.set()
