"""Reads, writes and removes notes: what the service wrote and what a clinician made of it.

The text of a note travels by a presigned address, as the cloud services do it.
"""

from dataclasses import replace
from typing import Any

from scribe_desktop.server.calls import Call, Incoming, Reply, Sent
from scribe_desktop.server.documents import Document, document_id
from scribe_desktop.server.fields import Anything, Fields, Free, Text
from scribe_desktop.server.limits import MAX_TEXT_BYTES, PRESIGNED_LINK_S
from scribe_desktop.server.moments import iso
from scribe_desktop.server.presigned import check_link, presigned_link
from scribe_desktop.server.refusals import invalid, resource_not_found
from scribe_desktop.server.service import Service
from scribe_desktop.server.shapes import FREE, MOMENT, TEXT, many, one_of, record

_PATH = "/voice/api/v1/documents"
_ONE = _PATH + "/{document_id}"
_CONTENT = _ONE + "/content"
_TYPES = ("context", "custom", "notes", "integration", "template", "transcript", "markdown")
_STATUSES = ("in-progress", "success", "failure", "partial_success", "completed")

_SAVE = Fields(
    {
        "session_id": Text(least=1, most=64),
        "document_id": Text(least=1, most=64),
        "template_id": Text(least=1, most=200),
        "type": Text(choices=_TYPES),
        "document_name": Text(most=200),
        "status": Text(choices=_STATUSES),
        "errors": Anything(),
        "warnings": Anything(),
        "usage_information": Free(),
    },
    required=("session_id",),
)
_LINK = Fields({"expires": Text(most=20), "signature": Text(most=100)})

SHAPE = record(
    {
        "document_id": TEXT,
        "session_id": TEXT,
        "document_name": TEXT,
        "type": TEXT,
        "document_type": TEXT,
        "status": TEXT,
        "errors": many(FREE),
        "warnings": many(FREE),
        "usage_information": FREE,
        "publish": FREE,
        "created_at": MOMENT,
        "updated_at": MOMENT,
    },
    {
        "template_id": TEXT,
        "presigned_url": TEXT,
        "presigned_url_expires_at": MOMENT,
        "download_url": TEXT,
        "download_url_expires_at": MOMENT,
    },
)


def save(service: Service, asked: Incoming) -> Reply:
    """Make a document, or announce a change of one; its text follows by PUT."""
    sent = asked.fields
    session = service.sessions.find(sent["session_id"])
    known = sent.get("document_id")
    if known is None:
        now = service.now()
        fresh = Document(
            id=document_id(),
            session_id=session.id,
            template_id=sent.get("template_id", ""),
            created_at=now,
            updated_at=now,
        )
        document = service.documents.add(_changed(fresh, sent))
    else:
        if service.documents.find(known).session_id != session.id:
            raise resource_not_found("document in this session")
        document = service.documents.change(known, lambda old: _changed(old, sent))
    body = {"status": "success", "data": shown(service, document, asked, "PUT")}
    return Reply(201 if known is None else 200, body)


def read(service: Service, asked: Incoming) -> Reply:
    """What is known of a document, with the address of its text."""
    document = service.documents.find(asked.path["document_id"])
    return Reply(body={"status": "success", "data": shown(service, document, asked, "GET")})


def remove(service: Service, asked: Incoming) -> Reply:
    """Remove a document; again is no mistake."""
    service.documents.remove(asked.path["document_id"])
    return Reply(body={"status": "success", "message": "The document was removed."})


def read_text(service: Service, asked: Incoming) -> Reply:
    """The text of a document, for whoever was given the address."""
    document = _linked(service, asked, "GET")
    return Reply(content=document.text.encode(), media_type="text/markdown; charset=utf-8")


def write_text(service: Service, asked: Incoming) -> Reply:
    """A clinician's version of the text, for whoever was given the address."""
    document = _linked(service, asked, "PUT")
    try:
        text = asked.body.decode("utf-8")
    except UnicodeDecodeError:
        raise invalid("The text must be UTF-8.", status=400) from None
    service.documents.change(
        document.id,
        lambda old: replace(old, text=text, data=text, status="success", to_write=False),
    )
    return Reply(200)


def shown(service: Service, document: Document, asked: Incoming, link_for: str) -> dict[str, Any]:
    """A document as the calls show it; `link_for` is what its address may be used for."""
    body: dict[str, Any] = {
        "document_id": document.id,
        "session_id": document.session_id,
        "document_name": document.name,
        "type": document.type,
        "document_type": document.document_type,
        "status": document.status,
        "errors": [dict(item) for item in document.errors],
        "warnings": [dict(item) for item in document.warnings],
        "usage_information": dict(document.usage),
        "publish": {},
        "created_at": iso(document.created_at),
        "updated_at": iso(document.updated_at),
    }
    if document.template_id:
        body["template_id"] = document.template_id
    if link_for:
        now = service.now()
        url = f"{asked.origin}{_PATH}/{document.id}/content"
        link = presigned_link(
            service.secret, url, now, PRESIGNED_LINK_S, "document", document.id, link_for
        )
        body["presigned_url"] = link
        body["presigned_url_expires_at"] = iso(now + PRESIGNED_LINK_S)
    return body


def _linked(service: Service, asked: Incoming, use: str) -> Document:
    document_id = asked.path["document_id"]
    check_link(service.secret, asked.query, service.now(), "document", document_id, use)
    return service.documents.find(document_id)


def _changed(old: Document, sent: dict[str, Any] | Any) -> Document:  # noqa: ANN401 - checked fields
    return replace(
        old,
        template_id=sent.get("template_id", old.template_id),
        name=sent.get("document_name", old.name),
        document_type=sent.get("type", old.document_type if old.name else "custom"),
        status=sent.get("status", old.status),
        errors=_objects(sent.get("errors"), old.errors, "errors"),
        warnings=_objects(sent.get("warnings"), old.warnings, "warnings"),
        usage=sent.get("usage_information", old.usage),
    )


def _objects(sent: object, old: Any, name: str) -> Any:  # noqa: ANN401 - free objects of the client
    if sent is None:
        return old
    if not isinstance(sent, list) or not all(isinstance(item, dict) for item in sent):
        raise invalid(f"'{name}' must be a list of objects.", field=name)
    return tuple(sent)


def calls() -> list[Call[Service]]:
    """The calls of this module."""
    one = record({"status": one_of("success"), "data": SHAPE})
    return [
        Call(
            method="POST",
            path=_PATH,
            summary="Make or change a document",
            answer=save,
            sent=Sent.JSON,
            fields=_SAVE,
            replies={200: one, 201: one},
            refusals=(404, 413, 415, 422),
        ),
        Call(
            method="GET",
            path=_ONE,
            summary="Read a document",
            answer=read,
            replies={200: one},
            refusals=(404,),
        ),
        Call(
            method="DELETE",
            path=_ONE,
            summary="Remove a document",
            answer=remove,
            replies={200: record({"status": one_of("success"), "message": TEXT})},
        ),
        Call(
            method="GET",
            path=_CONTENT,
            summary="The text of a document, by presigned address",
            answer=read_text,
            query=_LINK,
            replies={200: TEXT},
            refusals=(404, 422),
            media_type="text/markdown",
            secured=False,
        ),
        Call(
            method="PUT",
            path=_CONTENT,
            summary="Write the text of a document, by presigned address",
            answer=write_text,
            sent=Sent.TEXT,
            query=_LINK,
            most_bytes=MAX_TEXT_BYTES,
            replies={200: None},
            refusals=(404, 413, 415, 422),
            secured=False,
        ),
    ]
