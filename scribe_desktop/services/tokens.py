"""Keeps a clinician signed in: renews tokens before they run out, one renewal at a time.

Refresh tokens are good once. Two renewals at the same time, or a new token
lost before it was stored, would look like theft and sign the clinician out
everywhere (PROTOCOL.md §1.2 g). A network that is away is never a logout.
"""

import logging
import threading
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from scribe_desktop.domain.errors import CredentialError, Retry, ServiceError
from scribe_desktop.domain.reassurance import reassured
from scribe_desktop.protocol import errors, sign_in
from scribe_desktop.protocol.reading import Unreadable
from scribe_desktop.protocol.sign_in import Grant, Terms
from scribe_desktop.services.auth_calls import AuthCalls
from scribe_desktop.services.secret import Secret

_log = logging.getLogger(__name__)

_REJECTED = frozenset({400, 401, 403})


class TokenStore(Protocol):
    """Where tokens are kept, each for one origin and account."""

    def token(self, url: str, account: str = "", *, kind: str = "access") -> Secret | None:
        """The one kept, or None."""

    def store_token(
        self, token: Secret, url: str, account: str = "", *, kind: str = "access"
    ) -> str:
        """Keep one; returns a notice if it is kept for this run only."""

    def forget_token(self, url: str, account: str = "", *, kind: str = "access") -> None:
        """Keep it no longer."""


class AccountTokens:
    """The tokens of one account at one service; any thread may ask."""

    def __init__(
        self,
        base_url: str,
        account: str,
        store: TokenStore,
        calls: AuthCalls,
        now: Callable[[], float],
    ) -> None:
        self._base_url = base_url
        self._account = account
        self._store = store
        self._calls = calls
        self._now = now
        self._lock = threading.Lock()

    def token(self) -> str:
        """The present token, renewed when four fifths of its life are over; "" if there is none."""
        with self._lock:
            access, terms = self._read("access"), self._terms()
            if not access or terms.renew_at is None or self._now() < terms.renew_at:
                return access
            try:
                return self._renewed(access, terms)
            except ServiceError:
                if terms.ends_at is not None and self._now() < terms.ends_at:
                    return access
                raise

    def renew(self, refused: str) -> str:
        """Another token because `refused` was refused; raises ServiceError."""
        with self._lock:
            access = self._read("access")
            if access and access != refused:
                return access  # another thread has renewed it in the meantime
            return self._renewed(access, self._terms())

    def keep(self, grant: Grant, terms: Terms) -> str:
        """Store a new sign-in; returns a notice if it lasts for this run only."""
        with self._lock:
            return self._keep(grant, terms)

    def forget(self) -> str:
        """Sign out here; returns the refresh token that was kept, to be revoked."""
        with self._lock:
            refresh = self._read("refresh")
            for kind in ("refresh", "access", "terms"):
                self._store.forget_token(self._base_url, self._account, kind=kind)
            return refresh

    def is_signed_in(self) -> bool:
        """Whether a token is kept; may wait for the keyring."""
        return bool(self._read("access"))

    def family(self) -> sign_in.Family:
        """How this account signed in."""
        return self._terms().family

    def _renewed(self, access: str, terms: Terms) -> str:
        refresh = self._read("refresh")
        if not refresh:
            raise errors.refusal(HTTPStatus.UNAUTHORIZED, b"", in_session=False)
        try:
            grant = self._calls.refresh(self._base_url, terms, access, refresh)
        except ServiceError as error:
            if error.status in _REJECTED and error.code:
                # Presented again, it would be taken for stolen.
                _log.info("the refresh token was rejected: %s", error.code)
                self._store.forget_token(self._base_url, self._account, kind="refresh")
                raise errors.refusal(HTTPStatus.UNAUTHORIZED, b"", in_session=False) from error
            raise _not_a_logout(error) from error
        if not grant.refresh:
            grant = Grant(grant.access, refresh, grant.lives_s)
        renewed = sign_in.terms_of(
            grant, self._now(), terms.family, terms.client_id, terms.token_endpoint
        )
        self._keep(grant, renewed)
        return grant.access

    def _keep(self, grant: Grant, terms: Terms) -> str:
        """Store before use, the one that cannot be got again first."""
        notices = [
            self._store.store_token(Secret(value), self._base_url, self._account, kind=kind)
            for kind, value in (
                ("refresh", grant.refresh),
                ("access", grant.access),
                ("terms", sign_in.terms_text(terms)),
            )
            if value
        ]
        if not grant.refresh:
            self._store.forget_token(self._base_url, self._account, kind="refresh")
        return next((notice for notice in notices if notice), "")

    def _terms(self) -> Terms:
        return sign_in.read_terms(self._read("terms") or "{}")

    def _read(self, kind: str) -> str:
        try:
            secret = self._store.token(self._base_url, self._account, kind=kind)
        except CredentialError as error:
            # A locked keyring is a reason to wait, as a dead network is.
            raise ServiceError(
                reassured(error.message), error.remedy, retry=Retry.LATER, code="keyring"
            ) from error
        return secret.reveal() if secret is not None else ""


def _not_a_logout(error: ServiceError) -> ServiceError:
    """A refresh that nobody answered, or a page of the network's: try again later."""
    if error.status in _REJECTED or isinstance(error.__cause__, Unreadable):
        return errors.unreadable(error.status)
    return error
