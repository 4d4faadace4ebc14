"""Writes and reads what lies around a dictation: documents, templates, history, recordings.

These calls exist in EkaScribe's family only (PROTOCOL.md §1.8 to §1.15); a
service of the plain specification answers them with "no such thing", which is
an answer too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from scribe_desktop.domain.order import Patient
from scribe_desktop.protocol.reading import (
    Unreadable,
    mapping,
    moment,
    objects,
    read_object,
    text,
)
from scribe_desktop.protocol.requests import Request

_V1 = "voice/api/v1"
_V2 = "voice/api/v2"

HISTORY_COUNT = 25
"""Servers give no more than this at once."""

# Three-letter codes are what this one call takes for English (PROTOCOL.md §4).
_TARGET_LANGUAGES = {"en": "eng"}


@dataclass(frozen=True, slots=True)
class PastSession:
    """A session that the service remembers; whose visit it was is for the window only."""

    remote_id: str
    oid: str = ""
    patient: Patient = field(default_factory=Patient)
    mode: str = ""
    status: str = ""
    created_at: float | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A note as the service keeps it; `url` is where its text is, for a while."""

    document_id: str
    remote_id: str = ""
    template_id: str = ""
    name: str = ""
    status: str = ""
    url: str = ""
    updated_at: float | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """The whole session as one sound file, at an address that works for a day."""

    url: str
    expires_at: float | None = None


def _id(value: str) -> str:
    return quote(value, safe="")


# --- sessions -----------------------------------------------------------------------------


def history(oid: str = "", at_most: int = HISTORY_COUNT) -> Request:
    """The newest sessions, of one patient if `oid` is given."""
    query = {"count": str(max(at_most, 1))} | ({"oid": oid} if oid else {})
    return Request("GET", f"{_V2}/transaction/history", query=query, at_root=True)


def read_history(body: bytes) -> tuple[PastSession, ...]:
    """The list; an entry without an id is skipped."""
    entries = objects(read_object(body).get("data"))
    sessions = (
        PastSession(
            remote_id=text(entry.get("txn_id")) or text(entry.get("session_id")),
            oid=text(entry.get("oid")),
            patient=_patient(entry),
            mode=text(entry.get("mode")),
            status=text(entry.get("processing_status")),
            created_at=moment(entry.get("created_at")),
        )
        for entry in entries
    )
    return tuple(session for session in sessions if session.remote_id)


def _patient(entry: Mapping[str, Any]) -> Patient:
    """Whose visit it was, under the name of either dialect; an age may come as a number."""
    sent = mapping(entry.get("patient_details")) or mapping(entry.get("session_details"))
    names = ("oid", "name", "age", "gender", "mobile")
    known = {name: text(sent.get(name)) for name in names}
    return Patient(**(known | {"oid": known["oid"] or text(entry.get("oid"))}))


def archive(remote_id: str) -> Request:
    """Take a session out of the history."""
    return Request("DELETE", f"{_V2}/transaction/{_id(remote_id)}", at_root=True)


def detail(remote_id: str) -> Request:
    """A session with all its documents."""
    return Request(
        "GET", f"{_V1}/sessions/{_id(remote_id)}", query={"presigned": "true"}, at_root=True
    )


def read_detail(body: bytes) -> tuple[Document, ...]:
    """The documents of a session."""
    session = mapping(read_object(body).get("data"))
    found = (_document(entry) for entry in objects(session.get("documents")))
    return tuple(document for document in found if document.document_id)


def audio(remote_id: str) -> Request:
    """Where the recording is."""
    return Request("GET", f"sessions/{_id(remote_id)}/audio")


def read_audio(body: bytes) -> Recording:
    """The address of the recording."""
    document = read_object(body)
    url = text(document.get("audio_url"))
    if not url:
        raise Unreadable("a recording without an address")
    return Recording(url, moment(document.get("expires_at")))


# --- notes ----------------------------------------------------------------------------------


