"""Kills a child at one step after another of bringing an emergency store home, and starts again.

Run as a script: a folder, what is done (`start`, `damaged`, `running`), and how
many steps lie between two kills. A step is the moment before or after a
statement, a sync, a renaming or a deletion. What is restarted is killed once,
too, before the last start. The sound is a count, and a chunk's body is its own
PCM, so that every frame can be told from every other.
"""

import os
import random
import shutil
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.audit import first_break
from scribe_desktop.domain.errors import SpoolDamaged
from scribe_desktop.domain.events import SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.emergency_store import (
    EmergencyStore,
    emergency_folder,
    keep_public_half,
    open_emergency,
    take_in_waiting,
)
from scribe_desktop.services.spool import Spool
from tests.services.spool_writer import sound

KEY = bytes(range(32))
OLD, ID = SessionId("01d"), SessionId("5e55")
CHUNKS, FRAMES = 3, 4_000
STEPS = {"execute", "fsync", "rename", "replace", "unlink", "rmdir"}
WAIT_S = 10.0


def now() -> float:
    return 1_700_000_000.0


class Recorder:
    """Dictates on a thread of its own, and writes down how much was acknowledged."""

    def __init__(
        self, spool: Spool, acknowledged: Path, *, spoken: int = 0, chunks: int = 0
    ) -> None:
        self._spool = spool
        self._file = os.open(acknowledged, os.O_CREAT | os.O_WRONLY)
        self.spoken = self._sealed = spoken
        self._chunks = chunks
        self.has_begun = threading.Event()

    def append(self, frames: int) -> None:
        self._spool.append_tail(ID, self.spoken, sound(self.spoken, frames))
        self.spoken += frames
        self._acknowledge()

    def seal(self) -> None:
        frames = self.spoken - self._sealed
        body = sound(self._sealed, frames)
        self._spool.seal(ID, EncodedChunk(self._chunks, body, frames))
        self._sealed, self._chunks = self.spoken, self._chunks + 1

    def _acknowledge(self) -> None:
        os.pwrite(self._file, self.spoken.to_bytes(8, "little"), 0)

    def dictate(self) -> None:
        for _ in range(CHUNKS):
            self.append(FRAMES)
            self.seal()
        self.append(FRAMES)

    def go_on(self) -> None:
        threading.Thread(target=self._go_on, daemon=True).start()
        assert self.has_begun.wait(WAIT_S)

    def _go_on(self) -> None:
        while True:
            self.append(160)
            self.append(90)
            self.seal()
            self.has_begun.set()


def begun(folder: Path) -> tuple[EmergencyStore, Recorder]:
    """Recordings with one dictation, and another one in an emergency beside them."""
    spool = Spool.open(folder / "spool", KEY, now=now)
    spool.add(Session(OLD, 1.0, Order()))
    spool.close()
    keep_public_half(folder / "spool", KEY)
    store = open_emergency(emergency_folder(folder / "spool", now()), now=now)
    store.spool.add(Session(ID, 2.0, Order()))
    store.spool.update(ID, lambda s: apply(s, SpeechStarted(2.0)))
    recorder = Recorder(store.spool, folder / "acknowledged")
    recorder.dictate()
    return store, recorder


def start(folder: Path) -> Spool:
    """What a start with an open keyring does."""
    try:
        spool = Spool.open(folder / "spool", KEY, now=now)
    except SpoolDamaged:
        spool = Spool.open(folder / "spool", KEY, now=now)
    take_in_waiting(spool, folder / "spool", KEY, now=now)
    return spool


Deed = Callable[[], object]


def killed_at(step: int, prepare: Callable[[], Deed]) -> int:
    """Do what is prepared in a child that is killed at that step of it; how many it made."""
    read, write = os.pipe()
    if not (child := os.fork()):
        made = 0

        def profile(_: object, event: str, called: Any) -> None:
            nonlocal made
            if event in ("c_call", "c_return") and called.__name__ in STEPS:
                made += 1
                if made == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        deed = prepare()
        sys.setprofile(profile)
        deed()
        sys.setprofile(None)
        os.write(write, made.to_bytes(4, "little"))
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(write)
    os.waitpid(child, 0)
    made = int.from_bytes(os.read(read, 4), "little")
    os.close(read)
    return made or step


def all_is_there(folder: Path, what: str) -> None:
    spool = start(folder)
    acknowledged = int.from_bytes((folder / "acknowledged").read_bytes(), "little")
    session = spool.get(ID)
    heard = b"".join(spool.chunk(ID, index).body for index in range(session.chunks))
    heard += spool.tail(ID)
    assert heard == sound(0, len(heard) // 2), "not what was spoken"
    assert len(heard) // 2 >= acknowledged, f"{acknowledged - len(heard) // 2} frames are lost"
    assert len(spool.sessions()) == 2, "something is here twice"
    lines = spool.audit_lines()
    assert first_break(lines) is None
    assert [line.session_id for line in lines if line.action == "created"] == [OLD, ID]
    spool.close()
    assert not list((folder / "spool").glob("emergency-*")), "something is left"
    asides = list((folder / "spool").glob("set-aside-*"))
    assert bool(asides) == (what == "damaged")
    assert all((aside / "spool.sealed-key").exists() for aside in asides)


def moving(folder: Path) -> Deed:
    """A dictation that runs while the keyring is opened."""
    store, recorder = begun(folder)
    recorder.go_on()

    def move() -> None:
        home = Spool.open(folder / "spool", KEY, now=now)
        take_in_waiting(home, folder / "spool", KEY, now=now, but=store.folder)
        store.spool.move_into(home, store.key, store.forget_key)
        recorder.has_begun.clear()
        assert recorder.has_begun.wait(WAIT_S)

    return move


def starting(folder: Path, what: str) -> Deed:
    """A start with an open keyring, over what a killed one left."""
    template = folder.parent / "template"
    if not template.exists():
        store, _ = begun(template)
        store.spool.close()
        if what == "damaged":
            (store.folder / "spool.damaged").touch()
    shutil.copytree(template, folder)
    return again(folder)


def again(folder: Path) -> Deed:
    return lambda: start(folder).close()


def main(place: Path, what: str, stride: int) -> None:
    chance = random.Random(9)

    def prepared(folder: Path) -> Callable[[], Deed]:
        # All of it in the child: a store that is open does not outlive a fork.
        return lambda: moving(folder) if what == "running" else starting(folder, what)

    place.mkdir(exist_ok=True)
    steps = killed_at(0, prepared(place / "whole"))
    all_is_there(place / "whole", what)
    killed_steps = range(1, steps + 1, stride)
    for step in killed_steps:
        folder = place / str(step)
        killed_at(step, prepared(folder))
        killed_at(chance.randint(1, steps), lambda at=folder: again(at))  # type: ignore[misc]
        try:
            all_is_there(folder, what)
        except BaseException:
            sys.stderr.write(f"killed at step {step} of {steps}\n")
            raise
        shutil.rmtree(folder)
    sys.stdout.write(f"{len(killed_steps)} of {steps}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
