"""An emergency store that meets trouble on its way home: nothing is lost, nothing comes twice."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.audit import first_break
from scribe_desktop.domain.errors import (
    DiskFull,
    ScribeError,
    SettingsError,
    SpoolDamaged,
    SpoolKeyLost,
)
from scribe_desktop.domain.events import Cancelled, Created, SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Author, Outcome, Results
from scribe_desktop.domain.session import Capture, Remote, Session, SessionId
from scribe_desktop.services import emergency_store, spool_file, spool_rescue
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.emergency_store import (
    PUBLIC_FILE,
    SEALED_FILE,
    EmergencyStore,
    emergency_folder,
    keep_public_half,
    open_emergency,
    say_what_waits_for_its_key,
    take_in_waiting,
    waiting_stores,
)
from scribe_desktop.services.key_envelope import lock_key
from scribe_desktop.services.key_sealing import unseal_key
from scribe_desktop.services.keyring_door import KeyringSilent
from scribe_desktop.services.places import HOME_VARIABLE, Places, find_places
from scribe_desktop.services.secret import Secret
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_joining import TAKEN_IN, Joining
from scribe_desktop.services.spool_opening import OpenedSpool, import_key, open_spool
from scribe_desktop.services.spool_schema import connect
from scribe_desktop.services.unlocking import Unlocking
from scribe_desktop.wiring.strongroom import INTERRUPTED, Strongroom
from tests.services import killed_on_the_way_home
from tests.services.spool_writer import sound
from tests.services.test_spool_faults import MemoryKeyring

KEY = bytes(range(32))
OTHER_KEY = bytes(range(32, 64))
ID, OLD, NEXT = SessionId("5e55"), SessionId("01d"), SessionId("0e3")
PASSPHRASE = Secret("correct horse battery")
WAIT_S = 10.0


def now() -> float:
    return 1_700_000_000.0


class Killed(BaseException):
    """Nothing of ours runs any more."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The recordings, in which there is one dictation."""
    folder = tmp_path / "spool"
    spool = Spool.open(folder, KEY, now=now)
    spool.add(Session(OLD, 1.0, Order()))
    spool.close()
    keep_public_half(folder, KEY)
    return folder


def home(folder: Path) -> Spool:
    return Spool.open(folder, KEY, now=now)


def begun(folder: Path, word: bytes, chunks: int, session_id: SessionId = ID) -> EmergencyStore:
    """A dictation in an emergency: chunks, and a tail behind them."""
    store = open_emergency(emergency_folder(folder, now()), now=now)
    begin(store.spool, session_id)
    for index in range(chunks):
        say(store.spool, word, index, session_id)
    store.spool.append_tail(session_id, 16_000 * chunks, sound(0, 4_000))
    return store


def begin(spool: Spool, session_id: SessionId) -> None:
    spool.add(Session(session_id, 2.0, Order()))
    spool.update(session_id, lambda s: apply(s, SpeechStarted(2.0)))


def say(spool: Spool, word: bytes, index: int, session_id: SessionId = ID) -> None:
    spool.seal(session_id, EncodedChunk(index, word + b" %d" % index, 16_000))


def heard(spool: Spool, session_id: SessionId = ID) -> list[bytes]:
    session = spool.get(session_id)
    assert [index for index, _ in spool.chunk_lengths(session_id)] == list(range(session.chunks))
    return [spool.chunk(session_id, index).body for index in range(session.chunks)]


def words(word: bytes, chunks: int) -> list[bytes]:
    return [word + b" %d" % index for index in range(chunks)]


def others(spool: Spool) -> list[SessionId]:
    return [one.session_id for one in spool.sessions() if one.session_id not in (ID, OLD)]


def all_is_well(spool: Spool) -> None:
    lines = spool.audit_lines()
    assert first_break(lines) is None
    created = [line.session_id for line in lines if line.action == "created"]
    assert len(created) == len(set(created)), "written down twice"


# --- two recordings of one id -------------------------------------------------------------


