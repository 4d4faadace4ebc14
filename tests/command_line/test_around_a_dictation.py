"""What surrounds a dictation, from the command line against each dialect's scripted peer.

In this process, one command after the other in one home: the grammar, the
spool and the service's replies are as in a process of their own.
"""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import jsonschema
import keyring
import pytest
from keyring.backends import fail

from scribe_desktop import cli
from scribe_desktop.server.audio import decode
from scribe_desktop.server.local_parts import LocalSpeech
from scribe_desktop.services.encoder import encode_wav
from tests.command_line.conftest import SCHEMAS, Ran
from tests.faults.real_service import TOKEN, RealService
from tests.peers import eka, onprem, spec
from tests.peers.eka import EkaPeer
from tests.peers.onprem import OnPremPeer
from tests.peers.shelf import RECORDING
from tests.peers.spec import SpecPeer
from tests.server.conftest import Clock
from tests.server.hearing_engine import ToneEngine
from tests.services.sounds import pcm16, speechlike

PEERS: dict[str, tuple[Callable[[], EkaPeer | SpecPeer], str]] = {
    "eka": (EkaPeer, eka.TOKEN),
    "onprem": (OnPremPeer, onprem.TOKEN),
    "spec": (SpecPeer, spec.KEY),
}


@dataclass
class Desk:
    """A command line, and the service that its commands name."""

    peer: Any
    dialect: str
    token: str
    patched: pytest.MonkeyPatch
    capture: pytest.CaptureFixture[str]

    def run(self, *arguments: str, text: str = "") -> Ran:
        self.patched.setenv("SCRIBE_DESKTOP_TOKEN", self.token)
        self.patched.setattr("sys.stdin", StringIO(text))
        exit_code = cli.run_command([*arguments, "--json"])
        out, err = self.capture.readouterr()
        assert self.token not in out + err
        return Ran(exit_code, out, err)

    def at(self, *arguments: str, text: str = "") -> Ran:
        """A command about the service itself."""
        place = ("--service", self.peer.base_url, "--dialect", self.dialect)
        return self.run(*arguments, *place, text=text)

    def told(self, schema: str, ran: Ran) -> Any:
        assert ran.exit_code == 0, ran.err
        record = json.loads(ran.out)
        jsonschema.validate(record, json.loads((SCHEMAS / f"{schema}.json").read_text()))
        return record

    def dictated(self, folder: Path, *more: str) -> Any:
        recording = folder / "recording.wav"
        recording.write_bytes(encode_wav(pcm16(speechlike(3.0)), 0).body)
        return self.told("dictation", self.at("dictate", "--file", str(recording), *more))


@dataclass(frozen=True)
class Place:
    """A service that is no scripted peer."""

    base_url: str


@contextmanager
def desk_at(
    dialect: str, patched: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]
) -> Iterator[Desk]:
    make, token = PEERS[dialect]
    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call]
    try:
        with make() as peer:
            yield Desk(peer, dialect, token, patched, capture)
    finally:
        keyring.set_keyring(before)


