"""Asks a service for tokens. Nothing is kept here and no token is sent unasked.

Passwords and secrets go to the configured origin, or to the token endpoint
that the service's discovery names, and only encrypted.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from scribe_desktop.domain.errors import ServiceError
from scribe_desktop.protocol import errors, origins, sign_in
from scribe_desktop.protocol.reading import Unreadable
from scribe_desktop.protocol.requests import Request
from scribe_desktop.protocol.sign_in import DeviceCode, Grant, Terms
from scribe_desktop.services.wire import Outgoing, Reply, Wire

AUTH_S = 15.0


class AuthCalls:
    """Every call about signing in to one service; raises nothing but ServiceError.

    `patience` is how much longer than usual that service is waited for.
    """

    def __init__(self, wire: Wire, patience: Callable[[], float] = lambda: 1.0) -> None:
        self._wire = wire
        self._patience = patience

    def grant(self, base_url: str, request: Request) -> Grant:
        """Make a call that is answered with tokens."""
        return _read_grant(self._ask(base_url, request))

    def device_code(self, base_url: str) -> DeviceCode:
        """Ask for a code to type in a browser."""
        reply = self._ask(base_url, sign_in.device_code())
        try:
            return sign_in.read_device_code(reply.body)
        except Unreadable as error:
            raise errors.unreadable(reply.status) from error

    def exchange(self, token_endpoint: str, form: Mapping[str, str]) -> tuple[Grant, str]:
        """A grant and the id token, if any, from a token endpoint."""
        reply = self._checked(Outgoing("POST", token_endpoint, form=form, within_s=AUTH_S))
        return _read_grant(reply), sign_in.read_id_token(reply.body)

    def refresh(self, base_url: str, terms: Terms, access: str, refresh: str) -> Grant:
        """Renew a grant in the way in which it was got."""
        request = sign_in.refresh_call(terms, access, refresh)
        if request is not None:
            return self.grant(base_url, request)
        return self.exchange(terms.token_endpoint, sign_in.refresh_form(terms, refresh))[0]

    def revoke(self, base_url: str, refresh: str) -> None:
        """Make a refresh token worthless on the service's side."""
        self._ask(base_url, sign_in.logout(refresh))

    def _ask(self, base_url: str, request: Request) -> Reply:
        try:
            url = origins.join(origins.root(base_url), request.path)
        except origins.ForbiddenAddress as error:
            raise errors.forbidden_address() from error
        headers = {"Content-Type": "application/json", **request.headers}
        body = json.dumps(request.body).encode()
        return self._checked(Outgoing(request.method, url, headers, body=body, within_s=AUTH_S))

    def _checked(self, outgoing: Outgoing) -> Reply:
        reply = self._wire.send(replace(outgoing, patience=self._patience()))
        if not reply.is_success:
            raise errors.refusal(reply.status, reply.body, in_session=False)
        return reply


def _read_grant(reply: Reply) -> Grant:
    try:
        return sign_in.read_grant(reply.body)
    except Unreadable as error:
        refused: ServiceError = errors.unreadable(reply.status)
        raise refused from error
