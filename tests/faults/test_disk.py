"""A disk that is full, read-only or damaged, under the real program.

Needs the right to mount; where there is none, `services/test_spool_faults.py`
tells the same of the spool alone. A disk that hangs or fails is in `test_failing_disk.py`.
"""

import contextlib
import errno
import io
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scribe_desktop.domain.audio import BYTES_PER_FRAME, SAMPLE_RATE, EncodedChunk
from scribe_desktop.domain.events import SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Delivery, Session, SessionId
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.places import find_places
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_schema import connect
from scribe_desktop.services.spool_writer import RETRY_S
from tests.faults import program_with_strip
from tests.faults.kill_harness import worst_snr_db
from tests.faults.leaving_home import ASKED, Home, answers, heard_until, says
from tests.faults.program_with_strip import SHOWN
from tests.faults.tally import Tally

SIZE = "size=12m"


def mounted(*arguments: str) -> bool:
    return subprocess.run(["mount", *arguments], capture_output=True, check=False).returncode == 0


def unmount(folder: Path) -> None:
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A home on a disk of twelve megabytes."""
    home = Home(tmp_path / "user")
    disk = home.folder / "home"
    disk.mkdir()
    assert mounted("-t", "tmpfs", "-o", SIZE, "none", str(disk)), "mounting needs root"
    yield home
    unmount(disk)


def fill(home: Home) -> Path:
    """Take all that is left, to the last block."""
    ballast = home.folder / "home" / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            while takes(file, size):
                pass
    return ballast


def takes(file: io.FileIO, size: int) -> bool:
    try:
        return file.write(bytes(size)) == size
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return False
        raise


AT_ONCE_S = 2.0
"""How soon it is said that the disk takes nothing: the promised second, and one to say it."""


def bare_process_s() -> float:
    """What this computer needs at this moment for a process that does nothing."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", ""], check=True)
    return time.monotonic() - began


def says_at_once(process: "subprocess.Popen[str]", words: str, since: float) -> None:
    says(process, words)
    took_s = time.monotonic() - since
    assert took_s < AT_ONCE_S + bare_process_s(), took_s


def read_only(folder: Path) -> None:
    assert mounted("--bind", str(folder), str(folder))
    assert mounted("-o", "remount,bind,ro", str(folder))


def all_was_kept(home: Home, tally: Tally) -> None:
    """What was heard is in the chunks, to the last frame and without a gap."""
    session = home.session()
    heard = home.heard_frames()
    tally.lost((heard - session.frames) * BYTES_PER_FRAME)
    assert session.frames == heard
    assert session.gaps == ()
    speech = np.resize(np.frombuffer(home.speech.read_bytes(), "<i2"), session.frames)
    with contextlib.closing(home.spool()) as opened:
        chunks = [opened.chunk(session.session_id, i) for i in range(session.chunks)]
    tally.compared(speech.nbytes)
    assert worst_snr_db(chunks, speech) >= 15


def test_full_then_read_only_then_room_again(home: Home, tally: Tally) -> None:
    spool = find_places(home.environment).spool
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        says(process, "Listening")
        heard_until(home, 0.5)
        ballast = fill(home)
        says_at_once(process, "The disk of this computer is full", time.monotonic())
        # Now there is room, but the disk is read-only; the recording goes on all the while.
        read_only(spool)
        ballast.unlink()
        # It is asked once a second.
        says_at_once(process, "takes nothing at the moment", time.monotonic() + RETRY_S)
        heard_until(home, 3.0)
        unmount(spool)
        says(process, "safe on disk again")
        # The end of its input ends the dictation, as Enter does.
        out, err = process.communicate(timeout=60)
    tally.tried(2)
    assert process.returncode == 0, (out, err)
    assert home.heard_frames() > 3 * SAMPLE_RATE
    all_was_kept(home, tally)
    assert home.session().delivery is Delivery.RESOLVED
    tally.completed()


def test_leaving_while_the_disk_is_full_says_what_is_lost(home: Home, tally: Tally) -> None:
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        says(process, "Listening")
        heard_until(home, 1.0)
        ballast = fill(home)
        says(process, "full")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    tally.tried()
    assert time.monotonic() - began < 4.5
    assert process.returncode == 1
    assert "did not take the last" in err
    assert "Traceback" not in err
    ballast.unlink()
    assert home.done("deliver", "--json").returncode == 0
    session = home.session()
    assert session.delivery is Delivery.RESOLVED
    assert SAMPLE_RATE / 2 < session.frames <= home.heard_frames()
    tally.completed()


def test_little_room_is_foretold_before_the_first_word(home: Home, tally: Tally) -> None:
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "Listening" in line:
                break
        process.communicate(timeout=60)
    tally.tried()
    assert any("more minutes of dictation" in line for line in said), said
    assert process.returncode == 0


# --- in the window ----------------------------------------------------------------------------


@pytest.fixture
def shown(home: Home) -> Home:
    """The same home, whose window also writes down what its strip shows."""
    home.program = program_with_strip.__file__
    return home


def test_the_window_foretells_little_room_before_record_is_pressed(
    shown: Home, tally: Tally
) -> None:
    with shown.started() as window:
        says(window, f"{SHOWN}The disk of this computer has room for about")
        assert not shown.count.exists(), "nothing was recorded yet"
        window.terminate()
        window.communicate(timeout=60)
    tally.tried()


