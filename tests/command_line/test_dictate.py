"""`dictate --file` and everything that can be done with the dictation afterwards."""

import json
import subprocess
import wave
from pathlib import Path

import pytest

from tests.command_line.conftest import SAMPLE, Ran, Scribe, finish, start

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("dictated")


@pytest.fixture(scope="module")
def dictated(home: Path) -> Ran:
    """The bundled sample, dictated once for all tests of this file."""
    patient = json.dumps({"name": "Canary Patient", "age": 58, "oid": "42"})
    process = start(
        home,
        *("dictate", "--file", str(SAMPLE), "--patient-json", "-", "--json"),
        *("--template", "soap", "--template", "medications"),
        stdin=subprocess.PIPE,
    )
    return finish(process, patient)


def run(home: Path, *arguments: str) -> Ran:
    return finish(start(home, *arguments))


def test_a_recording_becomes_a_transcript_and_notes(dictated: Ran) -> None:
    record = dictated.record("dictation")
    assert dictated.exit_code == 0, dictated.err
    assert record["status"] == "completed"
    assert record["error"] is None
    assert "hypertension" in record["transcript"].lower()
    assert [template["id"] for template in record["templates"]] == ["soap", "medications"]
    assert all(template["status"] == "success" for template in record["templates"])
    doses = [medicine["dose"] for medicine in record["templates"][1]["data"]]
    assert any("20" in dose for dose in doses)
    assert record["chunks"] > 1
    assert record["audio_seconds"] > 20
    assert len(record["remote_session_ids"]) == 1
    assert "Canary" not in dictated.err


def test_it_is_listed_shown_and_exported(home: Path, dictated: Ran) -> None:
    told = dictated.record("dictation")
    (row,) = run(home, "sessions", "--json").record("sessions")
    assert (row["status"], row["chunks"], row["accepted"]) == (
        "completed",
        told["chunks"],
        told["chunks"],
    )
    shown = run(home, "show", told["session_id"][:9], "--json").record("dictation")
    exported = run(home, "export", "last", "--format", "json").record("dictation")
    assert shown["transcript"] == exported["transcript"] == told["transcript"]
    text = run(home, "export", "last").out
    assert told["transcript"] in text
    assert "## Transcript" in run(home, "export", "last", "--format", "markdown").out
    assert "completed" in run(home, "sessions").out


def test_it_can_be_set_aside_and_taken_back(home: Path, dictated: Ran) -> None:
    assert run(home, "discard", "last").exit_code == 0
    assert run(home, "sessions", "--json").record("sessions")[0]["status"] == "cancelled"
    assert run(home, "restore", "last").exit_code == 0
    assert run(home, "sessions", "--json").record("sessions")[0]["status"] == "completed"
    assert run(home, "deliver").out == "Nothing is pending.\n"


def test_two_commands_at_once_are_both_served(tmp_path: Path) -> None:
    home = tmp_path / "home"
    both = [start(home, "dictate", "--file", str(SAMPLE), "--json") for _ in range(2)]
    for process in both:
        ran = finish(process)
        assert ran.exit_code == 0, ran.err
        assert "hypertension" in ran.record("dictation")["transcript"].lower()
    assert len(run(home, "sessions", "--json").record("sessions")) == 2


def test_silence_says_that_nothing_was_said(scribe: Scribe, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "silence.wav"), "wb") as silence:
        silence.setnchannels(1)
        silence.setsampwidth(2)
        silence.setframerate(16_000)
        silence.writeframes(bytes(2 * 16_000 * 5))
    ran = scribe("dictate", "--file", str(tmp_path / "silence.wav"), "--json")
    assert ran.exit_code == 3
    record = ran.record("dictation")
    assert record["status"] == "empty"
    assert not record["transcript"]
    assert "Nothing was said" in record["error"]["message"]
