"""The PIN opens only to itself, and is nowhere in the file."""

from pathlib import Path

import pytest

from scribe_desktop.domain.errors import CredentialError
from scribe_desktop.services.pin import PIN_FILE, PinLock


def test_a_pin_opens_only_to_itself(tmp_path: Path) -> None:
    lock = PinLock(tmp_path)
    assert not lock.is_set()
    assert not lock.opens("")
    lock.set_pin("4711")
    assert lock.is_set()
    assert lock.opens("4711")
    assert not lock.opens("4712")
    assert not lock.opens("")
    assert b"4711" not in (tmp_path / PIN_FILE).read_bytes()
    lock.set_pin("")
    assert not lock.is_set()


@pytest.mark.parametrize("content", [b"", b"[]", b'{"salt": 1}', b'{"salt": "zz", "hash": "00"}'])
def test_a_damaged_file_opens_to_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / PIN_FILE).write_bytes(content)
    lock = PinLock(tmp_path)
    assert lock.is_set()
    assert not lock.opens("4711")


def test_a_folder_that_takes_nothing_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CredentialError, match="nothing has changed"):
        PinLock(tmp_path / "missing").set_pin("4711")
