"""Writes and reads what is said when somebody signs in to a service.

Five ways are in use (PROTOCOL.md §1.2). All end in a grant: a token that
serves for minutes, and usually another one that is good, once, for the next.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from scribe_desktop.protocol import origins
from scribe_desktop.protocol.discovery import Oidc
from scribe_desktop.protocol.reading import (
    Unreadable,
    mapping,
    number,
    read_object,
    text,
)
from scribe_desktop.protocol.requests import Request

_AUTH = "connect-auth/v1"

REFRESH_AT = 0.8
"""Share of a token's life after which it is renewed before it is refused."""


class Family(StrEnum):
    """How a grant was got, and therefore how it is renewed."""

    PASTED = "pasted"
    CLIENT = "client"
    ONPREM = "onprem"
    EKA_OIDC = "eka_oidc"
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class Grant:
    """What a sign-in brought; lives are in seconds from now."""

    access: str
    refresh: str = ""
    lives_s: float | None = None

    def __repr__(self) -> str:
        """Without its secrets."""
        return f"Grant(lives_s={self.lives_s})"


@dataclass(frozen=True, slots=True)
class Terms:
    """What must be known to renew a grant; no secret among it.

    `renew_at` and `ends_at` are seconds since the epoch by this computer.
    """

    family: Family = Family.PASTED
    client_id: str = ""
    token_endpoint: str = ""
    renew_at: float | None = None
    ends_at: float | None = None


@dataclass(frozen=True, slots=True)
class DeviceCode:
    """A code to type, or an address to open, on any screen with a browser."""

    device_code: str
    user_code: str
    verification_uri: str
    complete_uri: str
    lives_s: float
    interval_s: float

    def __repr__(self) -> str:
        """Without its secret."""
        return f"DeviceCode(user_code={self.user_code!r})"


# --- grants -----------------------------------------------------------------------------


def read_grant(body: bytes) -> Grant:
    """The tokens of any sign-in or refresh reply."""
    document = read_object(body)
    access = text(document.get("access_token"))
    if not _is_token(access):
        raise Unreadable("a sign-in without a token")
    lives_s = number(document.get("expires_in"))
    refresh = text(document.get("refresh_token"))
    return Grant(
        access,
        refresh if _is_token(refresh) else "",
        lives_s if lives_s is not None and lives_s > 0 else None,
    )


def _is_token(value: str) -> bool:
    """Whether it can travel in a header: printable, no spaces."""
    return bool(value) and value.isascii() and value.isprintable() and " " not in value


def clean_token(pasted: str) -> str:
    """A token as somebody pasted it: without blanks, line ends or the word Bearer."""
    token = "".join(pasted.removeprefix("Bearer ").split())
    if not _is_token(token):
        raise Unreadable("not a token")
    return token


def terms_of(
    grant: Grant, now: float, family: Family, client_id: str = "", token_endpoint: str = ""
) -> Terms:
    """When and how `grant`, got at `now`, is renewed."""
    if grant.lives_s is None:
        return Terms(family, client_id, token_endpoint)
    return Terms(
        family,
        client_id,
        token_endpoint,
        renew_at=now + grant.lives_s * REFRESH_AT,
        ends_at=now + grant.lives_s,
    )


def terms_text(terms: Terms) -> str:
    """The terms as text; `read_terms` is its inverse."""
    return json.dumps(asdict(terms))


def read_terms(record: str) -> Terms:
    """Terms from text; a damaged record means a token that cannot be renewed."""
    try:
        fields = read_object(record.encode())
        return Terms(
            Family(text(fields.get("family"))),
            text(fields.get("client_id")),
            text(fields.get("token_endpoint")),
            number(fields.get("renew_at")),
            number(fields.get("ends_at")),
        )
    except ValueError:
        return Terms()


# --- calls ------------------------------------------------------------------------------


