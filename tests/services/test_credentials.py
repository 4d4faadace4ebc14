"""Keys and tokens: kept in the keyring, never shown, never made over an existing spool."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from scribe_desktop.domain.errors import CredentialError, SpoolKeyLost
from scribe_desktop.services.credentials import (
    FILE_NOTICE,
    WAITING_NOTICE,
    Credentials,
    PassphraseNeeded,
)
from scribe_desktop.services.key_envelope import WrongPassphrase, lock_key, unlock_key
from scribe_desktop.services.keyring_door import KeyringDoor, KeyringMissing, KeyringSilent
from scribe_desktop.services.places import find_places
from scribe_desktop.services.secret import Secret

PASSPHRASE = Secret("correct horse battery")


class MemoryKeyring:
    """A keyring like that of Windows: entries of at most 1,280 characters."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        assert len(password) <= 1280
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


class BlockedKeyring(MemoryKeyring):
    """Waits for someone to type a password, until the test is over."""

    def __init__(self) -> None:
        super().__init__()
        self.over = threading.Event()

    def get_password(self, service: str, username: str) -> str | None:
        self.over.wait(30)
        return None


class BrokenKeyring(MemoryKeyring):
    """Has lost its bus."""

    def get_password(self, service: str, username: str) -> str | None:
        raise OSError("Kanarienwort")


class ForgetfulKeyring(MemoryKeyring):
    """Takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        pass


class NoKeyring(MemoryKeyring):
    """Says so at each question, like the library's own fail backend."""

    def get_password(self, service: str, username: str) -> str | None:
        from keyring.errors import NoKeyringError

        raise NoKeyringError("none")


@pytest.fixture
def keyring() -> MemoryKeyring:
    return MemoryKeyring()


@pytest.fixture
def blocked() -> Iterator[BlockedKeyring]:
    keyring = BlockedKeyring()
    yield keyring
    keyring.over.set()


def credentials(folder: Path, backend: MemoryKeyring, limit_s: float = 10.0) -> Credentials:
    return Credentials("scribe-desktop", folder, backend=backend, limit_s=limit_s)


def test_a_key_is_made_once_and_found_again(tmp_path: Path, keyring: MemoryKeyring) -> None:
    first = credentials(tmp_path, keyring).spool_key(spool_exists=False)
    again = credentials(tmp_path, keyring).spool_key(spool_exists=True)
    assert first == again
    assert len(first.key) == 32
    assert first.notice == ""
    assert list(tmp_path.iterdir()) == []


def test_a_lost_key_is_said_and_no_new_one_made(tmp_path: Path, keyring: MemoryKeyring) -> None:
    with pytest.raises(SpoolKeyLost):
        credentials(tmp_path, keyring).spool_key(spool_exists=True)
    assert keyring.entries == {}


def test_without_a_keyring_the_key_is_in_a_private_file_and_a_notice_lasts(
    tmp_path: Path,
) -> None:
    for backend in (NoKeyring(), ForgetfulKeyring(), BrokenKeyring()):
        folder = tmp_path / type(backend).__name__
        first = credentials(folder, backend).spool_key(spool_exists=False)
        again = credentials(folder, backend).spool_key(spool_exists=True)
        assert first == again
        said = FILE_NOTICE if isinstance(backend, NoKeyring) else WAITING_NOTICE
        assert first.notice == again.notice == said
        assert (folder / "spool.key").stat().st_mode & 0o077 == 0


def test_a_keyring_that_blocks_does_not_block_us(tmp_path: Path, blocked: BlockedKeyring) -> None:
    asked = credentials(tmp_path, blocked, limit_s=0.05)
    with pytest.raises(KeyringSilent, match="safe but locked"):
        asked.spool_key(spool_exists=True)
    assert asked.spool_key(spool_exists=False).notice == WAITING_NOTICE


def test_a_keyring_whose_dialog_is_open_is_not_asked_again(
    tmp_path: Path, blocked: BlockedKeyring
) -> None:
    asked, before = credentials(tmp_path, blocked, limit_s=0.05), set(threading.enumerate())
    for _ in range(3):
        with pytest.raises(KeyringSilent):
            asked.spool_key(spool_exists=True)
    assert len(set(threading.enumerate()) - before) == 1
    blocked.over.set()
    with pytest.raises(SpoolKeyLost):
        credentials(tmp_path, blocked).spool_key(spool_exists=True)


