"""A disk that does not answer for a while stops neither the microphone nor the window."""

import hashlib
import resource
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from scribe_desktop.domain.audio import EncodedChunk
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
AT_THE_LIMIT = Cuts(rules=((1.0, 60.0),), limit_s=20.0)
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


def test_that_a_dictation_is_in_memory_only_is_said_also_where_its_session_is_refused(
    spool: Spool,
) -> None:
    """Its session waits behind something that the disk refuses: no write of the recorder fails."""
    spoken = pcm16(speechlike(4.0))
    blocks = [Block(spoken[at : at + BLOCK_BYTES]) for at in range(0, len(spoken), BLOCK_BYTES)]
    notices: list[SpoolTrouble] = []
    said_meanwhile: list[SpoolTrouble] = []
    ticks = iter(range(1_000_000))

    def tell(notice: Notice) -> None:
        if isinstance(notice, SpoolTrouble):
            notices.append(notice)

    def take_it() -> None:
        said_meanwhile.extend(notices)
        spool.add(Session(ID, 1.0, Order()))

    script: list[Heard | Callable[[], None]] = [*blocks[:30], take_it, *blocks[30:]]
    recorder = Recorder(
        spool, ScriptedSource(script), ID, QUICK, tell, lambda: 2.0,
        clock=lambda: next(ticks) * 0.05, is_quiet=loud_is_speech, encoding=encode_wav,
    )  # fmt: skip
    recorder.start()
    assert recorder.join(WAIT_S)
    assert [one.recovered for one in said_meanwhile] == [False]
    assert "What you say is kept in memory" in said_meanwhile[0].message
    assert [one.recovered for one in notices] == [False, True]
    session = spool.get(ID)
    chunks = [spool.chunk(ID, index) for index in range(session.chunks)]
    assert b"".join(decode(chunk.body) for chunk in chunks) == spoken


def test_a_disk_that_was_full_and_is_read_only_now_is_said_to_be_so(spool: Spool) -> None:
    """Another remedy is needed; the same reason is said once."""
    spool.add(Session(ID, 1.0, Order()))
    append = spool.append_tail
    reasons = ["full", "full", "read-only", "read-only"]

    def refuse(session_id: SessionId, at_frame: int, pcm: bytes) -> None:
        if reasons:
            raise DiskFull(reasons.pop(0), "do something")
        append(session_id, at_frame, pcm)

    setattr(spool, "append_tail", refuse)  # noqa: B010
    spoken = pcm16(speechlike(2.0))
    blocks = [Block(spoken[at : at + BLOCK_BYTES]) for at in range(0, len(spoken), BLOCK_BYTES)]
    told: list[SpoolTrouble] = []
    ticks = iter(range(1_000_000))
    recorder = Recorder(
        spool, ScriptedSource(blocks), ID, Cuts(rules=((5.0, 0.1),), limit_s=10.0),
        lambda one: told.append(one) if isinstance(one, SpoolTrouble) else None, lambda: 2.0,
        clock=lambda: next(ticks) * 0.5, is_quiet=loud_is_speech, encoding=encode_wav,
    )  # fmt: skip
    recorder.start()
    assert recorder.join(WAIT_S)
    assert not reasons
    assert [one.message for one in told[:2]] == ["full", "read-only"]
    assert [one.recovered for one in told] == [False, False, True]


