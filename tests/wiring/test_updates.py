import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scribe_desktop.domain.notices import Notice, Trouble
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.wiring import updates
from scribe_desktop.wiring.updates import AGAIN_S, BUSY_S, DAY_S, UpdateWatch, this_system

FEED = "https://publisher.example/feed.json"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
UNSENT = Session(SessionId("ses_000000000000000000000001"), 0.0, Order(), chunks=1)


class Line:
    """The line as far as the watch asks it."""

    def __init__(self) -> None:
        self.in_force = Settings(update_feed=FEED)
        self.kept: tuple[Session, ...] = ()
        self.told: list[Notice] = []

    def settings(self) -> Settings:
        return self.in_force

    def sessions(self) -> tuple[Session, ...]:
        return self.kept

    def tell(self, notice: Notice) -> None:
        self.told.append(notice)


@pytest.fixture
def files() -> dict[str, bytes]:
    entry = {"url": "https://publisher.example/new.deb", "size": 3}
    entry["sha256"] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    feed = json.dumps({"version": "99.0.0", "files": {this_system(): entry}}).encode()
    return {
        FEED: feed,
        f"{FEED}.sig": base64.b64encode(KEY.sign(feed)),
        "https://publisher.example/new.deb": b"abc",
    }


def watch(line: Line, files: dict[str, bytes], folder: Path, key: bytes | None = None) -> float:
    def fetch(url: str) -> Iterator[bytes]:
        if url not in files:
            raise ConnectionError
        yield files[url]

    public = KEY.public_key().public_bytes_raw() if key is None else key
    made = UpdateWatch(line, folder, key=public, fetch=fetch, now=lambda: 1000.0)
    return made.look() - 1000.0


def sentences(line: Line) -> list[str]:
    return [notice.message for notice in line.told if isinstance(notice, Trouble)]


def test_a_new_version_is_told_when_nothing_is_under_way(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    line = Line()
    assert watch(line, files, tmp_path) == DAY_S
    assert "newer version" in sentences(line)[0]


def test_nothing_is_said_while_speech_is_unsent(files: dict[str, bytes], tmp_path: Path) -> None:
    line = Line()
    line.kept = (UNSENT,)
    assert watch(line, files, tmp_path) == BUSY_S
    assert line.told == []


@pytest.mark.parametrize("change", [{"check_for_updates": False}, {"update_feed": ""}])
def test_a_policy_can_switch_it_off(
    files: dict[str, bytes], tmp_path: Path, change: dict[str, object]
) -> None:
    line = Line()
    line.in_force = replace(line.in_force, **change)  # type: ignore[arg-type]
    assert watch(line, {}, tmp_path) == AGAIN_S
    assert line.told == []


def test_without_the_publishers_key_nothing_is_asked(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    line = Line()
    assert watch(line, files, tmp_path, key=b"") == AGAIN_S
    assert line.told == []


def test_a_wrong_signature_is_told(files: dict[str, bytes], tmp_path: Path) -> None:
    files[f"{FEED}.sig"] = base64.b64encode(Ed25519PrivateKey.generate().sign(files[FEED]))
    line = Line()
    assert watch(line, files, tmp_path) == DAY_S
    assert "not signed" in sentences(line)[0]


def test_no_network_is_no_news(tmp_path: Path) -> None:
    line = Line()
    assert watch(line, {}, tmp_path) == AGAIN_S
    assert line.told == []


def test_the_installed_version_is_nothing_to_tell(tmp_path: Path) -> None:
    feed = json.dumps({"version": "0.1.0", "files": {}}).encode()
    files = {FEED: feed, f"{FEED}.sig": base64.b64encode(KEY.sign(feed))}
    line = Line()
    assert watch(line, files, tmp_path) == DAY_S
    assert line.told == []


@pytest.mark.parametrize(("content", "length"), [(None, 0), (b"!", 0), (b"QUJD", 0)])
def test_a_key_that_is_none_is_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None, length: int
) -> None:
    if content is not None:
        (tmp_path / "update-key.txt").write_bytes(content)
    monkeypatch.setattr(updates, "bundled_folder", lambda: tmp_path)
    assert len(updates.publishers_key()) == length


def test_the_publishers_key_is_built_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = KEY.public_key().public_bytes_raw()
    (tmp_path / "update-key.txt").write_bytes(base64.b64encode(raw) + b"\n")
    monkeypatch.setattr(updates, "bundled_folder", lambda: tmp_path)
    assert updates.publishers_key() == raw


def test_the_watch_ends_when_it_is_told(files: dict[str, bytes], tmp_path: Path) -> None:
    watching = UpdateWatch(Line(), tmp_path, key=b"")
    watching.start()
    watching.stop()
