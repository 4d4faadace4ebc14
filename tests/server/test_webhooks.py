"""Other programs are told, in a way they can trust, as often as it takes."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import SimpleQueue
from threading import Thread
from typing import Any

import pytest

from scribe_desktop.server.sessions import Session
from scribe_desktop.server.store import Store
from scribe_desktop.server.webhooks import Webhooks, post_to_this_computer
from tests.server.conftest import Clock, Local

SESSION = Session("ses_0123456789abcdef", 0.0, 3600.0, "completed", "pro", 3600.0)
URL = "http://127.0.0.1:9/hook"


@dataclass
class Receiver:
    """Stands where the other program is; answers what the test says."""

    answers: list[int | Exception] = field(default_factory=list)
    got: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.got.append((url, body, headers))
        answer = self.answers.pop(0) if self.answers else 204
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def webhooks(receiver: Receiver, clock: Clock) -> Iterator[Webhooks]:
    store = Store.in_memory()
    yield Webhooks(store, clock, receiver)
    store.close()


def test_a_notice_is_signed_and_says_nothing_of_what_was_said(
    webhooks: Webhooks, receiver: Receiver, clock: Clock
) -> None:
    webhooks.add("spec", URL, ("session.completed",), "secret")
    webhooks.notify("session.completed", SESSION)
    webhooks.notify("session.failed", SESSION)
    webhooks.deliver_due()
    [(url, body, headers)] = receiver.got
    assert url == URL
    assert set(json.loads(body)) == {"event", "timestamp", "session_id"}
    stamp, _, given = headers["X-MSA-Signature"].partition(",v1=")
    signed = f"{stamp.removeprefix('t=')}.".encode() + body
    assert hmac.compare_digest(given, hmac.new(b"secret", signed, hashlib.sha256).hexdigest())
    assert stamp == f"t={int(clock.at)}"


def test_the_other_dialect_has_its_own_words(webhooks: Webhooks, receiver: Receiver) -> None:
    webhooks.add("eka", URL, ("v2rx.completed",), "secret")
    webhooks.notify("session.started", SESSION)
    webhooks.notify("session.completed", SESSION)
    webhooks.deliver_due()
    [(_, body, headers)] = receiver.got
    notice = json.loads(body)
    data = {"transaction_id": SESSION.id, "session_id": SESSION.id, "status": SESSION.status}
    assert {key: notice[key] for key in ("service_id", "event", "data")} == {
        "service_id": "v2rx",
        "event": "v2rx.completed",
        "data": data,
    }
    assert notice["payload"] == {
        "service": "v2rx",
        "event": "v2rx.completed",
        "event_time": notice["timestamp"],
        "transaction_id": SESSION.id,
        "data": data,
    }
    assert set(notice) == {"business_id", "client_id", "service_id", "event_id", "payload"} | {
        "event",
        "timestamp",
        "data",
    }
    assert "Eka-Webhook-Signature" in headers


def test_a_notice_is_tried_again_until_it_is_taken_or_a_day_old(
    webhooks: Webhooks, receiver: Receiver, clock: Clock
) -> None:
    webhooks.add("spec", URL, ("session.completed",), "secret")
    receiver.answers = [OSError(), 500, 204]
    webhooks.notify("session.completed", SESSION)
    for pause in (2.0, 4.0):
        assert webhooks.deliver_due() == pytest.approx(pause)
        webhooks.deliver_due()  # Not due yet: not tried.
        clock.at += pause
    webhooks.deliver_due()
    assert len(receiver.got) == 3
    receiver.answers = [OSError()] * 100
    webhooks.notify("session.completed", SESSION)
    for _ in range(60):
        clock.at += webhooks.deliver_due()
    tried = len(receiver.got)
    clock.at += 24 * 3600
    webhooks.deliver_due()
    assert len(receiver.got) == tried, "given up after a day"


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/",
        "http://10.0.0.1/",
        "file:///etc/passwd",
        "http://127.0.0.1.evil.example/",
        "http://user@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/\r\nX: y",
        "nonsense",
    ],
)
def test_only_addresses_on_this_computer_are_taken(local: Local, url: str) -> None:
    body = {"url": url, "events": ["session.completed"]}
    reply = local.ask("POST", "/voice/v1/webhooks", json=body)
    assert reply.status_code == 422


def test_webhooks_are_registered_listed_and_removed(local: Local) -> None:
    body = {"url": URL, "events": ["session.completed"]}
    made = local.ask("POST", "/voice/v1/webhooks", json=body)
    assert made.status_code == 201
    assert made.json()["secret"], "a secret that the client did not send is told once"
    listed = local.ask("GET", "/voice/v1/webhooks").json()["webhooks"]
    assert [item["webhook_id"] for item in listed] == [made.json()["webhook_id"]]
    assert "secret" not in listed[0]
    path = f"/voice/v1/webhooks/{made.json()['webhook_id']}"
    assert local.ask("DELETE", path).status_code == 204
    assert local.ask("DELETE", path).status_code == 404
    wrong = {"url": URL, "events": ["session.imagined"]}
    assert local.ask("POST", "/voice/v1/webhooks", json=wrong).status_code == 422


def test_the_other_dialect_registers_too(local: Local) -> None:
    path = "/notification/v1/connect/webhook/subscriptions"
    body = {"event_names": ["v2rx.completed"], "endpoint": URL, "signing_key": "s"}
    made = local.ask("POST", path, json=body | {"protocol": "https"})
    assert made.status_code == 201
    assert "signing_key" not in made.json()
    assert len(local.ask("GET", path).json()["data"]) == 1
    assert local.ask("GET", "/voice/v1/webhooks").json()["webhooks"] == []
    assert local.ask("DELETE", f"{path}/{made.json()['id']}").status_code == 204


def test_a_dictation_is_told_to_a_real_receiver(local: Local) -> None:
    got: SimpleQueue[Any] = SimpleQueue()

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.put(json.loads(body))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Hook) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        events = ["session.started", "session.ended", "session.completed"]
        body = {"url": f"http://127.0.0.1:{server.server_port}/x?y=1", "events": events}
        assert local.ask("POST", "/v1/webhooks", json=body).status_code == 201
        session_id = local.create()
        local.end(session_id, 0)
        notices = [got.get(timeout=30) for _ in events]
        server.shutdown()
        thread.join()
    assert [item["event"] for item in notices] == events
    assert {item["session_id"] for item in notices} == {session_id}


def test_an_expired_session_is_told_once(local: Local) -> None:
    body = {"url": URL, "events": ["session.expired"]}
    assert local.ask("POST", "/v1/webhooks", json=body).status_code == 201
    session_id = local.create()
    local.clock.at += 3600
    for _ in range(2):
        local.service.sweep()
    with local.service.store.reading() as rows:
        waiting = rows.execute("SELECT body FROM deliveries").fetchall()
    assert [json.loads(row[0])["session_id"] for row in waiting] == [session_id]
    assert local.ask("GET", f"/v1/sessions/{session_id}").status_code == 410


def test_nothing_is_followed_and_nobody_there_is_an_error() -> None:
    with pytest.raises(OSError, match=r"."):
        post_to_this_computer("http://127.0.0.1:9/", b"", {})
