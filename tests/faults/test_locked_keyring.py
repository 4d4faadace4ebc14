"""A keyring that is locked or silent: one dictates all the same, and nothing of it is lost.

The real program as a process, over recordings whose key it cannot have now.
"""

import json
import signal
import time
from pathlib import Path

import pytest

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.exits import Exit
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.emergency_store import PUBLIC_FILE
from scribe_desktop.services.places import find_places
from scribe_desktop.services.spool import Spool
from tests.faults.leaving_home import ASKED, Home, answers, heard_until, says
from tests.faults.locked_keyring import FILE_VARIABLE, Keyring
from tests.live.desktop_stage import wait_for

SPOKEN_S = 2.0


class LockedHome(Home):
    """A home with recordings, and a keyring that has their key."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.keyring = folder / "keyring.json"
        self.environment |= {
            "PYTHON_KEYRING_BACKEND": "tests.faults.locked_keyring.Keyring",
            FILE_VARIABLE: str(self.keyring),
        }
        self.store = folder / "home" / "data" / "spool"
        assert self.done("sessions").returncode == 0
        assert self.keyring.exists(), "the key is in the keyring"

    def lock(self, how: str = "locked") -> None:
        self.keyring.with_suffix(f".{how}").touch()

    def unlock(self) -> None:
        for how in ("locked", "silent"):
            self.keyring.with_suffix(f".{how}").unlink(missing_ok=True)

    def logged(self, words: str) -> bool:
        logs = (self.folder / "home" / "logs").glob("*.log")
        return any(words in path.read_text() for path in logs)

    def spool(self) -> Spool:
        places = find_places(self.environment)
        credentials = Credentials(places.keyring_name, places.config, backend=Keyring())  # type: ignore[no-untyped-call]
        return Spool.open(places.spool, credentials.spool_key(spool_exists=True).key, now=time.time)

    def emergencies(self) -> list[Path]:
        return list(self.store.glob("emergency-*"))

    def delivered(self) -> dict[str, object]:
        """The one dictation after a start with an open keyring."""
        done = self.done("deliver", "--json")
        assert done.returncode == Exit.DONE, done.stderr
        (row,) = json.loads(self.done("sessions", "--json").stdout)
        found: dict[str, object] = row
        assert found["status"] == "completed"
        assert not self.emergencies()
        assert not list(self.store.glob("set-aside-*"))
        return found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LockedHome:
    home = LockedHome(tmp_path / "user")
    monkeypatch.setenv(FILE_VARIABLE, str(home.keyring))
    return home


def all_but_a_second_is_there(home: LockedHome) -> None:
    assert home.session().frames >= home.heard_frames() - SAMPLE_RATE


def test_a_dictation_in_a_terminal_starts_while_the_keyring_is_locked_and_is_sent_later(
    home: LockedHome,
) -> None:
    home.lock()
    # A command that needs the recordings has nobody to wait for.
    refused = home.done("sessions")
    assert refused.returncode == Exit.FAILED
    assert "safe but locked" in refused.stderr
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        says(process, "keyring of this computer is locked")
        says(process, "Listening")
        heard_until(home, SPOKEN_S)
        out, err = process.communicate("\n", timeout=20)
    assert process.returncode == Exit.UNREACHABLE
    assert json.loads(out)["status"] == "waiting"
    assert "Traceback" not in err
    assert len(home.emergencies()) == 1
    home.unlock()
    home.delivered()
    all_but_a_second_is_there(home)


def test_kill_9_while_the_keyring_is_locked_loses_no_more_than_a_second(home: LockedHome) -> None:
    home.lock()
    for _ in range(2):
        # The second start cannot read what the first one left, and makes a store of its own.
        with home.started("dictate", "--mic", "any", *ASKED) as process:
            says(process, "Listening")
            heard_until(home, SPOKEN_S)
            process.send_signal(signal.SIGKILL)
            process.communicate()
        frames = home.heard_frames()
        home.count.unlink()
    assert len(home.emergencies()) == 2
    home.unlock()
    deliver = home.done("deliver", "--json")
    assert deliver.returncode == Exit.DONE, deliver.stderr
    assert not home.emergencies()
    rows = json.loads(home.done("sessions", "--json").stdout)
    assert [row["status"] for row in rows] == ["completed", "completed"]
    newest = max(rows, key=lambda row: row["created_at"])
    assert newest["audio_seconds"] >= frames / SAMPLE_RATE - 1.0


def test_kill_9_of_the_window_that_records_for_a_terminal_keeps_both_parts_apart(
    home: LockedHome,
) -> None:
    home.lock()
    with home.started() as window:
        wait_for(lambda: home.logged("window shown"), "the window")
        answers(home)
        with home.started("dictate", "--mic", "any", *ASKED) as asker:
            heard_until(home, SPOKEN_S)
            window.kill()
            window.communicate()
            frames = [home.heard_frames()]
            home.count.unlink()
            # The asker takes the window's place and is dictated to from here.
            heard_until(home, SPOKEN_S)
            out, _ = asker.communicate("\n", timeout=20)
        frames.append(home.heard_frames())
    assert asker.returncode == Exit.UNREACHABLE
    assert len(home.emergencies()) == 2
    home.unlock()
    assert home.done("deliver", "--json").returncode == Exit.DONE
    rows = json.loads(home.done("sessions", "--json").stdout)
    assert [row["status"] for row in rows] == ["completed", "completed"]
    assert json.loads(out)["session_id"] in [row["session_id"] for row in rows]
    lengths = [row["audio_seconds"] for row in sorted(rows, key=lambda row: row["created_at"])]
    assert all(
        length >= heard / SAMPLE_RATE - 1.0 for length, heard in zip(lengths, frames, strict=True)
    )
    assert not home.emergencies()


@pytest.mark.parametrize("how", ["locked", "silent"])
def test_the_window_opens_and_a_running_dictation_goes_on_when_the_keyring_is_unlocked(
    home: LockedHome, how: str
) -> None:
    home.lock(how)
    with home.started() as window:
        wait_for(lambda: home.logged("window shown"), "the window")
        answers(home)
        with home.started("dictate", "--mic", "any", *ASKED) as asker:
            heard_until(home, SPOKEN_S)
            locked = home.done("sessions")
            assert "safe but locked" in locked.stderr
            home.unlock()
            wait_for(lambda: home.logged("the keyring is open"), "the recordings")
            at_unlock_s = home.heard_frames() / SAMPLE_RATE
            heard_until(home, at_unlock_s + SPOKEN_S)
            out, err = asker.communicate("\n", timeout=30)
        assert asker.returncode == Exit.DONE, err
        assert json.loads(out)["status"] == "completed"
        window.terminate()
        _, err = window.communicate(timeout=20)
    assert "Traceback" not in err
    assert not home.emergencies()
    all_but_a_second_is_there(home)


def test_a_silent_keyring_is_said_before_it_is_waited_for(home: LockedHome) -> None:
    home.lock("silent")
    with home.started("sessions") as process:
        says(process, "Look for a window that asks for your keyring password")
        assert process.poll() is None
        home.unlock()
        process.communicate(timeout=20)
    assert process.returncode == 0


def test_the_window_waits_for_a_keyring_that_nothing_was_prepared_for(home: LockedHome) -> None:
    (home.store / PUBLIC_FILE).unlink()
    home.lock()
    with home.started() as window:
        wait_for(lambda: home.logged("waits for the keyring"), "the sentence about the keyring")
        assert window.poll() is None
        assert not home.logged("window shown")
        home.unlock()
        wait_for(lambda: home.logged("window shown"), "the window")
        window.terminate()
        _, err = window.communicate(timeout=20)
    assert "Traceback" not in err
    assert not list(home.store.glob("set-aside-*"))
    assert (home.store / PUBLIC_FILE).exists()
