"""The services that can be chosen: their offers, their clocks, and how long each is waited for."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any

import pytest

from scribe_desktop.domain.errors import ServiceError
from scribe_desktop.domain.notices import Notice, OfferChanged, Trouble
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.domain.settings import Profile, Settings
from scribe_desktop.services.address import FixedToken
from scribe_desktop.services.directory import Directory
from tests.peers.peer import Answered, Asked, Peer

DOCUMENT = {"protocol": "medscribealliance", "capabilities": {"upload_methods": ["chunked"]}}


class Clinic(Peer):
    """Answers with its document, by a clock that is `ahead_s` ahead."""

    def __init__(self, ahead_s: float = 0.0) -> None:
        super().__init__()
        self.ahead_s = ahead_s

    def answer(self, asked: Asked) -> Answered:
        date = formatdate(time.time() + self.ahead_s, usegmt=True)
        return Answered(200, DOCUMENT, {"Date": date, "Cache-Control": "no-store"})


class NoChild:
    def start(self) -> None:
        raise AssertionError("nobody asked for this computer")

    def address(self) -> tuple[str, str]:
        raise AssertionError("nobody asked for this computer")


class Facts(dict[str, Any]):
    def remember(self, name: str, value: Any) -> None:
        self[name] = value

    def recall(self, name: str) -> Any:
        return self.get(name)


class Ear:
    """Hears the notices; `wait_for` so many offers."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []
        self._changed = threading.Condition()

    def __call__(self, notice: Notice) -> None:
        with self._changed:
            self.notices.append(notice)
            self._changed.notify_all()

    def of(self, kind: type[Notice]) -> list[Any]:
        return [one for one in self.notices if isinstance(one, kind)]

    def wait_for(self, kind: type[Notice], count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.of(kind)) >= count, 10)


@contextmanager
def directory(
    service: ServiceRef, ear: Ear, patience_for: Callable[[ServiceRef], float] = lambda _: 1.0
) -> Iterator[Directory]:
    made = Directory(NoChild(), Facts(), lambda _: FixedToken("t"), ear, patience_for)
    yield made
    made.abort()
    made.client(service).close()


def service_at(origin: str) -> ServiceRef:
    return ServiceRef("Our clinic", origin + "/v1", "spec")


def test_a_clock_that_is_far_off_is_told_once() -> None:
    ear = Ear()
    with Clinic(ahead_s=2 * 3600) as peer, directory(service_at(peer.origin), ear) as services:
        service = service_at(peer.origin)
        services.prepare(service)
        ear.wait_for(Trouble, 1)
        services.prepare(service)
        ear.wait_for(OfferChanged, 2)
        services.prepare(service)
        ear.wait_for(OfferChanged, 3)
    (told,) = ear.of(Trouble)
    assert "about 2 hours behind the one of Our clinic" in told.message


def test_a_clock_that_is_right_is_not_told() -> None:
    ear = Ear()
    with Clinic(ahead_s=-120) as peer, directory(service_at(peer.origin), ear) as services:
        for number in (1, 2):
            services.prepare(service_at(peer.origin))
            ear.wait_for(OfferChanged, number)
    assert ear.of(Trouble) == []


def test_the_patience_of_the_profile_bounds_the_wait_and_holds_at_once() -> None:
    asked: list[ServiceRef] = []

    def patience_for(service: ServiceRef) -> float:
        asked.append(service)
        return 0.01

    # The system takes the connection, and nobody ever answers.
    with socket.create_server(("127.0.0.1", 0)) as mute:
        service = service_at(f"http://127.0.0.1:{mute.getsockname()[1]}")
        with directory(service, Ear(), patience_for) as services:
            began = time.monotonic()
            with pytest.raises(ServiceError) as failed:
                services.client(service).discovered()
            assert failed.value.code == "timed_out"
            assert time.monotonic() - began < 5
    assert set(asked) == {service}


def test_a_profile_says_how_long_its_service_may_take() -> None:
    slow = Profile("Slow", "https://slow.example/v1", reply_within_s=60)
    settings = Settings(profiles=(slow,))
    assert settings.patience_for(ServiceRef("Slow", slow.base_url)) == 3.0
    assert settings.patience_for(ServiceRef("Slow", "https://other.example")) == 1.0
    assert settings.patience_for(ServiceRef()) == 1.0


def test_nothing_is_asked_of_a_service_whose_token_is_behind_a_locked_keyring() -> None:
    ear, locked = Ear(), threading.Event()
    locked.set()
    with Clinic() as peer:
        service, asked = service_at(peer.origin), list[str]()

        def tokens_for(_: ServiceRef) -> FixedToken:
            asked.append("token")
            return FixedToken("t")

        services = Directory(NoChild(), Facts(), tokens_for, ear, is_locked=locked.is_set)
        services.prepare(service)
        assert not [one for one in threading.enumerate() if one.name == "offers"]
        assert asked == []
        locked.clear()
        services.prepare(service)
        ear.wait_for(OfferChanged, 1)
        assert asked
        services.close()