class LockableKeyring(MemoryKeyring):
    """Locked while it is said to be."""

    is_locked = True

    def get_password(self, service: str, username: str) -> str | None:
        from keyring.errors import KeyringLocked

        if self.is_locked:
            raise KeyringLocked
        return super().get_password(service, username)


def test_a_key_that_came_while_the_keyring_was_locked_goes_into_it_when_it_is_open(
    tmp_path: Path,
) -> None:
    keyring = LockableKeyring()
    key = bytes(range(32))
    assert credentials(tmp_path, keyring).store_spool_key(key).notice == WAITING_NOTICE
    assert not credentials(tmp_path, keyring).bring_key_home()
    assert (tmp_path / "spool.key").exists()
    keyring.is_locked = False
    # From a backup, so it takes the place of any other.
    keyring.entries["scribe-desktop", "spool key"] = "another"
    assert credentials(tmp_path, keyring).bring_key_home()
    assert list(tmp_path.iterdir()) == []
    found = credentials(tmp_path, keyring).spool_key(spool_exists=True)
    assert (found.key, found.notice) == (key, "")
    assert not credentials(tmp_path, keyring).bring_key_home()


def test_a_key_made_while_the_keyring_was_locked_never_replaces_the_one_in_it(
    tmp_path: Path,
) -> None:
    keyring = LockableKeyring()
    keyring.entries["scribe-desktop", "spool key"] = "of other recordings"
    made = credentials(tmp_path, keyring).spool_key(spool_exists=False)
    keyring.is_locked = False
    assert not credentials(tmp_path, keyring).bring_key_home()
    assert credentials(tmp_path, keyring).spool_key(spool_exists=True) == made
    assert keyring.entries == {("scribe-desktop", "spool key"): "of other recordings"}
    del keyring.entries["scribe-desktop", "spool key"]
    assert credentials(tmp_path, keyring).bring_key_home()
    assert credentials(tmp_path, keyring).spool_key(spool_exists=True).key == made.key


def test_where_there_is_no_keyring_a_key_in_a_file_stays_there(
    tmp_path: Path, keyring: MemoryKeyring
) -> None:
    made = credentials(tmp_path, NoKeyring()).spool_key(spool_exists=False)
    assert not credentials(tmp_path, keyring).bring_key_home()
    assert credentials(tmp_path, keyring).spool_key(spool_exists=True) == made


def test_a_damaged_key_is_said_and_kept(tmp_path: Path, keyring: MemoryKeyring) -> None:
    keyring.entries["scribe-desktop", "spool key"] = "c2hvcnQ="
    with pytest.raises(CredentialError, match="damaged"):
        credentials(tmp_path, keyring).spool_key(spool_exists=True)
    (tmp_path / "spool.key").write_text("[]")
    with pytest.raises(CredentialError, match="cannot be read"):
        credentials(tmp_path, keyring).spool_key(spool_exists=True)


def test_a_passphrase_locks_the_key(tmp_path: Path, keyring: MemoryKeyring) -> None:
    mine = credentials(tmp_path, keyring)
    key = mine.spool_key(spool_exists=False).key
    mine.lock_with_passphrase(key, PASSPHRASE)
    assert keyring.entries == {}
    with pytest.raises(PassphraseNeeded):
        mine.spool_key(spool_exists=True)
    with pytest.raises(WrongPassphrase):
        mine.spool_key(spool_exists=True, passphrase=Secret("wrong horse"))
    opened = mine.spool_key(spool_exists=True, passphrase=PASSPHRASE)
    assert (opened.key, opened.notice) == (key, "")

    mine.store_spool_key(key)
    assert not (tmp_path / "spool.key").exists()
    assert mine.spool_key(spool_exists=True).key == key


def test_a_passphrase_can_be_set_where_there_is_no_keyring(tmp_path: Path) -> None:
    mine = credentials(tmp_path, NoKeyring())
    key = mine.spool_key(spool_exists=False).key
    mine.lock_with_passphrase(key, PASSPHRASE)
    assert mine.spool_key(spool_exists=True, passphrase=PASSPHRASE).notice == ""
    assert mine.store_spool_key(key).notice == FILE_NOTICE


def test_a_key_that_cannot_be_stored_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CredentialError, match="could not be stored"):
        credentials(tmp_path / "file" / "folder", NoKeyring()).spool_key(spool_exists=False)


