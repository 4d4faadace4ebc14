"""Lets other makers' clients sign in as they do with their own cloud.

There is one account: whoever holds the token of this run. A client sends it
as its client secret or password, or its owner types it on a page that this
service shows, and gets an access token and a refresh token for it.
"""

import html
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

from scribe_desktop.server.accounts import OWNER, Grant
from scribe_desktop.server.calls import Call, Incoming, Reply, Sent
from scribe_desktop.server.fields import Anything, Fields, Text
from scribe_desktop.server.guard import is_loopback
from scribe_desktop.server.limits import (
    ACCESS_LIFETIME_S,
    DEVICE_CODE_S,
    DEVICE_INTERVAL_S,
    REFRESH_LIFETIME_S,
)
from scribe_desktop.server.reception import is_json
from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.service import Service
from scribe_desktop.server.shapes import FLAG, FREE, TEXT, WHOLE, many, one_of, record

_ROOT = "/connect-auth/v1"
_ACTIVATE = "/auth/activate"
_LONG = Text(least=1, most=4096)

_LOGIN = Fields(
    {"client_id": _LONG, "client_secret": _LONG, "sharing_key": Anything()},
    required=("client_id", "client_secret"),
)
_PASSWORD = Fields({"username": _LONG, "password": _LONG}, required=("username", "password"))
_REFRESH = Fields({"refresh_token": _LONG, "access_token": Anything()}, required=("refresh_token",))
_LOGOUT = Fields({"refresh_token": _LONG})
_DEVICE = Fields({"redirect_uri": Text(most=2048)})
_COLLECT = Fields({"device_code": _LONG}, required=("device_code",))
_APPROVE = Fields(
    {"user_code": Text(most=20), "action": Text(choices=("approve", "deny")), "token": _LONG},
    required=("user_code", "action"),
    notes={"token": "Needed where no header carries the token of this run."},
)


def login(service: Service, asked: Incoming) -> Reply:
    """Sign in with client id and secret."""
    sent = asked.fields
    return Reply(body=_tokens(service.accounts.sign_in(sent["client_id"], sent["client_secret"])))


def password_login(service: Service, asked: Incoming) -> Reply:
    """Sign in with name and password."""
    sent = asked.fields
    grant = service.accounts.sign_in(sent["username"], sent["password"])
    return Reply(body={"status": "success", "user": _user(grant.account), **_tokens(grant)})


def refresh(service: Service, asked: Incoming) -> Reply:
    """New tokens for a refresh token, which is then used up."""
    return Reply(body=_tokens(service.accounts.refresh(asked.fields["refresh_token"])))


def logout(service: Service, asked: Incoming) -> Reply:
    """End the sign-in that the refresh token or the bearer token belongs to."""
    bearer = asked.headers.get("authorization", "").partition(" ")[2]
    token = asked.fields.get("refresh_token") or bearer
    if token:
        service.accounts.sign_out(token)
    return Reply(body={"status": "success", "message": "Signed out."})


def who_am_i(_: Service, asked: Incoming) -> Reply:
    """The account behind a token."""
    user = _user(asked.account)
    return Reply(
        body={
            "uuid": user["uuid"],
            "primary_oid": user["oid"],
            "workspace_id": user["b_id"],
            "oid": [user["oid"]],
            "is-paid": True,
            "username": user["username"],
        }
    )


def auth_mode(_: Service, __: Incoming) -> Reply:
    """Which ways to sign in there are."""
    return Reply(
        body={"password_login": True, "device_login": True, "signup": False, "oidc": False}
    )


def signup(_: Service, __: Incoming) -> Reply:
    """Nobody can make an account: this computer has one owner."""
    raise Refusal(403, "signup_disabled", "Accounts cannot be made on this service.")


def begin_device(service: Service, asked: Incoming) -> Reply:
    """Begin a sign-in by code."""
    _check_redirect(asked.fields.get("redirect_uri", ""))
    device_code, user_code = service.accounts.begin_device()
    page = asked.origin + _ACTIVATE
    return Reply(
        body={
            "device_code": device_code,
            "user_code": user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?user_code={quote(user_code)}",
            "expires_in": DEVICE_CODE_S,
            "interval": DEVICE_INTERVAL_S,
        }
    )


def collect_device(service: Service, asked: Incoming) -> Reply:
    """Fetch the tokens once the owner has agreed."""
    grant = service.accounts.collect_device(asked.fields["device_code"])
    return Reply(body={"status": "success", "user": _user(grant.account), **_tokens(grant)})


def approve_device(service: Service, asked: Incoming) -> Reply:
    """The owner agrees or refuses, from a program or from our own page."""
    sent = asked.fields
    approve = sent["action"] == "approve"
    secret = sent.get("token") or _credential(asked.headers)
    service.accounts.decide_device(sent["user_code"], secret, approve=approve)
    result = "approved" if approve else "denied"
    if not is_json(asked.headers):
        return _page(f"<p>The sign-in was {result}. You can close this page.</p>")
    return Reply(body={"status": "success", "result": result})


def _credential(headers: Mapping[str, str]) -> str:
    _, _, bearer = headers.get("authorization", "").partition(" ")
    return bearer.strip() or headers.get("x-api-key", "") or headers.get("auth", "")


