"""Knows who may use the service: whoever was given this run's token, or signed in with it.

Other makers' clients sign in and refresh as they do with their cloud. Only
digests of tokens are stored. A refresh token is good once; the old one is
tolerated for a minute, because the reply that carried the new one may have
been lost. Presented later it counts as stolen and ends that whole sign-in.
"""

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from scribe_desktop.server.limits import (
    ACCESS_LIFETIME_S,
    DEVICE_CODE_S,
    DEVICE_INTERVAL_S,
    REFRESH_GRACE_S,
    REFRESH_LIFETIME_S,
)
from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.store import Rows, Store

# Consonants and digits that cannot be mistaken for each other.
_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
_MAX_DEVICES = 100

OWNER = "owner"


@dataclass(frozen=True)
class Grant:
    """What a client gets for signing in."""

    access_token: str
    refresh_token: str
    account: str


@dataclass(frozen=True)
class Device:
    """One sign-in by code that is waiting for its owner."""

    user_code: str
    expires_at: float
    asked_at: float = 0.0
    approved: bool | None = None


class Accounts:
    """Checks tokens and hands them out. Any thread may call."""

    def __init__(self, store: Store, token: str, now: Callable[[], float]) -> None:
        self._store = store
        self._token = _digest(token)
        self._now = now
        self._lock = threading.Lock()
        self._devices: dict[str, Device] = {}

    def account_of(self, presented: str, *, api_key: bool = False) -> str:
        """The account a token belongs to; raises Refusal 401."""
        if self._is_owner(presented):
            return OWNER
        with self._store.reading() as rows:
            found = rows.execute(
                "SELECT account, expires_at FROM grants WHERE digest = ? AND kind = 'access'",
                (_digest(presented),),
            ).fetchone()
        if found is None:
            raise _unauthorised("invalid_api_key" if api_key else "authentication_failed")
        if self._now() >= found[1]:
            raise _unauthorised("token_expired")
        return str(found[0])

    def sign_in(self, name: str, secret: str) -> Grant:
        """Exchange this run's token for a grant; `name` is whatever the client calls itself."""
        if not self._is_owner(secret):
            raise Refusal(401, "invalid_credentials", "The client secret is not right.")
        return self._grant(name or OWNER)

    def refresh(self, refresh_token: str) -> Grant:
        """Give new tokens for a refresh token that is still good."""
        digest, now = _digest(refresh_token), self._now()
        with self._store.writing() as rows:
            found = rows.execute(
                "SELECT family, account, expires_at, rotated_at FROM grants"
                " WHERE digest = ? AND kind = 'refresh'",
                (digest,),
            ).fetchone()
            stolen = found is not None and found[3] is not None and now > found[3] + REFRESH_GRACE_S
            if stolen:
                rows.execute("DELETE FROM grants WHERE family = ?", (found[0],))
            elif found is not None and now < found[2]:
                rows.execute(
                    "UPDATE grants SET rotated_at = coalesce(rotated_at, ?) WHERE digest = ?",
                    (now, digest),
                )
                return self._new_tokens(rows, found[0], found[1])
        raise Refusal(401, "invalid_refresh_token", "Sign in again.")

    def sign_out(self, token: str) -> None:
        """End the sign-in that a token belongs to; an unknown token is no mistake."""
        with self._store.writing() as rows:
            rows.execute(
                "DELETE FROM grants WHERE family IN (SELECT family FROM grants WHERE digest = ?)",
                (_digest(token),),
            )

    def begin_device(self) -> tuple[str, str]:
        """A device code for the client and a short one for its owner to type."""
        code = secrets.token_urlsafe(32)
        letters = [secrets.choice(_CODE_LETTERS) for _ in range(8)]
        user_code = "".join(letters[:4]) + "-" + "".join(letters[4:])
        now = self._now()
        with self._lock:
            self._devices = {k: v for k, v in self._devices.items() if v.expires_at > now}
            if len(self._devices) >= _MAX_DEVICES:
                raise Refusal(429, "rate_limit_exceeded", "Too many sign-ins are waiting.")
            self._devices[_digest(code)] = Device(user_code, now + DEVICE_CODE_S)
        return code, user_code

    def decide_device(self, user_code: str, secret: str, *, approve: bool) -> None:
        """The owner says yes or no, and proves it with this run's token."""
        if not self._is_owner(secret):
            raise Refusal(401, "unauthorized", "The token is not right.")
        typed = user_code.strip().upper()
        with self._lock:
            for digest, device in self._devices.items():
                waiting = device.approved is None and device.expires_at > self._now()
                if waiting and hmac.compare_digest(device.user_code.encode(), typed.encode()):
                    self._devices[digest] = replace(device, approved=approve)
                    return
        raise Refusal(404, "code_not_found", "No sign-in is waiting for this code.")

    def collect_device(self, device_code: str) -> Grant:
        """The tokens once the owner has agreed; raises Refusal 400 until then."""
        digest, now = _digest(device_code), self._now()
        with self._lock:
            device = self._devices.get(digest)
            if device is None:
                raise _not_yet("invalid_device_code", "This code is not known.")
            if now >= device.expires_at:
                raise _not_yet("expired_token", "This code has expired or was used.")
            if device.approved is False:
                raise _not_yet("access_denied", "The owner of this computer said no.")
            if device.approved is None:
                self._devices[digest] = replace(device, asked_at=now)
                if now - device.asked_at < DEVICE_INTERVAL_S:
                    raise _not_yet("slow_down", "Ask less often.")
                raise _not_yet("authorization_pending", "The owner has not answered yet.")
            # Good once: what is left of it says "expired" until it is swept.
            self._devices[digest] = replace(device, expires_at=now)
        return self._grant(OWNER)

    def forget(self) -> None:
        """Remove grants that nobody can use any more."""
        with self._store.writing() as rows:
            rows.execute("DELETE FROM grants WHERE expires_at < ?", (self._now(),))

    def _is_owner(self, presented: str) -> bool:
        # Digests are compared, so that neither length nor content of a guess shows in the time.
        return hmac.compare_digest(self._token, _digest(presented))

    def _grant(self, account: str) -> Grant:
        with self._store.writing() as rows:
            return self._new_tokens(rows, secrets.token_hex(16), account)

    def _new_tokens(self, rows: Rows, family: str, account: str) -> Grant:
        access, refresh = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        now = self._now()
        for kind, token, lifetime in (
            ("access", access, ACCESS_LIFETIME_S),
            ("refresh", refresh, REFRESH_LIFETIME_S),
        ):
            rows.execute(
                "INSERT INTO grants VALUES (?, ?, ?, ?, ?, NULL)",
                (_digest(token), kind, family, account, now + lifetime),
            )
        return Grant(access, refresh, account)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _unauthorised(code: str) -> Refusal:
    return Refusal(
        401,
        code,
        "The token is missing, wrong or too old.",
        headers={"WWW-Authenticate": 'Bearer realm="scribe"'},
    )


def _not_yet(code: str, message: str) -> Refusal:
    return Refusal(400, code, message)
