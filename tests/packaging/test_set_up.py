"""The set-up, as far as it can be known without setting up."""

import argparse
import base64
import json
from dataclasses import fields
from pathlib import Path

import environment
import pytest
import run
import system_packages
import test as test_command
import update_feed
from console import ROOT, SetUpError, run_logged

from scribe_desktop.domain.policy import read_policy
from scribe_desktop.domain.settings import Settings
from scribe_desktop.services.updates import Answer, Updates

LOCK = (ROOT / "packaging" / "requirements.lock").read_text("utf-8")


@pytest.mark.parametrize("name", ["requirements.lock", "weights.lock", "windows/wine.lock"])
def test_a_lock_names_no_host_and_every_package_has_a_hash(name: str) -> None:
    text = (ROOT / "packaging" / name).read_text("utf-8")
    assert "://" not in text
    entries = [line for line in text.replace("\\\n", " ").splitlines() if line[:1].isalnum()]
    assert entries
    assert all("==" in entry and "--hash=sha256:" in entry for entry in entries)


def test_the_program_needs_only_the_first_part_of_the_lock() -> None:
    runtime = environment.requirements(LOCK, tests=False)
    assert "\nfaster-whisper==" in runtime
    assert "\npytest==" not in runtime
    assert "\npytest==" in environment.requirements(LOCK, tests=True)


def test_every_package_of_the_project_is_locked() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"]
    for requirement in wanted:
        name = requirement.split(";")[0].split(">")[0].split("=")[0].split("<")[0].strip().lower()
        assert f"\n{name}==" in f"\n{LOCK}", requirement


def test_without_a_display_the_sample_is_dictated() -> None:
    arguments, word = run.arguments_for([], {}, "linux")
    assert arguments[:2] == ["dictate", "--file"]
    assert Path(arguments[2]).is_file()
    assert "no display" in word


@pytest.mark.parametrize(
    ("given", "surroundings", "platform"),
    [
        ([], {"DISPLAY": ":0"}, "linux"),
        ([], {"WAYLAND_DISPLAY": "wayland-0"}, "linux"),
        ([], {}, "darwin"),
        ([], {}, "win32"),
        (["doctor"], {}, "linux"),
    ],
)
def test_otherwise_arguments_go_through(
    given: list[str], surroundings: dict[str, str], platform: str
) -> None:
    assert run.arguments_for(given, surroundings, platform) == (given, "")


def test_tests_see_nothing_of_the_users(tmp_path: Path) -> None:
    users = {"HOME": "/home/someone", "DISPLAY": ":0", "SCRIBE_DESKTOP_TOKEN": "t", "PATH": "/bin"}
    seen = test_command.isolated(users, tmp_path)
    assert not set(test_command.USERS_OWN) & set(seen)
    assert seen["PATH"] == "/bin"
    assert seen["HOME"].startswith(str(tmp_path))
    assert seen["SCRIBE_DESKTOP_HOME"].startswith(str(tmp_path))


@pytest.mark.parametrize(
    ("quick", "words", "paths", "shared", "measured"),
    [
        (False, None, [], True, True),
        (True, None, [], True, False),
        (False, "spool", [], False, False),
        (True, None, ["tests/domain"], False, False),
    ],
)
def test_the_whole_is_shared_by_processes_and_a_choice_is_not(
    *, quick: bool, words: str | None, paths: list[str], shared: bool, measured: bool
) -> None:
    options = argparse.Namespace(quick=quick, k=words, paths=paths)
    arguments = test_command.pytest_arguments(options, at_once=3)
    assert ("--numprocesses=3" in arguments) is shared
    assert ("--cov" in arguments) is measured
    assert set(paths) <= set(arguments)


def test_a_failing_tool_is_a_sentence_with_its_last_words() -> None:
    with pytest.raises(SetUpError, match=r"It failed\.\n  the reason") as caught:
        run_logged(["sh", "-c", "echo the reason >&2; exit 3"], "It failed.")
    assert "Traceback" not in str(caught.value)


def test_without_rights_the_command_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_packages, "_installed", lambda: {"libegl1"})
    monkeypatch.setattr(system_packages, "_privilege", lambda: None)
    with pytest.raises(SetUpError, match=r"sudo apt-get install -y .* libgl1$"):
        system_packages.ensure(["libegl1", "libgl1"])


def test_a_published_feed_is_what_the_program_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(update_feed, "PUBLIC", tmp_path / "update-key.txt")
    update_feed.new_key(tmp_path / "secret")
    assert (tmp_path / "secret").stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        update_feed.new_key(tmp_path / "secret")
    installer = tmp_path / "scribe-desktop_9.9.9_amd64.deb"
    installer.write_bytes(b"a package")
    content = update_feed.feed_for("9.9.9", "https://publisher.example/", [installer])
    web = {
        "https://publisher.example/feed.json": content,
        "https://publisher.example/feed.json.sig": update_feed.sign(content, tmp_path / "secret"),
        "https://publisher.example/scribe-desktop_9.9.9_amd64.deb": b"a package",
    }

    updates = Updates(
        "https://publisher.example/feed.json",
        base64.b64decode((tmp_path / "update-key.txt").read_bytes()),
        tmp_path / "updates",
        fetch=lambda url, _start: Answer(0, iter([web[url]])),
        installed="0.1.0",
        system="linux-x86_64",
    )
    release = updates.find()
    assert release is not None
    assert updates.bring(release).read_bytes() == b"a package"
    assert json.loads(content)["version"] == "9.9.9"


def test_the_policy_on_the_page_for_it_is_one() -> None:
    page = (ROOT / "packaging" / "IT.md").read_text("utf-8")
    example = json.loads(page.split("```json\n")[1].split("```")[0])
    policy = read_policy(example)
    assert policy.complaints == ()
    assert set(policy.values) == set(example)


def test_the_page_for_it_names_only_settings_that_exist() -> None:
    page = (ROOT / "packaging" / "IT.md").read_text("utf-8")
    table = page.split("| key | meaning | default |")[1].split("\n\n")[0]
    keys = [word for row in table.splitlines() for word in row.split("|")[1:2]]
    named = {word.strip(" `") for cell in keys for word in cell.split(",")} - {"", "---"}
    assert named <= {setting.name for setting in fields(Settings)}
    assert len(named) > 20
