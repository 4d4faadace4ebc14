"""What the world does to the spool: kills, full disks, flipped bytes, lost keys."""

import hashlib
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.audit import first_break
from scribe_desktop.domain.errors import (
    CredentialError,
    DiskFull,
    SpoolDamaged,
    SpoolError,
    SpoolFromTheFuture,
    SpoolKeyLost,
    UnknownSession,
)
from scribe_desktop.domain.events import Created, SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Author, Outcome, Results
from scribe_desktop.domain.retention import Deletion
from scribe_desktop.domain.session import Capture, Delivery, Remote, Session, SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.keeper import keep_house
from scribe_desktop.services.key_envelope import lock_key
from scribe_desktop.services.receipt_check import altered_recordings
from scribe_desktop.services.recorded_speech import RecordedSpeech
from scribe_desktop.services.secret import Secret
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_opening import import_key, open_spool
from scribe_desktop.services.spool_rescue import aside_for_key
from scribe_desktop.services.spool_salvage import LOST_AUDIO
from scribe_desktop.services.spool_schema import connect
from tests.services import spool_writer
from tests.services.small_disk import SmallDisk
from tests.services.spool_writer import sound

KEY = bytes(range(32))
OTHER_KEY = bytes(range(32, 64))
PASSPHRASE = Secret("correct horse battery")
ID = SessionId("5e55")
PAGE = 4096


def now() -> float:
    return 1_700_000_000.0


def session_named(name: str, **changes: object) -> Session:
    return replace(Session(SessionId(name), 1.0, Order()), **changes)  # type: ignore[arg-type]


def body_of(name: str, chunk: int) -> bytes:
    return random.Random(f"{name}{chunk}").randbytes(30_000)


def filled(folder: Path, names: tuple[str, ...] = ("aa", "bb", "cc"), chunks: int = 3) -> None:
    """A closed store with some sessions of real size, and an audit line for each."""
    spool = Spool.open(folder, KEY, now=now)
    for name in names:
        spool.add(session_named(name))
        spool.update(SessionId(name), lambda s: apply(s, SpeechStarted(1.0)))
        for index in range(chunks):
            body = body_of(name, index)
            spool.seal(SessionId(name), EncodedChunk(index, body, 16_000))
        spool.append_tail(SessionId(name), 16_000 * chunks, sound(0, 4_000))
        spool.audit("created", name)
    spool.close()


def pages_of(folder: Path, name: str, chunk: int) -> list[int]:
    """Offsets of pages of the file that differ when one chunk is overwritten."""
    trial = folder.parent / "trial"
    shutil.copytree(folder, trial)
    connection = connect(trial / "spool.db", KEY)
    connection.execute(
        "UPDATE chunks SET body = zeroblob(30000) WHERE session_id = ? AND chunk = ?",
        (name, chunk),
    )
    connection.close()
    before, after = (path.joinpath("spool.db").read_bytes() for path in (folder, trial))
    shutil.rmtree(trial)
    starts = range(PAGE, len(before), PAGE)
    return [at for at in starts if before[at : at + PAGE] != after[at : at + PAGE]]


def damage(folder: Path, at: int, count: int = 64) -> None:
    with (folder / "spool.db").open("r+b") as file:
        file.seek(at)
        file.write(random.Random(at).randbytes(count))


def reopened(folder: Path) -> tuple[Spool, SpoolDamaged]:
    with pytest.raises(SpoolDamaged) as caught:
        Spool.open(folder, KEY, now=now)
    return Spool.open(folder, KEY, now=now), caught.value


# --- kill -9 ------------------------------------------------------------------------------


