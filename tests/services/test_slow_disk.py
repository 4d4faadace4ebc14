"""A disk that does not answer for a while stops neither the microphone nor the window."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from scribe_desktop.domain.chunker import Cuts
from scribe_desktop.domain.errors import DiskFull, UnknownSession
from scribe_desktop.domain.notices import Notice, SpoolTrouble
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.services import spool_writer
from scribe_desktop.services.encoder import decode, encode_wav
from scribe_desktop.services.late_write import LateWrites
from scribe_desktop.services.recorder import Recorder
from scribe_desktop.services.source import Block, Heard
from scribe_desktop.services.spool import Spool
from tests.services.scripted_source import ScriptedSource
from tests.services.slow_disk import SlowDisk
from tests.services.sounds import loud_is_speech, pcm16, speechlike

KEY = bytes(range(32))
ID = SessionId("5e55")
QUICK = Cuts(rules=((0.5, 0.1),), limit_s=1.5)
BLOCK_BYTES = 3_200
WAIT_S = 20.0


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    spool = Spool.open(tmp_path / "spool", KEY, now=lambda: 1.0)
    yield spool
    spool.close()


def test_the_recorder_hears_all_of_it_while_the_disk_hangs(spool: Spool) -> None:
    disk = SlowDisk(spool)
    spool.add(Session(ID, 1.0, Order()))
    spoken = pcm16(speechlike(12.0))
    blocks = [Block(spoken[at : at + BLOCK_BYTES]) for at in range(0, len(spoken), BLOCK_BYTES)]
    notices: list[Notice] = []
    heard_meanwhile: list[int] = []
    unkept: list[int] = []

    def answer() -> None:
        # Reached only if the recorder went on through all of the speech while nothing was written.
        heard_meanwhile.append(recorder.recorded_frames)
        unkept.append(recorder.unkept_frames)
        disk.answer()

    script: list[Heard | Callable[[], None]] = [
        *blocks[:30], disk.hang, *blocks[30:100], answer, *blocks[100:],
    ]  # fmt: skip
    ticks = iter(range(1_000_000))
    recorder = Recorder(
        spool,
        ScriptedSource(script),
        ID,
        QUICK,
        notices.append,
        lambda: 2.0,
        clock=lambda: next(ticks) * 0.02,
        is_quiet=loud_is_speech,
        encoding=encode_wav,
    )
    recorder.start()
    assert recorder.join(WAIT_S)
    assert heard_meanwhile == [100 * BLOCK_BYTES // 2]
    assert unkept[0] > 60 * BLOCK_BYTES // 2
    told = [notice for notice in notices if isinstance(notice, SpoolTrouble)]
    assert [notice.recovered for notice in told] == [False, True]
    assert "kept in memory" in told[0].message
    session = spool.get(ID)
    assert session.capture is Capture.STOPPED
    chunks = [spool.chunk(ID, index) for index in range(session.chunks)]
    assert b"".join(decode(chunk.body) for chunk in chunks) == spoken
    assert spool.tail(ID) == b""


def test_whoever_only_looks_does_not_wait_for_it(spool: Spool) -> None:
    disk = SlowDisk(spool)
    spool.add(Session(ID, 1.0, Order()))
    spool.remember("fact", 7)
    spool.append_tail(ID, 0, b"\1\0" * 160)
    disk.hang()
    writing = threading.Thread(target=lambda: spool.append_tail(ID, 160, b"\2\0" * 160))
    writing.start()
    assert disk.waited.wait(WAIT_S)
    # On this thread, as on the window's: a look that waited would never come back.
    assert [session.session_id for session in spool.sessions()] == [ID]
    assert spool.get(ID).session_id == ID
    assert spool.tail(ID) == b"\1\0" * 160
    assert spool.versions(ID) == ()
    assert spool.has_audio(ID)
    assert spool.recall("fact") == 7
    assert spool.audit_lines() is not None
    disk.answer()
    writing.join(WAIT_S)
    assert spool.tail(ID) == b"\1\0" * 160 + b"\2\0" * 160


def test_a_tail_is_never_seen_beside_a_session_that_is_older(spool: Spool) -> None:
    """The file is sealed a moment before the snapshot in memory; nobody may see the difference."""
    chunk = encode_wav(b"\1\0" * 1600, 0)
    spool.add(Session(ID, 1.0, Order(), capture=Capture.RECORDING))
    spool.append_tail(ID, 0, b"\1\0" * 1600)
    spool.append_tail(ID, 1600, b"\2\0" * 1600)
    committed, told = threading.Event(), threading.Event()
    keep = spool._committed

    def keep_late(session: Session) -> None:
        committed.set()
        told.wait(WAIT_S)
        keep(session)

    setattr(spool, "_committed", keep_late)  # noqa: B010
    sealing = threading.Thread(target=lambda: spool.seal(ID, chunk))
    sealing.start()
    assert committed.wait(WAIT_S)
    seen: list[tuple[bytes, int]] = []
    looking = threading.Thread(target=lambda: seen.append((spool.tail(ID), spool.get(ID).frames)))
    looking.start()
    told.set()
    looking.join(WAIT_S)
    sealing.join(WAIT_S)
    assert seen == [(b"\2\0" * 1600, 1600)]


@pytest.mark.parametrize("fault", ["of the recorder", "of the writer"])
def test_a_fault_of_ours_while_the_disk_refuses_costs_nothing_that_was_heard(
    fault: str, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool.add(Session(ID, 1.0, Order()))
    spoken = pcm16(speechlike(3.0))
    blocks = [Block(spoken[at : at + BLOCK_BYTES]) for at in range(0, len(spoken), BLOCK_BYTES)]
    monkeypatch.setattr(spool_writer, "RETRY_S", 0.01)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    append, refusals = spool.append_tail, list[bool]()

    def append_later(session_id: SessionId, at_frame: int, pcm: bytes) -> None:
        if at_frame > 0 and len(refusals) < 4:
            refusals.append(True)
            raise DiskFull("full", "make room")
        append(session_id, at_frame, pcm)

    def break_off() -> None:
        if fault == "of the recorder":
            raise ZeroDivisionError
        recorder._writer.then(lambda: 1 // 0)

    setattr(spool, "append_tail", append_later)  # noqa: B010
    recorder = Recorder(
        spool,
        ScriptedSource([*blocks, break_off]),
        ID,
        Cuts(rules=((50.0, 0.1),), limit_s=60.0),
        lambda _: None,
        lambda: 2.0,
        clock=lambda: 1.0,
        is_quiet=loud_is_speech,
        encoding=encode_wav,
    )
    recorder.start()
    assert recorder.join(WAIT_S)
    assert len(refusals) == 4
    session = spool.get(ID)
    assert session.capture is Capture.STOPPED
    # All but what was not yet due on disk.
    assert session.frames >= len(spoken) // 2 - 0.5 * 16_000


def test_a_dictation_begins_before_the_disk_has_taken_its_session(spool: Spool) -> None:
    disk = SlowDisk(spool)
    spoken = pcm16(speechlike(4.0))
    blocks = [Block(spoken[at : at + BLOCK_BYTES]) for at in range(0, len(spoken), BLOCK_BYTES)]
    disk.hang()
    assert not LateWrites(patience_s=0.0).within(lambda: spool.add(Session(ID, 1.0, Order())))
    with pytest.raises(UnknownSession):
        spool.get(ID)
    script: list[Heard | Callable[[], None]] = [*blocks[:20], disk.answer, *blocks[20:]]
    recorder = Recorder(
        spool,
        ScriptedSource(script),
        ID,
        QUICK,
        lambda _: None,
        lambda: 2.0,
        is_quiet=loud_is_speech,
        encoding=encode_wav,
    )
    recorder.start()
    assert recorder.join(WAIT_S)
    session = spool.get(ID)
    chunks = [spool.chunk(ID, index) for index in range(session.chunks)]
    assert b"".join(decode(chunk.body) for chunk in chunks) == spoken


# --- a computer that goes to sleep -----------------------------------------------------------


class OneByOne:
    """A spool whose disk takes one piece of speech for each permit."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self.permits = threading.Semaphore(0)
        self.asked = threading.Semaphore(0)

    def append_tail(self, session_id: SessionId, at_frame: int, pcm: bytes) -> None:
        self.asked.release()
        assert self.permits.acquire(timeout=WAIT_S)
        self._spool.append_tail(session_id, at_frame, pcm)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._spool, name)


