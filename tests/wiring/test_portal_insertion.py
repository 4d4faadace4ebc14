"""On Wayland text goes where the clinician asks for it, and never by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from jeepney.io.blocking import DBusConnection, open_dbus_connection
from PySide6.QtWidgets import QApplication

from scribe_desktop.desktop.insertion.insert import Tools
from scribe_desktop.desktop.insertion.portal import ASKING, NOT_ALLOWED, PortalSession
from scribe_desktop.desktop.insertion.select import (
    NOT_HERE,
    ON_REQUEST,
    InsertionHere,
    could_ask_the_desktop,
)
from scribe_desktop.domain.settings import Settings, with_value
from scribe_desktop.ui.workplace import Inserted, InsertionSteps
from scribe_desktop.wiring.inserting import Inserting
from scribe_desktop.wiring.portal_insertion import PortalInsertion
from tests.desktop.test_insertion import RECORD, Desk
from tests.live.desktop_stage import wait_for
from tests.live.fake_portal import order
from tests.live.private_bus import private_bus, program
from tests.wiring.test_inserting import ONE
from tests.wiring.test_inserting import run as by_its_clock

pytestmark = [pytest.mark.live, pytest.mark.usefixtures("qapp")]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[DBusConnection]:
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        with program("fake_remote.py", address), open_dbus_connection(bus="SESSION") as connection:
            yield connection


class Here:
    """A Wayland desktop, with or without X11 inside, and where the keys go."""

    def __init__(self, folder: Path, x11: Desk | None = None) -> None:
        self.settings = with_value(Settings(), "portal_insertion", value=True)
        self.ours_is_active = False
        self.stood_aside = 0
        self.portal = PortalInsertion(
            lambda: PortalSession(folder / "token"), lambda: self.ours_is_active
        )
        tools = Tools(x11, x11, x11) if x11 is not None else None
        self.inserting = Inserting(
            lambda: self.settings, lambda: InsertionHere(tools, NOT_HERE), self.portal
        )
        self.inserting.stand_aside_with(self._stand_aside)

    def _stand_aside(self) -> None:
        self.stood_aside += 1
        self.ours_is_active = False

    def switch_on(self) -> None:
        self.inserting.follow()
        wait_for(lambda: self.portal.plain_word != ASKING, "the answer")


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    here = Here(tmp_path)
    yield here
    here.inserting.stop()
    QApplication.clipboard().clear()


def run(steps: InsertionSteps) -> Inserted:
    def over() -> Inserted | None:
        try:
            next(steps)
        except StopIteration as stop:
            done: Inserted = stop.value
            return done
        return None

    done: Inserted = wait_for(over, "the end")
    return done


def test_what_is_asked_for_is_inserted_and_our_window_stands_aside(
    desk: DBusConnection, here: Here
) -> None:
    here.switch_on()
    here.ours_is_active = True
    assert here.inserting.plain_word == ON_REQUEST
    assert run(here.inserting.into_front("5 µg → ✓")) == Inserted(
        arrived=True, sentence="Inserted."
    )
    assert order(desk, "Pasted")[0] == ["5 µg → ✓"]
    assert here.stood_aside == 1


def test_what_arrives_by_itself_waits(desk: DBusConnection, here: Here) -> None:
    here.switch_on()
    here.inserting.remember(ONE, None)
    assert run(here.inserting.into_remembered("text", ONE)) == Inserted(
        arrived=False, sentence=ON_REQUEST, waiting="text"
    )
    assert order(desk, "Keys")[0] == []


def test_hidden_text_stays_here(desk: DBusConnection, here: Here) -> None:
    here.switch_on()
    here.inserting.forbid(True)  # noqa: FBT003  a switch
    assert not run(here.inserting.into_front("text")).arrived
    assert order(desk, "Keys")[0] == []


def test_a_no_leaves_it_on_the_clipboard(desk: DBusConnection, here: Here) -> None:
    order(desk, "Deny")
    here.switch_on()
    assert run(here.inserting.into_front("text")) == Inserted(
        arrived=False, sentence=NOT_ALLOWED, waiting="text"
    )
    assert QApplication.clipboard().text() == "text"


def test_a_program_on_x11_inside_wayland_is_known_and_checked(
    desk: DBusConnection, tmp_path: Path
) -> None:
    x11 = Desk(focused=RECORD)
    here = Here(tmp_path, x11)
    here.switch_on()
    done = by_its_clock(here.inserting.into_front("text"), x11)
    assert done == Inserted(arrived=True, sentence="Inserted.")
    assert x11.written == {RECORD: "text"}
    assert order(desk, "Keys")[0] == []
    here.inserting.stop()


def test_switched_off_it_is_only_copied(desk: DBusConnection, here: Here) -> None:
    here.switch_on()
    here.settings = Settings()
    here.inserting.follow()
    assert here.inserting.could_ask_the_desktop
    assert here.inserting.plain_word == NOT_HERE
    assert not run(here.inserting.into_front("text")).arrived
    assert QApplication.clipboard().text() == "text"
    assert order(desk, "Pasted")[0] == []


def test_only_wayland_desktops_are_asked() -> None:
    assert could_ask_the_desktop("linux", {"WAYLAND_DISPLAY": "wayland-0"})
    assert not could_ask_the_desktop("linux", {"DISPLAY": ":0"})
    assert not could_ask_the_desktop("win32", {})
