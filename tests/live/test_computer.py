"""The whole program, without a window, on a desktop that sleeps, wakes and finds its network.

A scripted desktop on a private bus, the real program as a process.
"""

import contextlib
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jeepney.io.blocking import DBusConnection, open_dbus_connection

from scribe_desktop.domain.audio import SAMPLE_RATE, frames_in
from scribe_desktop.domain.results import Outcome
from scribe_desktop.services.wire import JSON_S
from tests.faults.counting_host import CountingSpeech
from tests.faults.leaving_home import ASKED, Home, arrives, heard_until, says, service_at
from tests.faults.proxy import FaultProxy
from tests.faults.real_service import RealService
from tests.live.desktop_stage import wait_for
from tests.live.fake_desktop import order
from tests.live.private_bus import private_bus, program
from tests.server.conftest import Clock

pytestmark = pytest.mark.live


@pytest.fixture
def bus() -> Iterator[str]:
    with private_bus() as address:
        yield address


@pytest.fixture
def desk(bus: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[DBusConnection]:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", bus)
    with program("fake_desktop.py", bus), open_dbus_connection(bus="SESSION") as connection:
        yield connection


@pytest.fixture
def home(tmp_path: Path, bus: str) -> Home:
    home = Home(tmp_path / "user")
    home.environment |= {"DBUS_SESSION_BUS_ADDRESS": bus, "DBUS_SYSTEM_BUS_ADDRESS": bus}
    return home


def seen(desk: DBusConnection) -> list[str]:
    return list(order(desk, "Seen")[0])


def awake(desk: DBusConnection) -> list[str]:
    return [deed for deed in seen(desk) if not deed.startswith("inhibit")]


def test_it_stays_awake_exactly_while_a_microphone_is_heard(
    home: Home, desk: DBusConnection
) -> None:
    expected = []
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        says(process, "Listening")
        for command, deed in (
            ("", "stay awake"),
            ("pause", "sleep as you like"),
            ("resume", "stay awake"),
        ):
            if command:
                assert home.done(command).returncode == 0
            expected.append(deed)
            wait_for(lambda: awake(desk) == expected, deed)
        process.send_signal(signal.SIGINT)
        wait_for(lambda: awake(desk) == [*expected, "sleep as you like"], "the end")
        process.communicate(timeout=60)


def test_a_sleep_waits_until_what_was_spoken_is_on_disk(home: Home, desk: DBusConnection) -> None:
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        says(process, "Listening")
        heard_until(home, 0.7)
        wait_for(lambda: "inhibit sleep delay" in seen(desk), "the wish to be waited for")
        heard = home.heard_frames()
        order(desk, "Sleep")
        # The battery is empty before it wakes again.
        process.kill()
        assert "safe on disk" in (process.communicate(timeout=60)[1])
    with contextlib.closing(home.spool()) as spool:
        (session,) = spool.sessions()
        assert session.frames + frames_in(spool.tail(session.session_id)) >= heard


def test_it_says_that_it_slept_and_goes_on_with_the_same_dictation(
    home: Home, desk: DBusConnection, tmp_path: Path
) -> None:
    clock = Clock()
    clock.at = time.time()
    service = RealService(tmp_path / "service", clock, CountingSpeech)
    proxy = FaultProxy(lambda: service.port)
    with home.started("dictate", "--mic", "any", *service_at(proxy)) as process:
        says(process, "Listening")
        heard_until(home, 0.7)
        wait_for(lambda: "inhibit sleep delay" in seen(desk), "the wish to be waited for")
        order(desk, "Sleep")
        says(process, "safe on disk")
        order(desk, "Wake")
        says(process, "was asleep in the middle of the dictation")
        # The next sleep waits too.
        wait_for(lambda: seen(desk).count("inhibit sleep delay") == 2, "the next wish")
        heard_until(home, home.heard_frames() / SAMPLE_RATE + 0.7)
        # The end of its input ends the speech.
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    session = home.session()
    assert session.frames == home.heard_frames()
    assert session.outcome is Outcome.COMPLETED
    assert session.remote is not None
    assert service.status(session.remote.remote_id) == "completed"
    proxy.close()
    service.close()


@pytest.mark.parametrize("what", ["Network", "Wake"])
def test_what_waits_is_sent_at_once(
    home: Home, desk: DBusConnection, tmp_path: Path, what: str
) -> None:
    clock = Clock()
    clock.at = time.time()
    service = RealService(tmp_path / "service", clock, CountingSpeech)
    proxy = FaultProxy(lambda: service.port)
    proxy.faults["create"].append("answer 503 after 3000")
    with home.started("dictate", "--mic", "any", "--seconds", "1", *service_at(proxy)) as process:
        arrives(proxy, "create")
        says(process, "safe")
        wait_for(lambda: "inhibit sleep delay" in seen(desk), "somebody to listen")
        order(desk, what)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    proxy.close()
    service.close()


@pytest.mark.parametrize("place", ["create", "upload 0", "poll"])
def test_a_call_that_the_computer_slept_through_is_made_again_at_once(
    home: Home, desk: DBusConnection, tmp_path: Path, place: str
) -> None:
    """Its socket is dead and does not know it: nobody waits until its time is over."""
    clock = Clock()
    clock.at = time.time()
    service = RealService(tmp_path / "service", clock, CountingSpeech)
    proxy = FaultProxy(lambda: service.port)
    proxy.faults[place].append("hang")

    def tries() -> int:
        return [arrived.purpose for arrived in proxy.arrived].count(place)

    with home.started("dictate", "--mic", "any", "--seconds", "1", *service_at(proxy)) as process:
        arrives(proxy, place)
        wait_for(lambda: "inhibit sleep delay" in seen(desk), "somebody to listen")
        order(desk, "Sleep")
        assert tries() == 1
        woke_at = time.monotonic()
        order(desk, "Wake")
        wait_for(lambda: tries() > 1, "the next try")
        assert time.monotonic() - woke_at < JSON_S / 2
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    uploads = [one.purpose for one in proxy.seen if one.purpose.startswith("upload")]
    assert uploads == sorted(set(uploads)), "each chunk once"
    assert [one.purpose for one in proxy.seen].count("end") == 1
    proxy.close()
    service.close()