class HangsAtCheckpoint:
    """A connection whose disk does not answer while the log is emptied."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.asked, self.answers = threading.Event(), threading.Event()
        self.busy = 0

    def execute(self, sql: str, *values: Any) -> Any:
        if "wal_checkpoint" in sql:
            self.asked.set()
            assert self.answers.wait(WAIT_S)
            if self.busy:
                self.busy -= 1
                return self._connection.execute("SELECT 1, 0, 0")
        return self._connection.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def test_whoever_only_looks_does_not_wait_while_something_is_deleted_for_good(
    spool: Spool, tmp_path: Path
) -> None:
    other = SessionId("07e5")
    for session_id in (ID, other):
        spool.add(Session(session_id, 1.0, Order(), capture=Capture.STOPPED))
    disk = HangsAtCheckpoint(spool._file._connection)
    # Somebody looked at an old commit: it is emptied at the next try.
    disk.busy = 2
    spool._file._connection = disk
    deleting = threading.Thread(target=lambda: spool.delete(ID))
    deleting.start()
    assert disk.asked.wait(WAIT_S)
    assert spool.versions(other) == ()
    assert spool.tail(other) == b""
    disk.answers.set()
    deleting.join(WAIT_S)
    assert disk.busy == 0
    assert (tmp_path / "spool" / "spool.db-wal").stat().st_size == 0


def test_nothing_is_made_in_the_place_of_a_disk_that_is_away(spool: Spool, tmp_path: Path) -> None:
    spool.add(Session(ID, 1.0, Order()))
    spool._file._break_glass()
    (tmp_path / "spool").rename(tmp_path / "away")
    with pytest.raises(DiskFull, match="cannot be reached"):
        spool.versions(ID)
    spool._file._suspect = True
    with pytest.raises(DiskFull, match="cannot be reached"):
        spool.append_tail(ID, 0, b"\1\0")
    assert not (tmp_path / "spool").exists()
    (tmp_path / "away").rename(tmp_path / "spool")
    assert spool.versions(ID) == ()
    spool.append_tail(ID, 0, b"\1\0")
    assert spool.tail(ID) == b"\1\0"


# --- hours without a disk --------------------------------------------------------------------


def digest_of(pcm: bytes, index: int) -> EncodedChunk:
    """As large as the real encoding, in no time; what it holds can be told from all else."""
    body = hashlib.sha256(pcm).digest() * (len(pcm) // (8 * 32) or 1)
    return EncodedChunk(index, body, len(pcm) // 2)


@dataclass
class Hours:
    """What came of hours of speech on a disk that does not answer."""

    session: Session
    bodies: list[bytes]
    spoken: bytes
    told: list[SpoolTrouble]
    grown_bytes: int


def speak_for_hours(spool: Spool, hours: float, minute: bytes, *, is_live: bool = True) -> Hours:
    disk = SlowDisk(spool)
    spool.add(Session(ID, 1.0, Order()))
    block = minute[: len(minute) // 6]
    count = round(hours * 360)
    told: list[SpoolTrouble] = []
    grown: list[int] = []

    def tell(notice: Notice) -> None:
        if isinstance(notice, SpoolTrouble):
            told.append(notice)
            if "was stopped" in notice.message:
                disk.answer()

    def answer() -> None:
        grown.append(resident_bytes() - before)
        disk.answer()

    parts = [minute[at : at + len(block)] for at in range(0, len(minute), len(block))]
    script: list[Heard | Callable[[], None]] = [
        Block(parts[0]), disk.hang, *(Block(parts[n % 6]) for n in range(1, count)), answer,
    ]  # fmt: skip
    ticks = iter(range(100_000_000))
    recorder = Recorder(
        spool, ScriptedSource(script, is_live=is_live), ID, AT_THE_LIMIT, tell,
        lambda: 2.0, clock=lambda: next(ticks) * 0.5, is_quiet=lambda _: False,
        encoding=digest_of,
    )  # fmt: skip
    before = resident_bytes()
    recorder.start()
    assert recorder.join(3 * WAIT_S)
    grown.append(resident_bytes() - before)
    session = spool.get(ID)
    bodies = [spool.chunk(ID, index).body for index in range(session.chunks)]
    spoken = b"".join(parts[n % 6] for n in range(session.frames * 2 // len(block)))
    return Hours(session, bodies, spoken, told, max(grown))


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def all_of_it_is_stored(hours: Hours) -> None:
    size = 20 * 16_000 * 2
    assert [one[:32] for one in hours.bodies] == [
        hashlib.sha256(hours.spoken[at : at + size]).digest()
        for at in range(0, len(hours.spoken), size)
    ]


MINUTE = pcm16(speechlike(60.0))


def test_hours_of_speech_on_a_disk_that_hangs_fit_into_memory_and_are_stored_when_it_is_back(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_writer, "PATIENCE_S", 0.0)
    hours = speak_for_hours(spool, 2.75, MINUTE)
    assert hours.session.frames == 2.75 * 3600 * 16_000
    all_of_it_is_stored(hours)
    # As PCM it would be 317 MB.
    assert hours.grown_bytes < 100 << 20, hours.grown_bytes
    said = [one.message for one in hours.told]
    assert "kept in memory" in said[0]
    again = [one.partition("the last ")[2].partition(" of speech")[0] for one in said[1:-1]]
    assert again == ["10 minutes", "30 minutes", "1 hour", "2 hours"]
    assert hours.told[-1].recovered


def test_at_the_limit_of_memory_it_is_stopped_with_a_sentence_and_all_up_to_there_is_stored(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_writer, "PATIENCE_S", 0.0)
    monkeypatch.setattr(spool_writer, "LIMIT_BYTES", 8 << 20)
    hours = speak_for_hours(spool, 2.0, MINUTE)
    # Eight megabytes of chunks of 4 kB a second are 35 minutes.
    assert 30 * 60 < hours.session.frames / 16_000 < 36 * 60
    assert hours.session.capture is Capture.STOPPED
    all_of_it_is_stored(hours)
    stopped = next(one for one in hours.told if "was stopped" in one.message)
    minutes = int(stopped.message.partition(" minutes of speech are only in memory")[0].split()[-1])
    assert 0 <= hours.session.frames / 16_000 / 60 - minutes < 2
    assert "Do not switch the computer off" in stopped.remedy
    assert hours.told[-1].recovered


def test_what_lies_behind_a_chunk_is_on_disk_as_soon_as_it_is_back(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last second is promised again then, and not only at the next cut."""
    monkeypatch.setattr(spool_writer, "PATIENCE_S", 0.0)
    disk = SlowDisk(spool)
    spool.add(Session(ID, 1.0, Order()))
    on_disk: list[int] = []
    heard: list[int] = []

    def answer() -> None:
        disk.answer()
        while recorder._writer.is_behind:
            threading.Event().wait(0.01)
        heard.append(recorder.recorded_frames - recorder.unkept_frames)
        on_disk.append(spool.get(ID).frames + len(spool.tail(ID)) // 2)

    # A second at a time and a chunk of a second and a half: half of a piece lies behind it.
    block = Block(MINUTE[:32_000])
    script: list[Heard | Callable[[], None]] = [block, disk.hang, *[block] * 4, answer]
    recorder = Recorder(
        spool, ScriptedSource(script), ID, Cuts(rules=((1.0, 60.0),), limit_s=1.5),
        lambda _: None, lambda: 2.0, is_quiet=lambda _: False, encoding=encode_wav,
    )  # fmt: skip
    recorder.start()
    assert recorder.join(WAIT_S)
    assert on_disk == heard
    assert heard[0] >= 4 * 16_000


def test_a_file_waits_for_the_disk_where_a_microphone_is_stopped(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_writer, "PATIENCE_S", 0.0)
    monkeypatch.setattr(spool_writer, "LIMIT_BYTES", 1 << 20)
    disk = SlowDisk(spool)
    spool.add(Session(ID, 1.0, Order()))
    disk.hang()
    told: list[Notice] = []
    blocks = [Block(MINUTE) for _ in range(10)]
    recorder = Recorder(
        spool, ScriptedSource(blocks, is_live=False), ID, AT_THE_LIMIT,
        told.append, lambda: 2.0, is_quiet=lambda _: False, encoding=digest_of,
    )  # fmt: skip
    recorder.start()
    assert disk.waited.wait(WAIT_S)
    never = threading.Event()
    while not recorder._writer.is_at_its_limit:
        never.wait(0.01)
    heard: list[int] = []
    look = recorder._keep_vigil

    def look_and_count() -> None:
        heard.append(recorder.recorded_frames)
        look()

    setattr(recorder, "_keep_vigil", look_and_count)  # noqa: B010
    while len(heard) < 5:
        never.wait(0.01)
    assert heard[1] == heard[-1] < 10 * 60 * 16_000
    disk.answer()
    assert recorder.join(WAIT_S)
    assert spool.get(ID).frames == 10 * 60 * 16_000
    assert not any("was stopped" in str(one) for one in told)


def test_a_fault_of_ours_in_a_chunk_that_is_all_there_is_of_the_speech_costs_nothing(
    spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spool_writer, "RETRY_S", 0.01)
    monkeypatch.setattr(spool_writer, "PATIENCE_S", 0.0)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    disk, seal, faults = SlowDisk(spool), spool.seal, list[bool]()
    spool.add(Session(ID, 1.0, Order()))
    spoken = pcm16(speechlike(4.0))
    blocks = [Block(spoken[at : at + BLOCK_BYTES]) for at in range(0, len(spoken), BLOCK_BYTES)]

    def seal_wrongly(*arguments: Any, **options: Any) -> Session:
        # Twice: the rescue tries it once more.
        if len(faults) < 2:
            faults.append(True)
            raise ZeroDivisionError
        return seal(*arguments, **options)

    setattr(spool, "seal", seal_wrongly)  # noqa: B010

    def until_it_hangs() -> None:
        # Else a quick chunk meets the fault before the speech is over.
        assert disk.waited.wait(WAIT_S)

    script: list[Heard | Callable[[], None]] = [
        *blocks[:2], disk.hang, *blocks[2:7], until_it_hangs, *blocks[7:], disk.answer,
    ]  # fmt: skip
    recorder = Recorder(
        spool, ScriptedSource(script), ID, QUICK, lambda _: None, lambda: 2.0,
        is_quiet=loud_is_speech, encoding=encode_wav,
    )  # fmt: skip
    recorder.start()
    assert recorder.join(WAIT_S)
    assert len(faults) == 2
    assert spool.get(ID).frames == len(spoken) // 2


def test_how_much_is_in_memory_is_said_as_one_says_it() -> None:
    said = [spool_writer.in_words(one) for one in (0, 59, 60, 600, 3600, 3660, 9000)]
    assert said == [
        "0 minutes", "0 minutes", "1 minute", "10 minutes", "1 hour", "1 hour and 1 minute",
        "2 hours and 30 minutes",
    ]  # fmt: skip


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
