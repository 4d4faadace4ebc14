"""Speech over a WebSocket, in both wire formats, with the text so far coming back."""

import base64
import json
from typing import Any

import numpy as np
import pytest
from starlette.testclient import WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from scribe_desktop.domain.errors import DiskFull
from tests.server.conftest import Local
from tests.server.scripted import RATE


def pcm(*words: int, seconds: float = 1.0) -> bytes:
    frames = int(RATE * seconds)
    return b"".join(np.full(frames, (word + 1) * 100, "<i2").tobytes() for word in words)


def begin(local: Local) -> tuple[str, str]:
    body = {"upload_type": "stream", "communication_protocol": "websocket"}
    made = local.ask("POST", "/voice/v1/sessions", json=body).json()
    url = made["upload_url"]
    assert url.startswith("ws://127.0.0.1:8000/voice/v1/stream/sessions/str_")
    return made["session_id"], url


def closed(socket: WebSocketTestSession) -> int:
    """The close code, after whatever text came before it."""
    try:
        while True:
            socket.receive_json()
    except WebSocketDisconnect as over:
        return over.code


def frames_of(speech: bytes, size: int) -> list[bytes]:
    return [speech[start : start + size] for start in range(0, len(speech), size)]


@pytest.mark.parametrize("size", [960, 1001, 50_000])
def test_binary_frames_of_any_length_are_heard(local: Local, size: int) -> None:
    session_id, path = begin(local)
    del local.client.headers["Authorization"]
    with local.client.websocket_connect(path) as socket:
        for frame in frames_of(pcm(1, 2, 3), size):
            socket.send_bytes(frame)
        socket.send_text('{"event": "stop", "reason": "done"}')
        assert closed(socket) == 1000
    local.client.headers.update(local.headers)
    local.end(session_id, 0)
    body = local.result(session_id).json()
    assert body["status"] == "completed"
    assert body["transcript"] == "one two three"
    assert body["audio_files_received"] == 0


def test_json_events_are_heard(local: Local) -> None:
    session_id, path = begin(local)
    start = {"mediaFormat": {"encoding": "audio/x-l16", "sampleRate": 16000}}
    with local.client.websocket_connect(path) as socket:
        socket.send_json({"event": "start", "start": start, "streamId": "x"})
        for frame in frames_of(pcm(4, 5), 6400):
            media = {"payload": base64.b64encode(frame).decode()}
            socket.send_json({"event": "media", "media": media})
        socket.send_json({"event": "mark"})
        socket.send_json({"event": "stop"})
        assert closed(socket) == 1000
    local.end(session_id, 0)
    assert local.result(session_id).json()["transcript"] == "four five"


def test_the_text_so_far_comes_back_while_speaking(local: Local) -> None:
    session_id, path = begin(local)
    with local.client.websocket_connect(path) as socket:
        socket.send_bytes(pcm(6, 7))
        said = socket.receive_json()
        assert said == {"event": "transcript", "session_id": session_id, "transcript": "six seven"}
        status = local.ask("GET", f"/v1/sessions/{session_id}").json()
        assert status["transcript"] == "six seven"


def test_a_stream_that_broke_off_is_taken_up_again(local: Local) -> None:
    session_id, path = begin(local)
    with local.client.websocket_connect(path) as socket:
        socket.send_bytes(pcm(1, 2))
        assert socket.receive_json()["transcript"] == "one two"
    with local.client.websocket_connect(path) as socket:
        socket.send_bytes(pcm(3, 4))
        socket.send_text('{"event": "stop"}')
        assert closed(socket) == 1000
    local.end(session_id, 0)
    assert local.result(session_id).json()["transcript"] == "one two three four"


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        '{"event": "media"}',
        '{"event": "media", "media": {"payload": "***"}}',
        json.dumps({"event": "start", "start": {"mediaFormat": {"sampleRate": 8000}}}),
        json.dumps({"event": "start", "start": {"mediaFormat": {"encoding": "audio/mp3"}}}),
    ],
)
def test_what_cannot_be_decoded_closes_with_1003(local: Local, text: str) -> None:
    _, path = begin(local)
    with local.client.websocket_connect(path) as socket:
        socket.send_text(text)
        assert closed(socket) == 1003


def code_of(local: Local, path: str) -> int:
    with local.client.websocket_connect(path) as socket:
        return closed(socket)


def test_an_unknown_an_ended_and_an_expired_stream_close_with_1008(local: Local) -> None:
    session_id, path = begin(local)
    unknown = path.replace("str_", "str_x")
    assert code_of(local, unknown) == 1008
    local.end(session_id, 0)
    assert code_of(local, path) == 1008
    _, other = begin(local)
    local.clock.at += 3600
    assert code_of(local, other) == 1008


def test_only_one_connection_at_a_time_feeds_a_stream(local: Local) -> None:
    _, path = begin(local)
    with local.client.websocket_connect(path) as socket:
        socket.send_bytes(pcm(1, 2))
        socket.receive_json()
        assert code_of(local, path) == 1008


def test_a_session_that_ends_while_streaming_closes_the_stream(local: Local) -> None:
    session_id, path = begin(local)
    with local.client.websocket_connect(path) as socket:
        socket.send_bytes(pcm(1, 2))
        socket.receive_json()
        local.end(session_id, 0)
        socket.send_bytes(pcm(3, 4))
        assert closed(socket) == 1008
    assert local.result(session_id).json()["transcript"] == "one two"


def test_the_end_takes_what_the_stream_still_holds(local: Local) -> None:
    session_id, path = begin(local)
    with local.client.websocket_connect(path) as socket:
        socket.send_bytes(pcm(1, 2, 3))
        assert socket.receive_json()["transcript"] == "one two"
        local.end(session_id, 0)
        assert local.result(session_id).json()["transcript"] == "one two three"


def test_a_store_that_is_full_closes_with_1011(
    local: Local, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise DiskFull("The disk is full.", "Make room.")

    _, path = begin(local)
    monkeypatch.setattr(local.service.sessions, "accept", full)
    for size in (100, 64_000):
        with local.client.websocket_connect(path) as socket:
            socket.send_bytes(bytes(size))
            socket.send_text('{"event": "stop"}')
            assert closed(socket) == 1011


def test_what_comes_after_the_end_closes_with_1008_at_the_stop_too(local: Local) -> None:
    session_id, path = begin(local)
    with local.client.websocket_connect(path) as socket:
        socket.send_bytes(pcm(1, 2))
        socket.receive_json()
        local.end(session_id, 0)
        socket.send_bytes(pcm(3, seconds=0.1))
        socket.send_text('{"event": "stop"}')
        assert closed(socket) == 1008


def test_a_web_page_cannot_open_a_stream(local: Local) -> None:
    _, path = begin(local)
    headers: dict[str, Any] = {"Origin": "https://evil.example"}
    with (
        pytest.raises(WebSocketDisconnect),
        local.client.websocket_connect(path, headers=headers),
    ):
        pass
