"""Exports and the support bundle are files of the owner's alone, and say only what they may."""

import base64
import json
import stat
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from PySide6.QtWidgets import QApplication

from scribe_desktop.domain.audio import Gap
from scribe_desktop.domain.dictation import Dictation
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.order import Order, Patient
from scribe_desktop.domain.results import Outcome, Results
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.domain.unheard import NOT_READ
from scribe_desktop.wiring.diagnostics import Diagnostics
from scribe_desktop.wiring.exports import Exports
from tests.wiring.pdf_words import words_of_pdf

SCHEMA = Path(__file__).resolve().parents[1] / "schemas" / "dictation.json"
ID = SessionId("ses_" + "0" * 24)
SESSION = Session(
    ID,
    100.0,
    Order(patient=Patient(name="Canary Patient")),
    frames=16_000,
    chunks=1,
    accepted=1,
    capture=Capture.STOPPED,
    delivery=Delivery.RESOLVED,
    started_at=100.05,
    stopped_at=101.0,
    ended_at=101.2,
    resolved_at=101.4,
)


GAPS = (
    Gap(8_000, 12.5, "the microphone was unplugged"),
    Gap(4_000, 0.25, NOT_READ, recorded=True),
)
TOLD = (
    ("Not recorded", "At 0:00, 12.5 s are missing: the microphone was unplugged."),
    (
        "Not heard by the service",
        f"At 0:00, 0.2 s are missing: {NOT_READ}.",
        "The recording was sent in 1 part, but the service says that it has 0.",
    ),
)
"""A heading, and the sentences that stand under it."""


def assert_told(text: str) -> None:
    """Every sentence is there, behind its own heading, after the speech."""
    flat, place = " ".join(text.split()).casefold(), 0
    for part in ("Canary speech.", *TOLD[0], *TOLD[1]):
        place = flat.index(part.casefold(), place)


class Line:
    """The two things that wiring asks of the line."""

    def __init__(self, gaps: tuple[Gap, ...] = ()) -> None:
        received = 0 if gaps else 1
        self._session = replace(SESSION, gaps=gaps, received=received)

    def dictation(self, session_id: SessionId) -> Dictation:
        return Dictation((self._session,), {ID: Results(Outcome.COMPLETED, "Canary speech.")})

    def sessions(self) -> Sequence[Session]:
        return (SESSION,)


def test_what_could_not_be_recorded_is_on_paper_and_the_file_names_nobody(
    tmp_path: Path, qapp: QApplication
) -> None:
    Exports(Line(GAPS)).export(ID, "pdf", str(tmp_path / "note.pdf"))
    content = (tmp_path / "note.pdf").read_bytes()
    assert_told(words_of_pdf(content))
    assert content.startswith(b"%PDF-")
    assert content.rstrip().endswith(b"%%EOF")
    assert b"Canary" not in content, "neither its title nor its name is the patient's"
    assert stat.S_IMODE((tmp_path / "note.pdf").stat().st_mode) == 0o600


def test_on_paper_without_a_gap_nothing_is_said_to_be_missing(
    tmp_path: Path, qapp: QApplication
) -> None:
    Exports(Line()).export(ID, "pdf", str(tmp_path / "note.pdf"))
    words = words_of_pdf((tmp_path / "note.pdf").read_bytes())
    assert "Canary speech." in words
    assert "Canary Patient" in words
    assert not any(heading in words for heading, *_ in TOLD)


def attached(bundle: Path) -> str:
    document = json.loads(bundle.read_text("utf-8"))["entry"][0]["resource"]
    return base64.b64decode(document["content"][0]["attachment"]["data"]).decode()


def test_a_bundle_for_a_record_system_holds_the_words(tmp_path: Path) -> None:
    bundle = tmp_path / "note.fhir.json"
    Exports(Line()).export(ID, "fhir", str(bundle))
    assert attached(bundle) == "Canary speech."
    Exports(Line(GAPS)).export(ID, "fhir", str(bundle))
    assert_told(attached(bundle))


@pytest.mark.parametrize("form", ["text", "markdown"])
def test_every_gap_is_in_a_text_under_its_heading(tmp_path: Path, form: str) -> None:
    Exports(Line(GAPS)).export(ID, form, str(tmp_path / "note"))
    text = (tmp_path / "note").read_text("utf-8")
    assert_told(text)
    wanted = "## Not recorded\n" if form == "markdown" else "NOT RECORDED\n"
    assert wanted in text


def test_json_holds_every_gap_and_both_counts(tmp_path: Path) -> None:
    Exports(Line(GAPS)).export(ID, "json", str(tmp_path / "note"))
    record = json.loads((tmp_path / "note").read_text("utf-8"))
    jsonschema.validate(record, json.loads(SCHEMA.read_text("utf-8")))
    assert [gap["recorded"] for gap in record["gaps"]] == [True, False]
    assert [gap["length"] for gap in record["gaps"]] == [0.25, 12.5]
    assert (record["receipts"]["files_sent"], record["receipts"]["files_received"]) == (1, 0)


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