@pytest.mark.parametrize("dialect", ["eka", "onprem"])
def test_everything_around_a_dictation(
    dialect: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with desk_at(dialect, monkeypatch, capsys) as desk:
        dictated = desk.dictated(tmp_path, "--template", "clinical_notes_template")
        (remote_id,) = dictated["remote_session_ids"]

        filled = desk.told("dictation", desk.run("fill", "last", "soap"))
        assert [one["id"] for one in filled["templates"]] == ["clinical_notes_template", "soap"]

        first, second = desk.told("documents", desk.run("documents", "last"))
        assert [first["template"], second["template"]] == ["clinical_notes_template", "soap"]
        said = desk.told("document", desk.at("document-read", first["id"]))
        assert dictated["transcript"] in said["text"]
        save = ("document-save", "last", "-", "--id", first["id"])
        desk.told("document", desk.run(*save, text="# Mine\n"))
        assert desk.told("document", desk.at("document-read", first["id"]))["text"] == "# Mine\n"
        made = desk.told("document", desk.run("document-save", "last", "-", text="# Letter\n"))
        desk.told("document", desk.at("document-delete", made["id"]))
        assert len(desk.told("documents", desk.run("documents", "last"))) == 2
        assert len(desk.told("pushed", desk.run("push", "last"))["documents"]) == 2

        letter = desk.told("template", desk.at("template-save", "Letter", "-", text="## Dear\n"))
        change = ("template-save", "Longer", "-", "--id", letter["id"])
        desk.told("template", desk.at(*change, text="## Dear\n## Yours\n"))
        listed = {one["id"]: one["name"] for one in desk.told("templates", desk.at("templates"))}
        assert listed[letter["id"]] == "Longer"
        desk.told("template", desk.at("template-delete", letter["id"]))
        assert desk.at("template-delete", letter["id"]).exit_code != 0

        assert desk.told("history", desk.at("history", "--patient-oid", "nobody")) == []
        remembered = desk.told("history", desk.at("history"))
        assert [one["remote_session_id"] for one in remembered] == [remote_id]

        target = tmp_path / "recording.mp3"
        fetched = desk.run("fetch-audio", "last", str(target))
        if dialect == "eka":
            assert fetched.exit_code == 0, fetched.err
            assert target.read_bytes() == RECORDING
            assert target.stat().st_mode & 0o077 == 0
        else:
            assert fetched.exit_code != 0
            assert "does not hand out recordings" in fetched.err
            assert not target.exists()
            assert desk.at("history-delete", remote_id).exit_code == 0
            assert desk.told("history", desk.at("history")) == []


def test_a_recording_that_is_not_ready_is_waited_for_and_a_refused_one_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("scribe_desktop.services.library.LOOK_S", 0.0)
    with desk_at("eka", monkeypatch, capsys) as desk:
        desk.dictated(tmp_path)
        desk.peer.shelf.looks_before_recording = 3
        assert desk.run("fetch-audio", "last", str(tmp_path / "a.mp3")).exit_code == 0
        desk.peer.shelf.keeps_recordings = False
        refused = desk.run("fetch-audio", "last", str(tmp_path / "b.mp3"))
        assert refused.exit_code != 0
        assert "does not hand out recordings" in refused.err


@pytest.mark.parametrize("dialect", ["eka", "onprem"])
def test_notes_are_written_from_a_text(
    dialect: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with desk_at(dialect, monkeypatch, capsys) as desk:
        text = "Blood pressure 120 over 80."
        written = desk.told("dictation", desk.at("write", "-", "--template", "soap", text=text))
        assert written["transcript"] == text
        assert [one["id"] for one in written["templates"]] == ["soap"]
        (kept,) = desk.peer.sessions.values()
        assert kept.typed == text
        assert kept.names == []


@pytest.mark.parametrize("dialect", PEERS)
def test_a_change_of_patient_and_templates_reaches_the_service(
    dialect: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with desk_at(dialect, monkeypatch, capsys) as desk:
        desk.dictated(tmp_path)
        patient = json.dumps({"oid": "canary-oid", "mobile": "5550100"})
        amended = desk.run("amend", "last", "--patient-json", "-", "--language", "hi", text=patient)
        desk.told("dictation", amended)
        (kept,) = desk.peer.sessions.values()
        patches = [asked for asked in desk.peer.asked if asked.method == "PATCH"]
        if dialect != "spec":
            name = "session_details" if dialect == "onprem" else "patient_details"
            assert kept.asked[name]["oid"] == "canary-oid"
            assert patches


def test_a_plain_service_says_what_it_has_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk_at("spec", monkeypatch, capsys) as desk:
        desk.dictated(tmp_path, "--template", "soap")
        assert desk.told("history", desk.at("history")) == []
        assert [one["id"] for one in desk.told("templates", desk.at("templates"))] == ["soap"]
        for ran in (
            desk.run("documents", "last"),
            desk.run("fill", "last", "soap"),
            desk.run("fetch-audio", "last", str(tmp_path / "a.mp3")),
            desk.at("template-save", "Letter", "-", text="x"),
            desk.at("document-read", "doc_1"),
            desk.at("document-delete", "doc_1"),
        ):
            assert ran.exit_code == 1
            assert ran.out == ""
            assert "Traceback" not in ran.err
            assert ran.err.strip()


def test_a_service_that_takes_no_webm_gets_wav(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with desk_at("eka", monkeypatch, capsys) as desk:
        desk.peer.refused_forms = {"webm"}
        dictated = desk.dictated(tmp_path)
        kept = desk.peer.sessions[dictated["remote_session_ids"][-1]]
        assert kept.names == ["audio_0.wav"]
        assert dictated["status"] == "completed"


def test_the_recording_of_our_own_service_is_one_mp3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    service = RealService(
        tmp_path / "service",
        Clock(time.time()),
        lambda: LocalSpeech(load_engine=lambda *_: ToneEngine()),
    )
    monkeypatch.chdir(tmp_path)
    with desk_at("eka", monkeypatch, capsys) as desk:
        desk.token = TOKEN
        desk.peer = Place(f"http://127.0.0.1:{service.port}/voice/v1")
        desk.dictated(tmp_path, "--template", "soap")
        ran = desk.run("fetch-audio", "last", "whole.mp3")
        assert ran.exit_code == 0, ran.err
        sound = decode((tmp_path / "whole.mp3").read_bytes())
        assert abs(len(sound) / 16_000 - 3.0) < 0.2
    service.close()