def test_what_was_acknowledged_survives_kill_9_at_any_moment(tmp_path: Path) -> None:
    chance = random.Random(9)
    for number in range(20):
        folder = tmp_path / str(number)
        frames, chunks = kill_while_writing(folder, seed=number, after=chance.randint(1, 60))
        spool = Spool.open(folder, KEY, now=now)
        session = spool.get(ID)
        bodies = [spool.chunk(ID, index).body for index in range(session.chunks)]
        heard = b"".join(bodies) + spool.tail(ID)
        assert heard == sound(0, len(heard) // 2)
        assert len(heard) // 2 >= frames
        assert session.chunks >= chunks
        assert session.frames == len(b"".join(bodies)) // 2
        spool.close()
        assert not list(folder.glob("set-aside*"))


def kill_while_writing(folder: Path, seed: int, after: int) -> tuple[int, int]:
    child = subprocess.Popen(
        [sys.executable, spool_writer.__file__, str(folder), str(seed)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert child.stdout is not None
    last = b""
    for _ in range(after):
        last = child.stdout.readline()
    child.kill()
    # It went on until the kill: the last whole line is what was acknowledged.
    rest = child.stdout.read().splitlines(keepends=True)
    whole = [line for line in rest if line.endswith(b"\n")]
    child.stdout.close()
    child.wait()
    _, frames, chunks = (whole[-1] if whole else last).split()
    return int(frames), int(chunks)


# --- the disk -----------------------------------------------------------------------------


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "disk")
    yield disk
    disk.remove()


def test_a_full_disk_changes_nothing_and_the_recording_goes_on_when_there_is_room(
    disk: SmallDisk,
) -> None:
    spool = Spool.open(disk.folder / "spool", KEY, now=now)
    spool.add(session_named("5e55"))
    spool.update(ID, lambda s: apply(s, SpeechStarted(1.0)))
    spool.append_tail(ID, 0, sound(0, 8_000))
    disk.fill()
    written = 8_000
    with pytest.raises(DiskFull) as caught:  # noqa: PT012  until the last free page is used
        while True:
            spool.append_tail(ID, written, sound(written, 16_000))
            written += 16_000
    assert "recording goes on" in str(caught.value)
    before = spool.get(ID)
    with pytest.raises(DiskFull):
        spool.seal(ID, EncodedChunk(0, b"x" * 100_000, 8_000))
    # What was there can be read while the disk is full, and has not changed.
    assert spool.get(ID) == before
    assert spool.tail(ID) == sound(0, written)

    disk.free()
    spool.seal(ID, EncodedChunk(0, b"x" * 100_000, 8_000))
    spool.append_tail(ID, written, sound(written, 1_000))
    spool.close()
    spool = Spool.open(disk.folder / "spool", KEY, now=now)
    assert spool.tail(ID) == sound(8_000, written + 1_000 - 8_000)
    assert spool.get(ID).chunks == 1
    spool.close()


def test_a_disk_that_is_full_at_the_start_is_said(disk: SmallDisk) -> None:
    if not disk.is_mounted:
        (disk.folder / "empty").touch()
    disk.fill()
    with pytest.raises(DiskFull):
        Spool.open(disk.folder / "spool", KEY, now=now)
    disk.free()
    Spool.open(disk.folder / "spool", KEY, now=now).close()


def test_a_folder_that_cannot_be_written_is_said_and_not_set_aside(tmp_path: Path) -> None:
    filled(tmp_path / "spool")
    spool_db = tmp_path / "spool" / "spool.db"
    content = spool_db.read_bytes()
    spool_db.rename(tmp_path / "kept")
    # A folder in the place of the file refuses even root, as a read-only disk would.
    spool_db.mkdir()
    with pytest.raises(DiskFull):
        Spool.open(tmp_path / "spool", KEY, now=now)
    (tmp_path / "file").touch()
    with pytest.raises(DiskFull):
        Spool.open(tmp_path / "file" / "spool", KEY, now=now)
    spool_db.rmdir()
    (tmp_path / "kept").rename(spool_db)
    spool = Spool.open(tmp_path / "spool", KEY, now=now)
    assert len(spool.sessions()) == 3
    spool.close()
    assert len(content) == spool_db.stat().st_size


def digest_of(name: str, index: int) -> str:
    return hashlib.sha256(body_of(name, index)).hexdigest()


def digests(spool: Spool, name: str) -> list[str]:
    return [one.sealed for one in spool.receipts(SessionId(name))]


def test_a_damaged_store_of_an_earlier_layout_brings_its_receipts_from_its_chunks(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    connection = connect(folder / "spool.db", KEY)
    connection.execute("DROP TABLE receipts")
    connection.execute("PRAGMA user_version = 3")
    connection.close()
    damage(folder, pages_of(folder, "bb", 1)[2] + 100)
    spool, _ = reopened(folder)
    assert digests(spool, "aa") == [digest_of("aa", index) for index in range(3)]
    assert digests(spool, "bb") == [digest_of("bb", 0), digest_of("bb", 2)]
    spool.close()


def test_what_is_taken_in_brings_its_receipts_also_without_audio(tmp_path: Path) -> None:
    filled(tmp_path / "other")
    other = Spool.open(tmp_path / "other", KEY, now=now)
    # Audio goes only when its result is stored.
    other.update(SessionId("aa"), lambda s: replace(s, delivery=Delivery.RESOLVED))
    other.delete_audio(SessionId("aa"))
    other.close()
    spool = Spool.open(tmp_path / "spool", KEY, now=now)
    assert spool.take_in(tmp_path / "other", KEY) == 3
    for name in ("aa", "bb", "cc"):
        assert digests(spool, name) == [digest_of(name, index) for index in range(3)]
    spool.close()


# --- damage -------------------------------------------------------------------------------


def test_a_damaged_chunk_costs_that_chunk_and_becomes_a_gap(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    damage(folder, pages_of(folder, "bb", 1)[2] + 100)

    spool, said = reopened(folder)

    assert "3 dictations" in said.message
    assert "could not be saved: 1." in said.message
    assert sorted(s.session_id for s in spool.sessions()) == ["aa", "bb", "cc"]
    session = spool.get(SessionId("bb"))
    assert (session.chunks, session.frames, session.generation) == (2, 32_000, 1)
    assert [(g.at_frame, g.seconds_lost, g.reason) for g in session.gaps] == [
        (16_000, 1.0, LOST_AUDIO)
    ]
    assert spool.chunk(SessionId("bb"), 1).body == body_of("bb", 2)
    assert spool.tail(SessionId("bb")) == sound(0, 4_000)
    assert digests(spool, "bb") == [digest_of("bb", 0), digest_of("bb", 2)], "as they are now"
    for name in ("aa", "cc"):
        whole = spool.get(SessionId(name))
        assert (whole.chunks, whole.gaps, whole.generation) == (3, (), 0)
        assert digests(spool, name) == [digest_of(name, index) for index in range(3)]
    assert altered_recordings(spool) == (3, ()), "the gap says it"
    assert first_break(spool.audit_lines()) is None
    spool.append_tail(SessionId("bb"), 36_000, sound(0, 100))
    spool.close()
    (aside,) = folder.glob("set-aside-2023-11-14T*")
    assert (aside / "spool.db").exists()
    Spool.open(folder, KEY, now=now).close()


def test_a_delivered_dictation_that_lost_a_chunk_plays_all_others(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    spool = Spool.open(folder, KEY, now=now)
    # The service has it all, so the chunks keep the numbers that it knows them by.
    spool.update(SessionId("bb"), lambda s: replace(s, delivery=Delivery.ENDED))
    spool.close()
    for page in pages_of(folder, "bb", 1):
        damage(folder, page)
    spool, _ = reopened(folder)
    assert spool.chunk_lengths(SessionId("bb")) == ((0, 16_000), (2, 16_000))
    assert digests(spool, "bb") == [digest_of("bb", index) for index in range(3)]
    speech = RecordedSpeech(spool, (SessionId("bb"),), lambda chunk: chunk.body)
    assert speech.read(0) == body_of("bb", 0)
    assert speech.read(16_000) == body_of("bb", 2)
    spool.close()


@pytest.mark.parametrize("at", ["first page", "salt", "cut short", "anywhere"])
def test_whatever_is_damaged_the_rest_is_saved(tmp_path: Path, at: str) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    size = (folder / "spool.db").stat().st_size
    if at == "cut short":
        os.truncate(folder / "spool.db", size * 7 // 10 // PAGE * PAGE)
    elif at == "anywhere":
        for page in range(3 * PAGE, size, 16 * PAGE):
            damage(folder, page + 7)
    else:
        damage(folder, 500 if at == "first page" else 0)

    try:
        spool = Spool.open(folder, KEY, now=now)
    except SpoolDamaged:
        spool = Spool.open(folder, KEY, now=now)

    saved = [
        spool.chunk(s.session_id, index).body for s in spool.sessions() for index in range(s.chunks)
    ]
    everything = {body_of(name, index) for name in ("aa", "bb", "cc") for index in range(3)}
    assert set(saved) <= everything
    assert len(saved) >= (9 if at in ("first page", "salt") else 1)
    spool.close()


def test_sound_whose_session_is_lost_stays_on_this_computer_as_a_new_one(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    connection = connect(folder / "spool.db", KEY)
    connection.execute("UPDATE sessions SET record = '{' WHERE session_id = 'bb'")
    connection.close()

    spool, _ = reopened(folder)

    session = spool.get(SessionId("bb"))
    assert (session.capture, session.delivery) == (Capture.RECORDING, Delivery.UNSENT)
    assert session.order.service.is_local
    assert (session.chunks, session.frames) == (3, 48_000)
    spool.close()


def test_damage_that_shows_while_running_is_said_and_mended_at_the_next_start(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    at = pages_of(folder, "bb", 1)[2]
    spool = Spool.open(folder, KEY, now=now)
    damage(folder, at + 100)
    # What was read at the start is still in memory.
    spool._file._connection.execute("PRAGMA shrink_memory")
    with pytest.raises(SpoolDamaged, match="cannot be read"):
        spool.chunk(SessionId("bb"), 1)
    assert spool.chunk(SessionId("bb"), 2).frames == 16_000
    spool.append_tail(SessionId("aa"), 52_000, sound(0, 100))
    spool.close()
    spool, _ = reopened(folder)
    assert spool.tail(SessionId("aa")) == sound(0, 4_000) + sound(0, 100)
    spool.close()


def test_a_chunk_that_the_service_has_already_is_not_missed(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    spool = Spool.open(folder, KEY, now=now)
    spool.add(
        session_named(
            "5e55", capture=Capture.STOPPED, chunks=2, frames=8, accepted=2,
            delivery=Delivery.OPEN, remote=Remote("ses_1", "t"),
        )
    )  # fmt: skip
    before = spool.get(ID)
    (folder / "spool.damaged").touch()
    spool.close()
    spool, _ = reopened(folder)
    assert spool.get(ID) == before
    spool.close()


def test_a_rescue_that_is_cut_short_is_done_again(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    # Killed between setting aside and putting the rescued store in its place.
    (folder / "spool.db").rename(folder / "spool.rescued")
    (folder / "spool.db-wal").write_bytes(b"what a killed process left")
    spool = Spool.open(folder, KEY, now=now)
    assert len(spool.sessions()) == 3
    spool.close()
    (aside,) = folder.glob("set-aside-*")
    assert (aside / "spool.db-wal").exists()


def test_a_store_of_a_newer_version_is_not_touched(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    connection = connect(folder / "spool.db", KEY)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    content = (folder / "spool.db").read_bytes()
    with pytest.raises(SpoolFromTheFuture, match="safe"):
        Spool.open(folder, KEY, now=now)
    assert (folder / "spool.db").read_bytes() == content


def test_errors_that_are_our_own_bugs_are_not_dressed_up(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="bytes"):
        Spool.open(tmp_path, b"short", now=now)


# --- keys ---------------------------------------------------------------------------------


class MemoryKeyring:
    """A keyring that works."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
def credentials(tmp_path: Path, keyring: MemoryKeyring) -> Credentials:
    return Credentials("scribe-desktop", tmp_path / "data", backend=keyring)


def test_a_wrong_key_overwrites_nothing_and_the_right_one_brings_everything_back(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    content = (folder / "spool.db").read_bytes()
    with pytest.raises(SpoolKeyLost, match="not lost"):
        Spool.open(folder, OTHER_KEY, now=now)
    (aside,) = folder.glob("set-aside-*")
    assert (aside / "spool.db").read_bytes() == content

    spool = Spool.open(folder, OTHER_KEY, now=now)
    spool.add(session_named("new"))
    told: list[str] = []
    spool.subscribe(lambda session: told.append(session.session_id))
    assert spool.take_in(aside, KEY) == 3
    assert sorted(told) == ["aa", "bb", "cc"]
    assert sorted(s.session_id for s in spool.sessions()) == ["aa", "bb", "cc", "new"]
    lines = spool.audit_lines()
    assert first_break(lines) is None
    for name in ("aa", "bb", "cc"):
        assert [line.session_id for line in lines].count(name) > 0
    assert spool.chunk(SessionId("cc"), 2).body == body_of("cc", 2)
    spool.close()


def test_a_lost_key_is_said_the_work_goes_on_and_its_backup_brings_all_back(
    tmp_path: Path, credentials: Credentials, keyring: MemoryKeyring
) -> None:
    folder = tmp_path / "data" / "spool"
    first = open_spool(folder, credentials, now=now)
    assert first.notices == ()
    first.spool.add(session_named("5e55"))
    first.spool.close()
    backup = lock_key(first.key, PASSPHRASE)
    keyring.entries.clear()

    second = open_spool(folder, credentials, now=now)
    assert [type(notice) for notice in second.notices] == [SpoolKeyLost]
    assert second.key != first.key
    assert second.spool.sessions() == ()
    assert str(first.key) not in repr(first)

    wrong = lock_key(OTHER_KEY, PASSPHRASE)
    with pytest.raises(CredentialError, match="opens none"):
        import_key(folder, credentials, wrong, PASSPHRASE, spool=second.spool)
    with pytest.raises(SpoolError, match="must be open"):
        import_key(folder, credentials, backup, PASSPHRASE, spool=None)
    assert import_key(folder, credentials, backup, PASSPHRASE, spool=second.spool) == 1
    assert second.spool.get(ID).session_id == ID
    second.spool.close()
    assert not list(folder.glob("set-aside-*"))


def test_a_key_from_a_backup_fits_the_store_that_is_there(
    tmp_path: Path, credentials: Credentials, keyring: MemoryKeyring
) -> None:
    folder = tmp_path / "data" / "spool"
    first = open_spool(folder, credentials, now=now)
    first.spool.add(session_named("5e55"))
    first.spool.close()
    backup = lock_key(first.key, PASSPHRASE)
    keyring.entries.clear()
    assert import_key(folder, credentials, backup, PASSPHRASE, spool=None) == 0
    again = open_spool(folder, credentials, now=now)
    assert (again.notices, again.key) == ((), first.key)
    assert again.spool.get(ID).session_id == ID
    again.spool.close()


def test_a_damaged_store_opens_with_a_notice(tmp_path: Path, credentials: Credentials) -> None:
    folder = tmp_path / "data" / "spool"
    first = open_spool(folder, credentials, now=now)
    first.spool.add(session_named("5e55"))
    first.spool.close()
    (folder / "spool.damaged").touch()
    again = open_spool(folder, credentials, now=now)
    assert [type(notice) for notice in again.notices] == [SpoolDamaged]
    assert len(again.spool.sessions()) == 1
    again.spool.close()


# --- retention ----------------------------------------------------------------------------


def test_the_keeper_deletes_what_is_due_and_writes_it_down(tmp_path: Path) -> None:
    spool = Spool.open(tmp_path / "spool", KEY, now=now)
    resolved = {
        "capture": Capture.STOPPED, "chunks": 1, "frames": 4, "accepted": 1,
        "delivery": Delivery.RESOLVED, "outcome": Outcome.COMPLETED, "resolved_at": 0.0,
    }  # fmt: skip
    spool.add(session_named("5e55", capture=Capture.RECORDING))
    spool.seal(ID, EncodedChunk(0, b"x", 4))
    spool.update(ID, lambda s: replace(s, **resolved))  # type: ignore[arg-type]
    spool.add(session_named("waiting", capture=Capture.STOPPED, chunks=1, frames=4))
    for at, what in ((1.0, []), (90_000.0, [Deletion.AUDIO]), (1e7, [Deletion.SESSION])):
        assert [due.what for due in keep_house(spool, Settings(), at)] == what
    with pytest.raises(UnknownSession):
        spool.get(ID)
    assert [line.action for line in spool.audit_lines() if line.detail == "retention"] == [
        "audio deleted",
        "deleted",
    ]
    assert len(spool.sessions()) == 1
    spool.close()


def test_results_and_created_sessions_survive_a_rescue(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    spool = Spool.open(folder, KEY, now=now)
    spool.update(SessionId("aa"), lambda s: apply(s, Created(Remote("ses_1", "t"))))
    spool.add_version(SessionId("aa"), Results(Outcome.PARTIAL, "words"), Author.CLINICIAN)
    spool.close()
    (folder / "spool.damaged").touch()
    spool, _ = reopened(folder)
    (version,) = spool.versions(SessionId("aa"))
    assert version.results.transcript == "words"
    assert spool.get(SessionId("aa")).delivery is Delivery.OPEN
    spool.close()


def test_a_damaged_store_goes_when_notes_would_and_the_audit_says_so(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    spool = Spool.open(folder, KEY, now=now)
    damaged = folder / "set-aside-2023-11-14T22-13-20"
    locked = folder / "set-aside-2023-11-14T22-13-20-2"
    foreign = folder / "set-aside-by-hand"
    for aside in (damaged, locked, foreign):
        aside.mkdir()
        (aside / "spool.db").write_bytes(b"sealed")
    for aside in (damaged, foreign):
        (aside / "spool.damaged").write_text("saved")
    unread = folder / "set-aside-2023-11-14T22-13-20-3"
    unread.mkdir()
    (unread / "spool.damaged").touch()
    (locked / "spool.key-mark").write_text("another key")
    assert [path.name for path, _ in spool.damaged_asides()] == [damaged.name]
    month_s = 30 * 86_400.0
    for since_s, is_there in ((-1e6, True), (month_s - 1, True), (month_s, False)):
        keep_house(spool, Settings(), now() + since_s)
        assert damaged.exists() is is_there
    # Kept at once-notes too, for as long as a mistake can be undone.
    assert locked.exists()
    assert unread.exists(), "nothing of it could be saved"
    assert foreign.exists()
    (line,) = [line for line in spool.audit_lines() if line.action == "damaged store deleted"]
    assert line.detail == damaged.name
    assert first_break(spool.audit_lines()) is None
    spool.close()


def test_only_a_store_whose_dictations_were_saved_goes_with_the_time(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    (folder / "spool.damaged").touch()
    with pytest.raises(SpoolDamaged):
        Spool.open(folder, KEY, now=now)
    # Damage was seen in the new one, and then its key was lost as well.
    (folder / "spool.damaged").touch()
    with pytest.raises(SpoolKeyLost):
        Spool.open(folder, bytes(32), now=lambda: now() + 1)
    spool = Spool.open(folder, bytes(32), now=now)
    ((saved, _),) = spool.damaged_asides()
    keep_house(spool, Settings(), now() + 400 * 86_400.0)
    assert not saved.exists()
    (locked,) = folder.glob("set-aside-*")
    assert aside_for_key(folder, KEY) == locked
    assert spool.take_in(locked, KEY) == 3
    spool.close()


def test_a_store_that_could_not_be_read_at_all_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    filled(folder)
    # Without its mark nobody can tell a wrong key from damage.
    (folder / "spool.key-mark").unlink()
    with pytest.raises(SpoolDamaged):
        Spool.open(folder, bytes(32), now=now)
    spool = Spool.open(folder, bytes(32), now=now)
    keep_house(spool, Settings(), now() + 400 * 86_400.0)
    (aside,) = folder.glob("set-aside-*")
    assert (aside / "spool.db").exists()
    spool.close()
