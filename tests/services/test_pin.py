"""The PIN opens only to itself, is nowhere to be read, and guessing takes ever longer."""

from pathlib import Path

import pytest

from scribe_desktop.domain.errors import CredentialError
from scribe_desktop.services.pin import PIN_FILE, PinLock


class Keyring:
    """A keyring that can be locked."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.is_locked = False

    def read(self, entry: str) -> str | None:
        self._refuse()
        return self.entries.get(entry)

    def write(self, entry: str, value: str) -> None:
        self._refuse()
        self.entries[entry] = value

    def delete(self, entry: str) -> None:
        self._refuse()
        self.entries.pop(entry, None)

    def _refuse(self) -> None:
        if self.is_locked:
            raise CredentialError("The keyring is locked.", "Unlock it.")


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def keyring() -> Keyring:
    return Keyring()


@pytest.mark.parametrize("with_keyring", [True, False])
def test_a_pin_opens_only_to_itself(
    tmp_path: Path, keyring: Keyring, *, with_keyring: bool
) -> None:
    lock = PinLock(tmp_path, keyring if with_keyring else None)
    assert not lock.is_set()
    assert not lock.opens("")
    lock.set_pin("4711")
    assert lock.is_set()
    assert lock.opens("4711")
    assert not lock.opens("4712")
    assert not lock.opens("")
    stored = (tmp_path / PIN_FILE).read_text() + "".join(keyring.entries.values())
    assert "4711" not in stored
    assert ("hash" in (tmp_path / PIN_FILE).read_text()) is not with_keyring
    lock.set_pin("")
    assert not lock.is_set()
    assert keyring.entries == {}


def test_a_short_pin_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    lock = PinLock(tmp_path)
    lock.set_pin("4711")
    with pytest.raises(CredentialError, match="too short"):
        lock.set_pin("123")
    assert lock.opens("4711")


def test_without_a_keyring_that_works_the_hash_is_in_a_private_file(
    tmp_path: Path, keyring: Keyring
) -> None:
    keyring.is_locked = True
    lock = PinLock(tmp_path, keyring)
    lock.set_pin("4711")
    assert lock.opens("4711")
    assert (tmp_path / PIN_FILE).stat().st_mode & 0o077 == 0


def test_a_locked_keyring_is_said_and_opens_nothing(tmp_path: Path, keyring: Keyring) -> None:
    lock = PinLock(tmp_path, keyring)
    lock.set_pin("4711")
    keyring.is_locked = True
    assert lock.is_set()
    with pytest.raises(CredentialError, match="locked"):
        lock.opens("4711")


def test_deleting_the_file_takes_no_pin_away(tmp_path: Path, keyring: Keyring) -> None:
    PinLock(tmp_path, keyring).set_pin("4711")
    (tmp_path / PIN_FILE).unlink()
    lock = PinLock(tmp_path, keyring)
    lock.look()
    assert lock.is_set()
    assert lock.opens("4711")


def test_guessing_takes_ever_longer_also_over_a_restart(tmp_path: Path) -> None:
    clock = Clock()
    PinLock(tmp_path, now=clock).set_pin("4711")
    waits = []
    for _ in range(12):
        lock = PinLock(tmp_path, now=clock)
        assert not lock.opens("0000")
        waits.append(lock.wait_s())
        if waits[-1]:
            with pytest.raises(CredentialError, match="wrong PINs"):
                lock.opens("4711")
        clock.now += waits[-1]
    assert waits[:6] == [0.0, 0.0, 5.0, 10.0, 20.0, 40.0]
    assert waits[-1] == 300.0
    assert PinLock(tmp_path, now=clock).opens("4711")
    assert PinLock(tmp_path, now=clock).wait_s() == 0.0


def test_a_clock_set_back_makes_no_wait_longer(tmp_path: Path) -> None:
    clock = Clock()
    lock = PinLock(tmp_path, now=clock)
    lock.set_pin("4711")
    for _ in range(3):
        lock.opens("0000")
    clock.now -= 86_400
    assert lock.wait_s() == 5.0


def test_forgetting_takes_the_pin_and_its_wait_and_nothing_else(
    tmp_path: Path, keyring: Keyring
) -> None:
    other = tmp_path / "spool.db"
    other.write_bytes(b"recordings")
    keyring.entries["spool key"] = "kept"
    lock = PinLock(tmp_path, keyring)
    lock.set_pin("4711")
    for _ in range(3):
        lock.opens("0000")
    lock.forget()
    assert not lock.is_set()
    assert lock.wait_s() == 0.0
    assert other.read_bytes() == b"recordings"
    assert keyring.entries == {"spool key": "kept"}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"salt": 1}', b'{"salt": "zz", "hash": "00"}'])
def test_a_damaged_file_opens_to_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / PIN_FILE).write_bytes(content)
    lock = PinLock(tmp_path)
    assert lock.is_set()
    assert not lock.opens("4711")


def test_a_damaged_entry_of_the_keyring_opens_to_nobody(tmp_path: Path, keyring: Keyring) -> None:
    lock = PinLock(tmp_path, keyring)
    lock.set_pin("4711")
    keyring.entries["pin"] = "not json"
    assert not lock.opens("4711")


def test_a_folder_that_takes_nothing_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="nothing has changed"):
        PinLock(tmp_path / "missing").set_pin("4711")
