"""Begins, ends, changes and reports a dictation: the heart of the protocol."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scribe_desktop.server.answers import (
    HTTP_STATUS,
    listed_files,
    patient_keys,
    session_status,
    upload_url,
)
from scribe_desktop.server.calls import BASE, Call, Incoming, Reply, Sent
from scribe_desktop.server.discovery import AUTO_LANGUAGE
from scribe_desktop.server.documents import Document
from scribe_desktop.server.fields import Anything, Fields, Free, Text, Whole, Words
from scribe_desktop.server.limits import (
    ADVISED_METADATA_BYTES,
    MAX_TEMPLATES,
    SESSION_LIFETIME_S,
)
from scribe_desktop.server.moments import iso
from scribe_desktop.server.refusals import Refusal, invalid, resource_not_found
from scribe_desktop.server.service import Model, Service
from scribe_desktop.server.sessions import Session
from scribe_desktop.server.shapes import CREATED, ENDED, TEXT, one_of, record, session

SESSION_PATH = BASE + "/sessions/{session_id}"

# The third is a name of the on-premise server's own (PROTOCOL.md §1.3).
_MODES = ("dictation", "consultation", "bdic_2025")

_CREATE = Fields(
    {
        "session_id": Text(least=16, most=32, pattern=r"[A-Za-z0-9_-]{16,32}"),
        "upload_type": Text(choices=("chunked", "single", "stream")),
        "communication_protocol": Text(choices=("http", "websocket", "rpc")),
        "templates": Words(most=50),
        "model": Text(most=64),
        "session_mode": Text(choices=_MODES),
        "language_hint": Words(most=10, length=20),
        # A list in one published schema, text in the others.
        "transcript_language": Words(most=10, length=20),
        "additional_data": Free(),
        "patient_details": Free(),
        "session_details": Free(),
    },
    notes={"templates": "At most two.", "additional_data": "At most 4 KB is advised."},
)
_CREATE_QUERY = Fields({"version": Text(most=20)})

_END = Fields({"audio_files_sent": Whole(), "audio_files_uploaded": Anything()})

_PATCH = Fields(
    {
        "patient_details": Free(),
        "session_details": Free(),
        "templates": Words(most=50),
        "language_hint": Words(most=10, length=20),
        "transcript_language": Words(most=10, length=20),
        "additional_data": Free(),
        "session_mode": Text(choices=_MODES),
        "model": Text(most=64),
        "user_status": Text(
            choices=("init", "recording_started", "commit", "stopped", "cancelled")
        ),
        "processing_status": Text(
            choices=("success", "in-progress", "system_failure", "request_failure", "cancelled")
        ),
    },
    closed=True,
    empty_allowed=False,
)

_GET_QUERY = Fields(
    {"document_id": Text(most=64), "template_id": Text(most=200), "version": Text(most=20)}
)


def create(service: Service, asked: Incoming) -> Reply:
    """Begin a session; every dialect's fields are taken, unknown ones ignored."""
    sent = asked.fields
    model = _model(service, sent.get("model", "pro"))
    now = service.now()
    wanted = Session(
        id=sent.get("session_id") or "ses_" + secrets.token_hex(10),
        created_at=now,
        expires_at=now + SESSION_LIFETIME_S,
        status="created",
        model=model.id,
        max_audio_s=float(model.max_session_duration_s),
        upload_type=sent.get("upload_type", "chunked"),
        mode=sent.get("session_mode", "dictation"),
        languages=_languages(model, sent.get("language_hint", ())),
        templates=_templates(service, sent.get("templates", ())),
        transcript_language=next(iter(sent.get("transcript_language", ())), ""),
        patient=_patient(sent),
        patient_key=_patient_key(sent),
        additional_data=sent.get("additional_data", {}),
        stream_id=_stream_id(sent.get("upload_type")),
    )
    with service.store.writing():
        service.sessions.add(wanted)
        for template_id in wanted.templates:
            _ask_for(service, wanted, template_id)
        service.webhooks.notify("session.started", wanted)
    service.transcription.prepare(wanted.model)
    return Reply(201, _created(service, wanted, asked))


def end(service: Service, asked: Incoming) -> Reply:
    """Take no more audio and write the result; a second time is refused."""
    session_id = asked.path["session_id"]
    flush = service.streams.get(session_id)
    if flush is not None:
        flush()
    with service.store.writing():
        ended = service.sessions.end(session_id, asked.fields.get("audio_files_sent"))
        service.webhooks.notify("session.ended", ended)
    service.transcription.wake(session_id, urgent=True)
    files = listed_files(ended, service.sessions.files(session_id))
    return Reply(
        202,
        {
            "session_id": session_id,
            "status": "processing",
            "message": "The session was ended; its result is being written.",
            "audio_files_received": len(files),
            "audio_files": files,
        },
    )