def test_two_homes_never_share_a_key(tmp_path: Path, keyring: MemoryKeyring) -> None:
    keys = set()
    for name in ("one", "two"):
        places = find_places({"SCRIBE_DESKTOP_HOME": str(tmp_path / name)})
        mine = Credentials(places.keyring_name, places.data, backend=keyring)
        keys.add(mine.spool_key(spool_exists=False).key)
    assert len(keys) == 2
    assert find_places({"HOME": str(tmp_path)}).keyring_name == "scribe-desktop"


def test_a_token_belongs_to_one_origin_and_account(tmp_path: Path, keyring: MemoryKeyring) -> None:
    mine = credentials(tmp_path, keyring)
    token = Secret("canary-token")
    assert mine.store_token(token, "https://api.example/voice/v1", "dr-a") == ""
    assert mine.token("https://API.example:443/other", "dr-a") == token
    for url, account, kind in (
        ("https://api.example", "dr-b", "access"),
        ("https://api.example", "dr-a", "refresh"),
        ("http://api.example", "dr-a", "access"),
        ("https://api.example:8443", "dr-a", "access"),
        ("https://api.example.org", "dr-a", "access"),
    ):
        assert mine.token(url, account, kind=kind) is None
    with pytest.raises(ValueError, match="origin"):
        mine.token("api.example")
    mine.forget_token("https://api.example", "dr-a")
    assert mine.token("https://api.example", "dr-a") is None
    assert keyring.entries == {}


def test_a_long_token_is_kept_in_parts(tmp_path: Path, keyring: MemoryKeyring) -> None:
    mine = credentials(tmp_path, keyring)
    for length in (2500, 5001, 10):
        token = Secret("".join(chr(97 + n % 26) for n in range(length)))
        mine.store_token(token, "https://api.example")
        assert mine.token("https://api.example") == token
    assert len(keyring.entries) == 1
    mine.store_token(Secret("x" * 1001), "https://api.example")
    del keyring.entries["scribe-desktop", "access token https://api.example:443 #1"]
    assert mine.token("https://api.example") is None
    mine.forget_token("https://api.example")
    assert keyring.entries == {}


def test_without_a_keyring_a_token_lasts_for_this_run(tmp_path: Path) -> None:
    mine = credentials(tmp_path, NoKeyring())
    assert "until you close" in mine.store_token(Secret("t"), "https://api.example")
    assert mine.token("https://api.example") == Secret("t")
    assert credentials(tmp_path, NoKeyring()).token("https://api.example") is None
    mine.forget_token("https://api.example")
    assert mine.token("https://api.example") is None
    assert list(tmp_path.iterdir()) == []


def test_a_foreign_error_of_the_keyring_does_not_speak(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(KeyringSilent) as caught:
        KeyringDoor("x", BrokenKeyring()).read("entry")
    assert "Kanarienwort" not in str(caught.value) + caplog.text


def test_no_keyring_backend_at_all_is_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    import keyring.backends.fail

    monkeypatch.setattr(keyring, "get_keyring", keyring.backends.fail.Keyring)
    with pytest.raises(KeyringMissing):
        KeyringDoor("x").read("entry")
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    KeyringDoor("x").write("entry", "value")
    assert backend.entries == {("x", "entry"): "value"}


def test_secrets_do_not_show_themselves(tmp_path: Path, keyring: MemoryKeyring) -> None:
    secret = Secret("canary")
    key = credentials(tmp_path, keyring).spool_key(spool_exists=False)
    assert "canary" not in f"{secret} {secret!r} {[secret]} {vars}"
    assert repr(key.key) not in repr(key)


def test_an_exported_key_comes_back_with_its_passphrase_only() -> None:
    key = bytes(range(32))
    text = lock_key(key, PASSPHRASE)
    assert unlock_key(text, PASSPHRASE) == key
    with pytest.raises(WrongPassphrase):
        unlock_key(text, Secret("another passphrase"))
    with pytest.raises(CredentialError, match="too short"):
        lock_key(key, Secret("short"))
    assert text != lock_key(key, PASSPHRASE)
    short = lock_key(b"short", PASSPHRASE)
    harmful = text.replace("32768", "1073741824")
    not_ours = text.replace("locked with", "by")
    not_base64 = text.replace('"salt": "', '"salt": "*')
    for wrong in ("", "[]", "{}", text[:-9], short, harmful, not_ours, not_base64):
        with pytest.raises(CredentialError):
            unlock_key(wrong, PASSPHRASE)
