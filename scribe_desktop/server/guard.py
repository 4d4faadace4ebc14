"""Keeps web pages and other computers away from the service.

Any page in the clinician's browser can send requests to this computer, and
can make a name of its own point here (DNS rebinding). So the service answers
only to the names of this computer, and only to pages it served itself.
"""

import ipaddress
import json
from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from scribe_desktop.server.refusals import Refusal

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})


def host_name(host: str) -> str:
    """The name in a Host header, without port and brackets."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower().rstrip(".")


def is_loopback(name: str) -> bool:
    """Whether a host name certainly means this computer."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


class Guard:
    """Answers 403 to requests that no client of ours would send."""

    def __init__(
        self, app: ASGIApp, *, hosts: Collection[str] = (), origins: Collection[str] = ()
    ) -> None:
        self._app = app
        self._hosts = _LOCAL_NAMES | {host.lower() for host in hosts}
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or refuse it."""
        if scope["type"] == "lifespan" or self._welcome(Headers(scope=scope)):
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            # Closing before accepting makes the server answer the handshake with 403.
            await send({"type": "websocket.close", "code": 1008})
        else:
            await _forbid(send)

    def _welcome(self, headers: Headers) -> bool:
        host = headers.get("host", "")
        if host_name(host) not in self._hosts:
            return False
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site", "none") in {"none", "same-origin"}
        own = {f"http://{host}", f"https://{host}"}
        return origin in own or origin in self._origins


async def _forbid(send: Send) -> None:
    refusal = Refusal(403, "forbidden", "This service answers only to programs on this computer.")
    body = json.dumps(refusal.body()).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