def get(service: Service, asked: Incoming) -> Reply:
    """How the session stands: text so far, or the result."""
    found = service.sessions.find(asked.path["session_id"])
    documents = _filtered(service.documents.of(found.id), asked.query)
    body = session_status(service, found, asked, documents)
    status = HTTP_STATUS[body["status"]]
    if found.status in _HAS_TEXT and _unwritten(documents):
        # Another template was asked for afterwards: the session is being worked on again.
        body["status"] = "processing"
        return Reply(202, {name: body[name] for name in body if name not in _ONLY_RESOLVED})
    return Reply(status, body)


_HAS_TEXT = frozenset({"completed", "partial"})
# What a client would take for a finished result.
_ONLY_RESOLVED = frozenset({"completed_at", "audio_files_processed", "processing_errors"})


def _unwritten(documents: list[Document]) -> bool:
    return any(item.to_write for item in documents)


def hold_for_result(service: Service, asked: Incoming) -> str | None:
    """Wait when the session was ended and its result is being written."""
    found = service.sessions.find(asked.path["session_id"])
    busy = found.status == "processing" or (
        found.status in _HAS_TEXT and _unwritten(service.documents.of(found.id))
    )
    return found.id if busy else None


def patch(service: Service, asked: Incoming) -> Reply:
    """Change what may still be changed, or cancel."""
    sent = asked.fields
    session_id = asked.path["session_id"]

    def changed(now: Session) -> Session:
        _refuse_late(service, now, sent)
        return replace(now, **_changes(service, now, sent))

    with service.store.writing():
        after = service.sessions.change(session_id, changed)
        if "templates" in sent:
            _replace_templates(service, after)
    if after.status == "cancelled":
        service.transcription.wake(session_id)
        service.bell.ring(session_id)
    return Reply(
        body={
            "session_id": session_id,
            "status": "success",
            "message": "The session was changed.",
        }
    )


def _created(service: Service, made: Session, asked: Incoming) -> dict[str, Any]:
    body: dict[str, Any] = {
        "session_id": made.id,
        "status": "created",
        "created_at": iso(made.created_at),
        "expires_at": iso(made.expires_at),
        "upload_url": upload_url(service, made, asked),
        **patient_keys(made),
    }
    size = len(json.dumps(made.additional_data, ensure_ascii=False).encode())
    if size > ADVISED_METADATA_BYTES:
        body["warnings"] = [f"additional_data has {size} bytes; at most 4096 are advised."]
    return body


def _model(service: Service, model_id: str) -> Model:
    model = service.model(model_id)
    if model is None:
        known = ", ".join(item.id for item in service.models)
        raise invalid(f"'model' must be one of: {known}.", field="model")
    return model


def _templates(service: Service, wanted: tuple[str, ...]) -> tuple[str, ...]:
    if len(wanted) > MAX_TEMPLATES:
        raise Refusal(
            400,
            "invalid_template",
            "A session takes at most two templates.",
            details={"max_templates": MAX_TEMPLATES},
        )
    for template_id in wanted:
        if not service.templates.known(template_id):
            raise Refusal(400, "invalid_template", "One of the templates does not exist.")
    return wanted


def _languages(model: Model, hints: tuple[str, ...]) -> tuple[str, ...]:
    """The hints this model can hear, as two letters; none when it is to find out by itself.

    Refuses when there were hints and none fits.
    """
    codes = [_two_letters(hint) for hint in hints]
    if AUTO_LANGUAGE in hints:
        return ()
    heard = tuple(dict.fromkeys(code for code in codes if code in model.languages))
    if codes and not heard:
        raise Refusal(
            422,
            "language_unsupported",
            "None of the languages can be heard by this model.",
            details={"supported": list(model.languages)},
        )
    return heard


def _two_letters(hint: str) -> str:
    """`en-IN` and `EN` are `en`; three letters are used by one old call for English."""
    code = hint.lower().replace("_", "-").partition("-")[0]
    return "en" if code == "eng" else code


def _patient(sent: Mapping[str, Any]) -> Mapping[str, Any] | None:
    if "patient_details" in sent or "session_details" in sent:
        return {**sent.get("session_details", {}), **sent.get("patient_details", {})}
    return None