def test_the_window_says_at_once_that_the_disk_is_full_and_loses_nothing(
    shown: Home, tally: Tally
) -> None:
    with shown.started() as window:
        answers(shown)
        assert shown.done("start").returncode == 0
        heard_until(shown, 0.5)
        ballast = fill(shown)
        says_at_once(window, f"{SHOWN}The disk of this computer is full", time.monotonic())
        heard_until(shown, shown.heard_frames() / SAMPLE_RATE + 1.0)
        ballast.unlink()
        says(window, f"{SHOWN}The recording is safe on disk again")
        assert shown.done("stop").returncode == 0
        window.terminate()
        window.communicate(timeout=60)
    tally.tried()
    assert window.returncode == 0
    all_was_kept(shown, tally)


def test_the_window_says_what_the_disk_did_not_take_when_it_is_sent_away(
    shown: Home, tally: Tally
) -> None:
    with shown.started() as window:
        answers(shown)
        assert shown.done("start").returncode == 0
        heard_until(shown, 0.5)
        fill(shown)
        says(window, f"{SHOWN}The disk of this computer is full")
        window.terminate()
        _, err = window.communicate(timeout=60)
    tally.tried()
    assert window.returncode == 1
    assert "did not take the last" in err
    assert "Traceback" not in err


def test_a_change_that_a_full_disk_does_not_take_is_not_called_done(
    shown: Home, tally: Tally
) -> None:
    with shown.started() as window:
        answers(shown)
        assert shown.done("start").returncode == 0
        heard_until(shown, 0.5)
        assert shown.done("stop").returncode == 0
        ballast = fill(shown)
        done = shown.done("discard", "last")
        assert done.returncode == 1, done
        assert "has not taken that yet" in done.stderr
        ballast.unlink()
        says(window, f"{SHOWN}What you changed is safe on disk")
        window.terminate()
        window.communicate(timeout=60)
    tally.tried()
    assert window.returncode == 0
    assert shown.session().is_cancelled


# --- read-only from the start -----------------------------------------------------------------


@pytest.mark.parametrize("kind", ["empty", "with a store"])
def test_on_a_read_only_disk_nothing_starts_and_it_is_said(
    kind: str, home: Home, tally: Tally
) -> None:
    disk = home.folder / "home"
    if kind == "with a store":
        assert home.done("sessions").returncode == 0
    before = sorted(disk.rglob("*"))
    read_only(disk)
    for command in (("dictate", "--mic", "any", *ASKED), ()):
        done = home.done(*command)
        assert done.returncode == 1, done
        assert "cannot be written, so Scribe Desktop cannot start" in done.stderr
        assert "Traceback" not in done.stderr
        tally.tried()
    unmount(disk)
    assert sorted(disk.rglob("*")) == before


# --- damage, found at the start ---------------------------------------------------------------


def with_recordings(home: Home) -> Path:
    """Three dictations of four chunks; returns the store's file."""
    places = find_places(home.environment)
    credentials = Credentials(places.keyring_name, places.config)
    key = credentials.store_spool_key(bytes(range(32))).key
    spool = Spool.open(places.spool, key, now=time.time)
    for name in ("aa", "bb", "cc"):
        session_id = SessionId(name)
        spool.add(replace(Session(session_id, 1.0, Order())))
        spool.update(session_id, lambda s: apply(s, SpeechStarted(1.0)))
        for index in range(4):
            body = random.Random(f"{name}{index}").randbytes(30_000)
            stop_at = 2.0 if index == 3 else None
            spool.seal(session_id, EncodedChunk(index, body, 16_000), stop_at=stop_at)
    spool.close()
    return places.spool / "spool.db"


@pytest.fixture
def store(tmp_path: Path) -> tuple[Home, Path]:
    home = Home(tmp_path / "user")
    home.environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    return home, with_recordings(home)


def listed(home: Home) -> tuple[int, list[str], str]:
    done = home.done("sessions")
    assert "Traceback" not in done.stderr
    names = [line.split()[0] for line in done.stdout.splitlines()]
    return done.returncode, sorted(set(names) & {"aa", "bb", "cc"}), done.stderr


@pytest.mark.parametrize("how", ["flipped", "truncated"])
def test_a_damaged_store_is_set_aside_said_and_salvaged(store: tuple[Home, Path], how: str) -> None:
    home, path = store
    size = path.stat().st_size
    with path.open("r+b") as file:
        if how == "truncated":
            file.truncate(size * 9 // 10)
        else:
            file.seek(size // 2)
            file.write(random.Random(1).randbytes(2_000))
    damaged = path.read_bytes()
    code, names, said = listed(home)
    assert code == 0
    assert len(names) >= 2
    assert "was damaged" in said
    assert "dictations were saved" in said
    (aside,) = path.parent.glob("set-aside-*")
    assert (aside / path.name).read_bytes() == damaged
    assert listed(home) == (0, names, "")


def test_the_wrong_key_sets_aside_and_touches_nothing(store: tuple[Home, Path]) -> None:
    home, path = store
    before = path.read_bytes()
    places = find_places(home.environment)
    Credentials(places.keyring_name, places.config).store_spool_key(bytes(32))
    code, names, said = listed(home)
    assert (code, names) == (0, [])
    assert "set aside" in said
    (aside,) = path.parent.glob("set-aside-*")
    assert (aside / path.name).read_bytes() == before


def test_a_store_of_a_newer_version_is_not_touched(store: tuple[Home, Path]) -> None:
    home, path = store
    with contextlib.closing(connect(path, bytes(range(32)))) as connection:
        connection.execute("PRAGMA user_version = 99")
    before = path.read_bytes()
    code, _, said = listed(home)
    assert code == 1
    assert "newer version" in said
    assert path.read_bytes() == before
