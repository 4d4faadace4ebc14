"""A dictation as FHIR R4, for a record system that takes documents by that standard.

One bundle that can be posted to a FHIR server as it stands: a
DocumentReference for the transcript and one for each note, with the text
inside and the patient beside it. Posting it twice makes no second document,
because each is created only where its identifier is not known yet.

Nobody has signed it, so every document is preliminary. What could not be
recorded is written at the end of each text. (FHIR R4, 4.0.1: Bundle,
DocumentReference, Attachment, Patient.)
"""

import base64
import hashlib
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from scribe_desktop.domain.dictation import Dictation, notes_of, transcript
from scribe_desktop.domain.order import Patient
from scribe_desktop.domain.results import TRANSCRIPT
from scribe_desktop.export.documents import consent_sentence, missing_speech, note_text, title

_NAMES: Final = uuid.UUID("6d1f3d0e-3c55-5b0a-9a43-3f7c1a6f2c10")
"""Under which the documents of this program are named, the same at every export."""

_LOINC: Final = "http://loinc.org"
_KINDS: Final = {
    "soap": ("11506-3", "Progress note"),
    "discharge_summary": ("18842-5", "Discharge summary"),
    "referral_letter": ("57133-1", "Referral note"),
}
_NOTE: Final = ("34109-9", "Note")

_GENDERS: Final = {"m": "male", "f": "female", "o": "other"}


def as_fhir(dictation: Dictation) -> dict[str, Any]:
    """The dictation as a transaction bundle."""
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [_entry(one) for one in _documents(dictation)],
    }


def _entry(document: dict[str, Any]) -> dict[str, Any]:
    identifier = document["masterIdentifier"]
    known = f"identifier={identifier['system']}|{identifier['value']}"
    return {
        "fullUrl": identifier["value"],
        "resource": document,
        "request": {"method": "POST", "url": "DocumentReference", "ifNoneExist": known},
    }


def _documents(dictation: Dictation) -> Iterator[dict[str, Any]]:
    spoken = transcript(dictation)
    origin = ""
    if spoken is not None and spoken.strip():
        made = _document(dictation, TRANSCRIPT, "Transcript", spoken)
        origin = made["masterIdentifier"]["value"]
        yield made
    for number, note in enumerate(notes_of(dictation)):
        if note.content is None or not note_text(note).strip():
            continue
        key = f"{note.template_id}/{number}"
        made = _document(dictation, key, title(note.template_id), note_text(note))
        if origin:
            made["relatesTo"] = [{"code": "transforms", "target": {"reference": origin}}]
        yield made


def _document(dictation: Dictation, key: str, heading: str, text: str) -> dict[str, Any]:
    first, last = dictation.first, dictation.last
    code, display = _KINDS.get(key.partition("/")[0].removesuffix("_template"), _NOTE)
    lines = [text]
    if first.order.consented_at is not None:
        lines += ["", consent_sentence(first.order.consented_at)]
    for what, said in missing_speech(dictation):
        lines += ["", f"{what}:", said]
    body = "\n".join(lines)
    begun, ended = _moment(first.created_at), _moment(last.stopped_at or last.created_at)
    made: dict[str, Any] = {
        "resourceType": "DocumentReference",
        "masterIdentifier": {
            "system": "urn:ietf:rfc:3986",
            "value": _name_of(f"{first.session_id}/{key}/{_hash(body)}"),
        },
        "identifier": [
            {"system": "urn:ietf:rfc:3986", "value": _name_of(f"{first.session_id}/{key}")}
        ],
        "status": "current",
        "docStatus": "preliminary",
        "type": {"coding": [{"system": _LOINC, "code": code, "display": display}], "text": heading},
        "date": begun,
        "description": f"{heading}, written by a computer from speech and not signed",
        "content": [{"attachment": _attachment(body, heading, begun, _language(dictation))}],
        "context": {"period": {"start": begun, "end": ended}},
    }
    if not first.order.patient.is_empty:
        made["contained"] = [_patient(first.order.patient)]
        made["subject"] = {"reference": "#patient"}
    return made


def _attachment(text: str, heading: str, made_at: str, language: str) -> dict[str, Any]:
    content = text.encode()
    attachment = {
        "contentType": "text/plain; charset=utf-8",
        "data": base64.b64encode(content).decode(),
        "size": len(content),
        "hash": _hash(text),
        "title": heading,
        "creation": made_at,
    }
    return attachment | ({"language": language} if language else {})


def _patient(patient: Patient) -> dict[str, Any]:
    """What is known of the patient. FHIR has a date of birth and no age, so the age stays out."""
    made: dict[str, Any] = {"resourceType": "Patient", "id": "patient"}
    if patient.oid:
        made["identifier"] = [{"value": patient.oid}]
    if patient.name:
        made["name"] = [{"text": patient.name}]
    if patient.gender:
        short = patient.gender.strip().casefold()
        known = _GENDERS.get(short, short)
        made["gender"] = known if known in _GENDERS.values() else "unknown"
    if patient.mobile:
        made["telecom"] = [{"system": "phone", "value": patient.mobile}]
    return made


def _language(dictation: Dictation) -> str:
    """The language of the text, where the service said it or one was asked for."""
    heard = [one for results in dictation.results.values() for one in results.languages]
    asked = dictation.first.order.languages
    return next(iter(heard or (asked if len(asked) == 1 else ())), "")


def _name_of(key: str) -> str:
    return uuid.uuid5(_NAMES, key).urn


def _hash(text: str) -> str:
    # SHA-1 because Attachment.hash is defined so; it proves nothing to an attacker.
    digest = hashlib.sha1(text.encode(), usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