def test_two_recordings_of_one_id_come_home_as_two_dictations(folder: Path) -> None:
    for word, chunks in ((b"first", 2), (b"second", 4)):
        begun(folder, word, chunks).spool.close()
    spool = home(folder)
    assert take_in_waiting(spool, folder, KEY, now=now) == ()
    (other,) = others(spool)
    assert sorted([heard(spool), heard(spool, other)]) == [words(b"first", 2), words(b"second", 4)]
    assert spool.tail(ID) == spool.tail(other) == sound(0, 4_000)
    assert not list(folder.glob("emergency-*"))
    lines = spool.audit_lines()
    assert {line.session_id for line in lines if line.action == "created"} == {OLD, ID, other}
    all_is_well(spool)
    spool.close()
    again = home(folder)
    assert len(again.sessions()) == 3
    again.close()


def test_a_dictation_that_still_runs_keeps_its_id_and_the_one_at_home_gets_another(
    folder: Path,
) -> None:
    first = begun(folder, b"first", 2)
    first.spool.add(Session(NEXT, 3.0, Order(), follows=ID))
    first.spool.add_version(ID, Results(Outcome.PARTIAL, "words"), Author.CLINICIAN)
    first.spool.close()
    second = begun(folder, b"second", 4)
    spool = home(folder)
    assert take_in_waiting(spool, folder, KEY, now=now, but=second.folder) == ()
    second.spool.move_into(spool, second.key)
    second.forget_key()
    spool = second.spool
    say(spool, b"second", 4)
    (other,) = (one for one in others(spool) if one != NEXT)
    assert (heard(spool), heard(spool, other)) == (words(b"second", 5), words(b"first", 2))
    assert spool.get(NEXT).follows == other
    assert [one.results.transcript for one in spool.versions(other)] == ["words"]
    assert spool.versions(ID) == ()
    assert first_break(spool.audit_lines()) is None
    spool.close()
    spool = home(folder)
    assert (heard(spool), heard(spool, other)) == (words(b"second", 5), words(b"first", 2))
    assert len(spool.sessions()) == 4
    spool.close()


# --- trouble at the commit ----------------------------------------------------------------


