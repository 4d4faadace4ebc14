"""The keyring of a real desktop: gnome-keyring on a private bus, unlocked and locked."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from scribe_desktop.services.credentials import FILE_NOTICE
from tests.services import keyring_user

pytestmark = pytest.mark.keyring


@pytest.fixture
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """The environment of a private bus; everything on it ends with it."""
    for variable in ("HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"):
        folder = tmp_path / variable
        folder.mkdir(mode=0o700)
        monkeypatch.setenv(variable, str(folder))
    daemon = subprocess.Popen(
        ["dbus-daemon", "--session", "--nofork", "--print-address"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert daemon.stdout is not None
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", daemon.stdout.readline().strip())
    yield dict(os.environ)
    daemon.terminate()
    daemon.wait(10)
    daemon.stdout.close()


@contextlib.contextmanager
def gnome_keyring(environment: dict[str, str], password: str | None) -> Iterator[None]:
    """The daemon on that bus; with a password its keyring is made and unlocked."""
    unlock = ["--unlock"] if password is not None else []
    daemon = subprocess.Popen(
        ["gnome-keyring-daemon", "--foreground", "--components=secrets", *unlock],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert daemon.stdin is not None
    assert daemon.stdout is not None
    daemon.stdin.write((password or "").encode())
    daemon.stdin.close()
    # It tells where it listens when it is ready.
    daemon.stdout.readline()
    try:
        yield
    finally:
        daemon.terminate()
        daemon.wait(10)
        daemon.stdout.close()


def ask(environment: dict[str, str], folder: Path, spool: str) -> dict[str, Any]:
    child = subprocess.run(
        [sys.executable, keyring_user.__file__, str(folder), spool],
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "canary" not in child.stdout + child.stderr
    answer: dict[str, Any] = json.loads(child.stdout)
    return answer


def test_key_and_tokens_are_kept_by_the_secret_service(bus: dict[str, str], tmp_path: Path) -> None:
    with gnome_keyring(bus, "testpass"):
        first = ask(bus, tmp_path / "data", "none")
        assert (first["notice"], first["token"]) == ("", None)
    # The next login: another daemon, the same keyring.
    with gnome_keyring(bus, "testpass"):
        second = ask(bus, tmp_path / "data", "exists")
        assert second == first | {"token": 3000}
        # The token was given back, the key was not.
        assert ask(bus, tmp_path / "data", "exists") == first
    assert not (tmp_path / "data").exists()


def test_a_locked_keyring_is_said_and_no_key_is_made_over_the_spool(
    bus: dict[str, str], tmp_path: Path
) -> None:
    with gnome_keyring(bus, "testpass"):
        first = ask(bus, tmp_path / "data", "none")
    with gnome_keyring(bus, None):
        locked = ask(bus, tmp_path / "data", "exists")
        assert locked["error"] == "KeyringSilent"
        assert "safe but locked" in locked["message"]
        assert not (tmp_path / "data").exists()
    with gnome_keyring(bus, "testpass"):
        assert ask(bus, tmp_path / "data", "exists")["key"] == first["key"]


def test_a_bus_without_a_keyring_falls_back_to_the_private_file(
    bus: dict[str, str], tmp_path: Path
) -> None:
    first = ask(bus, tmp_path / "data", "none")
    assert first["notice"] == FILE_NOTICE
    assert ask(bus, tmp_path / "data", "exists") == first
