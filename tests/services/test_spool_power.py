"""Power cuts after every single thing that the store asks of the kernel.

A real writer process is recorded with all its writes, syncs, names and cuts of
files (`power_trace`). For every prefix of that record, worlds are made that the
disk could be left in (`power_disk`): nothing of what was not synced, all of it,
and some of it, torn and out of order. Each is opened as the program opens it.
What a call had acknowledged before must be there, byte for byte; the call under
way is there wholly or not at all; and no world may fail to open.

`SCRIBE_FAULTS_LONG` in the environment makes the long form: the log is as long
as in the program, and each prefix has more worlds.
"""

import os
import pickle
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail

from scribe_desktop.domain.audit import first_break
from tests.faults.tally import Tally
from tests.services.power_disk import Disk, World
from tests.services.power_trace import Acknowledged, Deed, Sync, Truncate, record
from tests.services.power_writer import Held, held_by, opened

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace")

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Form:
    """How much is written, and in how many torn worlds each prefix ends."""

    rounds: int
    pages: int
    torn: int


SHORT = Form(rounds=1, pages=25, torn=1)
LONG = Form(rounds=16, pages=0, torn=2)
FORM = LONG if os.environ.get("SCRIBE_FAULTS_LONG") else SHORT


class Lost(AssertionError):
    """Something that was acknowledged is not there, or a world does not open."""


class Replay:
    """The record of one writer, and every world that a power cut could leave of it."""

    def __init__(self, folder: Path, form: Form, level: str = "FULL") -> None:
        self._home = folder / "home"
        self._home.mkdir()
        self._worlds = folder / "worlds"
        self._worlds.mkdir()
        self._form = form
        told = folder / "must hold"
        writer = (sys.executable, "-m", "tests.services.power_writer", str(self._home), str(told))
        self.deeds = self._record((*writer, str(form.rounds), level, str(form.pages)), folder)
        self._must_hold: list[Held] = pickle.loads(told.read_bytes())  # noqa: S301  our own child
        self._seen: dict[bytes, Held] = {}
        self.worlds = 0
        self.compared_bytes = 0

    def _record(self, command: tuple[str, ...], folder: Path) -> list[Deed]:
        return record(command, self._home, folder / "trace")

    def every_prefix(self) -> None:
        """Cut the power before the first deed, and after each; raises Lost."""
        disk, acknowledged = Disk(str(self._home)), 0
        for number, deed in enumerate(self.deeds):
            for kind, world in self._cut(disk, number):
                held = self._opened(world, f"{kind}, before deed {number}")
                self._judge(held, acknowledged, f"{kind}, before deed {number}: {deed!s:.200}")
            disk.take(deed)
            if isinstance(deed, Acknowledged):
                acknowledged = deed.number
        assert acknowledged == len(self._must_hold) - 1

    def _cut(self, disk: Disk, number: int) -> Iterator[tuple[str, World]]:
        yield "all lost", disk.all_lost()
        yield "all kept", disk.all_kept()
        for seed in range(self._form.torn):
            yield f"torn {seed}", disk.torn(random.Random(number * 100 + seed))

    def _judge(self, held: Held, acknowledged: int, where: str) -> None:
        self.worlds += 1
        allowed = self._must_hold[acknowledged : acknowledged + 2]
        self.compared_bytes += _size(held)
        if held not in allowed:
            raise Lost(f"{where}: {_told(held)}, not {[_told(one) for one in allowed]}")

    def _opened(self, world: World, where: str) -> Held:
        """What is in it; many worlds are the same, and are opened once."""
        digest = world.digest()
        if digest not in self._seen:
            folder = self._worlds / str(len(self._seen))
            world.lay(str(self._home), folder)
            try:
                self._seen[digest] = _held_in(folder)
            except Exception as error:
                raise Lost(f"{where}: {type(error).__name__}: {error}") from error
            shutil.rmtree(folder)
        return self._seen[digest]


def _held_in(home: Path) -> Held:
    """What the program finds at its next start; it must not even say that something was wrong."""
    found = opened(home)
    try:
        said = [notice.message for notice in found.notices if "no keyring" not in notice.message]
        if said or any(home.glob("**/set-aside*")):
            raise Lost(f"it said: {said}")
        if (broken := first_break(found.spool.audit_lines())) is not None:
            raise Lost(f"the audit is broken at {broken}")
        return held_by(found.spool)
    finally:
        found.spool.close()


def _size(held: Held) -> int:
    return sum(sum(map(len, one.bodies)) + len(one.tail) + len(one.text) for one in held.values())


def _told(held: Held) -> Mapping[str, object]:
    return {
        name: (len(one.bodies), len(one.tail), one.text, one.session.capture, one.session.delivery)
        for name, one in held.items()
    }


@pytest.fixture(autouse=True)
def no_keyring() -> Iterator[None]:
    """Whatever the tests before this one had: the worlds are opened in this process."""
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    yield
    keyring.set_keyring(before)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """In memory where there is such a place: thousands of stores are opened, each with syncs."""
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    memory = Path("/dev/shm")
    place = memory if os.access(memory, os.W_OK) else tmp_path
    with tempfile.TemporaryDirectory(prefix="scribe-power-", dir=place) as made:
        yield Path(made)


def test_a_power_cut_after_any_call_loses_nothing_that_was_acknowledged(
    folder: Path, tally: Tally
) -> None:
    replay = Replay(folder, FORM)
    assert sum(isinstance(deed, Sync) for deed in replay.deeds) > 50
    assert any(isinstance(deed, Truncate) for deed in replay.deeds)
    replay.every_prefix()
    tally.tried(replay.worlds)
    tally.compared(replay.compared_bytes)
    tally.lost(0)


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_a_store_that_syncs_less_is_found_out(folder: Path, level: str) -> None:
    """With NORMAL the log is synced only when it is written back: what came since is lost."""
    replay = Replay(folder, SHORT, level)
    with pytest.raises(Lost):
        replay.every_prefix()
