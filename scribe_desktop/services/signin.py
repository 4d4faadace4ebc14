"""Signs a clinician in to a service, in whichever way that service offers.

A key or token that somebody pasted, a program's id and secret, a password, a
code shown here and approved in a browser, or the browser alone. Each returns
when the tokens are stored, can be cancelled while it waits for a person, and
touches nothing of a running recording.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlsplit

from scribe_desktop.domain.audit import clinician
from scribe_desktop.domain.errors import CredentialError, Retry, ServiceError
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.protocol import errors, origins, sign_in
from scribe_desktop.protocol.dialects import EKA, dialect_of
from scribe_desktop.protocol.discovery import Oidc
from scribe_desktop.protocol.reading import Unreadable
from scribe_desktop.protocol.sign_in import BrowserLogin, DeviceCode, Family, Grant
from scribe_desktop.services.auth_calls import AuthCalls
from scribe_desktop.services.redirect import Redirect
from scribe_desktop.services.tokens import AccountTokens, TokenStore
from scribe_desktop.services.wire import Wire

_log = logging.getLogger(__name__)

BROWSER_LIMIT_S = 600.0


class SignInCancelled(CredentialError):
    """The clinician changed their mind."""


class Cancel(Protocol):
    """Tells a waiting sign-in to end; a threading.Event is one."""

    def wait(self, timeout: float | None = None) -> bool:
        """Wait that long for it; True if it was cancelled."""

    def is_set(self) -> bool:
        """Whether it was cancelled."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How one may sign in to a service, as far as it said."""

    token: bool = True
    client: bool = False
    password: bool = False
    device: bool = False
    browser: bool = False


