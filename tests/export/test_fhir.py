"""What goes to a record system is FHIR R4, holds every word and gap, and makes no duplicates."""

import base64
import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scribe_desktop.domain.audio import Gap
from scribe_desktop.domain.dictation import Dictation
from scribe_desktop.domain.order import Order, Patient
from scribe_desktop.domain.results import Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.export.fhir import as_fhir

RULES = jsonschema.Draft202012Validator(
    json.loads((Path(__file__).parents[1] / "schemas" / "fhir.json").read_text())
)
ID = SessionId("ses_" + "0" * 24)
PATIENT = Patient(oid="4711", name="Maria Lindqvist", age="45", gender="F", mobile="+46 1")
SESSION = Session(
    ID, 1_795_000_000.0, Order(patient=PATIENT), frames=16_000 * 90, stopped_at=1_795_000_090.5
)
NOTES = (
    Note("soap", NoteStatus.SUCCESS, {"plan": "Rest."}),
    Note("clinical_notes_template", NoteStatus.SUCCESS, "# Plan\nKnie beidseits ≥ 5 µg"),
    Note("broken", NoteStatus.FAILED, None, errors=("Too short.",)),
)
RESULTS = Results(Outcome.COMPLETED, "Go on.\nनमस्ते", NOTES, ("en",))
DICTATION = Dictation((SESSION,), {ID: RESULTS})


def checked(dictation: Dictation) -> list[dict[str, Any]]:
    """The documents, after the bundle was held against the rules of the standard."""
    bundle = as_fhir(dictation)
    RULES.validate(bundle)
    urls = [entry["fullUrl"] for entry in bundle["entry"]]
    assert len(set(urls)) == len(urls), "fullUrl is unique in a bundle"
    for entry in bundle["entry"]:
        document = entry["resource"]
        # A contained resource has to be referred to, and a local reference has to be there.
        names = [f"#{one['id']}" for one in document.get("contained", [])]
        assert names == ([document["subject"]["reference"]] if names else [])
        for relation in document.get("relatesTo", []):
            assert relation["target"]["reference"] in urls
    return [entry["resource"] for entry in bundle["entry"]]


def text_of(document: dict[str, Any]) -> str:
    (content,) = document["content"]
    attachment = content["attachment"]
    body = base64.b64decode(attachment["data"])
    assert attachment["size"] == len(body)
    assert base64.b64decode(attachment["hash"]) == hashlib.sha1(body).digest()  # noqa: S324  as FHIR has it
    return body.decode()


def test_the_transcript_and_every_note_is_a_document() -> None:
    spoken, soap, clinical = checked(DICTATION)
    assert text_of(spoken) == "Go on.\nनमस्ते"
    assert text_of(soap) == "Plan: Rest."
    assert text_of(clinical) == "# Plan\nKnie beidseits ≥ 5 µg"
    assert soap["type"]["coding"][0]["code"] == "11506-3"
    assert [one["type"]["text"] for one in (spoken, soap, clinical)] == [
        "Transcript", "Soap", "Clinical notes",
    ]  # fmt: skip
    assert "relatesTo" not in spoken
    assert {one["docStatus"] for one in (spoken, soap, clinical)} == {"preliminary"}
    assert spoken["content"][0]["attachment"]["language"] == "en"
    assert spoken["context"]["period"] == {
        "start": "2026-11-18T11:06:40.000+00:00", "end": "2026-11-18T11:08:10.500+00:00",
    }  # fmt: skip


def test_the_patient_is_inside_and_only_with_what_is_known() -> None:
    for document in checked(DICTATION):
        assert document["contained"] == [
            {
                "resourceType": "Patient", "id": "patient", "identifier": [{"value": "4711"}],
                "name": [{"text": "Maria Lindqvist"}], "gender": "female",
                "telecom": [{"system": "phone", "value": "+46 1"}],
            }
        ]  # fmt: skip
    nobody = replace(SESSION, order=Order())
    for document in checked(replace(DICTATION, sessions=(nobody,))):
        assert "contained" not in document
        assert "subject" not in document


@pytest.mark.parametrize(
    ("said", "meant"), [("m", "male"), ("Female", "female"), ("divers", "unknown"), ("", None)]
)
def test_a_gender_is_one_of_fhirs(said: str, meant: str | None) -> None:
    session = replace(SESSION, order=Order(patient=replace(PATIENT, gender=said)))
    document = checked(replace(DICTATION, sessions=(session,)))[0]
    assert document["contained"][0].get("gender") == meant


def test_what_was_not_recorded_is_in_every_text() -> None:
    session = replace(SESSION, gaps=(Gap(16_000 * 65, 2.5, "the microphone was unplugged"),))
    for document in checked(replace(DICTATION, sessions=(session,))):
        assert text_of(document).endswith(
            "\n\nNot recorded:\nAt 1:05, 2.5 s are missing: the microphone was unplugged."
        )


def test_the_consent_is_noted_in_every_text() -> None:
    consented = replace(SESSION, order=replace(SESSION.order, consented_at=1_794_999_900.0))
    for document in checked(replace(DICTATION, sessions=(consented,))):
        assert "\n\nThe patient's consent to the recording was noted on 2026-11-18" in text_of(
            document
        )


def test_posting_it_twice_makes_no_second_document_and_a_new_text_makes_a_version() -> None:
    assert as_fhir(DICTATION) == as_fhir(DICTATION)
    edited = replace(RESULTS, transcript="Go on, slowly.")
    old, new = checked(DICTATION), checked(replace(DICTATION, results={ID: edited}))
    assert old[0]["masterIdentifier"] != new[0]["masterIdentifier"]
    assert old[0]["identifier"] == new[0]["identifier"]
    assert [one["masterIdentifier"] for one in old[1:]] == [
        one["masterIdentifier"] for one in new[1:]
    ]


def test_a_note_without_a_transcript_stands_alone() -> None:
    (note,) = checked(
        replace(DICTATION, results={ID: replace(RESULTS, transcript=None, notes=NOTES[:1])})
    )
    assert "relatesTo" not in note


def test_nothing_known_is_an_empty_bundle() -> None:
    silent = Results(Outcome.COMPLETED, " \n", (Note("soap", NoteStatus.SUCCESS, ""),))
    assert checked(Dictation((SESSION,), {ID: silent})) == []
    assert checked(Dictation((SESSION,), {})) == []


@settings(max_examples=60)
@given(
    st.text(min_size=1).filter(str.strip),
    st.builds(Patient, *[st.text(max_size=5).map(str.strip)] * 5),
    st.text(max_size=8),
)
def test_any_words_make_a_valid_bundle(said: str, patient: Patient, template: str) -> None:
    session = replace(SESSION, order=Order(patient=patient))
    notes = (Note(template, NoteStatus.PARTIAL, said),)
    results = Results(Outcome.PARTIAL, said, notes)
    spoken, note = checked(Dictation((session,), {ID: results}))
    assert text_of(spoken) == said
    assert json.loads(json.dumps(note)) == note