def activation_page(_: Service, asked: Incoming) -> Reply:
    """A page without scripts on which the owner types code and token."""
    code = html.escape(asked.query.get("user_code", ""), quote=True)
    return _page(
        f'<form method="post" action="{_ROOT}/device/approve">'
        "<p>A program on this computer asks to use the speech service.</p>"
        f'<p><label>Code <input name="user_code" value="{code}" required></label></p>'
        '<p><label>Token of the service <input name="token" type="password" required'
        ' autocomplete="off"></label></p>'
        '<p><button name="action" value="approve">Allow</button> '
        '<button name="action" value="deny">Refuse</button></p></form>'
    )


def _page(body: str) -> Reply:
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>Sign in · Scribe Desktop</title></head><body>{body}</body></html>"
    )
    headers = {
        "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
    }
    return Reply(content=page.encode(), media_type="text/html; charset=utf-8", headers=headers)


def _tokens(grant: Grant) -> dict[str, Any]:
    return {
        "access_token": grant.access_token,
        "expires_in": ACCESS_LIFETIME_S,
        "refresh_token": grant.refresh_token,
        "refresh_expires_in": REFRESH_LIFETIME_S,
    }


def _user(account: str) -> dict[str, str]:
    return {
        "username": account,
        "display_name": account,
        "uuid": OWNER,
        "oid": OWNER,
        "b_id": "this-computer",
    }


def _check_redirect(address: str) -> None:
    """A program's own scheme or this computer; anything else would carry codes away."""
    if not address:
        return
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        parts, host = None, ""
    if parts is None or not parts.scheme or parts.scheme == "https":
        good = False
    elif parts.scheme == "http":
        good = is_loopback(host)
    else:
        good = parts.scheme not in {"javascript", "data", "file", "vbscript"}
    if not good:
        raise Refusal(400, "invalid_redirect_uri", "This address cannot be returned to.")


def calls() -> list[Call[Service]]:
    """The calls of this module."""
    tokens = {
        "access_token": TEXT,
        "expires_in": WHOLE,
        "refresh_token": TEXT,
        "refresh_expires_in": WHOLE,
    }
    user = record(dict.fromkeys(("username", "display_name", "uuid", "oid", "b_id"), TEXT))
    done = record({"status": one_of("success"), "message": TEXT})
    signed_in = record({"status": one_of("success"), "user": user} | tokens)
    device = record(
        {
            "device_code": TEXT,
            "user_code": TEXT,
            "verification_uri": TEXT,
            "verification_uri_complete": TEXT,
            "expires_in": WHOLE,
            "interval": WHOLE,
        }
    )
    me = record(
        {
            "uuid": TEXT,
            "primary_oid": TEXT,
            "workspace_id": TEXT,
            "oid": many(TEXT),
            "is-paid": FLAG,
            "username": TEXT,
        }
    )
    modes = record(dict.fromkeys(("password_login", "device_login", "signup", "oidc"), FLAG))
    decided = record({"status": one_of("success"), "result": one_of("approved", "denied")})

    def open_call(
        path: str,
        summary: str,
        answer: Any,  # noqa: ANN401 - any of the answers above
        fields: Fields,
        reply: dict[str, Any],
        *refusals: int,
    ) -> Call[Service]:
        return Call(
            method="POST",
            path=_ROOT + path,
            summary=summary,
            answer=answer,
            sent=Sent.JSON,
            fields=fields,
            replies={200: reply},
            refusals=(401, 413, 415, 422, *refusals),
            secured=False,
        )

    refreshing = [
        open_call(path, "Get new tokens", refresh, _REFRESH, record(tokens))
        for path in ("/account/refresh-token", "/account/refresh", "/refresh")
    ]
    return [
        open_call(
            "/account/login", "Sign in with client id and secret", login, _LOGIN, record(tokens)
        ),
        open_call("/login", "Sign in with name and password", password_login, _PASSWORD, signed_in),
        *refreshing,
        open_call("/logout", "Sign out", logout, _LOGOUT, done),
        open_call("/signup", "Make an account", signup, Fields({}), FREE),
        open_call("/device/code", "Begin a sign-in by code", begin_device, _DEVICE, device, 429),
        open_call("/device/token", "Fetch the tokens", collect_device, _COLLECT, signed_in),
        Call(
            method="POST",
            path=_ROOT + "/device/approve",
            summary="Allow or refuse a sign-in by code",
            answer=approve_device,
            sent=Sent.FIELDS_FORM,
            fields=_APPROVE,
            replies={200: decided},
            refusals=(401, 404, 413, 415, 422),
            secured=False,
            page=True,
        ),
        Call(
            method="GET",
            path=_ROOT + "/auth-mode",
            summary="Which ways to sign in there are",
            answer=auth_mode,
            replies={200: modes},
            secured=False,
        ),
        Call(
            method="GET",
            path=_ROOT + "/account/whoami",
            summary="The account behind a token",
            answer=who_am_i,
            replies={200: me},
        ),
        Call(
            method="GET",
            path=_ACTIVATE,
            summary="The page on which the owner allows a sign-in",
            answer=activation_page,
            query=Fields({"user_code": Text(most=20)}),
            replies={200: TEXT},
            refusals=(422,),
            media_type="text/html",
            secured=False,
        ),
    ]
