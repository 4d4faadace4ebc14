"""Clients of other makers can use the local service: each flow as its maker's client sends it.

Written from PROTOCOL.md §1 and §2.2 alone: names, numbering, headers and
order of calls are theirs, not ours.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest
from websockets.sync.client import connect

from scribe_desktop.server.api import build
from scribe_desktop.server.service import Service
from scribe_desktop.server.store import Store
from tests.conformance.checked_service import checked
from tests.server.conftest import TOKEN, Clock, parts
from tests.server.scripted import ScriptedSpeech, wav


@pytest.fixture
def service() -> Iterator[Service]:
    store = Store.in_memory()
    made = build(parts(store, ScriptedSpeech(), Clock()))
    made.start()
    yield made
    made.stop(5.0)
    store.close()


@pytest.fixture
def origin(service: Service) -> Iterator[str]:
    with checked(service) as (origin, _):
        yield origin


def poll(get: Any) -> Any:
    """Ask until the answer is final, as every maker's client does."""
    reply = get()
    while reply.status_code == 202:
        reply = get()
    return reply


def test_the_python_sdk_signs_in_and_sends_chunks(origin: str) -> None:
    secret = {"client_id": "clinic", "client_secret": TOKEN}
    tokens = httpx.post(f"{origin}/connect-auth/v1/account/login", json=secret).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    with httpx.Client(base_url=f"{origin}/voice/v1", headers=bearer) as client:
        body = {
            "upload_type": "chunked",
            "communication_protocol": "http",
            "templates": ["soap"],
            "session_mode": "dictation",
            "model": "lite",
            "language_hint": ["en"],
        }
        made = client.post("/sessions", json=body).json()
        for number in range(2):
            url = f"{made['upload_url']}/chunk_{number}.wav"
            reply = client.post(url, content=wav(number), headers={"Content-Type": "audio/wav"})
            assert reply.json()["success"] is True
        path = f"/sessions/{made['session_id']}"
        assert client.post(f"{path}/end", json={"audio_files_sent": 2}).status_code == 202
        final = poll(lambda: client.get(path, params={"template_id": "soap"}))
        assert final.status_code == 200
        assert final.json()["transcript"] == "zero one"
        assert final.json()["templates"][0]["soap"]["status"] == "success"


def test_the_python_sdk_streams_and_waits_for_the_close(origin: str) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(base_url=f"{origin}/voice/v1", headers=bearer) as client:
        body = {"upload_type": "stream", "communication_protocol": "websocket"}
        made = client.post("/sessions", json=body).json()
        speech = np.full(16_000, 900, "<i2").tobytes()
        with connect(made["upload_url"], max_size=None) as socket:
            for start in range(0, len(speech), 960):
                socket.send(speech[start : start + 960])
            socket.send(json.dumps({"event": "stop", "reason": "user"}))
            for _ in socket:
                continue  # The text so far, which this client does not look at.
            assert socket.close_code == 1000
        path = f"/sessions/{made['session_id']}"
        client.post(f"{path}/end", json={"audio_files_sent": 0})
        assert poll(lambda: client.get(path)).json()["transcript"] == "eight"


def test_the_browser_sdk_uploads_by_presigned_form_from_number_one(origin: str) -> None:
    found = httpx.get(f"{origin}/voice/v1/.well-known/medscribealliance").json()
    assert all(model["max_session_duration_seconds"] > 0 for model in found["models"])
    base = found["endpoints"]["base_url"]
    bearer = {"Authorization": f"Bearer {TOKEN}", "client-id": "clinic", "flavour": "web"}
    with httpx.Client(headers=bearer) as client:
        body = {
            "session_id": "ses_00112233445566778899",
            "upload_type": "chunked",
            "communication_protocol": "http",
            "templates": [],
            "additional_data": {"source": "browser"},
        }
        made = client.post(f"{base}/sessions?version=v2", json=body).json()
        target = made["upload_url"]["uploadData"]
        for number in (1, 2, 3):
            fields = target["fields"] | {"Content-Type": "audio/webm;codecs=opus"}
            file = {"file": (f"{number}.webm", wav(number), "audio/webm;codecs=opus")}
            # Storage is sent no credential.
            assert httpx.post(target["url"], data=fields, files=file).status_code == 204
        counts = {"audio_files_sent": 3, "audio_files_uploaded": 3}
        ended = client.post(f"{base}/sessions/{made['session_id']}/end", json=counts).json()
        assert ended["audio_files_received"] == 3
        url = f"{base}/sessions/{made['session_id']}?version=v2"
        final = poll(lambda: client.get(url)).json()
        assert final["transcript"] == "one two three"
        assert final["templates"] == []
        assert None not in final.values()


def test_a_strict_implementer_uses_the_api_key_and_the_root_mount(origin: str) -> None:
    found = httpx.get(f"{origin}/.well-known/medscribealliance").json()
    assert found["protocol"] == "medscribealliance"
    headers = {"X-API-Key": TOKEN, "MSA-Version": "0.1", "Accept": "application/json"}
    with httpx.Client(base_url=f"{origin}/v1", headers=headers) as client:
        listed = client.get("/templates").json()["templates"]
        assert {"id", "name", "description"} == set(listed[0])
        body = {
            "upload_type": "chunked",
            "communication_protocol": "http",
            "templates": ["soap"],
            "language_hint": "en",
            "transcript_language": ["en"],
        }
        made = client.post("/sessions", json=body).json()
        for number in (0, 1):
            # The recommended form of the specification: a form, and no name in the address.
            file = {"file": (f"audio_{number}.wav", wav(number), "audio/wav")}
            assert client.post(made["upload_url"], files=file).status_code == 200
        path = f"/sessions/{made['session_id']}"
        assert client.post(f"{path}/end", json={"audio_files_sent": "2"}).status_code == 202
        assert poll(lambda: client.get(path)).json()["status"] == "completed"


def test_the_desktop_of_another_maker_signs_in_by_code_and_saves_an_edit(origin: str) -> None:
    with httpx.Client(base_url=origin) as client:
        begun = client.post("/connect-auth/v1/device/code", json={}).json()
        page = client.get(begun["verification_uri_complete"])
        assert begun["user_code"] in page.text
        form = {"user_code": begun["user_code"], "token": TOKEN, "action": "approve"}
        client.post("/connect-auth/v1/device/approve", data=form, headers={"Origin": origin})
        code = {"device_code": begun["device_code"]}
        tokens = client.post("/connect-auth/v1/device/token", json=code).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        typed = {"upload_type": "chunked", "templates": ["soap"], "session_details": {"oid": "p"}}
        session_id = client.post("/voice/v1/sessions", json=typed).json()["session_id"]
        convert = f"/voice/api/v1/transaction/{session_id}/convert-to-template"
        assert client.post(convert, json={"transcript": "Typed."}).status_code == 202
        final = poll(lambda: client.get(f"/voice/v1/sessions/{session_id}")).json()
        note = final["templates"][0]["soap"]["document_id"]
        save = {"session_id": session_id, "document_id": note}
        saved = client.post("/voice/api/v1/documents", json=save).json()["data"]
        httpx.put(saved["presigned_url"], content=b"# Edited").raise_for_status()
        detail = client.get(f"/voice/api/v1/sessions/{session_id}?presigned=true").json()["data"]
        assert httpx.get(detail["documents"][0]["presigned_url"]).text == "# Edited"
        history = client.get("/voice/api/v2/transaction/history?oid=p").json()
        assert history["data"][0]["txn_id"] == session_id
