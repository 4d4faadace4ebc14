import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scribe_desktop.domain.updates import UpdateRefused
from scribe_desktop.services.updates import Answer, Interrupted, Updates, open_https
from tests.peers.publisher import Publisher, certificate

linux_only = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere a test cannot add to the store"
)
FEED = "https://publisher.example/feed.json"
INSTALLER = b"a new version " * 1000
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Web:
    """Files by their address; remembers what was asked for."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.breaks_at: int | None = None

    def publish(self, feed: Any, key: Ed25519PrivateKey = KEY) -> None:
        content = json.dumps(feed).encode()
        self.files[FEED] = content
        self.files[f"{FEED}.sig"] = base64.b64encode(key.sign(content))

    def fetch(self, url: str, start: int) -> Answer:
        self.asked.append(url if not start else f"{url} from {start}")
        if url not in self.files:
            raise ConnectionError
        return Answer(start, self._blocks(self.files[url], start))

    def _blocks(self, content: bytes, start: int) -> Iterator[bytes]:
        for at in range(start, len(content), 100):
            if self.breaks_at is not None and at >= self.breaks_at:
                raise ConnectionError
            yield content[at : at + 100]


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


def look(web: Web, folder: Path, url: str = FEED, *, room: int = 1 << 40) -> Path | None:
    found = updates(web, folder, url, room=room)
    release = found.find()
    return found.bring(release) if release is not None else None


def updates(web: Web, folder: Path, url: str = FEED, *, room: int = 1 << 40) -> Updates:
    return Updates(
        url,
        KEY.public_key().public_bytes_raw(),
        folder,
        fetch=web.fetch,
        installed="0.1.0",
        system="linux-x86_64",
        room=lambda _: room,
    )


def test_a_signed_newer_version_is_fetched_once(web: Web, tmp_path: Path) -> None:
    ready = look(web, tmp_path)
    assert ready == tmp_path / "scribe-desktop-0.2.0.deb"
    assert ready.read_bytes() == INSTALLER
    web.asked.clear()
    assert look(web, tmp_path) == ready
    assert web.asked == [FEED, f"{FEED}.sig"]


def test_a_fetched_file_that_was_changed_is_fetched_again(web: Web, tmp_path: Path) -> None:
    (tmp_path / "scribe-desktop-0.2.0.deb").write_bytes(b"something else")
    ready = look(web, tmp_path)
    assert ready is not None
    assert ready.read_bytes() == INSTALLER


def test_what_is_no_longer_new_is_removed(web: Web, tmp_path: Path) -> None:
    old = tmp_path / "scribe-desktop-0.1.0.deb"
    old.write_bytes(b"installed since")
    web.publish({"version": "0.1.0", "files": {}})
    assert look(web, tmp_path) is None
    assert not old.exists()


def test_another_signer_is_refused_and_nothing_fetched(web: Web, tmp_path: Path) -> None:
    web.publish(feed(), Ed25519PrivateKey.generate())
    with pytest.raises(UpdateRefused, match="not signed"):
        look(web, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("signature", [b"", b"no base64!", base64.b64encode(b"x" * 64)])
def test_a_broken_signature_is_refused(web: Web, tmp_path: Path, signature: bytes) -> None:
    web.files[f"{FEED}.sig"] = signature
    with pytest.raises(UpdateRefused, match="not signed"):
        look(web, tmp_path)


def test_a_changed_feed_is_refused(web: Web, tmp_path: Path) -> None:
    web.files[FEED] = web.files[FEED].replace(b"0.2.0", b"0.3.0")
    with pytest.raises(UpdateRefused, match="not signed"):
        look(web, tmp_path)


def test_a_replayed_old_feed_is_refused(web: Web, tmp_path: Path) -> None:
    web.publish(feed("0.0.9"))
    with pytest.raises(UpdateRefused, match="older"):
        look(web, tmp_path)


@pytest.mark.parametrize("content", [[], "x", 3])
def test_a_signed_feed_that_is_no_feed_is_refused(
    web: Web, tmp_path: Path, content: object
) -> None:
    web.publish(content)
    with pytest.raises(UpdateRefused, match="must say"):
        look(web, tmp_path)


@pytest.mark.parametrize("sent", [INSTALLER + b"!", b"x" * len(INSTALLER)])
def test_a_file_that_is_not_what_was_signed_is_thrown_away(
    web: Web, tmp_path: Path, sent: bytes
) -> None:
    web.files["https://publisher.example/new.deb"] = sent
    with pytest.raises(UpdateRefused, match="thrown away"):
        look(web, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_broken_download_leaves_nothing(web: Web, tmp_path: Path) -> None:
    del web.files["https://publisher.example/new.deb"]
    with pytest.raises(ConnectionError):
        look(web, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_endless_feed_is_not_read(web: Web, tmp_path: Path) -> None:
    web.files[FEED] = b" " * 100_000
    with pytest.raises(UpdateRefused, match="too long"):
        look(web, tmp_path)


def test_only_https_is_asked(web: Web, tmp_path: Path) -> None:
    with pytest.raises(UpdateRefused, match="https"):
        look(web, tmp_path, "http://publisher.example/feed.json")
    assert web.asked == []


def test_a_broken_download_goes_on_where_it_broke(web: Web, tmp_path: Path) -> None:
    web.breaks_at = 5000
    with pytest.raises(ConnectionError):
        look(web, tmp_path)
    web.breaks_at = None
    ready = look(web, tmp_path)
    assert ready is not None
    assert ready.read_bytes() == INSTALLER
    assert web.asked[-1] == "https://publisher.example/new.deb from 5000"


@pytest.mark.parametrize("length", [0, 1, 5000])
def test_a_file_that_ends_early_is_not_finished(web: Web, tmp_path: Path, length: int) -> None:
    web.files["https://publisher.example/new.deb"] = INSTALLER[:length]
    with pytest.raises(ConnectionError):
        look(web, tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["scribe-desktop-0.2.0.deb.partial"]


def test_a_beginning_of_something_else_is_thrown_away_at_the_end(web: Web, tmp_path: Path) -> None:
    (tmp_path / "scribe-desktop-0.2.0.deb.partial").write_bytes(b"?" * 700)
    with pytest.raises(UpdateRefused, match="thrown away"):
        look(web, tmp_path)
    ready = look(web, tmp_path)
    assert ready is not None
    assert ready.read_bytes() == INSTALLER


def test_a_beginning_that_is_too_long_is_begun_anew(web: Web, tmp_path: Path) -> None:
    (tmp_path / "scribe-desktop-0.2.0.deb.partial").write_bytes(b"?" * len(INSTALLER))
    ready = look(web, tmp_path)
    assert ready is not None
    assert ready.read_bytes() == INSTALLER


def test_the_room_of_dictations_is_not_taken(web: Web, tmp_path: Path) -> None:
    with pytest.raises(UpdateRefused, match="no room") as refused:
        look(web, tmp_path, room=1 << 30)
    assert "GB free" in refused.value.remedy
    assert list(tmp_path.iterdir()) == []


def test_a_download_tells_how_far_it_is_and_can_be_ended(web: Web, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    found = updates(web, tmp_path)
    release = found.find()
    assert release is not None

    def until_three(done: int, total: int) -> bool:
        told.append((done, total))
        return len(told) < 3

    with pytest.raises(Interrupted):
        found.bring(release, until_three)
    assert told == [(100 * n, len(INSTALLER)) for n in (1, 2, 3)]
    assert found.bring(release).read_bytes() == INSTALLER
    assert web.asked[-1].endswith("from 300")


# --- over a real connection ---


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    pem, secret = certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    with Publisher(pem, secret) as made:
        yield made


def over_https(publisher: Publisher, folder: Path) -> Updates:
    return Updates(
        f"{publisher.origin}/feed.json",
        KEY.public_key().public_bytes_raw(),
        folder,
        fetch=open_https,
        installed="0.1.0",
        system="linux-x86_64",
    )


def publish(publisher: Publisher, url: str = "") -> None:
    content = json.dumps(feed(url=url or f"{publisher.origin}/new.deb")).encode()
    publisher.files |= {
        "/feed.json": content,
        "/feed.json.sig": base64.b64encode(KEY.sign(content)),
        "/new.deb": INSTALLER,
    }


def bring(found: Updates) -> bytes:
    release = found.find()
    assert release is not None
    return found.bring(release).read_bytes()


@linux_only
def test_a_feed_is_read_and_its_file_fetched_over_https(
    publisher: Publisher, tmp_path: Path
) -> None:
    publish(publisher)
    assert bring(over_https(publisher, tmp_path / "updates")) == INSTALLER


@linux_only
@pytest.mark.parametrize("knows_ranges", [True, False])
def test_a_line_that_breaks_is_taken_up_again(
    publisher: Publisher, tmp_path: Path, *, knows_ranges: bool
) -> None:
    publish(publisher)
    publisher.breaks_once_at, publisher.knows_ranges = 6000, knows_ranges
    found = over_https(publisher, tmp_path / "updates")
    with pytest.raises(ConnectionError, match="early"):
        bring(found)
    assert bring(found) == INSTALLER
    assert publisher.ranges == ["bytes=6000-"]


@linux_only
def test_a_redirect_out_of_https_is_not_followed(publisher: Publisher, tmp_path: Path) -> None:
    publish(publisher, f"{publisher.origin}/moved")
    publisher.moved["/moved"] = "http://127.0.0.1:9/new.deb"
    with pytest.raises(UpdateRefused, match="https"):
        bring(over_https(publisher, tmp_path / "updates"))


@linux_only
def test_a_redirect_within_https_is_followed(publisher: Publisher, tmp_path: Path) -> None:
    publish(publisher, f"{publisher.origin}/moved")
    publisher.moved["/moved"] = f"{publisher.origin}/new.deb"
    assert bring(over_https(publisher, tmp_path / "updates")) == INSTALLER


@linux_only
def test_what_is_not_there_is_no_update(publisher: Publisher, tmp_path: Path) -> None:
    publish(publisher)
    del publisher.files["/new.deb"]
    with pytest.raises(OSError, match="404"):
        bring(over_https(publisher, tmp_path / "updates"))


def test_a_publisher_that_cannot_prove_who_it_is_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with Publisher(*certificate(tmp_path)) as unknown:
        publish(unknown)
        with pytest.raises(OSError, match=r"certificate|trust"):
            over_https(unknown, tmp_path / "updates").find()
        assert unknown.asked == []


def test_the_default_way_asks_nothing_but_https() -> None:
    with pytest.raises(UpdateRefused, match="https"):
        open_https("http://publisher.example/feed.json", 0)