class Accounts:
    """Every account on this computer; tokens are kept per origin and account."""

    def __init__(
        self,
        store: TokenStore,
        *,
        now: Callable[[], float] = time.time,
        wire: Wire | None = None,
        on_deed: Callable[[str, str, str], object] = lambda _deed, _host, _who: None,
        patience_for: Callable[[ServiceRef], float] = lambda _: 1.0,
    ) -> None:
        """`on_deed` writes "signed in" and "signed out", the service's host and who into the audit.

        `patience_for` is how much longer than usual a service is waited for.
        """
        self._store = store
        self._on_deed = on_deed
        self._now = now
        self._wire = wire or Wire()
        self._patience_for = patience_for
        self._lock = threading.Lock()
        self._known: dict[tuple[object, str], AccountTokens] = {}

    def tokens(self, service: ServiceRef) -> AccountTokens:
        """The one keeper of that account's tokens: two would renew at the same time."""
        try:
            key = (origins.origin(service.base_url), service.account)
        except origins.ForbiddenAddress as error:
            raise errors.forbidden_address() from error
        with self._lock:
            if key not in self._known:
                self._known[key] = AccountTokens(
                    service.base_url, service.account, self._store, self._calls(service), self._now
                )
            return self._known[key]

    def _calls(self, service: ServiceRef) -> AuthCalls:
        return AuthCalls(self._wire, lambda: self._patience_for(service))

    def abort(self) -> None:
        """End every call in flight: the program leaves."""
        self._wire.abort()

    def ways(self, service: ServiceRef, methods: tuple[str, ...], oidc: Oidc | None) -> Ways:
        """How one may sign in there, from its discovery and its family."""
        dialect = dialect_of(service.dialect, service.base_url)
        return Ways(
            client=dialect.name == EKA.name,
            password=dialect.platform and dialect.name != EKA.name,
            device=dialect.platform,
            browser=oidc is not None and "oidc" in methods,
        )

    # --- ways to sign in ---------------------------------------------------------------

    def with_token(self, service: ServiceRef, pasted: str) -> str:
        """Keep a key or token that somebody pasted; returns a notice if not for good."""
        try:
            token = sign_in.clean_token(pasted)
        except Unreadable as error:
            raise CredentialError(
                "This is not a key or token: it is empty or has odd characters.",
                "Copy it again from the service's console.",
            ) from error
        return self._keep(service, Grant(token), Family.PASTED)

    def with_client(self, service: ServiceRef, client_id: str, client_secret: str) -> str:
        """Sign in with the id and secret that the clinic got from the service."""
        request = sign_in.client_login(client_id, client_secret)
        grant = self._calls(service).grant(service.base_url, request)
        return self._keep(service, grant, Family.CLIENT, client_id)

    def with_password(self, service: ServiceRef, username: str, password: str) -> str:
        """Sign in to an on-premise server."""
        request = sign_in.password_login(username, password)
        return self._keep(
            service, self._calls(service).grant(service.base_url, request), Family.ONPREM
        )

    def with_device(
        self, service: ServiceRef, show: Callable[[DeviceCode], None], cancel: Cancel
    ) -> str:
        """Show a code, then wait until it is approved in a browser, anywhere."""
        code = self._calls(service).device_code(service.base_url)
        until = self._now() + code.lives_s
        show(code)
        interval_s = code.interval_s
        while self._now() < until:
            if cancel.wait(interval_s):
                raise SignInCancelled("The sign-in was cancelled.")
            try:
                grant = self._calls(service).grant(service.base_url, sign_in.device_token(code))
            except ServiceError as error:
                interval_s += _extra_wait_s(error, code)
            else:
                return self._keep(service, grant, Family.ONPREM)
        raise errors.refusal(
            HTTPStatus.BAD_REQUEST, b'{"error":{"code":"expired_token"}}', in_session=False
        )

    def with_browser(
        self,
        service: ServiceRef,
        oidc: Oidc,
        client_id: str,
        open_page: Callable[[str], None],
        cancel: Cancel,
    ) -> str:
        """Sign in on the service's own page; the browser brings the answer to this computer."""
        with Redirect() as redirect:
            login = BrowserLogin(
                oidc,
                client_id,
                redirect.url,
                verifier=secrets.token_urlsafe(48),
                state=secrets.token_urlsafe(24),
            )
            try:
                open_page(origins.check(login.url()))
                code = login.code(self._redirected(redirect, cancel))
            except origins.ForbiddenAddress as error:
                raise errors.forbidden_address() from error
            except Unreadable as error:
                raise CredentialError(
                    "The browser brought no valid answer, so nobody was signed in.",
                    "Try again, and finish the sign-in on the page that opens.",
                ) from error
        grant, id_token = self._calls(service).exchange(oidc.token_endpoint, login.exchange(code))
        dialect = dialect_of(service.dialect, service.base_url)
        if dialect.name == EKA.name and id_token:
            request = sign_in.id_token_login(client_id, id_token)
            exchanged = self._calls(service).grant(service.base_url, request)
            return self._keep(service, exchanged, Family.EKA_OIDC, client_id)
        return self._keep(service, grant, Family.OIDC, client_id, oidc.token_endpoint)

    def sign_out(self, service: ServiceRef) -> None:
        """Forget the account here and tell the service, if it can be told."""
        tokens = self.tokens(service)
        family = tokens.family()
        refresh = tokens.forget()
        self._on_deed("signed out", _host(service), clinician(service))
        if refresh and family is Family.ONPREM:
            try:
                self._calls(service).revoke(service.base_url, refresh)
            except ServiceError as error:
                _log.info("the service was not told of the sign-out: %d", error.status)

    def _redirected(self, redirect: Redirect, cancel: Cancel) -> str:
        address = redirect.wait(BROWSER_LIMIT_S, cancel.is_set)
        if cancel.is_set():
            raise SignInCancelled("The sign-in was cancelled.")
        return address

    def _keep(
        self,
        service: ServiceRef,
        grant: Grant,
        family: Family,
        client_id: str = "",
        token_endpoint: str = "",
    ) -> str:
        terms = sign_in.terms_of(grant, self._now(), family, client_id, token_endpoint)
        notice = self.tokens(service).keep(grant, terms)
        self._on_deed("signed in", _host(service), clinician(service))
        return notice


def _host(service: ServiceRef) -> str:
    return urlsplit(service.base_url).hostname or ""


def _extra_wait_s(error: ServiceError, code: DeviceCode) -> float:
    """How much longer to wait between questions; raises what ends the sign-in."""
    if error.code == "slow_down":
        return code.interval_s
    is_pending = error.code in errors.PENDING_CODES or error.retry is Retry.LATER
    if is_pending and error.code != errors.ABORTED:
        return 0.0
    raise error
