"""Settings, places and logs: private, never half written, silent about patients."""

import json
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.settings import Settings, Theme, with_value
from scribe_desktop.services.logs import start_logging, stop_logging
from scribe_desktop.services.places import find_places, write_private
from scribe_desktop.services.room import low_room
from scribe_desktop.services.settings_file import SettingsFile


def test_every_place_is_private_and_under_the_chosen_home(tmp_path: Path) -> None:
    places = find_places({"SCRIBE_DESKTOP_HOME": str(tmp_path / "home")})
    for folder in (places.data, places.config, places.cache, places.logs):
        assert folder.is_dir()
        assert folder.stat().st_mode & 0o077 == 0
        assert folder.is_relative_to(tmp_path / "home")
    assert {places.spool.parent, places.service.parent, places.control.parent} == {places.data}


def test_without_a_chosen_home_the_system_says_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for variable in ("DATA", "CONFIG", "CACHE", "STATE"):
        monkeypatch.delenv(f"XDG_{variable}_HOME", raising=False)
    places = find_places({})
    assert places.home is None
    assert places.data.is_relative_to(tmp_path)


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_private(path, b"old")
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o077 == 0
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        write_private(tmp_path / "folder", b"never")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder"]


def test_settings_come_back_and_only_differences_are_stored(tmp_path: Path) -> None:
    file = SettingsFile(tmp_path / "config")
    assert file.load().settings == Settings()
    settings = with_value(Settings(), "theme", "dark")
    file.save(settings)
    assert file.load().settings == settings
    assert json.loads((tmp_path / "config" / "settings.json").read_text()) == {"theme": "dark"}


@pytest.mark.parametrize("text", ["{", "[]", "\xff", "[" * 100_000])
def test_an_unreadable_settings_file_is_set_aside(tmp_path: Path, text: str) -> None:
    file = SettingsFile(tmp_path)
    for name in ("settings.unreadable.json", "settings.unreadable-2.json"):
        (tmp_path / "settings.json").write_bytes(text.encode("latin-1"))
        loaded = file.load()
        assert loaded.settings == Settings()
        assert name in loaded.complaints[0]
        assert (tmp_path / name).read_bytes() == text.encode("latin-1")


def test_one_bad_setting_does_not_spoil_the_others(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text('{"theme": "dark", "keep_audio_hours": -1}')
    loaded = SettingsFile(tmp_path).load()
    assert loaded.settings.theme is Theme.DARK
    assert len(loaded.complaints) == 1


def test_settings_that_cannot_be_read_or_stored_are_said(tmp_path: Path) -> None:
    (tmp_path / "settings.json").mkdir()
    loaded = SettingsFile(tmp_path).load()
    assert loaded.settings == Settings()
    assert "cannot be read" in loaded.complaints[0]
    with pytest.raises(SettingsError, match="could not be stored"):
        SettingsFile(tmp_path).save(Settings())


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    start_logging(tmp_path / "logs")
    yield tmp_path / "logs" / "scribe-desktop.log"
    stop_logging()


def test_logs_hold_events_and_places_but_not_what_errors_say(log: Path) -> None:
    ours, foreign = logging.getLogger("scribe_desktop.services.x"), logging.getLogger("httpx")
    ours.info("sealed %s", "5e55")
    try:
        int("Kanarienwort")
    except ValueError:
        ours.exception("broken")
        foreign.exception("GET https://host/?token=Kanarienwort")
    logging.getLogger("httpx").info("Kanarienwort")
    stop_logging()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["event"] for line in lines][:2] == ["sealed 5e55", "broken"]
    assert lines[1]["error"] == "ValueError"
    assert lines[1]["where"][0].startswith("test_files_of_ours.py:")
    assert len(lines) == 3
    assert "Kanarienwort" not in log.read_text()
    assert log.stat().st_mode & 0o077 == 0


def test_logs_rotate_and_stay_private(log: Path) -> None:
    ours = logging.getLogger("scribe_desktop.services.x")
    for number in range(12):
        ours.info("%d %s", number, "x" * 200_000)
    files = list(log.parent.iterdir())
    assert 1 < len(files) <= 6
    assert all(file.stat().st_mode & 0o077 == 0 for file in files)


def test_little_room_is_said_before_a_dictation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = 10**12
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    assert low_room(tmp_path) is None
    free = 42_500_000
    trouble = low_room(tmp_path)
    assert trouble is not None
    assert "about 42 more minutes" in trouble.message


def test_a_disk_that_cannot_be_asked_is_not_called_full(tmp_path: Path) -> None:
    assert low_room(tmp_path / "nowhere") is None
