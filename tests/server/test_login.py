"""Other makers' clients sign in, refresh, and sign in by code."""

from typing import Any

import pytest

from tests.server.conftest import TOKEN, Local


def sign_in(local: Local) -> Any:
    body = {"client_id": "some-client", "client_secret": TOKEN}
    reply = local.ask("POST", "/connect-auth/v1/account/login", json=body)
    assert reply.status_code == 200
    return reply.json()


def works(local: Local, token: str) -> int:
    headers = {"Authorization": f"Bearer {token}"}
    return int(local.ask("GET", "/voice/v1/templates", headers=headers).status_code)


def test_client_id_and_secret_give_tokens_that_work(local: Local) -> None:
    tokens = sign_in(local)
    assert tokens["expires_in"] >= 86400
    assert works(local, tokens["access_token"]) == 200
    assert works(local, tokens["refresh_token"]) == 401
    me = local.ask(
        "GET",
        "/connect-auth/v1/account/whoami",
        headers={"Authorization": f"Bearer {tokens['access_token']}"},
    )
    assert me.json()["username"] == "some-client"


def test_a_wrong_secret_is_refused(local: Local) -> None:
    body = {"client_id": "some-client", "client_secret": "guess"}
    reply = local.ask("POST", "/connect-auth/v1/account/login", json=body)
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "invalid_credentials"


def test_an_old_access_token_says_so(local: Local) -> None:
    tokens = sign_in(local)
    local.clock.at += tokens["expires_in"]
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    reply = local.ask("GET", "/voice/v1/templates", headers=headers)
    assert reply.status_code == 401
    assert reply.json()["error"]["code"] == "token_expired"


def refresh(local: Local, token: str, path: str = "/account/refresh-token") -> Any:
    return local.ask("POST", f"/connect-auth/v1{path}", json={"refresh_token": token})


@pytest.mark.parametrize("path", ["/account/refresh-token", "/account/refresh", "/refresh"])
def test_refresh_gives_new_tokens(local: Local, path: str) -> None:
    fresh = refresh(local, sign_in(local)["refresh_token"], path).json()
    assert works(local, fresh["access_token"]) == 200


def test_a_lost_refresh_reply_can_be_asked_for_again_within_a_minute(local: Local) -> None:
    old = sign_in(local)["refresh_token"]
    assert refresh(local, old).status_code == 200
    local.clock.at += 59
    again = refresh(local, old)
    assert again.status_code == 200
    assert works(local, again.json()["access_token"]) == 200


def test_a_refresh_token_used_again_later_ends_the_whole_sign_in(local: Local) -> None:
    old = sign_in(local)["refresh_token"]
    fresh = refresh(local, old).json()
    local.clock.at += 61
    stolen = refresh(local, old)
    assert stolen.status_code == 401
    assert stolen.json()["error"]["code"] == "invalid_refresh_token"
    assert works(local, fresh["access_token"]) == 401
    assert refresh(local, fresh["refresh_token"]).status_code == 401


def test_password_login_and_logout(local: Local) -> None:
    body = {"username": "dr", "password": TOKEN}
    tokens = local.ask("POST", "/connect-auth/v1/login", json=body).json()
    assert tokens["user"]["username"] == "dr"
    out = {"refresh_token": tokens["refresh_token"]}
    assert local.ask("POST", "/connect-auth/v1/logout", json=out).status_code == 200
    assert works(local, tokens["access_token"]) == 401
    assert local.ask("POST", "/connect-auth/v1/signup", json=body).status_code == 403
    assert local.ask("GET", "/connect-auth/v1/auth-mode").json()["device_login"] is True


def begin(local: Local) -> Any:
    return local.ask("POST", "/connect-auth/v1/device/code", json={}).json()


def collect(local: Local, code: str) -> Any:
    local.clock.at += 5
    return local.ask("POST", "/connect-auth/v1/device/token", json={"device_code": code})


def test_sign_in_by_code_with_the_page_of_the_service(local: Local) -> None:
    begun = begin(local)
    assert collect(local, begun["device_code"]).json()["error"]["code"] == "authorization_pending"
    page = local.client.get(begun["verification_uri_complete"])
    assert begun["user_code"] in page.text
    assert "script" not in page.text
    sent = {"user_code": begun["user_code"].lower(), "token": TOKEN, "action": "approve"}
    headers = {"Origin": "http://127.0.0.1:8000"}
    done = local.client.post("/connect-auth/v1/device/approve", data=sent, headers=headers)
    assert "approved" in done.text
    tokens = collect(local, begun["device_code"]).json()
    assert works(local, tokens["access_token"]) == 200
    assert collect(local, begun["device_code"]).json()["error"]["code"] == "expired_token"


def test_a_refused_sign_in_is_told(local: Local) -> None:
    begun = begin(local)
    sent = {"user_code": begun["user_code"], "token": TOKEN, "action": "deny"}
    assert local.ask("POST", "/connect-auth/v1/device/approve", json=sent).status_code == 200
    assert collect(local, begun["device_code"]).json()["error"]["code"] == "access_denied"


def test_a_code_grows_old_and_may_not_be_asked_for_too_often(local: Local) -> None:
    begun = begin(local)
    body = {"device_code": begun["device_code"]}
    first = collect(local, begun["device_code"])
    second = local.ask("POST", "/connect-auth/v1/device/token", json=body)
    assert [item.json()["error"]["code"] for item in (first, second)] == [
        "authorization_pending",
        "slow_down",
    ]
    local.clock.at += 600
    assert collect(local, begun["device_code"]).json()["error"]["code"] == "expired_token"
    assert collect(local, "unknown").json()["error"]["code"] == "invalid_device_code"


def test_a_program_allows_a_sign_in_with_the_token_in_its_headers(local: Local) -> None:
    begun = begin(local)
    sent = {"user_code": begun["user_code"], "action": "approve"}
    approve = "/connect-auth/v1/device/approve"
    del local.client.headers["Authorization"]
    assert local.ask("POST", approve, json=sent).json()["error"]["code"] == "unauthorized"
    guess = {"Authorization": "Bearer guess"}
    assert local.ask("POST", approve, json=sent, headers=guess).status_code == 401
    for headers in ({"Authorization": f"Bearer {TOKEN}"}, {"X-API-Key": TOKEN}, {"auth": TOKEN}):
        begun = begin(local)
        sent["user_code"] = begun["user_code"]
        assert local.ask("POST", approve, json=sent, headers=headers).status_code == 200


def test_only_the_owner_allows_a_sign_in(local: Local) -> None:
    begun = begin(local)
    sent = {"user_code": begun["user_code"], "token": "guess", "action": "approve"}
    assert local.ask("POST", "/connect-auth/v1/device/approve", json=sent).status_code == 401
    other = sent | {"token": TOKEN, "user_code": "XXXX-XXXX"}
    assert local.ask("POST", "/connect-auth/v1/device/approve", json=other).status_code == 404


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("vaarta://callback", 200),
        ("http://127.0.0.1:1234/x", 200),
        ("http://localhost/", 200),
        ("https://evil.example/", 400),
        ("http://evil.example/", 400),
        ("javascript:alert(1)", 400),
        ("http://[", 400),
        ("nothing", 400),
    ],
)
def test_codes_are_returned_to_programs_on_this_computer_only(
    local: Local, address: str, status: int
) -> None:
    body = {"redirect_uri": address}
    assert local.ask("POST", "/connect-auth/v1/device/code", json=body).status_code == status


def test_the_page_does_not_repeat_what_is_not_text(local: Local) -> None:
    page = local.client.get('/auth/activate?user_code="><b>x</b>')
    assert "<b>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