def _post(path: str, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Request:
    return Request("POST", f"{_AUTH}/{path}", body, at_root=True, headers=headers or {})


def client_login(client_id: str, client_secret: str) -> Request:
    """Sign in as a program of the clinic's (§1.2 b)."""
    body = {"client_id": client_id, "client_secret": client_secret}
    return _post("account/login", body)


def password_login(username: str, password: str) -> Request:
    """Sign in to an on-premise server (§1.2 e)."""
    return _post("login", {"username": username, "password": password})


def device_code() -> Request:
    """Ask for a code (§1.2 f)."""
    return _post("device/code", {})


def device_token(code: DeviceCode) -> Request:
    """Ask whether the code was approved."""
    return _post("device/token", {"device_code": code.device_code})


def id_token_login(client_id: str, id_token: str) -> Request:
    """Exchange what the browser brought for EkaScribe's own tokens (§1.2 d)."""
    return _post(f"oidc-client/{quote(client_id, safe='')}/verify", {"id_token": id_token})


def logout(refresh: str) -> Request:
    """Make a refresh token worthless."""
    return _post("logout", {"refresh_token": refresh})


def refresh_call(terms: Terms, access: str, refresh: str) -> Request | None:
    """Renew a grant, or None where that is a form at the token endpoint."""
    tokens = {"refresh_token": refresh, "access_token": access}
    if terms.family is Family.CLIENT:
        headers = {"Authorization": f"Bearer {access}", "Client-Id": terms.client_id}
        return _post("account/refresh-token", tokens, headers)
    if terms.family is Family.ONPREM:
        return _post("refresh", tokens)
    if terms.family is Family.EKA_OIDC:
        return _post(f"oidc-client/{quote(terms.client_id, safe='')}/refresh", tokens)
    return None


def read_device_code(body: bytes) -> DeviceCode:
    """The code and where to type it."""
    document = read_object(body)
    code = DeviceCode(
        device_code=text(document.get("device_code")),
        user_code=text(document.get("user_code")),
        verification_uri=text(document.get("verification_uri")),
        complete_uri=text(document.get("verification_uri_complete"))
        or text(document.get("verification_uri")),
        lives_s=min(max(number(document.get("expires_in")) or 600.0, 30.0), 3600.0),
        interval_s=min(max(number(document.get("interval")) or 5.0, 1.0), 60.0),
    )
    if not code.device_code or not code.user_code:
        raise Unreadable("a device sign-in without a code")
    # The browser opens it, so it must not be a file or a program.
    try:
        origins.check(code.verification_uri)
        origins.check(code.complete_uri)
    except origins.ForbiddenAddress as error:
        raise Unreadable("a device sign-in without an address") from error
    return code


# --- authorization code with PKCE ----------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BrowserLogin:
    """One sign-in through the browser; `verifier` and `state` are fresh random texts."""

    oidc: Oidc
    client_id: str
    redirect_uri: str
    verifier: str
    state: str

    def __repr__(self) -> str:
        """Without its secrets."""
        return f"BrowserLogin(issuer={self.oidc.issuer!r})"

    def url(self) -> str:
        """The page to open."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        query = urlencode(
            {
                "response_type": "code",
                "client_id": self.client_id,
                "redirect_uri": self.redirect_uri,
                "scope": " ".join(_scopes(self.oidc)),
                "state": self.state,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
            }
        )
        separator = "&" if urlsplit(self.oidc.authorization_endpoint).query else "?"
        return f"{self.oidc.authorization_endpoint}{separator}{query}"

    def code(self, redirected: str) -> str:
        """The code in the address that the browser was sent back to; raises Unreadable."""
        try:
            query = parse_qs(urlsplit(redirected).query)
        except ValueError as error:
            raise Unreadable("an answer at no address") from error
        if query.get("state") != [self.state]:
            raise Unreadable("an answer to another sign-in")
        code = query.get("code", [""])[0]
        if not code:
            raise Unreadable("a sign-in without a code")
        return code

    def exchange(self, code: str) -> dict[str, str]:
        """The form that turns the code into tokens."""
        return {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "code_verifier": self.verifier,
        }


def _scopes(oidc: Oidc) -> tuple[str, ...]:
    wanted = ("openid", "offline_access")
    return oidc.scopes or wanted


def refresh_form(terms: Terms, refresh: str) -> dict[str, str]:
    """The form that renews a grant at a token endpoint."""
    return {
        "grant_type": "refresh_token",
        "refresh_token": refresh,
        "client_id": terms.client_id,
    }


def read_id_token(body: bytes) -> str:
    """The id token of a token endpoint's reply, or an empty string."""
    return text(mapping(read_object(body)).get("id_token"))
