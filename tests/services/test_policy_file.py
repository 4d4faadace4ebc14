import json
import plistlib
from pathlib import Path

import pytest

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.settings import EKA_DEVELOPMENT, Profile, Settings
from scribe_desktop.services import policy_file
from scribe_desktop.services.policy_file import machine_policy, policy_from
from scribe_desktop.services.preferences import Preferences
from scribe_desktop.services.settings_file import SettingsFile

CLINIC = Profile("Clinic", "https://scribe.clinic.example/voice/v1", "onprem")


def write(path: Path, record: object) -> Path:
    path.write_text(json.dumps(record))
    path.chmod(0o644)
    return path


def test_no_policy_fixes_nothing(tmp_path: Path) -> None:
    policy = policy_from(tmp_path / "policy.json")
    assert (policy.values, policy.complaints) == ({}, ())


def test_the_machine_wins_over_the_user_and_the_user_over_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = {
        "service": "Clinic",
        "profiles": [{"name": CLINIC.name, "base_url": CLINIC.base_url, "dialect": "onprem"}],
        "keep_notes_days": 7,
    }
    monkeypatch.setattr(policy_file, "LINUX_FILE", write(tmp_path / "policy.json", record))
    file = SettingsFile(tmp_path / "config")
    file.save(Settings(keep_notes_days=90, keep_audio_hours=2))

    preferences = Preferences(file, file.load().settings, machine_policy("linux").values)

    assert preferences.load().service == "Clinic"
    assert preferences.load().profiles == (CLINIC,)
    assert preferences.load().keep_notes_days == 7
    assert preferences.load().keep_audio_hours == 2
    assert preferences.load().ask_after_silence_s == Settings().ask_after_silence_s
    assert preferences.locked() == {"service", "profiles", "keep_notes_days"}


def test_a_locked_setting_cannot_be_changed(tmp_path: Path) -> None:
    policy = policy_from(write(tmp_path / "policy.json", {"keep_audio_hours": 0}))
    preferences = Preferences(SettingsFile(tmp_path), Settings(), policy.values)
    with pytest.raises(SettingsError, match="organisation"):
        preferences.set("keep_audio_hours", 24)
    assert preferences.set("keep_notes_days", 3).keep_audio_hours == 0


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b"\xff", b"[" * 5000])
def test_an_unreadable_policy_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "policy.json"
    path.write_bytes(content)
    path.chmod(0o644)
    policy = policy_from(path)
    assert policy.values == {}
    assert "cannot be read" in policy.complaints[0]


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    assert "cannot be read" in policy_from(tmp_path).complaints[0]


def test_a_policy_that_anyone_can_write_is_not_followed(tmp_path: Path) -> None:
    path = write(tmp_path / "policy.json", {"service": "Elsewhere"})
    path.chmod(0o666)
    policy = policy_from(path)
    assert policy.values == {}
    assert "any user" in policy.complaints[0]


def test_managed_preferences_of_a_mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "org.scribe_desktop.ScribeDesktop.plist"
    profiles = json.dumps([{"name": "EkaScribe development", "base_url": EKA_DEVELOPMENT.base_url}])
    path.write_bytes(plistlib.dumps({"profiles": profiles, "mini_recorder": False}))
    path.chmod(0o644)
    monkeypatch.setattr(policy_file, "MAC_FILE", path)
    policy = machine_policy("darwin")
    assert policy.values["profiles"][0].name == "EkaScribe development"
    assert policy.values["mini_recorder"] is False


def test_a_registry_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    written = {"keep_microphone_ready": 1, "templates": ["soap"], "profiles": "no JSON"}
    monkeypatch.setattr(policy_file, "_registry_values", lambda: written)
    policy = machine_policy("win32")
    assert policy.values["keep_microphone_ready"] is True
    assert policy.values["templates"] == ("soap",)
    assert policy.values["profiles"] == Settings().profiles
    assert len(policy.complaints) == 1
