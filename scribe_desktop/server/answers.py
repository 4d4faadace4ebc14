"""Tells a client how its dictation stands, in the one form that every known client can read.

Clients of other makers stumble over null, over a missing list and over an
unknown status for a failure; `PROTOCOL` §8.1 point 8 is followed to the letter.
"""

from typing import Any

from scribe_desktop.server.calls import Incoming
from scribe_desktop.server.documents import FAILED, Document
from scribe_desktop.server.moments import iso
from scribe_desktop.server.presigned import presigned_form
from scribe_desktop.server.service import Service
from scribe_desktop.server.sessions import OPEN, Session, StoredFile

HTTP_STATUS = {
    "created": 202,
    "recording": 202,
    "processing": 202,
    "completed": 200,
    "failed": 200,
    "cancelled": 200,
    "partial": 206,
    "expired": 410,
}


def upload_url(service: Service, session: Session, asked: Incoming) -> str | dict[str, Any]:
    """Where this session's audio goes, under the name by which the client reached us.

    A form for clients that ask for version 2, a socket for a stream, else an
    address to which the file's name is added.
    """
    if session.stream_id is not None:
        socket_origin = asked.origin.replace("http", "ws", 1)
        return f"{socket_origin}{asked.mount}/stream/sessions/{session.stream_id}/audio"
    if asked.query.get("version") == "v2":
        return presigned_form(service.secret, session.id, asked, service.now())
    return f"{asked.base_url}/sessions/{session.id}/audio"


def patient_keys(session: Session) -> dict[str, Any]:
    """The patient under the name the client used for it, or nothing."""
    return {session.patient_key: dict(session.patient)} if session.patient is not None else {}


def listed_files(session: Session, files: list[StoredFile]) -> list[str]:
    """What the client sent as files; streamed speech was never a file of the client's."""
    return [] if session.upload_type == "stream" else [item.name for item in files]


def session_status(
    service: Service, session: Session, asked: Incoming, documents: list[Document]
) -> dict[str, Any]:
    """The body of a status answer."""
    status = session.status_at(service.now())
    files = listed_files(session, service.sessions.files(session.id))
    body: dict[str, Any] = {
        "session_id": session.id,
        "status": status,
        "created_at": iso(session.created_at),
        "expires_at": iso(session.expires_at),
        "audio_files_received": len(files),
        "audio_files": files,
        "additional_data": dict(session.additional_data),
        **patient_keys(session),
    }
    if status == "expired":
        return body | {
            "expired_at": iso(session.expires_at),
            "message": "This session has expired. Begin a new one.",
        }
    if status in OPEN or status == "processing":
        if status in OPEN:
            body["upload_url"] = upload_url(service, session, asked)
        return body | {"transcript": service.transcription.partial(session.id)}
    return body | _result(session, documents)


def _result(session: Session, documents: list[Document]) -> dict[str, Any]:
    body: dict[str, Any] = {"model_used": session.model}
    if session.completed_at is not None:
        body["completed_at"] = iso(session.completed_at)
    if session.error is not None:
        body["error"] = dict(session.error)
    if session.transcript is not None:
        body["transcript"] = session.transcript
        if session.language:
            body["language_detected"] = session.language
        body["templates"] = [{item.template_id: filled(item)} for item in documents]
    if session.status == "partial":
        unwritten = [
            {"type": "template_failed", "message": "A template could not be filled."}
            for item in documents
            if item.status == FAILED
        ]
        body["audio_files_processed"] = session.files_used
        body["processing_errors"] = [dict(item) for item in session.problems] + unwritten
    return body


def filled(document: Document) -> dict[str, Any]:
    """One template's result; what is empty is left out."""
    body: dict[str, Any] = {
        "status": document.status,
        "document_id": document.id,
        "document_type": document.document_type,
    }
    if document.data is not None:
        body["data"] = document.data
    if document.errors:
        body["errors"] = [dict(item) for item in document.errors]
    if document.warnings:
        body["warnings"] = [dict(item) for item in document.warnings]
    return body
