"""Shows earlier dictations and everything that belongs to one of them."""

from dataclasses import replace
from typing import Any

from scribe_desktop.server.answers import patient_keys
from scribe_desktop.server.calls import Call, Incoming, Reply
from scribe_desktop.server.discovery import supported_languages
from scribe_desktop.server.document_calls import SHAPE, shown
from scribe_desktop.server.fields import Fields, Text, Whole
from scribe_desktop.server.limits import MAX_TEMPLATES
from scribe_desktop.server.moments import iso
from scribe_desktop.server.service import Service
from scribe_desktop.server.sessions import Session
from scribe_desktop.server.shapes import FREE, MOMENT, TEXT, WHOLE, many, one_of, record

_ROOT = "/voice/api"
_HISTORY = Fields({"count": Whole(least=1, most=1000), "oid": Text(most=200)})
_USUAL_COUNT = 10

# The history has words of its own for how far a session is.
_PROCESSING = {
    "completed": "success",
    "partial": "success",
    "failed": "system_failure",
    "cancelled": "cancelled",
    "expired": "request_failure",
}


def history(service: Service, asked: Incoming) -> Reply:
    """The newest sessions first. By custom an empty list is a 404."""
    found = service.sessions.history(asked.query.get("count", _USUAL_COUNT), asked.query.get("oid"))
    if not found:
        return Reply(404, {"status": "failed", "error": "There are no sessions."})
    data = [_item(service, session) for session in found]
    return Reply(body={"status": "success", "data": data, "retrieved_count": len(data)})


def archive(service: Service, asked: Incoming) -> Reply:
    """Take a session out of the history; it is removed at once if it is over, and else then."""
    service.sessions.change(
        asked.path["session_id"], lambda session: replace(session, archived=True)
    )
    service.sessions.forget(service.keep)
    return Reply(body={"status": "success", "message": "The session was archived."})


def detail(service: Service, asked: Incoming) -> Reply:
    """One session with all its documents."""
    session = service.sessions.find(asked.path["session_id"])
    documents = service.documents.of(session.id)
    use = "GET" if asked.query.get("presigned", "").lower() == "true" else ""
    body: dict[str, Any] = {
        "schema_version": "1",
        "session_id": session.id,
        "status": session.status_at(service.now()),
        "created_at": iso(session.created_at),
        "expires_at": iso(session.expires_at),
        "additional_data": dict(session.additional_data),
        "user_status": session.user_status,
        "documents": [shown(service, document, asked, use) for document in documents],
        **patient_keys(session),
    }
    for key, moment in (
        ("committed_at", session.ended_at),
        ("processed_at", session.completed_at),
    ):
        if moment is not None:
            body[key] = iso(moment)
    pending = any(document.to_write for document in documents)
    return Reply(202 if pending else 200, {"status": "success", "data": body})


def settings(service: Service, _: Incoming) -> Reply:
    """What a client can let its user choose, and the service's clock."""
    return Reply(
        body={
            "status": "success",
            "data": {
                "supported_languages": [
                    {"id": code, "name": code} for code in supported_languages(service)
                ],
                "my_templates": [
                    {"id": item.id, "name": item.name} for item in service.templates.all()
                ],
                "max_selection": {"output_formats": MAX_TEMPLATES, "languages": 2},
                "server_time": iso(service.now()),
            },
        }
    )


def ping(_: Service, __: Incoming) -> Reply:
    """The service is there."""
    return Reply(body={"status": "ok"})


def _item(service: Service, session: Session) -> dict[str, Any]:
    status = session.status_at(service.now())
    item: dict[str, Any] = {
        "txn_id": session.id,
        "session_id": session.id,
        "b_id": "this-computer",
        "mode": session.mode,
        "flavour": "local",
        "model_type": session.model,
        "processing_status": _PROCESSING.get(status, "in-progress"),
        "user_status": session.user_status,
        "created_at": iso(session.created_at),
        "patient_details": dict(session.patient or {}),
    }
    oid = item["patient_details"].get("oid")
    return item | ({"oid": oid} if isinstance(oid, str) else {})


def calls() -> list[Call[Service]]:
    """The calls of this module."""
    words = ("txn_id", "session_id", "b_id", "mode", "flavour", "model_type")
    item = record(
        dict.fromkeys((*words, "processing_status", "user_status"), TEXT)
        | {"created_at": MOMENT, "patient_details": FREE},
        {"oid": TEXT},
    )
    whole = record(
        {
            "schema_version": TEXT,
            "session_id": TEXT,
            "status": TEXT,
            "created_at": MOMENT,
            "expires_at": MOMENT,
            "additional_data": FREE,
            "user_status": TEXT,
            "documents": many(SHAPE),
        },
        {
            "committed_at": MOMENT,
            "processed_at": MOMENT,
            "patient_details": FREE,
            "session_details": FREE,
        },
    )
    success = {"status": one_of("success")}
    named = many(record({"id": TEXT, "name": TEXT}))
    choices = record(
        {
            "supported_languages": named,
            "my_templates": named,
            "max_selection": record({"output_formats": WHOLE, "languages": WHOLE}),
            "server_time": MOMENT,
        }
    )
    listing = record(success | {"data": many(item), "retrieved_count": WHOLE})
    pings: list[Call[Service]] = [
        Call(
            method="GET",
            path=path,
            summary="Whether the service is there",
            answer=ping,
            replies={200: record({"status": one_of("ok")})},
            secured=False,
        )
        for path in ("/voice/ping", "/healthz")
    ]
    return [
        *pings,
        Call(
            method="GET",
            path=_ROOT + "/v2/transaction/history",
            summary="List earlier sessions",
            answer=history,
            query=_HISTORY,
            replies={200: listing, 404: record({"status": one_of("failed"), "error": TEXT})},
            refusals=(422,),
        ),
        Call(
            method="DELETE",
            path=_ROOT + "/v2/transaction/{session_id}",
            summary="Archive a session",
            answer=archive,
            replies={200: record(success | {"message": TEXT})},
            refusals=(404,),
        ),
        Call(
            method="GET",
            path=_ROOT + "/v1/sessions/{session_id}",
            summary="Read a session with its documents",
            answer=detail,
            query=Fields({"presigned": Text(most=10)}),
            replies={
                200: record(success | {"data": whole}),
                202: record(success | {"data": whole}),
            },
            refusals=(404, 422),
        ),
        Call(
            method="GET",
            path=_ROOT + "/v2/config/",
            summary="What a user can choose",
            answer=settings,
            replies={200: record(success | {"data": choices})},
        ),
    ]
