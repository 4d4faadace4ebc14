from dataclasses import replace
from typing import Any

import pytest

from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.domain.updates import UpdateRefused, may_install, newer_release

DELIVERED = Session(
    SessionId("ses_000000000000000000000001"),
    0.0,
    Order(),
    capture=Capture.STOPPED,
    delivery=Delivery.RESOLVED,
    chunks=1,
)

FILE = {"url": "https://publisher.example/s.deb", "size": 10, "sha256": "a" * 64}
FEED = {"version": "1.10.0", "files": {"linux-x86_64": FILE}}


def look(feed: dict[str, Any], installed: str = "1.9.9", system: str = "linux-x86_64") -> Any:
    return newer_release(feed, installed=installed, system=system)


def test_a_newer_version_is_found_by_number_not_by_letter() -> None:
    release = look(FEED)
    assert release.version == "1.10.0"
    assert release.file_name == "scribe-desktop-1.10.0.deb"


def test_the_address_does_not_choose_the_file_name() -> None:
    release = replace(look(FEED), url="https://publisher.example/../../evil.sh")
    assert release.file_name == "scribe-desktop-1.10.0"


def test_the_installed_version_is_nothing_new() -> None:
    assert look(FEED, installed="1.10.0") is None


def test_there_may_be_none_for_this_computer() -> None:
    assert look(FEED, system="plan9-mips") is None


def test_a_downgrade_is_refused() -> None:
    with pytest.raises(UpdateRefused, match="older"):
        look(FEED, installed="1.11.0")


@pytest.mark.parametrize(
    "feed",
    [
        {},
        {"version": 3},
        {"version": "1.10"},
        {"version": "v1.10.0", "files": {}},
        {"version": "1.10.0"},
        {"version": "1.10.0", "files": []},
        {"version": "1.10.0", "files": {"linux-x86_64": "x"}},
        {"version": "1.10.0", "files": {"linux-x86_64": FILE | {"url": "http://x/y"}}},
        {"version": "1.10.0", "files": {"linux-x86_64": FILE | {"url": 1}}},
        {"version": "1.10.0", "files": {"linux-x86_64": FILE | {"size": 0}}},
        {"version": "1.10.0", "files": {"linux-x86_64": FILE | {"size": True}}},
        {"version": "1.10.0", "files": {"linux-x86_64": FILE | {"size": 2**40}}},
        {"version": "1.10.0", "files": {"linux-x86_64": FILE | {"sha256": "A" * 64}}},
        {"version": "1.10.0", "files": {"linux-x86_64": FILE | {"sha256": None}}},
    ],
)
def test_a_senseless_feed_is_refused(feed: dict[str, Any]) -> None:
    with pytest.raises(UpdateRefused, match="must say"):
        look(feed)


@pytest.mark.parametrize(
    ("session", "may"),
    [
        (DELIVERED, True),
        (replace(DELIVERED, delivery=Delivery.UNSENT, cancelled_at=1.0), True),
        (replace(DELIVERED, delivery=Delivery.UNSENT, chunks=0), True),
        (replace(DELIVERED, capture=Capture.RECORDING, delivery=Delivery.UNSENT), False),
        (replace(DELIVERED, capture=Capture.PAUSED, delivery=Delivery.OPEN), False),
        (replace(DELIVERED, delivery=Delivery.UNSENT), False),
        (replace(DELIVERED, delivery=Delivery.OPEN), False),
        (replace(DELIVERED, delivery=Delivery.ENDED), False),
    ],
)
def test_nothing_is_installed_over_speech_that_is_not_delivered(
    session: Session,
    may: bool,  # noqa: FBT001
) -> None:
    assert may_install([]) is True
    assert may_install([DELIVERED, session]) is may
