"""Power cuts: every state that the disk could be left in opens as before or after, never between.

The log is appended to and synced at each commit, so a power cut leaves what
was synced and any part of what was not, torn anywhere. When the log is
written back into the file, any of its pages may be old, new or torn, and the
log is still there. Both are replayed here from the bytes of a real store.
"""

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.events import SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.spool import Spool
from tests.services.spool_writer import sound

KEY = bytes(range(32))
ID = SessionId("5e55")
PAGE = 4096
CUTS = 4


def now() -> float:
    return 1.0


@dataclass(frozen=True)
class Moment:
    """What lay on the disk after a commit, and what the store held."""

    file: bytes
    log: bytes
    held: tuple[Session, tuple[bytes, ...], bytes]


def held_by(spool: Spool) -> tuple[Session, tuple[bytes, ...], bytes]:
    session = spool.get(ID)
    bodies = tuple(spool.chunk(ID, index).body for index in range(session.chunks))
    return session, bodies, spool.tail(ID)


def dictated(folder: Path) -> list[Moment]:
    """A dictation, looked at after each commit."""
    spool = Spool.open(folder, KEY, now=now)
    spool.add(Session(ID, 1.0, Order()))
    deeds: list[Callable[[], object]] = [
        lambda: spool.update(ID, lambda s: apply(s, SpeechStarted(1.0)))
    ]
    spoken = 0
    for index in range(4):
        for frames in (900, 5_000, 12_000):
            deeds.append(_appending(spool, spoken, frames))
            spoken += frames
        deeds.append(_sealing(spool, index))
    moments = []
    for deed in deeds:
        deed()
        file, log = (folder / "spool.db", folder / "spool.db-wal")
        moments.append(Moment(file.read_bytes(), log.read_bytes(), held_by(spool)))
    spool.close()
    return moments


def _appending(spool: Spool, start: int, frames: int) -> Callable[[], object]:
    return lambda: spool.append_tail(ID, start, sound(start, frames))


def _sealing(spool: Spool, index: int) -> Callable[[], object]:
    body = random.Random(index).randbytes(20_000)
    return lambda: spool.seal(ID, EncodedChunk(index, body, 17_900))


def after_power_cut(
    folder: Path, file: bytes, log: bytes
) -> tuple[Session, tuple[bytes, ...], bytes]:
    folder.mkdir(parents=True)
    (folder / "spool.db").write_bytes(file)
    (folder / "spool.db-wal").write_bytes(log)
    spool = Spool.open(folder, KEY, now=now)
    held = held_by(spool)
    spool.close()
    assert not list(folder.glob("set-aside*"))
    return held


def torn(log: bytes, at: int, chance: random.Random) -> bytes:
    """The log up to `at`, then a few bytes that were on the disk before."""
    return log[:at] + chance.randbytes(chance.choice((0, 24, 500, PAGE)))


def test_a_power_cut_while_writing_leaves_the_last_commit_or_the_next(tmp_path: Path) -> None:
    chance = random.Random(1)
    moments = dictated(tmp_path / "original")
    for number, (before, after) in enumerate(itertools.pairwise(moments)):
        assert after.file == before.file, "the log was written back in between"
        synced = len(before.log)
        cuts = [
            synced,
            len(after.log),
            *(chance.randint(synced, len(after.log)) for _ in range(CUTS)),
        ]
        for cut in cuts:
            folder = tmp_path / f"{number}-{cut}-{chance.random()}"
            log = after.log if cut == len(after.log) else torn(after.log, cut, chance)
            held = after_power_cut(folder, after.file, log)
            assert held in (before.held, after.held)
            assert held == after.held or cut < len(after.log)


def test_a_power_cut_while_the_log_is_written_back_loses_nothing(tmp_path: Path) -> None:
    chance = random.Random(2)
    moments = dictated(tmp_path / "original")
    last = moments[-1]
    written_back = (tmp_path / "original" / "spool.db").read_bytes()
    for number in range(30):
        pages = []
        for at in range(0, len(written_back), PAGE):
            old, new = last.file[at : at + PAGE], written_back[at : at + PAGE]
            cut = chance.randint(0, PAGE)
            pages.append(chance.choice((old, new, new[:cut] + old[cut:].ljust(PAGE - cut, b"\0"))))
        length = chance.choice((len(written_back), len(last.file)))
        file = b"".join(pages)[:length]
        assert after_power_cut(tmp_path / str(number), file, last.log) == last.held