def fill_template(remote_id: str, template_id: str, document_id: str = "") -> Request:
    """Fill another template from a session that is done, or one again."""
    query = {"document_id": document_id} if document_id else {}
    path = f"sessions/{_id(remote_id)}/process/template/{_id(template_id)}"
    return Request("POST", path, query=query)


def upload_transcript(
    remote_id: str, transcript: str, template_id: str = "", target_language: str = ""
) -> Request:
    """Have notes written from a text instead of audio."""
    body: dict[str, Any] = {"transcript": transcript}
    if template_id:
        body["template_id"] = template_id
    if target_language:
        body["target_language"] = _TARGET_LANGUAGES.get(target_language, target_language)
    path = f"{_V1}/transaction/{_id(remote_id)}/convert-to-template"
    return Request("POST", path, body, at_root=True)


def save_document(
    remote_id: str, *, document_id: str = "", template_id: str = "", name: str = ""
) -> Request:
    """Announce a note or a change of one; the reply says where its text is to be put."""
    body = {"session_id": remote_id, "status": "success", "type": "notes"}
    named = {"document_id": document_id, "template_id": template_id, "document_name": name}
    body |= {key: value for key, value in named.items() if value}
    return Request("POST", f"{_V1}/documents", body, at_root=True)


def read_document_request(document_id: str) -> Request:
    """Ask where a note's text is."""
    return Request("GET", f"{_V1}/documents/{_id(document_id)}", at_root=True)


def delete_document(document_id: str) -> Request:
    """Remove a note from the service."""
    return Request("DELETE", f"{_V1}/documents/{_id(document_id)}", at_root=True)


def read_document(body: bytes) -> Document:
    """A note as the service keeps it."""
    document = _document(mapping(read_object(body).get("data")))
    if not document.document_id:
        raise Unreadable("a document without an id")
    return document


def _document(entry: Mapping[str, Any]) -> Document:
    return Document(
        document_id=text(entry.get("document_id")),
        remote_id=text(entry.get("session_id")),
        template_id=text(entry.get("template_id")),
        name=text(entry.get("document_name")),
        status=text(entry.get("status")),
        url=text(entry.get("presigned_url")) or text(entry.get("download_url")),
        updated_at=moment(entry.get("updated_at")) or moment(entry.get("created_at")),
    )


# --- templates ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OwnTemplate:
    """A template that this account described itself."""

    template_id: str
    title: str
    instructions: str = ""


def described_templates() -> Request:
    """All templates with the words that describe them."""
    return Request("GET", f"{_V1}/template", at_root=True)


def read_own_templates(body: bytes) -> tuple[OwnTemplate, ...]:
    """Those that did not come with the service."""
    found = (
        OwnTemplate(text(item.get("id")), text(item.get("title")), text(item.get("desc")))
        for item in objects(read_object(body).get("items"))
        if item.get("default") is not True
    )
    return tuple(template for template in found if template.template_id)


def create_template(title: str, instructions: str) -> Request:
    """Describe a new template in words."""
    body = {"title": title, "desc": instructions, "section_ids": [], "type": "custom"}
    return Request("POST", f"{_V1}/template", body, at_root=True)


def read_template_id(body: bytes) -> str:
    """The id of a template just made."""
    template_id = text(read_object(body).get("template_id"))
    if not template_id:
        raise Unreadable("a template without an id")
    return template_id


def change_template(template_id: str, title: str, instructions: str) -> Request:
    """Describe a template anew."""
    body = {"title": title, "desc": instructions}
    return Request("PATCH", f"{_V1}/template/{_id(template_id)}", body, at_root=True)


def delete_template(template_id: str) -> Request:
    """Remove a template."""
    return Request("DELETE", f"{_V1}/template/{_id(template_id)}", at_root=True)


def started_document_id(body: bytes) -> str:
    """Which document is being written; "" where the reply is a stream of events or silent."""
    try:
        return text(read_object(body).get("document_id"))
    except Unreadable:
        return ""
