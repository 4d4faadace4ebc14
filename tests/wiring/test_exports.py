"""Exports and the support bundle are files of the owner's alone, and say only what they may."""

import base64
import json
import stat
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from scribe_desktop.domain.dictation import Dictation
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.order import Order, Patient
from scribe_desktop.domain.results import Outcome, Results
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.wiring.diagnostics import Diagnostics
from scribe_desktop.wiring.exports import Exports

ID = SessionId("ses_" + "0" * 24)
SESSION = Session(
    ID,
    100.0,
    Order(patient=Patient(name="Canary Patient")),
    frames=16_000,
    chunks=1,
    started_at=100.05,
    stopped_at=101.0,
    ended_at=101.2,
    resolved_at=101.4,
)


class Line:
    """The two things that wiring asks of the line."""

    def dictation(self, session_id: SessionId) -> Dictation:
        return Dictation((SESSION,), {ID: Results(Outcome.COMPLETED, "Canary speech.")})

    def sessions(self) -> Sequence[Session]:
        return (SESSION,)


def test_what_could_not_be_recorded_is_on_paper_and_the_file_names_nobody(
    tmp_path: Path, qapp: QApplication
) -> None:
    Exports(Line()).export(ID, "pdf", str(tmp_path / "note.pdf"))
    content = (tmp_path / "note.pdf").read_bytes()
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert b"Canary" not in content, "neither its title nor its name is the patient's"
    assert stat.S_IMODE((tmp_path / "note.pdf").stat().st_mode) == 0o600


def test_a_bundle_for_a_record_system_holds_the_words(tmp_path: Path) -> None:
    Exports(Line()).export(ID, "fhir", str(tmp_path / "note.fhir.json"))
    bundle = json.loads((tmp_path / "note.fhir.json").read_text("utf-8"))
    attachment = bundle["entry"][0]["resource"]["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"]) == b"Canary speech."


@pytest.mark.parametrize("form", ["text", "markdown", "json"])
def test_every_format_is_written_for_the_owner_only(tmp_path: Path, form: str) -> None:
    exports = Exports(Line())
    assert form in {each.format_id for each in exports.formats()}
    exports.export(ID, form, str(tmp_path / "note"))
    assert "Canary speech." in (tmp_path / "note").read_text("utf-8")
    assert stat.S_IMODE((tmp_path / "note").stat().st_mode) == 0o600


def test_a_place_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScribeError, match="the dictation itself is safe"):
        Exports(Line()).export(ID, "text", str(tmp_path / "missing" / "note.txt"))


def test_the_bundle_names_no_patient_and_holds_no_speech(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "scribe-desktop.log").write_text('{"event": "started"}\n')
    diagnostics = Diagnostics(Line(), logs, lambda: {"ok": True})
    diagnostics.write_bundle(str(tmp_path / "bundle.zip"))
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        content = b"".join(bundle.read(name) for name in bundle.namelist())
        assert "logs/scribe-desktop.log" in bundle.namelist()
        assert json.loads(bundle.read("doctor.json")) == {"ok": True}
        measured = json.loads(bundle.read("measurements.json"))
    assert b"Canary" not in content
    assert measured["Stop to text and note"] == "400 ms (median of 1)"


def test_nothing_measured_yet_is_said(tmp_path: Path) -> None:
    class Empty(Line):
        def sessions(self) -> Sequence[Session]:
            return ()

    (first, *rest) = Diagnostics(Empty(), tmp_path, dict).measurements()
    assert first.value == "0"
    assert {line.value for line in rest} == {"not measured yet"}


def test_a_bundle_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScribeError, match="could not be written"):
        Diagnostics(Line(), tmp_path, dict).write_bundle(str(tmp_path / "missing" / "bundle.zip"))
