import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scribe_desktop.domain.updates import UpdateRefused
from scribe_desktop.services.updates import Updates

FEED = "https://publisher.example/feed.json"
INSTALLER = b"a new version " * 1000
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Web:
    """Files by their address; remembers what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def publish(self, feed: Any, key: Ed25519PrivateKey = KEY) -> None:
        content = json.dumps(feed).encode()
        self.files[FEED] = content
        self.files[f"{FEED}.sig"] = base64.b64encode(key.sign(content))

    def fetch(self, url: str) -> Iterator[bytes]:
        self.asked.append(url)
        if url not in self.files:
            raise ConnectionError
        content = self.files[url]
        for start in range(0, len(content), 100):
            yield content[start : start + 100]


def feed(version: str = "0.2.0", **changed: Any) -> dict[str, Any]:
    entry = {
        "url": "https://publisher.example/new.deb",
        "size": len(INSTALLER),
        "sha256": hashlib.sha256(INSTALLER).hexdigest(),
    }
    return {"version": version, "files": {"linux-x86_64": entry | changed}}


@pytest.fixture
def web() -> Web:
    made = Web()
    made.files["https://publisher.example/new.deb"] = INSTALLER
    made.publish(feed())
    return made


def updates(web: Web, folder: Path, url: str = FEED) -> Updates:
    return Updates(
        url,
        KEY.public_key().public_bytes_raw(),
        folder,
        fetch=web.fetch,
        installed="0.1.0",
        system="linux-x86_64",
    )


def test_a_signed_newer_version_is_fetched_once(web: Web, tmp_path: Path) -> None:
    ready = updates(web, tmp_path).look()
    assert ready == tmp_path / "scribe-desktop-0.2.0.deb"
    assert ready.read_bytes() == INSTALLER
    web.asked.clear()
    assert updates(web, tmp_path).look() == ready
    assert web.asked == [FEED, f"{FEED}.sig"]


def test_a_fetched_file_that_was_changed_is_fetched_again(web: Web, tmp_path: Path) -> None:
    (tmp_path / "scribe-desktop-0.2.0.deb").write_bytes(b"something else")
    ready = updates(web, tmp_path).look()
    assert ready is not None
    assert ready.read_bytes() == INSTALLER


def test_what_is_no_longer_new_is_removed(web: Web, tmp_path: Path) -> None:
    old = tmp_path / "scribe-desktop-0.1.0.deb"
    old.write_bytes(b"installed since")
    web.publish({"version": "0.1.0", "files": {}})
    assert updates(web, tmp_path).look() is None
    assert not old.exists()


def test_another_signer_is_refused_and_nothing_fetched(web: Web, tmp_path: Path) -> None:
    web.publish(feed(), Ed25519PrivateKey.generate())
    with pytest.raises(UpdateRefused, match="not signed"):
        updates(web, tmp_path).look()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("signature", [b"", b"no base64!", base64.b64encode(b"x" * 64)])
def test_a_broken_signature_is_refused(web: Web, tmp_path: Path, signature: bytes) -> None:
    web.files[f"{FEED}.sig"] = signature
    with pytest.raises(UpdateRefused, match="not signed"):
        updates(web, tmp_path).look()


def test_a_changed_feed_is_refused(web: Web, tmp_path: Path) -> None:
    web.files[FEED] = web.files[FEED].replace(b"0.2.0", b"0.3.0")
    with pytest.raises(UpdateRefused, match="not signed"):
        updates(web, tmp_path).look()


def test_a_replayed_old_feed_is_refused(web: Web, tmp_path: Path) -> None:
    web.publish(feed("0.0.9"))
    with pytest.raises(UpdateRefused, match="older"):
        updates(web, tmp_path).look()


@pytest.mark.parametrize("content", [[], "x", 3])
def test_a_signed_feed_that_is_no_feed_is_refused(
    web: Web, tmp_path: Path, content: object
) -> None:
    web.publish(content)
    with pytest.raises(UpdateRefused, match="must say"):
        updates(web, tmp_path).look()


@pytest.mark.parametrize("sent", [b"", INSTALLER[:-1], INSTALLER + b"!", b"x" * len(INSTALLER)])
def test_a_file_that_is_not_what_was_signed_is_thrown_away(
    web: Web, tmp_path: Path, sent: bytes
) -> None:
    web.files["https://publisher.example/new.deb"] = sent
    with pytest.raises(UpdateRefused, match="thrown away"):
        updates(web, tmp_path).look()
    assert list(tmp_path.iterdir()) == []


def test_a_broken_download_leaves_nothing(web: Web, tmp_path: Path) -> None:
    del web.files["https://publisher.example/new.deb"]
    with pytest.raises(ConnectionError):
        updates(web, tmp_path).look()
    assert list(tmp_path.iterdir()) == []


def test_an_endless_feed_is_not_read(web: Web, tmp_path: Path) -> None:
    web.files[FEED] = b" " * 100_000
    with pytest.raises(UpdateRefused, match="too long"):
        updates(web, tmp_path).look()


def test_only_https_is_asked(web: Web, tmp_path: Path) -> None:
    with pytest.raises(UpdateRefused, match="https"):
        updates(web, tmp_path, "http://publisher.example/feed.json").look()
    assert web.asked == []
