import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scribe_desktop import __version__
from scribe_desktop.domain.notices import Notice, Trouble
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.domain.updates import Progress, Stage, UpdateRefused
from scribe_desktop.services.updates import Answer
from scribe_desktop.wiring import updates
from scribe_desktop.wiring.updates import AGAIN_S, BUSY_S, DAY_S, UpdateWatch, this_system

FEED = "https://publisher.example/feed.json"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
UNSENT = Session(SessionId("ses_000000000000000000000001"), 0.0, Order(), chunks=1)


class Line:
    """The line as far as the watch asks it."""

    def __init__(self) -> None:
        self.in_force = Settings(update_feed=FEED)
        self.locked: frozenset[str] = frozenset()
        self.kept: tuple[Session, ...] = ()
        self.told: list[Notice] = []

    def settings(self) -> Settings:
        return self.in_force

    def locked_settings(self) -> frozenset[str]:
        return self.locked

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


class Stand:
    """A watch, what it is told by the web, and what it hands over."""

    def __init__(
        self, line: Line, files: dict[str, bytes], folder: Path, key: bytes | None = None
    ) -> None:
        self.files = files
        self.handed: list[Path] = []
        self.seen: list[Progress] = []
        public = KEY.public_key().public_bytes_raw() if key is None else key
        self.watch = UpdateWatch(
            line, folder, key=public, fetch=self._fetch, hand_over=self.handed.append,
            now=lambda: 1000.0,
        )  # fmt: skip

    def _fetch(self, url: str, _start: int) -> Answer:
        if url not in self.files:
            raise ConnectionError
        self.seen.append(self.watch.progress())
        return Answer(0, iter([self.files[url]]))

    def look(self) -> float:
        return self.watch.look() - 1000.0


def watch(line: Line, files: dict[str, bytes], folder: Path, key: bytes | None = None) -> float:
    return Stand(line, files, folder, key).look()


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
    feed = json.dumps({"version": __version__, "files": {}}).encode()
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


def test_the_window_follows_the_search_to_its_end(files: dict[str, bytes], tmp_path: Path) -> None:
    stand = Stand(Line(), files, tmp_path)
    assert stand.watch.progress().stage is Stage.WAITING
    stand.look()
    assert {one.stage for one in stand.seen} == {Stage.LOOKING}
    ready = stand.watch.progress()
    assert (ready.stage, ready.version, ready.done_bytes) == (Stage.READY, "99.0.0", 3)


def test_a_new_version_is_told_once(files: dict[str, bytes], tmp_path: Path) -> None:
    line = Line()
    stand = Stand(line, files, tmp_path)
    stand.look()
    stand.look()
    assert len(line.told) == 1


def test_what_was_fetched_is_handed_to_the_systems_installer(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    stand = Stand(Line(), files, tmp_path)
    stand.look()
    assert stand.watch.why_not_now() == ""
    stand.watch.install()
    assert [path.read_bytes() for path in stand.handed] == [b"abc"]


@pytest.mark.parametrize(
    ("session", "said"),
    [
        (UNSENT, "being recorded"),
        (replace(UNSENT, capture=Capture.STOPPED), "not delivered"),
    ],
)
def test_nothing_is_installed_while_a_dictation_is_under_way(
    files: dict[str, bytes], tmp_path: Path, session: Session, said: str
) -> None:
    line = Line()
    stand = Stand(line, files, tmp_path)
    stand.look()
    line.kept = (session,)
    assert said in stand.watch.why_not_now()
    with pytest.raises(UpdateRefused, match=said):
        stand.watch.install()
    assert stand.handed == []


def test_a_file_that_was_exchanged_after_it_was_proved_is_not_opened(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    stand = Stand(Line(), files, tmp_path)
    stand.look()
    ready = next(tmp_path.iterdir())
    ready.write_bytes(b"abd")
    with pytest.raises(UpdateRefused, match="not what it was"):
        stand.watch.install()
    assert stand.handed == []
    assert not ready.exists()
    assert stand.watch.progress().stage is Stage.WAITING


def test_without_anything_fetched_there_is_nothing_to_install(tmp_path: Path) -> None:
    stand = Stand(Line(), {}, tmp_path)
    with pytest.raises(UpdateRefused):
        stand.watch.install()


@pytest.mark.parametrize(
    "change", [{"check_for_updates": False}, {"update_feed": ""}], ids=["switched off", "no feed"]
)
def test_what_a_policy_switched_off_is_off_also_when_asked_by_hand(
    files: dict[str, bytes], tmp_path: Path, change: dict[str, object]
) -> None:
    line = Line()
    line.in_force = replace(line.in_force, **change)  # type: ignore[arg-type]
    line.locked = frozenset(change)
    stand = Stand(line, files, tmp_path)
    stand.watch.look_now()
    assert stand.look() == AGAIN_S
    assert stand.seen == []
    off = stand.watch.progress()
    assert off.stage is Stage.OFF
    assert "Your organisation" in off.sentence


def test_who_does_not_want_it_daily_can_still_ask(files: dict[str, bytes], tmp_path: Path) -> None:
    line = Line()
    line.in_force = replace(line.in_force, check_for_updates=False)
    stand = Stand(line, files, tmp_path)
    assert stand.look() == AGAIN_S
    stand.watch.look_now()
    assert stand.watch.progress().stage is Stage.LOOKING
    assert stand.look() == DAY_S
    assert stand.watch.progress().stage is Stage.READY


@pytest.mark.parametrize(
    ("key", "feed", "said"), [(b"", FEED, "publisher's key"), (None, "", "No feed")]
)
def test_why_nothing_is_looked_for_is_said(
    tmp_path: Path, key: bytes | None, feed: str, said: str
) -> None:
    line = Line()
    line.in_force = replace(line.in_force, update_feed=feed)
    off = Stand(line, {}, tmp_path, key).watch.progress()
    assert off.stage is Stage.OFF
    assert said in off.sentence


def test_what_is_refused_is_shown_and_not_told_twice_to_who_asked(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    files[f"{FEED}.sig"] = b"no signature"
    line = Line()
    stand = Stand(line, files, tmp_path)
    stand.watch.look_now()
    stand.look()
    assert stand.watch.progress().stage is Stage.REFUSED
    assert line.told == []


def test_no_network_is_shown(tmp_path: Path) -> None:
    stand = Stand(Line(), {}, tmp_path)
    stand.look()
    assert stand.watch.progress().stage is Stage.UNREACHED


def test_a_newest_version_is_shown(tmp_path: Path) -> None:
    feed = json.dumps({"version": __version__, "files": {}}).encode()
    files = {FEED: feed, f"{FEED}.sig": base64.b64encode(KEY.sign(feed))}
    stand = Stand(Line(), files, tmp_path)
    stand.look()
    assert stand.watch.progress().stage is Stage.CURRENT


def test_switching_it_off_ends_a_download(files: dict[str, bytes], tmp_path: Path) -> None:
    line = Line()
    stand = Stand(line, files, tmp_path)

    def fetch(url: str, start: int) -> Answer:
        if url.endswith(".deb"):
            line.in_force = replace(line.in_force, update_feed="")
        return stand._fetch(url, start)

    stand.watch._fetch = fetch
    assert stand.look() == AGAIN_S
    line.in_force = replace(line.in_force, update_feed=FEED)
    assert stand.watch.progress().stage is Stage.WAITING
