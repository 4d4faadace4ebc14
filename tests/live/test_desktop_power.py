"""Sleep, locks and the network, announced by a desktop on a private bus."""

from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from scribe_desktop.desktop.dbus import Address, Bus, BusError
from scribe_desktop.desktop.idle import idle_s
from scribe_desktop.desktop.lock import ScreenLock, lock_screen
from scribe_desktop.desktop.network import NetworkWatch
from scribe_desktop.desktop.power import KeepAwake, SleepNotice
from scribe_desktop.domain.errors import DesktopError
from scribe_desktop.services.pin import PinLock
from scribe_desktop.wiring.own_lock import OwnLock
from tests.live.desktop_stage import Stage, wait_for
from tests.live.fake_desktop import order
from tests.live.private_bus import private_bus, program

pytestmark = pytest.mark.live

WAIT_S = 5


@pytest.fixture
def bus(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", address)
        yield address


@pytest.fixture
def desk(bus: str) -> Iterator[DBusConnection]:
    with program("fake_desktop.py", bus), open_dbus_connection(bus="SESSION") as connection:
        yield connection


def test_the_computer_stays_awake_while_recording(desk: DBusConnection) -> None:
    results: Queue[bool] = Queue()
    awake = KeepAwake(results.put)
    awake.hold()
    awake.hold()
    assert results.get(timeout=WAIT_S) is True
    assert order(desk, "Seen") == (["stay awake"],)
    awake.release()
    awake.release()
    assert order(desk, "Seen") == (["stay awake", "sleep as you like"],)


def test_sleep_waits_until_the_recording_is_safe(desk: DBusConnection) -> None:
    happened: Queue[str] = Queue()
    notice = SleepNotice(lambda: happened.put("made safe"), lambda: happened.put("awake"))
    assert notice.start()
    # Answered only when the lock was given back, which is after the recording was made safe.
    order(desk, "Sleep")
    assert happened.get_nowait() == "made safe"
    order(desk, "Wake")
    assert happened.get(timeout=WAIT_S) == "awake"
    assert order(desk, "Seen") == (["inhibit sleep delay"] * 2,)
    order(desk, "Sleep")
    assert happened.get_nowait() == "made safe"
    notice.stop()


def test_a_locked_screen_is_noticed_once(desk: DBusConnection) -> None:
    changes: Queue[bool] = Queue()
    lock = ScreenLock(changes.put)
    assert lock.start()
    for what in ("Lock", "Lock", "Unlock"):
        order(desk, what)
    assert [changes.get(timeout=WAIT_S), changes.get(timeout=WAIT_S)] == [True, False]
    assert changes.empty()
    lock.stop()


def test_a_sign_in_goes_by_the_lock_screen_of_the_desktop(
    desk: DBusConnection, tmp_path: Path
) -> None:
    pin = PinLock(tmp_path)
    own: list[OwnLock] = []
    screen = ScreenLock(lambda locked: own[0].screen_changed(locked))  # noqa: PLW0108  made later
    own.append(OwnLock(pin, hears_screen=lambda: True))
    assert screen.start()
    proven: Queue[None] = Queue()
    own[0].await_sign_in(lambda: proven.put(None))
    own[0].lock_computer()
    wait_for(lambda: screen.locked, "the lock screen")
    assert proven.empty()
    order(desk, "Unlock")
    proven.get(timeout=WAIT_S)
    screen.stop()


def test_a_wayland_desktop_tells_how_long_nobody_touched_it(desk: DBusConnection) -> None:
    assert idle_s("linux", {"WAYLAND_DISPLAY": "wayland-0"}) == 90.5


def test_where_no_desktop_tells_it_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nowhere/bus")
    assert idle_s("linux", {}) is None
    assert idle_s("linux", {"DISPLAY": ":4095"}) is None
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus")
    with pytest.raises(DesktopError, match="could not be locked"):
        lock_screen("linux")


def test_the_x_server_tells_how_long_nobody_touched_it(tmp_path: Path) -> None:
    with Stage(tmp_path) as stage:
        here = {"DISPLAY": stage.display}
        wait_for(lambda: (idle_s("linux", here) or 0) > 0.5, "half a second without a key")
        stage.keys("key", "a")
        assert (idle_s("linux", here) or 9) < 0.5


def test_the_network_coming_back_is_noticed(desk: DBusConnection) -> None:
    back: Queue[None] = Queue()
    watch = NetworkWatch(lambda: back.put(None))
    assert watch.start()
    order(desk, "Network")
    back.get(timeout=WAIT_S)
    watch.stop()
    assert back.empty()


def test_a_computer_without_a_bus_goes_on_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    notice = SleepNotice(lambda: None, lambda: None)
    assert not notice.start()
    notice.stop()
    assert not ScreenLock(lambda _: None).start()
    assert not NetworkWatch(lambda: None).start()


def test_a_call_nobody_answers_and_a_bus_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    lost: Queue[None] = Queue()
    with private_bus() as address:
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        bus = Bus("SESSION", on_lost=lambda: lost.put(None))
        with pytest.raises(BusError, match="ServiceUnknown"):
            bus.call(Address("org.nobody.Here", "/x", "org.nobody.Here"), "Ask")
    lost.get(timeout=WAIT_S)
    with pytest.raises(BusError, match="disconnected"):
        bus.call(Address("org.nobody.Here", "/x", "org.nobody.Here"), "Ask")
    bus.close()
    wait_for(lambda: not bus._thread.is_alive(), "the bus's thread to end")
