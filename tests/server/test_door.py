"""Who gets in: the right token, from a program on this computer, with a whole request."""

import json
import logging
from typing import Any

import pytest
from starlette.testclient import TestClient

from scribe_desktop.server.api import application
from scribe_desktop.server.guard import host_name
from tests.server.conftest import TOKEN, Local


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TOKEN}"},
        {"Authorization": f"bearer {TOKEN}"},
        {"X-API-Key": TOKEN},
        {"Authorization": f"X-API-Key {TOKEN}"},
        {"auth": TOKEN},
    ],
)
def test_the_token_is_taken_wherever_a_client_puts_it(
    local: Local, headers: dict[str, str]
) -> None:
    del local.client.headers["Authorization"]
    assert local.ask("GET", "/v1/templates", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": f"Basic {TOKEN}"},
        {"X-API-Key": "x"},
        {"X-API-Key": TOKEN[:-1]},
        {"auth": "x"},
    ],
)
def test_a_wrong_or_missing_token_is_refused(local: Local, headers: dict[str, str]) -> None:
    del local.client.headers["Authorization"]
    reply = local.ask("GET", "/v1/templates", headers=headers)
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert TOKEN not in reply.text


def test_a_token_in_the_address_is_not_taken(local: Local) -> None:
    del local.client.headers["Authorization"]
    assert local.ask("GET", f"/v1/templates?token={TOKEN}").status_code == 401


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", ""]
)
def test_another_name_for_this_computer_is_refused(local: Local, host: str) -> None:
    reply = local.client.get("/v1/templates", headers={"Host": host})
    assert reply.status_code == 403


@pytest.mark.parametrize("host", ["127.0.0.1:1", "localhost", "LOCALHOST:99", "[::1]:80", "[::1]"])
def test_the_names_of_this_computer_are_welcome(local: Local, host: str) -> None:
    assert local.client.get("/v1/templates", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_a_web_page_cannot_reach_the_service(local: Local, headers: dict[str, str]) -> None:
    reply = local.client.get("/v1/templates", headers=headers)
    assert reply.status_code == 403
    assert "access-control-allow-origin" not in reply.headers


def test_a_page_of_an_allowed_origin_can(local: Local) -> None:
    app = application(local.service, origins=["app://scribe"])
    with TestClient(app, base_url="http://127.0.0.1:8000", headers=local.headers) as client:
        reply = client.get("/v1/templates", headers={"Origin": "app://scribe"})
        assert reply.status_code == 200


def test_host_names_are_read_with_port_and_brackets() -> None:
    assert host_name("[::1]:80") == "::1"
    assert host_name("localhost.:80") == "localhost"


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b'"text"',
        b'{"a": NaN}',
        b'{"a": "\\ud800"}',
        b"\xff\xfe",
        b'{"additional_data":' + b"[" * 100_000,
        b'{"additional_data":' + b'{"a":' * 60 + b"1" + b"}" * 61,
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_a_json_object_is_refused(local: Local, body: bytes) -> None:
    reply = local.ask("POST", "/voice/v1/sessions", content=body)
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "invalid_request"


def test_too_much_json_is_refused(local: Local) -> None:
    body = json.dumps({"additional_data": {"x": "y" * 600_000}})
    assert local.ask("POST", "/voice/v1/sessions", content=body).status_code == 413


def test_another_version_of_the_protocol_is_refused(local: Local) -> None:
    reply = local.ask("GET", "/v1/templates", headers={"MSA-Version": "9.9"})
    assert reply.status_code == 400
    assert reply.json()["error"]["code"] == "unsupported_version"
    assert reply.json()["error"]["details"]["supported_versions"] == ["0.1"]
    assert local.ask("GET", "/v1/templates", headers={"MSA-Version": "0.1"}).status_code == 200


def test_an_unknown_address_or_method_has_the_same_envelope(local: Local) -> None:
    assert local.client.get("/nowhere").json()["error"]["code"] == "resource_not_found"
    wrong = local.client.delete("/v1/sessions")
    assert wrong.status_code == 405
    assert wrong.json()["error"]["code"] == "method_not_allowed"


@pytest.mark.parametrize("place", ["", "/v1", "/voice/v1"])
def test_discovery_is_found_at_all_three_places_without_a_token(local: Local, place: str) -> None:
    del local.client.headers["Authorization"]
    found = local.ask("GET", f"{place}/.well-known/medscribealliance")
    assert found.status_code == 200
    base = f"http://127.0.0.1:8000{place or '/voice/v1'}"
    assert found.json()["endpoints"]["base_url"] == base
    assert found.json()["languages"]["supported"] == ["en", "hi", "de"]
    assert "max-age" in found.headers["cache-control"]


def test_the_addresses_follow_the_name_by_which_the_client_came(local: Local) -> None:
    found = local.client.get("/v1/.well-known/medscribealliance", headers={"Host": "localhost:77"})
    assert found.json()["endpoints"]["base_url"] == "http://localhost:77/v1"


def test_answers_with_patients_words_are_not_cached(local: Local) -> None:
    session_id = local.create()
    reply = local.ask("GET", f"/v1/sessions/{session_id}")
    assert reply.headers["cache-control"] == "no-store"


def test_a_bug_is_answered_and_logged_without_what_was_said(
    local: Local, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def bug(_: object) -> Any:
        raise LookupError("Canary Patient")

    monkeypatch.setattr(local.service.sessions, "find", bug)
    with caplog.at_level(logging.DEBUG):
        reply = local.client.request("GET", "/v1/sessions/ses_0123456789abcdef")
    assert reply.status_code == 500
    assert reply.json()["error"]["code"] == "internal_error"
    assert "LookupError" in caplog.text
    assert "Canary" not in caplog.text + reply.text
    (undescribed,) = local.checked.wrong
    assert "500" in undescribed, "no description promises a bug"
    local.checked.wrong.clear()
