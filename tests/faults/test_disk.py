"""A disk that is full, read-only or damaged, under the real program.

Needs the right to mount; where there is none, `services/test_spool_faults.py`
tells the same of the spool alone. A disk that hangs or fails is in `failing_disk.py`.
"""

import contextlib
import errno
import io
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scribe_desktop.domain.audio import SAMPLE_RATE, EncodedChunk
from scribe_desktop.domain.events import SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Delivery, Session, SessionId
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.places import find_places
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_schema import connect
from tests.faults.kill_harness import worst_snr_db
from tests.faults.leaving_home import ASKED, Home, heard_until, says

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


def test_full_then_read_only_then_room_again(home: Home) -> None:
    spool = find_places(home.environment).spool
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        says(process, "Listening")
        heard_until(home, 0.5)
        ballast = fill(home)
        says(process, "full")
        # Now there is room, but the disk is read-only; the recording goes on all the while.
        assert mounted("--bind", str(spool), str(spool))
        assert mounted("-o", "remount,bind,ro", str(spool))
        ballast.unlink()
        heard_until(home, 3.0)
        unmount(spool)
        says(process, "safe on disk again")
        # The end of its input ends the dictation, as Enter does.
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    session = home.session()
    assert session.delivery is Delivery.RESOLVED
    assert session.frames == home.heard_frames() > 3 * SAMPLE_RATE
    heard = np.resize(np.frombuffer(home.speech.read_bytes(), "<i2"), session.frames)
    with contextlib.closing(home.spool()) as opened:
        chunks = [opened.chunk(session.session_id, i) for i in range(session.chunks)]
    assert worst_snr_db(chunks, heard) >= 15


def test_leaving_while_the_disk_is_full_says_what_is_lost(home: Home) -> None:
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        says(process, "Listening")
        heard_until(home, 1.0)
        ballast = fill(home)
        says(process, "full")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=60)
    assert time.monotonic() - began < 4.5
    assert process.returncode == 1
    assert "did not take the last" in err
    assert "Traceback" not in err
    ballast.unlink()
    assert home.done("deliver", "--json").returncode == 0
    session = home.session()
    assert session.delivery is Delivery.RESOLVED
    assert SAMPLE_RATE / 2 < session.frames <= home.heard_frames()


def test_little_room_is_foretold_before_the_first_word(home: Home) -> None:
    with home.started("dictate", "--mic", "any", *ASKED) as process:
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if "Listening" in line:
                break
        process.communicate(timeout=60)
    assert any("more minutes of dictation" in line for line in said), said
    assert process.returncode == 0


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
