"""Carries one request to a service and brings back one reply, or says why not.

The only module that knows the HTTP library. Whatever the network does, a call
ends: every wait is bounded, a reply has a greatest size, and `abort` and `cut`
shut the sockets of calls that are blocked, which closing the client would not.
"""

import logging
import ssl
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
import truststore

from scribe_desktop.domain.errors import ServiceError
from scribe_desktop.protocol import errors, origins
from scribe_desktop.services.flight import Flight, GivenUp, shut

# At INFO the library writes whole URLs, presigned signatures included.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)

CONNECT_S = 10.0
JSON_S = 20.0
POLL_S = 40.0
"""Servers hold a poll for up to 14 s before they answer (PROTOCOL.md §1.7)."""

UPLOAD_S = 60.0
SLOWEST_BYTES_PER_S = 1000.0
"""An upload is given time enough for a line as slow as this."""

LARGEST_REPLY = 16 * 1024 * 1024

_USER_AGENT = "scribe-desktop"


def upload_seconds(size: int) -> float:
    """How long an upload of `size` bytes may take before it counts as stuck."""
    return UPLOAD_S + size / SLOWEST_BYTES_PER_S


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One request. `form` and `file` make it multipart, the file last.

    `patience` stretches its waits beyond what the wire's own patience does.
    `is_repeated`: whoever asks will ask again by itself, so that `cut` may end it;
    `settles_s` is how long a healthy service may think about it in silence.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    form: Mapping[str, str] | None = None
    file: tuple[str, bytes, str] | None = None
    within_s: float = JSON_S
    largest: int = LARGEST_REPLY
    patience: float = 1.0
    is_repeated: bool = False
    settles_s: float = 0.0

    @property
    def size(self) -> int:
        """How many bytes of speech or JSON go out."""
        return len(self.body or b"") + (len(self.file[1]) if self.file is not None else 0)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; header names are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status says that it was done."""
        return 200 <= self.status < 300  # noqa: PLR2004  the 2xx family


class Wire:
    """HTTP to one service; may be used from several threads.

    `patience` stretches every wait, for a service behind a slow line; it is
    asked at each call, because the clinician may change it meanwhile.
    `proxies` says which to use instead of the system's.
    """

    def __init__(
        self,
        proxies: Callable[[], Mapping[str, str]] | None = None,
        *,
        patience: float | Callable[[], float] = 1.0,
    ) -> None:
        self._proxies = proxies
        self._patience = patience if callable(patience) else lambda: patience
        self._lock = threading.Lock()
        self._clients: dict[bool, httpx.Client] = {}
        self._streams: weakref.WeakSet[Any] = weakref.WeakSet()
        self._flights: dict[Flight[Reply], Outgoing] = {}
        self._aborted = threading.Event()

    def send(self, outgoing: Outgoing) -> Reply:
        """Send and wait for the reply; raises ServiceError when there is none."""
        try:
            origins.check(outgoing.url)
            near = origins.is_loopback(origins.origin(outgoing.url)[1])
            client = self._client(near=near)
            flight: Flight[Reply] = Flight(outgoing.size, outgoing.settles_s)
            request = self._request(client, outgoing, flight)
        except (origins.ForbiddenAddress, httpx.InvalidURL, UnicodeError) as error:
            raise errors.forbidden_address() from error
        with self._lock:
            self._flights[flight] = outgoing
        try:
            return flight.run(lambda: self._exchange(client, request, outgoing, flight))
        except (httpx.HTTPError, httpx.StreamError, OSError, RuntimeError, GivenUp) as error:
            # RuntimeError is how the library says that its client was closed.
            raise self._silence(error) from error
        finally:
            with self._lock:
                del self._flights[flight]

    def abort(self) -> None:
        """End every call in flight at once, and every later one before it begins."""
        self._aborted.set()
        with self._lock:
            streams, flights = list(self._streams), list(self._flights)
        for stream in streams:
            shut(stream)
        for flight in flights:
            flight.give_up()

    def cut(self, quiet_s: float = 0.0) -> None:
        """End each call that will be made again, if no byte moved for so long.

        At once and from any thread; the next call finds everything as usual.
        """
        with self._lock:
            flights = dict(self._flights)
            kept = set(self._streams) - {flight.stream for flight in flights}
        for flight, outgoing in flights.items():
            if outgoing.is_repeated:
                flight.cut(quiet_s, kept)

    def close(self) -> None:
        """Abort, and give back sockets."""
        self.abort()
        with self._lock:
            clients = list(self._clients.values())
        for client in clients:
            client.close()

    def _client(self, *, near: bool) -> httpx.Client:
        with self._lock:
            if near not in self._clients:
                self._clients[near] = self._new_client(near=near)
            return self._clients[near]

    def _new_client(self, *, near: bool) -> httpx.Client:
        # What is said to this computer must not pass through a proxy.
        context: ssl.SSLContext = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        proxies = self._proxies() if self._proxies is not None and not near else {}
        return httpx.Client(
            verify=context,
            trust_env=self._proxies is None and not near,
            mounts={
                scheme: httpx.HTTPTransport(verify=context, proxy=proxy)
                for scheme, proxy in proxies.items()
            },
            # A cookie is a credential that we did not decide to send.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            # Shorter than any server's: an idle socket is not met just as it closes.
            limits=httpx.Limits(keepalive_expiry=3.0),
            follow_redirects=False,
        )

    def _request(
        self, client: httpx.Client, outgoing: Outgoing, flight: Flight[Reply]
    ) -> httpx.Request:
        patience = self._patience() * outgoing.patience
        connect_s = CONNECT_S * patience
        within_s = outgoing.within_s * patience
        timeout = httpx.Timeout(within_s, connect=connect_s, pool=connect_s)
        headers = {
            "Accept": "application/json",
            "User-Agent": _USER_AGENT,
            **outgoing.headers,
        }
        return client.build_request(
            outgoing.method,
            outgoing.url,
            params=dict(outgoing.query) or None,
            headers=headers,
            content=outgoing.body,
            data=dict(outgoing.form) if outgoing.form is not None else None,
            files={"file": outgoing.file} if outgoing.file is not None else None,
            timeout=timeout,
            extensions={"trace": partial(self._trace, flight)},
        )

    def _exchange(
        self,
        client: httpx.Client,
        request: httpx.Request,
        outgoing: Outgoing,
        flight: Flight[Reply],
    ) -> Reply:
        self._stop_if_aborted(flight)
        response = client.send(request, stream=True)
        try:
            patience = self._patience() * outgoing.patience
            until = time.monotonic() + outgoing.within_s * patience
            body = _bounded(response.iter_bytes(), outgoing.largest, until, flight.moved)
            self._stop_if_aborted(flight)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status_code, headers, body)
        finally:
            response.close()

    def _trace(self, flight: Flight[Reply], event: str, fields: Mapping[str, Any]) -> None:
        flight.moved()
        if event.endswith(".connect_tcp.started"):
            flight.connecting()
        if event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            with self._lock:
                self._streams.add(fields["return_value"])
            flight.connected(fields["return_value"])
        if event.endswith((".complete", ".started")):
            self._stop_if_aborted(flight)

    def _stop_if_aborted(self, flight: Flight[Reply]) -> None:
        if self._aborted.is_set():
            raise GivenUp
        flight.check()

    def _silence(self, error: Exception) -> ServiceError:
        if self._aborted.is_set():
            return errors.unreachable(errors.ABORTED)
        if isinstance(error, GivenUp):
            return errors.unreachable(errors.CUT)
        if isinstance(error, _TooLarge):
            return errors.unreachable("too_large")
        if _is_distrust(error):
            return errors.unreachable("untrusted")
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError):
            return errors.unreachable("unreachable")
        if isinstance(error, httpx.TimeoutException):
            return errors.unreachable("timed_out")
        return errors.unreachable("broken_off")


class _TooLarge(httpx.TransportError):
    """A reply longer than anything the protocol has."""


def _bounded(
    blocks: Iterable[bytes], largest: int, until: float, moved: Callable[[], None]
) -> bytes:
    body = bytearray()
    for block in blocks:
        moved()
        body += block
        if len(body) > largest:
            raise _TooLarge("the reply is too large")
        if time.monotonic() > until:
            raise httpx.ReadTimeout("the reply takes too long")
    return bytes(body)


def _is_distrust(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError) or "CERTIFICATE" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
