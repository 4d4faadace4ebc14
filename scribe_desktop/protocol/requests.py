"""Writes what is sent to a service, strictly, whatever others get away with.

Every optional field that some server needs is always there, with an explicit
value, because the servers' defaults contradict each other (PROTOCOL.md §5).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from scribe_desktop.domain.audio import EncodedChunk
from scribe_desktop.domain.machine import candidate_remote_id
from scribe_desktop.domain.order import Order, Patient, UploadType
from scribe_desktop.domain.session import Session
from scribe_desktop.protocol import origins
from scribe_desktop.protocol.dialects import Dialect
from scribe_desktop.protocol.discovery import AUTO_LANGUAGE
from scribe_desktop.protocol.reading import Unreadable, mapping, read_json, text


@dataclass(frozen=True, slots=True)
class Request:
    """One JSON call. `path` is below the protocol's base, or below the host if `at_root`.

    `headers` are the few that one call needs and others do not.
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    at_root: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


def create(session: Session, dialect: Dialect) -> Request:
    """Open a session under an id of our choice (PROTOCOL.md §1.3)."""
    order = session.order
    streamed = order.upload_type is UploadType.STREAM
    body: dict[str, Any] = {
        "session_id": candidate_remote_id(session),
        "upload_type": str(order.upload_type),
        "communication_protocol": "websocket" if streamed else "http",
        "templates": list(order.templates),
        "model": order.model,
        "session_mode": str(order.mode),
        "language_hint": language_hint(order, dialect),
        "additional_data": dict(order.additional),
    }
    if order.transcript_language:
        body["transcript_language"] = order.transcript_language
    if not order.patient.is_empty:
        for name in dialect.create_patient:
            body[name] = patient_body(order.patient, dialect)
    return Request("POST", "sessions", body)


def language_hint(order: Order, dialect: Dialect) -> list[str]:
    """One or two explicit codes; `auto_detect` only where it is understood."""
    codes = [code for code in order.languages if code != AUTO_LANGUAGE or dialect.auto_language]
    return codes or ["en"]


def patient_body(patient: Patient, dialect: Dialect) -> dict[str, Any]:
    """The patient as the service wants it; a field that nothing is known of is left out."""
    body: dict[str, Any] = {
        name: value
        for name, value in (
            ("oid", patient.oid),
            ("name", patient.name),
            ("age", patient.age),
            ("gender", patient.gender),
        )
        if value
    }
    if dialect.mobile_is_number and patient.mobile.isascii() and patient.mobile.isdigit():
        body["mobile"] = int(patient.mobile)
    return body


def end(remote_id: str, count: int) -> Request:
    """Say that `count` files were all; both counters, because each has its readers."""
    body = {"audio_files_sent": count, "audio_files_uploaded": count}
    return Request("POST", f"sessions/{quote(remote_id, safe='')}/end", body)


def get(remote_id: str, template_id: str = "") -> Request:
    """Ask how a session stands, or for one of its notes."""
    query = {"template_id": template_id} if template_id else {}
    return Request("GET", f"sessions/{quote(remote_id, safe='')}", query=query)


def withdraw(remote_id: str) -> Request:
    """Say that the clinician threw the dictation away."""
    body = {"user_status": "cancelled", "processing_status": "cancelled"}
    return Request("PATCH", f"sessions/{quote(remote_id, safe='')}", body)


def amend(remote_id: str, order: Order, dialect: Dialect) -> Request:
    """Tell the service what a clinician may have changed since Create.

    Only what every server takes at any time: unknown fields are refused whole,
    and so are model and mode after End (PROTOCOL.md §1.8).
    """
    body: dict[str, Any] = {
        dialect.patch_patient: patient_body(order.patient, dialect),
        "templates": list(order.templates),
        "language_hint": language_hint(order, dialect),
    }
    return Request("PATCH", f"sessions/{quote(remote_id, safe='')}", body)


def template_lists(dialect: Dialect) -> tuple[Request, ...]:
    """Where the templates are listed: in the protocol, else in EkaScribe's own family."""
    own = Request("GET", "templates")
    platform = Request("GET", "voice/api/v1/template", at_root=True)
    return (own, platform) if dialect.platform else (own,)


# --- audio ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RawUpload:
    """A file as the body of a POST. `media_type` empty: no Content-Type at all."""

    url: str
    media_type: str


@dataclass(frozen=True, slots=True)
class FormUpload:
    """A file as the last part of a presigned form; no credential goes with it."""

    url: str
    fields: Mapping[str, str]
    file_name: str
    media_type: str


Upload = RawUpload | FormUpload


def upload_target(value: object) -> str:
    """What Create returned as `upload_url`, as text for the spool."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True)


def default_target(base_url: str, remote_id: str) -> str:
    """Where a session's audio goes when the service did not say."""
    return origins.join(base_url, "sessions", quote(remote_id, safe=""), "audio")


def upload(
    target: str, remote_id: str, base_url: str, chunk: EncodedChunk, dialect: Dialect
) -> Upload:
    """Where and how `chunk` is sent; raises Unreadable or ForbiddenAddress.

    The number in the name is the chunk's place: `audio_0.webm` on a named
    route, `1.webm` in a presigned form (PROTOCOL.md §2.2).
    """
    value = read_json(target.encode())
    if isinstance(value, dict):
        return _form(value, chunk)
    url = named_url(text(value), remote_id, base_url, dialect)
    return RawUpload(
        origins.join(url, f"audio_{chunk.index}.{chunk.extension}"),
        chunk.media_type if dialect.names_media_type else "",
    )


def named_url(given: str, remote_id: str, base_url: str, dialect: Dialect) -> str:
    """The folder that named uploads go to.

    A server behind a proxy often names a host that only it can see, or an
    example's; then the configured address is right, because the route is the
    protocol's own. So it is for a service of this computer, which has another
    port after each start: what Create said is then of an earlier one. What is
    no address at all is not kept to either: the dictation would wait for ever.
    """
    own = default_target(base_url, remote_id)
    if not origins.is_address(given):
        return own
    # The service of this computer has another port after each start.
    moved = origins.is_on_this_computer(given) and origins.is_on_this_computer(base_url)
    foreign = not origins.same_origin(given, base_url)
    if foreign and (moved or not dialect.own_upload_host):
        return own
    if origins.is_socket(given):
        raise Unreadable("a stream's address for a file")
    return origins.check(given)


def _form(value: Mapping[str, Any], chunk: EncodedChunk) -> FormUpload:
    form = mapping(value.get("uploadData"))
    given = mapping(form.get("fields"))
    url = text(form.get("url"))
    file_name = f"{chunk.index + 1}.{chunk.extension}"
    if not origins.is_address(url) or "key" not in given:
        raise Unreadable("an upload form without an address or a key")
    fields = {name: text(item) for name, item in given.items()}
    fields["key"] = fields["key"].replace("${filename}", file_name)
    fields.setdefault("Content-Type", chunk.media_type)
    return FormUpload(origins.check(url), fields, file_name, chunk.media_type)


def is_form(target: str) -> bool:
    """Whether a stored upload target is a presigned form, which grows old."""
    return isinstance(read_json(target.encode()), dict)
