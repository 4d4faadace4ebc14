"""A disk that fills while someone speaks: said at once, and nothing is lost."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from scribe_desktop.domain.chunker import Cuts
from scribe_desktop.domain.notices import Notice, SpoolTrouble
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.services.encoder import decode, encode_wav
from scribe_desktop.services.recorder import Recorder
from scribe_desktop.services.source import Block, Heard
from scribe_desktop.services.spool import Spool
from tests.services.scripted_source import ScriptedSource
from tests.services.small_disk import SmallDisk
from tests.services.sounds import loud_is_speech, pcm16, speechlike

KEY = bytes(range(32))
ID = SessionId("5e55")
QUICK = Cuts(rules=((0.5, 0.1),), limit_s=1.5)
BLOCK_BYTES = 3_200


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "disk")
    yield disk
    disk.remove()


def test_a_disk_that_fills_while_someone_speaks_costs_nothing(disk: SmallDisk) -> None:
    spool = Spool.open(disk.folder / "spool", KEY, now=lambda: 1.0)
    spool.add(Session(ID, 1.0, Order()))
    spoken = pcm16(speechlike(20.0))
    blocks = [Block(spoken[at : at + BLOCK_BYTES]) for at in range(0, len(spoken), BLOCK_BYTES)]
    notices: list[Notice] = []
    said_while_full: list[Notice] = []
    ticks = itertools.count()

    def free() -> None:
        said_while_full.extend(notices)
        disk.free()

    script: list[Heard | Callable[[], None]] = [
        *blocks[:50], disk.fill, *blocks[50:150], free, *blocks[150:],
    ]  # fmt: skip
    recorder = Recorder(
        spool,
        ScriptedSource(script),
        ID,
        QUICK,
        notices.append,
        lambda: 2.0,
        clock=lambda: next(ticks) * 0.05,
        is_quiet=loud_is_speech,
        encoding=encode_wav,
    )
    recorder.start()
    assert recorder.join(60.0)

    assert [n.recovered for n in said_while_full if isinstance(n, SpoolTrouble)] == [False]
    assert [n.recovered for n in notices if isinstance(n, SpoolTrouble)] == [False, True]
    spool.close()
    spool = Spool.open(disk.folder / "spool", KEY, now=lambda: 1.0)
    session = spool.get(ID)
    assert session.capture is Capture.STOPPED
    chunks = [spool.chunk(ID, index) for index in range(session.chunks)]
    assert b"".join(decode(chunk.body) for chunk in chunks) == spoken
    assert spool.tail(ID) == b""
    spool.close()
