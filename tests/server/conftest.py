"""The local service with a scripted engine, reached without a socket."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.testclient import TestClient

from scribe_desktop.server.api import Parts, application, build
from scribe_desktop.server.service import Service
from scribe_desktop.server.store import Store
from scribe_desktop.server.transcription import partial_of
from tests.conformance.checked_service import Checked
from tests.server.described import check_reply
from tests.server.scripted import MODELS, TEMPLATES, ScriptedNotes, ScriptedSpeech, wav

TOKEN = "canary-token"


@dataclass
class Clock:
    """Time that passes only when a test says so."""

    at: float = 1_780_000_000.0

    def __call__(self) -> float:
        return self.at


def parts(store: Store, speech: ScriptedSpeech, clock: Clock) -> Parts:
    return Parts(
        store=store,
        speech=speech,
        notes=ScriptedNotes,
        built_in_templates=TEMPLATES,
        models=MODELS,
        token=TOKEN,
        now=clock,
    )


def wait_until_heard(service: Service, session_id: str, text: str) -> None:
    """Return when the text so far is this; the service's own bell says when to look."""

    async def listen() -> None:
        async with asyncio.timeout(60.0):
            while True:
                with service.bell.listen(partial_of(session_id)) as listening:
                    if service.transcription.partial(session_id) == text:
                        return
                    await listening.wait(10.0)

    asyncio.run(listen())


@dataclass
class Local:
    """A running service and a client of it."""

    service: Service
    client: TestClient
    speech: ScriptedSpeech
    clock: Clock
    checked: Checked
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, **kwargs: Any) -> Any:
        """Send a request and hold the answer against the description."""
        reply = self.client.request(method, path, **kwargs)
        is_json = reply.headers.get("content-type", "").startswith("application/json")
        check_reply(
            method, path.partition("?")[0], reply.status_code, reply.json() if is_json else None
        )
        return reply

    def create(self, **fields: Any) -> str:
        body = {"upload_type": "chunked", "communication_protocol": "http"} | fields
        reply = self.ask("POST", "/voice/v1/sessions", json=body)
        assert reply.status_code == 201, reply.text
        return str(reply.json()["session_id"])

    def upload(self, session_id: str, number: int, *words: int) -> None:
        path = f"/voice/v1/sessions/{session_id}/audio/audio_{number}.wav"
        reply = self.ask("POST", path, content=wav(*(words or (number,))))
        assert reply.status_code == 200, reply.text

    def end(self, session_id: str, sent: int) -> None:
        body = {"audio_files_sent": sent}
        reply = self.ask("POST", f"/voice/v1/sessions/{session_id}/end", json=body)
        assert reply.status_code == 202, reply.text

    def result(self, session_id: str) -> Any:
        """The final answer; the service holds the request until there is one."""
        reply = self.ask("GET", f"/voice/v1/sessions/{session_id}")
        while reply.status_code == 202:
            reply = self.ask("GET", f"/voice/v1/sessions/{session_id}")
        return reply


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def speech() -> ScriptedSpeech:
    return ScriptedSpeech()


@pytest.fixture
def service(speech: ScriptedSpeech, clock: Clock) -> Iterator[Service]:
    store = Store.in_memory()
    made = build(parts(store, speech, clock))
    made.start()
    yield made
    speech.gate.set()
    assert made.stop(30.0)
    store.close()


@pytest.fixture
def local(service: Service, speech: ScriptedSpeech, clock: Clock) -> Iterator[Local]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    app = Checked(application(service), judges_requests=False)
    with TestClient(app, base_url="http://127.0.0.1:8000", headers=headers) as client:
        yield Local(service, client, speech, clock, app, headers)
    assert app.wrong == []
