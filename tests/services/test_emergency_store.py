"""What is recorded while the keyring is locked comes home once, whole, and to nobody else."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.audit import first_break
from scribe_desktop.domain.errors import CredentialError, SpoolDamaged, UnknownSession
from scribe_desktop.domain.events import SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.services.credentials import Credentials
from scribe_desktop.services.emergency_store import (
    PUBLIC_FILE,
    SEALED_FILE,
    EmergencyStore,
    NoEmergencyKey,
    emergency_folder,
    keep_public_half,
    open_emergency,
    take_in_waiting,
)
from scribe_desktop.services.key_envelope import lock_key
from scribe_desktop.services.key_sealing import public_half, seal_key, unseal_key
from scribe_desktop.services.secret import Secret
from scribe_desktop.services.spool import Spool
from scribe_desktop.services.spool_opening import import_key, open_spool
from tests.services.spool_writer import sound
from tests.services.test_spool_faults import MemoryKeyring

KEY = bytes(range(32))
OTHER_KEY = bytes(range(32, 64))
OLD, NEW = SessionId("01d"), SessionId("0e3")
PASSPHRASE = Secret("correct horse battery")


def now() -> float:
    return 1_700_000_000.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "spool"


@pytest.fixture
def credentials(tmp_path: Path) -> Credentials:
    return Credentials("scribe-desktop", tmp_path / "data", backend=MemoryKeyring())


@pytest.fixture
def home(folder: Path) -> Callable[[], Spool]:
    """Opens the recordings, in which there is one dictation."""
    spool = Spool.open(folder, KEY, now=now)
    spool.add(Session(OLD, 1.0, Order()))
    spool.close()
    keep_public_half(folder, KEY)
    return lambda: Spool.open(folder, KEY, now=now)


def begun(folder: Path) -> EmergencyStore:
    """A dictation in an emergency: one chunk, and a tail behind it."""
    store = open_emergency(emergency_folder(folder, now()), now=now)
    store.spool.add(Session(NEW, 2.0, Order()))
    store.spool.update(NEW, lambda s: apply(s, SpeechStarted(2.0)))
    store.spool.seal(NEW, EncodedChunk(0, b"body", 16_000))
    store.spool.append_tail(NEW, 16_000, sound(0, 4_000))
    return store


def killed(store: EmergencyStore, folder: Path) -> None:
    """Leave the files as a kill leaves them: with a log beside them."""
    copy = folder.parent / "copy"
    store.folder.rename(copy)
    store.folder.mkdir()
    for file in copy.iterdir():
        (store.folder / file.name).write_bytes(file.read_bytes())


def all_of_it_is_there(spool: Spool) -> None:
    assert sorted(s.session_id for s in spool.sessions()) == sorted([OLD, NEW])
    assert spool.chunk(NEW, 0).body == b"body"
    assert spool.tail(NEW) == sound(0, 4_000)
    lines = spool.audit_lines()
    assert first_break(lines) is None
    assert "created" in [line.action for line in lines if line.session_id == NEW]


# --- the key ------------------------------------------------------------------------------


def test_only_the_key_of_the_recordings_opens_what_was_sealed_for_it() -> None:
    secret = os.urandom(32)
    sealed = seal_key(secret, public_half(KEY))
    assert unseal_key(sealed, KEY) == secret
    assert unseal_key(sealed, OTHER_KEY) is None
    assert seal_key(secret, public_half(KEY)) != sealed
    assert public_half(KEY) != KEY


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", '{"kind": 1}', seal_key(b"short", public_half(KEY)),
     seal_key(KEY, public_half(KEY)).replace('"locked": "', '"locked": "AAAA'),
     seal_key(KEY, public_half(KEY)).replace("sealed for", "sealed by")],
)  # fmt: skip
def test_a_sealed_key_that_was_altered_is_said_to_be_damaged(text: str) -> None:
    with pytest.raises(CredentialError, match="damaged"):
        unseal_key(text, KEY)


@pytest.mark.parametrize("content", [b"", b"no key at all", bytes(32)])
def test_a_public_half_that_was_altered_is_waited_for_like_one_that_is_missing(
    folder: Path, content: bytes
) -> None:
    keep_public_half_made(folder, content)
    with pytest.raises(NoEmergencyKey, match="Nothing can be recorded before"):
        begun(folder)
    assert not list(folder.glob("emergency-*"))


def keep_public_half_made(folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / PUBLIC_FILE).write_bytes(content)


def test_the_public_half_is_put_right_at_each_opening(
    folder: Path, credentials: Credentials
) -> None:
    opened = open_spool(folder, credentials, now=now)
    opened.spool.close()
    for content in (b"another", b""):
        (folder / PUBLIC_FILE).write_bytes(content)
        open_spool(folder, credentials, now=now).spool.close()
        assert (folder / PUBLIC_FILE).read_bytes() == public_half(opened.key)


def test_without_a_public_half_there_is_no_emergency_store(folder: Path) -> None:
    with pytest.raises(NoEmergencyKey):
        begun(folder)
    assert not folder.exists()


def test_no_key_is_on_the_disk_as_it_is(folder: Path, home: Callable[[], Spool]) -> None:
    home().close()
    store = begun(folder)
    store.spool.close()
    assert store.key.hex() not in repr(store)
    for file in folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            for secret in (store.key, KEY):
                assert secret not in content
                assert secret.hex().encode() not in content
            assert file.stat().st_mode & 0o077 == 0


# --- coming home --------------------------------------------------------------------------


def test_a_store_that_was_killed_comes_home_at_the_next_start(
    folder: Path, home: Callable[[], Spool]
) -> None:
    store = begun(folder)
    killed(store, folder)
    spool = home()
    assert take_in_waiting(spool, folder, KEY, now=now) == ()
    all_of_it_is_there(spool)
    assert spool.get(NEW).capture is Capture.RECORDING
    assert not store.folder.exists()
    spool.close()
    store.spool.close()


def test_what_came_home_once_and_was_deleted_does_not_come_again(
    folder: Path, home: Callable[[], Spool]
) -> None:
    store = begun(folder)
    killed(store, folder)
    spool = home()
    spool.take_in(store.folder, store.key)
    # Killed here, before the copy was removed; then the clinician deletes the dictation.
    spool.delete(NEW)
    assert take_in_waiting(spool, folder, KEY, now=now) == ()
    with pytest.raises(UnknownSession):
        spool.get(NEW)
    assert not store.folder.exists()
    spool.close()
    store.spool.close()


def test_a_running_dictation_goes_on_in_the_recordings(
    folder: Path, home: Callable[[], Spool]
) -> None:
    store, told = begun(folder), list[str]()
    spool = store.spool
    spool.subscribe(lambda session: told.append(session.session_id))
    spool.move_into(home(), store.key)
    store.forget_key()
    assert told == [NEW]
    all_of_it_is_there(spool)
    spool.append_tail(NEW, 20_000, sound(4_000, 4_000))
    assert spool.tail(NEW) == sound(0, 8_000)
    spool.seal(NEW, EncodedChunk(1, b"more", 8_000), stop_at=3.0)
    assert not (store.folder / SEALED_FILE).exists()
    spool.close()
    again = home()
    assert take_in_waiting(again, folder, KEY, now=now) == ()
    assert not store.folder.exists()
    assert (again.get(NEW).chunks, again.chunk(NEW, 1).body) == (2, b"more")
    again.close()


def test_what_comes_home_leaves_all_others_as_they_are(
    folder: Path, home: Callable[[], Spool]
) -> None:
    spool = home()
    # Its time was over: the audio of a cancelled dictation is gone, and that is no damage.
    spool.update(OLD, lambda s: apply(s, SpeechStarted(1.0)))
    spool.seal(OLD, EncodedChunk(0, b"old", 16_000), stop_at=2.0)
    spool.update(OLD, lambda s: replace(s, cancelled_at=3.0))
    spool.delete_audio(OLD)
    before = spool.get(OLD)
    store = begun(folder)
    killed(store, folder)
    take_in_waiting(spool, folder, KEY, now=now)
    assert spool.get(OLD) == before
    spool.close()
    store.spool.close()


def test_the_store_in_use_and_stores_of_another_key_are_let_alone(
    folder: Path, home: Callable[[], Spool]
) -> None:
    spool, store = home(), begun(folder)
    assert take_in_waiting(spool, folder, KEY, now=now, but=store.folder) == ()
    assert take_in_waiting(spool, folder, OTHER_KEY, now=now) == ()
    assert [one.session_id for one in spool.sessions()] == [OLD]
    assert (store.folder / SEALED_FILE).exists()
    spool.close()
    store.spool.close()


def test_a_store_without_its_key_is_said_and_kept(folder: Path, home: Callable[[], Spool]) -> None:
    store = begun(folder)
    store.spool.close()
    (store.folder / SEALED_FILE).unlink()
    spool = home()
    (said,) = take_in_waiting(spool, folder, KEY, now=now)
    assert "not deleted" in said.message
    assert (store.folder / "spool.db").exists()
    spool.close()


def test_a_damaged_store_gives_what_can_be_read_and_is_set_aside_with_its_key(
    folder: Path, home: Callable[[], Spool]
) -> None:
    store = begun(folder)
    store.spool.close()
    (store.folder / "spool.damaged").touch()
    spool = home()
    (said,) = take_in_waiting(spool, folder, KEY, now=now)
    assert isinstance(said, SpoolDamaged)
    all_of_it_is_there(spool)
    (aside,) = folder.glob("set-aside-*")
    assert unseal_key((aside / SEALED_FILE).read_text(), KEY) == store.key
    assert (aside / "spool.db").exists()
    assert not store.folder.exists()
    assert [path for path, _ in spool.damaged_asides()] == [aside]
    spool.close()


def test_a_start_that_recorded_nothing_leaves_nothing(
    folder: Path, home: Callable[[], Spool]
) -> None:
    empty = emergency_folder(folder, now())
    empty.mkdir()
    (empty / SEALED_FILE).write_text(seal_key(OTHER_KEY, public_half(KEY)))
    bare = emergency_folder(folder, now())
    bare.mkdir()
    spool = home()
    assert take_in_waiting(spool, folder, KEY, now=now) == ()
    assert not list(folder.glob("emergency-*"))
    spool.close()


def test_the_backup_of_a_lost_key_brings_back_what_was_sealed_for_it(
    folder: Path, credentials: Credentials
) -> None:
    first = open_spool(folder, credentials, now=now)
    first.spool.add(Session(OLD, 1.0, Order()))
    first.spool.close()
    store = begun(folder)
    store.spool.close()
    backup = lock_key(first.key, PASSPHRASE)
    credentials.store_spool_key(OTHER_KEY)
    second = open_spool(folder, credentials, now=now)
    assert second.spool.sessions() == ()
    count = import_key(folder, credentials, backup, PASSPHRASE, spool=second.spool)
    assert count == 2
    all_of_it_is_there(second.spool)
    second.spool.close()