class CommitsAndRefuses:
    """A connection whose commit is on the disk although the disk refused it."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @property
    def in_transaction(self) -> bool:
        return bool(self._connection.in_transaction)

    def execute(self, sql: str, *values: object) -> Any:
        done = self._connection.execute(sql, *values)
        if sql == "COMMIT":
            raise refused()
        return done

    def close(self) -> None:
        self._connection.close()


def refused() -> dbapi2.OperationalError:
    error = dbapi2.OperationalError("disk I/O error")
    error.sqlite_errorcode = dbapi2.SQLITE_IOERR
    return error


def refused_at_the_commit(folder: Path, store: EmergencyStore) -> None:
    spool = home(folder)
    spool._file._connection = CommitsAndRefuses(spool._file._connection)
    with pytest.raises(DiskFull):
        store.spool.move_into(spool, store.key)
    spool.close()


def test_nothing_is_read_behind_the_commit_that_brings_home(folder: Path) -> None:
    store, spool = begun(folder, b"a", 2), home(folder)
    looked: list[str] = []

    def look(sql: str, *_: object) -> list[Any]:
        looked.append(sql)
        raise DiskFull("full")

    spool._file.look = look  # type: ignore[method-assign]
    store.spool.move_into(spool, store.key)
    assert looked == []
    del spool._file.look
    assert sorted(one.session_id for one in store.spool.sessions()) == sorted([OLD, ID])
    say(store.spool, b"a", 2)
    assert heard(store.spool) == words(b"a", 3)
    store.spool.close()


def test_what_is_spoken_after_a_commit_that_was_refused_comes_home_at_the_next_start(
    folder: Path,
) -> None:
    store = begun(folder, b"a", 2)
    begin(store.spool, NEXT)
    refused_at_the_commit(folder, store)
    for index in (2, 3):
        say(store.spool, b"a", index)
    store.spool.update(NEXT, lambda s: apply(s, Cancelled(3.0)))
    begin(store.spool, SessionId("later"))
    store.spool.close()
    spool = home(folder)
    assert heard(spool) == words(b"a", 2), "the commit is there"
    assert take_in_waiting(spool, folder, KEY, now=now) == ()
    assert heard(spool) == words(b"a", 4)
    assert spool.get(NEXT).is_cancelled
    assert sorted(others(spool)) == sorted([NEXT, "later"])
    assert not list(folder.glob("emergency-*"))
    all_is_well(spool)
    spool.close()


def test_what_was_sent_before_it_grew_stays_and_the_longer_one_comes_beside_it(
    folder: Path,
) -> None:
    store = begun(folder, b"a", 2)
    refused_at_the_commit(folder, store)
    spool = home(folder)
    spool.update(ID, lambda s: apply(s, Created(Remote("ses_1", "t"))))
    say(store.spool, b"a", 2)
    store.spool.close()
    take_in_waiting(spool, folder, KEY, now=now)
    (other,) = others(spool)
    assert (heard(spool), heard(spool, other)) == (words(b"a", 2), words(b"a", 3))
    assert spool.get(other).remote is None
    spool.close()


def test_a_dictation_goes_home_at_the_second_try_when_the_first_commit_was_refused(
    folder: Path,
) -> None:
    store = begun(folder, b"a", 2)
    begin(store.spool, NEXT)
    refused_at_the_commit(folder, store)
    say(store.spool, b"a", 2)
    store.spool.delete(NEXT)
    spool = home(folder)
    assert spool.taken_in(store.folder.name) == frozenset({ID, NEXT})
    store.spool.move_into(spool, store.key)
    store.forget_key()
    say(store.spool, b"a", 3)
    assert (heard(store.spool), others(store.spool)) == (words(b"a", 4), [])
    all_is_well(store.spool)
    store.spool.close()
    spool = home(folder)
    assert take_in_waiting(spool, folder, KEY, now=now) == ()
    assert (heard(spool), others(spool)) == (words(b"a", 4), [])
    assert not store.folder.exists()
    spool.close()


def test_a_fact_of_an_earlier_version_says_that_all_was_taken_in(folder: Path) -> None:
    store = begun(folder, b"a", 2)
    store.spool.close()
    spool = home(folder)
    spool.remember(TAKEN_IN + store.folder.name, 5.0)
    assert take_in_waiting(spool, folder, KEY, now=now) == ()
    assert [one.session_id for one in spool.sessions()] == [OLD]
    assert not store.folder.exists()
    spool.close()


# --- kill -9 ------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "stride"), [("start", 19), ("damaged", 53), ("running", 17)])
def test_a_kill_at_any_step_of_bringing_home_loses_nothing_and_brings_nothing_twice(
    tmp_path: Path, what: str, stride: int
) -> None:
    done = subprocess.run(
        [sys.executable, killed_on_the_way_home.__file__, tmp_path / "at", what, str(stride)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    kills, steps = done.stdout.split(" of ")
    assert int(steps) > 100
    assert int(kills) > 5


# --- a store that cannot be read ----------------------------------------------------------


class RefusesOnce:
    """A connection whose first look at the tail fails, as on a disk that has a bad moment."""

    def __init__(self, connection: Any, moments: list[int]) -> None:
        self._connection = connection
        self._moments = moments

    def execute(self, sql: str, *values: object) -> Any:
        if "FROM tail" in sql and self._moments:
            self._moments.pop()
            raise refused()
        return self._connection.execute(sql, *values)

    def close(self) -> None:
        self._connection.close()


def test_a_read_that_fails_for_a_moment_is_tried_again_and_deletes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = begun(folder, b"a", 3)
    store.spool.close()
    spool, moments = home(folder), [1]

    def dial(path: Path, key: bytes) -> Any:
        found = connect(path, key)
        return RefusesOnce(found, moments) if path.parent == store.folder else found

    monkeypatch.setattr(spool_file, "connect", dial)
    assert [type(one) for one in take_in_waiting(spool, folder, KEY, now=now)] == [DiskFull]
    assert [one.session_id for one in spool.sessions()] == [OLD]
    assert take_in_waiting(spool, folder, KEY, now=now) == ()
    assert (heard(spool), spool.tail(ID)) == (words(b"a", 3), sound(0, 4_000))
    assert not store.folder.exists()
    spool.close()


def large(folder: Path) -> EmergencyStore:
    """One whose chunks lie on pages of their own; closed."""
    store = begun(folder, b"a", 0)
    for index in range(3):
        store.spool.seal(ID, EncodedChunk(index, bytes([index]) * 30_000, 16_000))
    return store


def damaged_chunk(store: EmergencyStore) -> None:
    connection = connect(store.folder / "spool.db", store.key)
    connection.execute("UPDATE chunks SET body = zeroblob(30000) WHERE chunk = 1")
    connection.close()


def test_a_chunk_that_cannot_be_read_is_said_and_its_store_kept_with_its_key(folder: Path) -> None:
    store = large(folder)
    store.spool.close()
    damaged_chunk(store)
    spool = home(folder)
    (said,) = take_in_waiting(spool, folder, KEY, now=now)
    assert "could not be saved: 1." in said.message
    assert heard(spool) == [b"\0" * 30_000, b"\2" * 30_000]
    assert len(spool.get(ID).gaps) == 1
    (aside,) = folder.glob("set-aside-*")
    assert unseal_key((aside / SEALED_FILE).read_text(), KEY) == store.key
    assert not (folder / "spool.damaged").exists(), "the recordings themselves are whole"
    assert not store.folder.exists()
    spool.close()


def test_a_running_dictation_stays_where_it_is_when_its_store_cannot_be_read(folder: Path) -> None:
    store = large(folder)
    damaged_chunk(store)
    spool = home(folder)
    with pytest.raises(SpoolDamaged):
        store.spool.move_into(spool, store.key)
    assert [one.session_id for one in spool.sessions()] == [OLD]
    spool.close()
    store.spool.seal(ID, EncodedChunk(3, b"more", 16_000))
    store.spool.close()
    spool = home(folder)
    (said,) = take_in_waiting(spool, folder, KEY, now=now)
    assert "could not be saved: 1." in said.message
    assert heard(spool)[-1] == b"more"
    spool.close()


@pytest.fixture
def killed_in_the_rescue(monkeypatch: pytest.MonkeyPatch) -> Callable[[], Any]:
    """Within it a rescue ends before the rescued store has its place."""
    finish = spool_rescue._finish_rescue

    def die(folder: Path, at: float) -> None:
        if (folder / "spool.rescued").exists():
            raise Killed
        finish(folder, at)

    @contextlib.contextmanager
    def killed() -> Iterator[None]:
        with monkeypatch.context() as patched:
            patched.setattr(spool_rescue, "_finish_rescue", die)
            with contextlib.suppress(Killed):
                yield
                pytest.fail("it was not killed")

    return killed


@pytest.mark.parametrize("left", ["rescued", "a log, too"])
def test_killed_inside_the_rescue_of_an_emergency_store_nothing_is_deleted(
    folder: Path, killed_in_the_rescue: Callable[[], Any], left: str
) -> None:
    store = begun(folder, b"a", 3)
    store.spool.close()
    (store.folder / "spool.damaged").touch()
    spool = home(folder)
    with killed_in_the_rescue():
        take_in_waiting(spool, folder, KEY, now=now)
    if left != "rescued":
        (store.folder / "spool.db-wal").write_bytes(b"what a killed process left")
    (said,) = take_in_waiting(spool, folder, KEY, now=now)
    assert isinstance(said, SpoolDamaged)
    assert (heard(spool), spool.tail(ID)) == (words(b"a", 3), sound(0, 4_000))
    assert all((aside / SEALED_FILE).exists() for aside in folder.glob("set-aside-*"))
    assert list(folder.glob("set-aside-*"))
    assert not store.folder.exists()
    spool.close()


class LockableKeyring(MemoryKeyring):
    """Locked while it is said to be."""

    is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        from keyring.errors import KeyringLocked

        if self.is_locked:
            raise KeyringLocked
        return super().get_password(service, username)


def test_killed_inside_the_rescue_of_the_recordings_no_new_key_is_made(
    tmp_path: Path, killed_in_the_rescue: Callable[[], Any]
) -> None:
    keyring, folder = LockableKeyring(), tmp_path / "data" / "spool"
    credentials = Credentials("scribe-desktop", tmp_path / "config", backend=keyring)
    opened = open_spool(folder, credentials, now=now)
    opened.spool.add(Session(ID, 1.0, Order()))
    opened.spool.close()
    (folder / "spool.damaged").touch()
    with killed_in_the_rescue():
        open_spool(folder, credentials, now=now)
    keyring.is_locked = True
    with pytest.raises(KeyringSilent):
        open_spool(folder, credentials, now=now)
    # A version that prepared nothing for a locked keyring may have been killed, too.
    (folder / PUBLIC_FILE).unlink()
    with pytest.raises(KeyringSilent):
        open_spool(folder, credentials, now=now)
    keyring.is_locked = False
    again = open_spool(folder, credentials, now=now)
    assert again.key == opened.key
    assert [one.session_id for one in again.spool.sessions()] == [ID]
    assert not (tmp_path / "config" / "spool.key").exists()
    again.spool.close()


def test_a_key_that_is_lost_inside_a_rescue_brings_the_rescued_recordings_back(
    tmp_path: Path, killed_in_the_rescue: Callable[[], Any]
) -> None:
    keyring, folder = MemoryKeyring(), tmp_path / "data" / "spool"
    credentials = Credentials("scribe-desktop", tmp_path / "config", backend=keyring)
    opened = open_spool(folder, credentials, now=now)
    opened.spool.add(Session(ID, 1.0, Order()))
    opened.spool.close()
    (folder / "spool.damaged").touch()
    with killed_in_the_rescue():
        open_spool(folder, credentials, now=now)
    keyring.entries.clear()
    again = open_spool(folder, credentials, now=now)
    assert [type(one) for one in again.notices] == [SpoolKeyLost]
    backup = lock_key(opened.key, PASSPHRASE)
    assert import_key(folder, credentials, backup, PASSPHRASE, spool=again.spool) == 1
    again.spool.close()


def test_a_wrong_key_inside_a_rescue_sets_the_rescued_recordings_aside(folder: Path) -> None:
    (folder / "spool.db").rename(folder / "spool.rescued")
    with pytest.raises(SpoolKeyLost):
        Spool.open(folder, OTHER_KEY, now=now)
    aside = spool_rescue.aside_for_key(folder, KEY)
    assert aside is not None
    spool = Spool.open(folder, OTHER_KEY, now=now)
    assert spool.take_in(aside, KEY) == 1
    spool.close()


def test_a_public_half_alone_is_no_store_whose_key_could_be_lost(tmp_path: Path) -> None:
    credentials = Credentials("scribe-desktop", tmp_path / "config", backend=MemoryKeyring())
    folder = tmp_path / "spool"
    folder.mkdir()
    keep_public_half(folder, KEY)
    opened = open_spool(folder, credentials, now=now)
    assert opened.notices == ()
    assert not list(folder.glob("set-aside-*"))
    opened.spool.close()


# --- the disk -----------------------------------------------------------------------------


def test_a_disk_that_is_full_while_a_damaged_store_is_laid_aside_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = begun(folder, b"a", 3)
    store.spool.close()
    (store.folder / "spool.damaged").touch()
    spool = home(folder)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(emergency_store, "write_private", full)
        (said,) = take_in_waiting(spool, folder, KEY, now=now)
    assert isinstance(said, DiskFull)
    assert (store.folder / SEALED_FILE).exists()
    take_in_waiting(spool, folder, KEY, now=now)
    assert heard(spool) == words(b"a", 3)
    (aside,) = folder.glob("set-aside-*")
    assert (aside / SEALED_FILE).exists()
    all_is_well(spool)
    spool.close()


def test_importing_a_key_on_a_full_disk_says_that_the_disk_is_full(
    folder: Path, tmp_path: Path
) -> None:
    begun(folder, b"a", 3).spool.close()
    spool = Spool.open(tmp_path / "other", OTHER_KEY, now=now)
    spool.take_in = full_disk  # type: ignore[method-assign, assignment]
    credentials = Credentials("scribe-desktop", tmp_path, backend=MemoryKeyring())
    with pytest.raises(DiskFull):
        import_key(folder, credentials, lock_key(KEY, PASSPHRASE), PASSPHRASE, spool=spool)
    spool.close()


def test_what_was_taken_in_by_recordings_whose_key_was_lost_comes_back_once(
    tmp_path: Path,
) -> None:
    keyring, folder = MemoryKeyring(), tmp_path / "data" / "spool"
    credentials = Credentials("scribe-desktop", tmp_path / "config", backend=keyring)
    first = open_spool(folder, credentials, now=now)
    store = begun(folder, b"a", 2)
    store.spool.close()
    first.spool.take_in(store.folder, store.key)
    first.spool.close()
    # Killed before the copy was removed, and then the key was lost.
    keyring.entries.clear()
    second = open_spool(folder, credentials, now=now)
    assert second.spool.sessions() == ()
    backup = lock_key(first.key, PASSPHRASE)
    assert import_key(folder, credentials, backup, PASSPHRASE, spool=second.spool) == 1
    assert heard(second.spool) == words(b"a", 2)
    assert not list(folder.glob("emergency-*"))
    second.spool.close()


def full_disk(*_: object) -> int:
    raise DiskFull("The disk of this computer is full.")


def test_what_is_damaged_of_recordings_that_a_key_brings_back_is_kept(
    tmp_path: Path,
) -> None:
    keyring, folder = MemoryKeyring(), tmp_path / "data" / "spool"
    credentials = Credentials("scribe-desktop", tmp_path / "config", backend=keyring)
    opened = open_spool(folder, credentials, now=now)
    begin(opened.spool, ID)
    for index in range(3):
        opened.spool.seal(ID, EncodedChunk(index, bytes([index]) * 30_000, 16_000))
    opened.spool.close()
    keyring.entries.clear()
    again = open_spool(folder, credentials, now=now)
    (aside,) = folder.glob("set-aside-*")
    connection = connect(aside / "spool.db", opened.key)
    connection.execute("UPDATE chunks SET body = zeroblob(30000) WHERE chunk = 1")
    connection.close()
    backup = lock_key(opened.key, PASSPHRASE)
    assert import_key(folder, credentials, backup, PASSPHRASE, spool=again.spool) == 1
    assert heard(again.spool) == [b"\0" * 30_000, b"\2" * 30_000]
    (kept,) = folder.glob("set-aside-*")
    assert (kept / "spool.db").exists()
    again.spool.close()


# --- how long the recorder waits ----------------------------------------------------------


def test_the_recorder_does_not_wait_while_what_was_sealed_is_copied(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, spool, copy_ahead = begun(folder, b"a", 3), home(folder), Joining.copy_ahead
    begin(store.spool, NEXT)
    say(store.spool, b"b", 0, NEXT)

    def meanwhile() -> None:
        say(store.spool, b"a", 3)
        store.spool.append_tail(ID, 64_000, sound(0, 8_000))
        store.spool.delete(NEXT)
        begin(store.spool, SessionId("later"))
        say(store.spool, b"c", 0, SessionId("later"))

    def copied_ahead(joining: Joining) -> None:
        copy_ahead(joining)
        recorder = threading.Thread(target=meanwhile)
        recorder.start()
        recorder.join(WAIT_S)
        assert not recorder.is_alive(), "it waits"

    monkeypatch.setattr(Joining, "copy_ahead", copied_ahead)
    store.spool.move_into(spool, store.key)
    assert (heard(store.spool), store.spool.tail(ID)) == (words(b"a", 4), sound(0, 8_000))
    assert others(store.spool) == ["later"]
    assert heard(store.spool, SessionId("later")) == words(b"c", 1)
    store.spool.close()
    spool = home(folder)
    assert (heard(spool), others(spool)) == (words(b"a", 4), ["later"])
    spool.close()


# --- the strongroom -----------------------------------------------------------------------


class Locked:
    """A home whose keyring is locked until it is said that it is open."""

    def __init__(self, folder: Path) -> None:
        self.places: Places = find_places({HOME_VARIABLE: str(folder)})
        spool = Spool.open(self.places.spool, KEY, now=now)
        spool.add(Session(OLD, 1.0, Order(), capture=Capture.STOPPED))
        spool.close()
        keep_public_half(self.places.spool, KEY)
        self.is_open = threading.Event()
        self.refuses_commit = False
        self.opened = 0
        self.has_left = False
        self.own = emergency_folder(self.places.spool, now())
        unlocking = Unlocking(self._open, self.own, ask_again_s=0.0, let_be_s=0.0)
        self.room = Strongroom(self.places, unlocking, may_record=True)

    def _open(self, has_key: Callable[[], None]) -> OpenedSpool:
        if not self.is_open.is_set():
            raise KeyringSilent("locked")
        has_key()
        self.opened += 1
        spool = Spool.open(self.places.spool, KEY, now=now)
        take_in_waiting(spool, self.places.spool, KEY, now=now, but=self.own)
        if self.refuses_commit:
            self.refuses_commit = False
            spool._file._connection = CommitsAndRefuses(spool._file._connection)
        return OpenedSpool(spool, KEY)

    def leave(self) -> None:
        """Once: a store that is closed is not looked into."""
        if not self.has_left:
            self.has_left = True
            self.room.close()

    def unlock(self, go_on: Callable[[], None]) -> list[ScribeError]:
        """Open the keyring and wait until the recordings are home; what was told."""
        told: list[ScribeError] = []
        over = threading.Event()

        def going_on() -> None:
            try:
                go_on()
            finally:
                over.set()

        self.room.when_open(going_on, told.append)
        self.is_open.set()
        assert over.wait(WAIT_S)
        # Behind the switch, on the same thread.
        for thread in threading.enumerate():
            if thread.name == "unlocking":
                thread.join(WAIT_S)
        return told


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Locked]:
    locked = Locked(tmp_path / "user")
    yield locked
    locked.is_open.set()
    locked.leave()


def no_such_service() -> None:
    raise SettingsError("There is no service of that name.")


def test_trouble_behind_the_switch_is_said_and_leaves_the_recordings_open(locked: Locked) -> None:
    spool = locked.room.spool
    begin(spool, ID)
    told = locked.unlock(no_such_service)
    assert [type(one) for one in told] == [SettingsError]
    assert (locked.opened, locked.room.is_locked) == (1, False)
    spool.append_tail(ID, 0, sound(0, 4_000))
    assert spool.tail(ID) == sound(0, 4_000)
    assert not (locked.places.spool / "spool.damaged").exists()


def test_a_dictation_that_runs_through_a_refused_commit_is_not_stopped(locked: Locked) -> None:
    spool = locked.room.spool
    begin(spool, ID)
    say(spool, b"a", 0)
    locked.refuses_commit = True
    told = locked.unlock(lambda: None)
    assert ([type(one) for one in told], locked.opened) == ([DiskFull], 2)
    say(spool, b"a", 1)
    assert heard(spool) == words(b"a", 2)
    assert spool.get(ID).capture is Capture.RECORDING
    assert INTERRUPTED not in locked.room.notices


def test_who_is_told_finds_the_recordings_open(locked: Locked) -> None:
    spool, seen = locked.room.spool, list[bool]()
    begin(spool, ID)
    spool.subscribe(lambda _: seen.append(locked.room.is_locked))
    locked.unlock(lambda: None)
    assert seen == [False], "and only of what came"


def test_a_request_that_is_repeated_finds_its_own_dictation_and_no_other(
    tmp_path: Path, locked: Locked
) -> None:
    asked = SessionId("ses_0123456789abcdef01234567")
    mine = locked.room.own_id(asked)
    assert mine == locked.room.own_id(asked) != asked
    assert len(mine) == len(asked)
    other = Locked(tmp_path / "other")
    assert other.room.own_id(asked) not in (asked, mine)
    other.room.close()


def test_who_deleted_what_was_dictated_in_an_emergency_is_still_written_down(
    locked: Locked,
) -> None:
    begin(locked.room.spool, ID)
    locked.room.spool.delete(ID)
    locked.leave()
    spool = home(locked.places.spool)
    take_in_waiting(spool, locked.places.spool, KEY, now=now)
    assert "deleted" in [line.action for line in spool.audit_lines()]
    assert not locked.own.exists()
    spool.close()


def test_a_start_in_which_nothing_was_done_leaves_nothing(locked: Locked) -> None:
    locked.leave()
    assert not locked.own.exists()


# --- a key that is gone -------------------------------------------------------------------


def test_a_store_that_was_sealed_for_a_lost_key_is_said_once_and_counted(
    tmp_path: Path, locked: Locked
) -> None:
    folder = locked.places.spool
    for _ in range(2):
        begun(folder, b"a", 1).spool.close()
    (folder / "emergency-empty").mkdir()
    assert locked.room.waiting() == 2
    assert len(waiting_stores(folder, locked.own)) == 2
    spool = Spool.open(tmp_path / "new", OTHER_KEY, now=now)
    assert take_in_waiting(spool, folder, OTHER_KEY, now=now) == ()
    (said,) = say_what_waits_for_its_key(spool, folder, OTHER_KEY)
    assert isinstance(said, SpoolKeyLost)
    assert "safe" in said.message
    assert say_what_waits_for_its_key(spool, folder, OTHER_KEY) == []
    spool.close()
    spool = home(folder)
    assert say_what_waits_for_its_key(spool, folder, KEY) == []
    spool.close()
