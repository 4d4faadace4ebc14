"""Knows the services that can be chosen: where each one is, and what it offers.

A client is made once for each service and account and kept, because it holds
open connections. What a service offered is remembered in the spool, so that a
clinician without a network still sees its templates and languages.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol
from urllib.parse import urlsplit

from scribe_desktop.domain.clock import clock_trouble
from scribe_desktop.domain.errors import ScribeError, ServiceError, SettingsError
from scribe_desktop.domain.notices import Notice, OfferChanged
from scribe_desktop.domain.offer import Health, Offer
from scribe_desktop.domain.order import THIS_COMPUTER, ServiceRef
from scribe_desktop.domain.settings import Settings
from scribe_desktop.protocol.discovery import offer_record, read_offer
from scribe_desktop.services.address import Address, FixedToken, Tokens
from scribe_desktop.services.client import Client
from scribe_desktop.services.wire import Wire

log = logging.getLogger(__name__)


class Child(Protocol):
    """The service of this computer."""

    def start(self) -> None:
        """Start it if it does not run; returns at once."""

    def address(self) -> tuple[str, str]:
        """Base URL and token, waiting until it is ready; raises ServiceError."""


class Memory(Protocol):
    """Small durable facts."""

    def remember(self, name: str, value: Any) -> None:  # noqa: ANN401  JSON
        """Keep one."""

    def recall(self, name: str) -> Any:  # noqa: ANN401  JSON
        """The one kept, or None."""


class Directory:
    """All services of this user; any thread may ask."""

    def __init__(
        self,
        child: Child,
        memory: Memory,
        tokens_for: Callable[[ServiceRef], Tokens],
        tell: Callable[[Notice], None],
        patience_for: Callable[[ServiceRef], float] = lambda _: 1.0,
        is_locked: Callable[[], bool] = lambda: False,
    ) -> None:
        self._child = child
        self._memory = memory
        self._tokens_for = tokens_for
        self._tell = tell
        self._patience_for = patience_for
        self._is_locked = is_locked
        self._lock = threading.Lock()
        self._clients: dict[ServiceRef, Client] = {}
        self._for_this_run: dict[str, Tokens] = {}
        self._offers: dict[str, Offer] = {}
        self._asking: set[str] = set()
        self._clocks_told: set[str] = set()
        self._closed = False

    def client(self, service: ServiceRef) -> Client:
        """The client of a service; made at the first call."""
        with self._lock:
            if service not in self._clients:
                self._clients[service] = Client(
                    service.name,
                    lambda: self._address(service),
                    wire=Wire(patience=lambda: self._patience_for(service)),
                )
            return self._clients[service]

    def prepare(self, service: ServiceRef) -> None:
        """Start what must be started and ask what is offered, on a thread of its own.

        Nothing is asked of a service whose token is in a keyring that is locked: its
        owner would get one dialog more for each dictation.
        """
        if service.is_local:
            self._child.start()
        elif self._is_locked():
            return
        with self._lock:
            if service.name in self._asking or self._closed:
                return
            self._asking.add(service.name)
        threading.Thread(target=self._ask, args=(service,), name="offers", daemon=True).start()

    def offer(self, service: ServiceRef) -> Offer:
        """What the service offers, as last known."""
        with self._lock:
            offer = self._offers.get(service.name)
        return offer or self._remembered(service.name)

    def clock_skew_s(self, service: ServiceRef) -> float | None:
        """How far its clock is ahead of ours, as last seen; None if it never said."""
        return self.client(service).clock_skew_s

    def named(self, name_or_url: str, dialect: str, settings: Settings) -> ServiceRef:
        """The service of that name in the settings, or at that URL; raises SettingsError."""
        profile = settings.profile(name_or_url)
        if profile is not None:
            dialect = dialect or profile.dialect
            return ServiceRef(profile.name, profile.base_url, dialect, profile.account)
        parts = urlsplit(name_or_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise SettingsError(
                "There is no service of that name, and it is not an address; nothing was recorded.",
                f"Name a service of the settings, {THIS_COMPUTER}, or an address with https://.",
            )
        return ServiceRef(parts.netloc, name_or_url.rstrip("/"), dialect)

    def use_token(self, service: ServiceRef, token: str) -> None:
        """Sign in to that service's origin with a token, until the program ends."""
        with self._lock:
            self._for_this_run[service.base_url] = FixedToken(token)

    def abort(self) -> None:
        """End every call in flight: the program leaves."""
        with self._lock:
            self._closed = True
            clients = tuple(self._clients.values())
        for client in clients:
            client.abort()

    def close(self) -> None:
        """Abort, and give back the connections that were kept open."""
        self.abort()
        with self._lock:
            clients = tuple(self._clients.values())
        for client in clients:
            client.close()

    def _address(self, service: ServiceRef) -> Address:
        if service.is_local:
            self._child.start()
            base_url, token = self._child.address()
            return Address(base_url, "eka", FixedToken(token))
        with self._lock:
            tokens = self._for_this_run.get(service.base_url)
        return Address(service.base_url, service.dialect, tokens or self._tokens_for(service))

    def _ask(self, service: ServiceRef) -> None:
        known = self.offer(service)
        try:
            offer = self.client(service).discover()
            self._memory.remember(f"offer {service.name}", offer_record(offer))
        except ServiceError as error:
            offer = replace(known, health=Health.UNREACHABLE, sentence=str(error))
        except ScribeError as error:
            log.warning("an offer was not remembered: %s", type(error).__name__)
        with self._lock:
            self._asking.discard(service.name)
            if self._closed:
                return
            self._offers[service.name] = offer
        self._tell(OfferChanged(offer))
        self._compare_clocks(service)

    def _compare_clocks(self, service: ServiceRef) -> None:
        """Say once that they differ: a sentence at every dictation would be a nuisance."""
        trouble = clock_trouble(service.name, self.client(service).clock_skew_s)
        with self._lock:
            if trouble is None or service.name in self._clocks_told:
                return
            self._clocks_told.add(service.name)
        self._tell(trouble)

    def _remembered(self, name: str) -> Offer:
        try:
            record = self._memory.recall(f"offer {name}")
            return replace(read_offer(record), health=Health.UNKNOWN) if record else Offer(name)
        except (ScribeError, KeyError, TypeError, ValueError):
            # A fact that cannot be read is one that is not known.
            return Offer(name)