def _patient_key(sent: Mapping[str, Any]) -> str:
    only_other = "session_details" in sent and "patient_details" not in sent
    return "session_details" if only_other else "patient_details"


def _stream_id(upload_type: str | None) -> str | None:
    # The address of a stream is its only credential, so it must not be guessable.
    return "str_" + secrets.token_urlsafe(32) if upload_type == "stream" else None


def _ask_for(service: Service, of: Session, template_id: str) -> Document:
    name = service.templates.name_of(template_id)
    return service.documents.add(service.documents.begin(of.id, template_id, name=name))


def _replace_templates(service: Service, after: Session) -> None:
    for document in service.documents.of(after.id):
        if document.to_write:
            service.documents.remove(document.id)
    for template_id in after.templates:
        _ask_for(service, after, template_id)


_FIXED_BY_END = frozenset({"session_mode", "model", "templates", "language_hint"})


def _refuse_late(service: Service, now: Session, sent: Mapping[str, Any]) -> None:
    status = now.status_at(service.now())
    if status == "expired":
        raise Refusal(410, "session_expired", "This session has expired. Begin a new one.")
    late = now.ended_at is not None or status == "cancelled"
    if late and _FIXED_BY_END & set(sent):
        raise Refusal(409, "session_already_committed", "This session was already ended.")


def _changes(service: Service, now: Session, sent: Mapping[str, Any]) -> dict[str, Any]:
    model = _model(service, sent.get("model", now.model))
    changes: dict[str, Any] = {
        "model": model.id,
        "max_audio_s": float(model.max_session_duration_s),
    }
    if "templates" in sent:
        changes["templates"] = _templates(service, sent["templates"])
    if "model" in sent or "language_hint" in sent:
        hints = sent.get("language_hint", now.languages)
        changes["languages"] = _languages(model, hints)
    if "patient_details" in sent or "session_details" in sent:
        changes["patient"] = _patient(sent)
    for name, key in (
        ("additional_data", "additional_data"),
        ("session_mode", "mode"),
        ("user_status", "user_status"),
    ):
        if name in sent:
            changes[key] = sent[name]
    if "transcript_language" in sent:
        changes["transcript_language"] = next(iter(sent["transcript_language"]), "")
    if "cancelled" in {sent.get("user_status"), sent.get("processing_status")}:
        changes["status"] = "cancelled"
    return changes


def _filtered(documents: list[Document], query: Mapping[str, Any]) -> list[Document]:
    """Only what was asked for; an id that the session has not got is refused."""
    # A client that has no filter sends an empty one.
    document_id, template_id = query.get("document_id", ""), query.get("template_id", "")
    if not document_id and not template_id:
        return documents
    found = [
        item
        for item in documents
        if document_id in ("", item.id) and template_id in ("", item.template_id)
    ]
    if not found:
        raise resource_not_found("document in this session")
    return found


_ALL = ("transcript", "templates", "model_used")


def calls() -> list[Call[Service]]:
    """The calls of this module."""
    return [
        Call(
            method="POST",
            path=BASE + "/sessions",
            summary="Begin a session",
            answer=create,
            sent=Sent.JSON,
            fields=_CREATE,
            query=_CREATE_QUERY,
            replies={201: CREATED},
            refusals=(400, 409, 413, 422),
        ),
        Call(
            method="GET",
            path=SESSION_PATH,
            summary="Ask how a session stands",
            answer=get,
            hold=hold_for_result,
            query=_GET_QUERY,
            replies={
                200: session("completed", "failed", "cancelled", required=("model_used",)),
                202: session("created", "recording", "processing", required=("transcript",)),
                206: session("partial", required=(*_ALL, "audio_files_processed")),
                410: session("expired", required=("expired_at", "message")),
            },
            refusals=(404, 422),
        ),
        Call(
            method="POST",
            path=SESSION_PATH + "/end",
            summary="End a session",
            answer=end,
            sent=Sent.JSON,
            fields=_END,
            replies={202: ENDED},
            refusals=(400, 404, 410, 413, 422),
        ),
        Call(
            method="PATCH",
            path=SESSION_PATH,
            summary="Change or cancel a session",
            answer=patch,
            sent=Sent.JSON,
            fields=_PATCH,
            replies={
                200: record({"session_id": TEXT, "status": one_of("success"), "message": TEXT})
            },
            refusals=(400, 404, 409, 410, 413, 422),
        ),
    ]
