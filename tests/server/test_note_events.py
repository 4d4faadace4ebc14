"""Another template as a stream of events, over real sockets, as another maker's client reads it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from scribe_desktop.server import note_events
from scribe_desktop.server.api import build
from scribe_desktop.server.service import Service
from scribe_desktop.server.store import Store
from tests.conformance.checked_service import Checked, checked
from tests.server.conftest import TOKEN, Clock, parts
from tests.server.scripted import ScriptedSpeech, wav

EVENTS = {"Accept": "text/event-stream"}


@dataclass
class House:
    """The service and another maker's client of it."""

    service: Service
    speech: ScriptedSpeech
    client: httpx.Client
    seen: Checked

    def dictated(self) -> str:
        made = self.client.post("/sessions", json={"upload_type": "chunked"}).json()
        self.client.post(f"{made['upload_url']}/audio_0.wav", content=wav(1)).raise_for_status()
        path = f"/sessions/{made['session_id']}"
        self.client.post(f"{path}/end", json={"audio_files_sent": 1}).raise_for_status()
        while self.client.get(path).status_code == 202:
            continue
        return path

    @contextmanager
    def filling(
        self, path: str, template: str = "soap", **headers: str
    ) -> Iterator[httpx.Response]:
        where = f"{path}/process/template/{template}"
        with self.client.stream("POST", where, headers=headers or EVENTS) as reply:
            yield reply

    def told(self, path: str, template: str = "soap", **headers: str) -> list[dict[str, Any]]:
        with self.filling(path, template, **headers) as reply:
            assert reply.status_code == 200
            assert reply.headers["content-type"].startswith("text/event-stream")
            return [event for event in events_in(reply.iter_lines()) if event is not None]


def events_in(lines: Iterator[str]) -> Iterator[dict[str, Any] | None]:
    """Each event; None for a sign of life between two of them."""
    for line in lines:
        if line.startswith("data: "):
            yield json.loads(line.removeprefix("data: "))
        elif line:
            assert line.startswith(":")
            yield None


@pytest.fixture
def house() -> Iterator[House]:
    store, speech = Store.in_memory(), ScriptedSpeech()
    service = build(parts(store, speech, Clock()))
    service.start()
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    with (
        checked(service) as (origin, seen),
        httpx.Client(base_url=f"{origin}/voice/v1", headers=bearer, trust_env=False) as client,
    ):
        yield House(service, speech, client, seen)
        speech.gate.set()
        service.stop(5.0)
    store.close()
    assert seen.wrong == []


def test_the_note_comes_as_events_and_stays_with_the_session(house: House) -> None:
    path = house.dictated()
    told = house.told(path)
    kinds = [event["type"] for event in told]
    assert kinds[0] == "RUN_STARTED"
    assert kinds[1:-1] == ["TEXT_MESSAGE_START", "TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_END"]
    assert kinds[-1] == "RUN_FINISHED"
    assert "one" in told[2]["delta"]
    (note,) = house.client.get(path).json()["templates"]
    assert note["soap"]["document_id"] == told[0]["runId"]
    assert note["soap"]["data"] == {"Said": "one"}


def test_a_client_says_which_answer_and_which_form_it_wants(house: House) -> None:
    path = house.dictated()
    told = house.told(path, **{"x-protocol": "ag-ui", "x-format": "json"})
    assert json.loads(told[2]["delta"]) == {"Said": "one"}
    where = f"{path}/process/template/soap"
    for headers in ({}, {"x-protocol": "agent"} | EVENTS, {"Accept": "*/*"}):
        assert house.client.post(where, headers=headers).status_code == 202
    for headers in ({"x-protocol": "other"}, {"x-format": "html"}):
        assert house.client.post(where, headers=headers).status_code == 422


def test_events_begin_before_the_note_is_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(note_events, "ALIVE_S", 0.01)
    house.speech.failing = True
    path = house.dictated()
    house.speech.failing = False
    house.speech.gate.clear()
    with house.filling(path) as reply:
        events = events_in(reply.iter_lines())
        began = next(events)
        assert began is not None
        assert began["type"] == "RUN_STARTED"
        assert next(events) is None, "a sign of life while it is being written"
        house.speech.gate.set()
        rest = [event for event in events if event is not None]
    assert rest[-1]["type"] == "RUN_FINISHED"
    assert "one" in rest[1]["delta"]


def test_a_note_that_fails_is_told_in_words(house: House) -> None:
    told = house.told(house.dictated(), "impossible")
    assert [event["type"] for event in told] == ["RUN_STARTED", "RUN_ERROR"]
    assert told[1]["message"]


def test_a_refusal_is_no_stream(house: House) -> None:
    with house.filling(house.dictated(), "none") as reply:
        assert reply.status_code == 404
        assert reply.headers["content-type"] == "application/json"


def test_a_client_that_hangs_up_finds_its_note_all_the_same(house: House) -> None:
    house.speech.failing = True
    path = house.dictated()
    house.speech.failing = False
    house.speech.gate.clear()
    with house.filling(path) as reply:
        assert next(events_in(reply.iter_lines())) is not None
    house.speech.gate.set()
    while (found := house.client.get(path)).status_code == 202:
        continue
    assert found.json()["templates"][0]["soap"]["status"] == "success"


def test_too_many_listeners_are_answered_at_once(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = house.dictated()
    monkeypatch.setattr("scribe_desktop.server.rework_calls.MAX_HOLDS", 0)
    with house.filling(path) as reply:
        assert reply.status_code == 202


def test_a_service_that_stops_lets_its_listeners_go(house: House) -> None:
    house.speech.failing = True
    path = house.dictated()
    house.speech.failing = False
    house.speech.gate.clear()
    with house.filling(path) as reply:
        events = events_in(reply.iter_lines())
        assert next(events) is not None
        house.service.bell.ring_all()
        last = [event for event in events if event is not None][-1]
    assert last["result"] == {"status": "in-progress"}


def test_a_client_is_not_kept_for_ever(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(note_events, "LONGEST_S", 0.0)
    told = house.told(house.dictated())
    assert [event["type"] for event in told] == ["RUN_STARTED", "RUN_FINISHED"]
    assert told[1]["result"] == {"status": "in-progress"}
