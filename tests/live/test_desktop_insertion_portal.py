"""Text through the remote control portal of a Wayland desktop: whole, verified, or not at all."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from scribe_desktop.desktop.insertion.insert import (
    Inserted,
    Method,
    Outcome,
    Refusal,
    Refused,
    Tools,
    insertion,
)
from scribe_desktop.desktop.insertion.portal import (
    IN_FRONT,
    NO_PORTAL,
    NOT_ALLOWED,
    PortalDesk,
    PortalFocus,
    PortalSession,
)
from tests.live.desktop_stage import wait_for
from tests.live.fake_portal import order
from tests.live.private_bus import private_bus, program
from tests.live.test_desktop_insertion_x11 import THREE_ALPHABETS

pytestmark = pytest.mark.live

PASTE_KEYS = [(0xFFE3, 1), (0x76, 1), (0x76, 0), (0xFFE3, 0)]


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        yield address


@pytest.fixture
def desk(bus: str) -> Iterator[DBusConnection]:
    with program("fake_remote.py", bus), open_dbus_connection(bus="SESSION") as connection:
        yield connection


@pytest.fixture
def session(tmp_path: Path) -> Iterator[PortalSession]:
    session = PortalSession(tmp_path / "token")
    yield session
    session.close()


def insert(
    portal: PortalDesk | None, text: str, ours_is_active: Callable[[], bool] = lambda: False
) -> Outcome:
    assert portal is not None
    tools = Tools(PortalFocus(ours_is_active), portal.keyboard, portal.clipboard)
    steps = insertion(text, IN_FRONT, tools, Method.PASTE)

    def is_over() -> Outcome | None:
        try:
            next(steps)
        except StopIteration as stop:
            outcome: Outcome = stop.value
            return outcome
        return None

    outcome: Outcome = wait_for(is_over, "the end of the insertion")
    return outcome


def test_three_alphabets_arrive_and_the_clipboard_is_as_before(
    desk: DBusConnection, session: PortalSession
) -> None:
    portal = session.open()
    assert session.plain_word == ""
    text = THREE_ALPHABETS * 600  # more than a pipe holds
    assert len(text.encode()) > 70_000
    assert insert(portal, text) == Inserted(verified=True)
    assert order(desk, "Pasted")[0] == [text]
    assert order(desk, "Keys")[0] == PASTE_KEYS
    # What was there before is offered again, in all its formats, to whoever pastes next.
    assert order(desk, "Offered")[0] == ["image/png", "text/plain;charset=utf-8"]
    order(desk, "Fetch")
    wait_for(lambda: order(desk, "Pasted")[0] == [text, "copied before"], "the old clipboard")


def test_our_own_window_in_front_gets_nothing(desk: DBusConnection, session: PortalSession) -> None:
    portal = session.open()
    assert insert(portal, "text", lambda: True) == Refused(Refusal.TARGET_CHANGED)
    assert order(desk, "Keys")[0] == []


def test_a_program_that_does_not_take_it_is_not_called_inserted(
    desk: DBusConnection, session: PortalSession
) -> None:
    portal = session.open()
    order(desk, "Deaf")
    assert insert(portal, "text") == Refused(Refusal.NOT_TAKEN)
    assert "text/plain" in order(desk, "Offered")[0]


def test_what_was_copied_meanwhile_stays(desk: DBusConnection, session: PortalSession) -> None:
    portal = session.open()
    assert portal is not None
    portal.clipboard.offer("text", selection=False)
    wait_for(portal.clipboard.still_ours, "our text on the clipboard")
    order(desk, "Copy")
    wait_for(lambda: not portal.clipboard.still_ours(), "the other program's")


def test_the_desktop_is_asked_once_and_remembers(
    desk: DBusConnection, session: PortalSession, tmp_path: Path
) -> None:
    assert session.open() is not None
    again = PortalSession(tmp_path / "token")
    assert again.open() is not None
    again.close()
    assert order(desk, "Tokens")[0] == ["", "token 1"]
    assert (tmp_path / "token").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("answer", ["Deny", "Without"])
def test_a_no_is_said_plainly(desk: DBusConnection, session: PortalSession, answer: str) -> None:
    order(desk, answer)
    assert session.open() is None
    assert session.plain_word == NOT_ALLOWED


def test_a_desktop_without_the_portal(bus: str, session: PortalSession) -> None:
    assert session.open() is None
    assert session.plain_word == NO_PORTAL


def test_a_portal_that_goes_away_takes_the_permission_along(
    bus: str, session: PortalSession
) -> None:
    with program("fake_remote.py", bus):
        portal = session.open()
    assert portal is not None
    portal.clipboard.offer("text", selection=False)
    assert not portal.clipboard.still_ours()
    assert insert(portal, "text") == Refused(Refusal.NOT_ALLOWED)