def test_nothing_is_called_safe_because_something_before_it_is(spool: Spool) -> None:
    disk, spoken = OneByOne(spool), pcm16(speechlike(1.2))
    spool.add(Session(ID, 1.0, Order()))
    blocks = [Block(spoken[at : at + BLOCK_BYTES]) for at in range(0, len(spoken), BLOCK_BYTES)]
    asked_again, second = threading.Event(), threading.Event()
    on_disk: list[int] = []

    def make_safe() -> None:
        assert recorder.make_safe(WAIT_S)
        on_disk.append(len(spool.tail(ID)))
        second.set()

    def sleep() -> None:
        recorder.make_safe(0.0)

    def sleep_again() -> None:
        threading.Thread(target=make_safe).start()
        asked_again.wait(WAIT_S)

    script: list[Heard | Callable[[], None]] = [
        *blocks[:4], sleep, *blocks[4:6], sleep_again, *blocks[6:],
    ]  # fmt: skip
    cuts = Cuts(rules=((5.0, 0.1),), limit_s=10.0)
    recorder = Recorder(
        cast("Any", disk), ScriptedSource(script), ID, cuts, lambda _: None, lambda: 2.0,
        is_quiet=loud_is_speech, encoding=encode_wav,
    )  # fmt: skip
    recorder.start()
    assert disk.asked.acquire(timeout=WAIT_S)
    while not recorder._marks[1:]:
        second.wait(0.01)
    asked_again.set()
    # The disk takes what the first call was about, and not what came behind it.
    disk.permits.release()
    assert disk.asked.acquire(timeout=WAIT_S)
    assert not second.wait(0.2)
    disk.permits.release(100)
    assert second.wait(WAIT_S)
    assert on_disk[0] >= 6 * BLOCK_BYTES
    assert recorder.join(WAIT_S)
