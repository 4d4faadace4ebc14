"""Writes another note for a dictation that is done, or notes for a text that was typed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scribe_desktop.server.calls import Call, Incoming, Reply, Sent
from scribe_desktop.server.custom_templates import template_not_found
from scribe_desktop.server.documents import PENDING, Document
from scribe_desktop.server.fields import Fields, Text
from scribe_desktop.server.limits import MAX_HOLDS, MAX_TEXT_BYTES
from scribe_desktop.server.note_events import FORMATS, MEDIA_TYPE, events_of
from scribe_desktop.server.refusals import Refusal, invalid, resource_not_found, session_ended
from scribe_desktop.server.service import Service
from scribe_desktop.server.session_calls import SESSION_PATH
from scribe_desktop.server.sessions import OPEN, Session
from scribe_desktop.server.shapes import TEXT, many, one_of, record

_CONVERT = Fields(
    {
        "transcript": Text(least=1, most=1_000_000),
        "template_id": Text(least=1, most=200),
        "target_language": Text(most=20),
    }
)
# EkaScribe's cloud answers at once and its on-premise server with events: a client
# that says which it means gets that one, any other the answer that cannot hang.
_EVENTS = "ag-ui"
_HOW = Fields({"x-protocol": Text(choices=(_EVENTS, "agent")), "x-format": Text(choices=FORMATS)})
_ENGLISH = frozenset({"en", "eng"})


def process(service: Service, asked: Incoming) -> Reply:
    """Fill another template, or one again, from a session's transcript.

    A session that failed is heard again from its stored audio.
    """
    session = service.sessions.find(asked.path["session_id"])
    _refuse_unfinished(service, session)
    template_id = asked.path.get("template_id") or next(iter(session.templates), "")
    with service.store.writing():
        document = _wanted(service, session, template_id, asked.query.get("document_id"))
        if session.status == "failed":
            service.sessions.change(session.id, _again)
    service.transcription.wake(session.id, urgent=True)
    if _wants_events(asked) and service.bell.waiting < MAX_HOLDS:
        return Reply(
            content=events_of(service, document, asked.headers.get("x-format", "markdown")),
            media_type=MEDIA_TYPE,
        )
    return Reply(
        202,
        {
            "session_id": session.id,
            "template_id": document.template_id,
            "document_id": document.id,
            "status": PENDING,
            "message": "The note is being written.",
        },
    )


def convert(service: Service, asked: Incoming) -> Reply:
    """Write the notes of a session from a text instead of audio."""
    sent = asked.fields
    _check_conversion(sent)
    session = service.sessions.find(asked.path["session_id"])
    wanted = (sent["template_id"],) if "template_id" in sent else session.templates
    for template_id in wanted:
        if not service.templates.known(template_id):
            raise template_not_found()
    with service.store.writing():
        if "transcript" in sent:
            service.sessions.change(session.id, lambda now: _dictated(service, now, sent))
        else:
            _refuse_unfinished(service, session)
        documents = [_wanted(service, session, template_id, None) for template_id in wanted]
    service.transcription.wake(session.id, urgent=True)
    body: dict[str, Any] = {
        "status": PENDING,
        "message": "The notes are being written.",
        "txn_id": session.id,
        "b_id": "this-computer",
        "templates": [
            {"template_id": item.template_id, "document_id": item.id} for item in documents
        ],
    }
    if documents:
        body |= {"template_id": documents[0].template_id, "document_id": documents[0].id}
    return Reply(202, body)


def _wants_events(asked: Incoming) -> bool:
    """Whether the client asked for events by either of the names that there are."""
    if "x-protocol" in asked.headers:
        return asked.headers["x-protocol"] == _EVENTS
    return MEDIA_TYPE in asked.headers.get("accept", "")


def _wanted(
    service: Service, session: Session, template_id: str, document_id: str | None
) -> Document:
    """The document to be written: a given one again, the one still waiting, or a new one."""
    waiting = [item for item in service.documents.of(session.id) if item.to_write]
    if document_id is not None:
        found = service.documents.find(document_id)
        if found.session_id != session.id:
            raise resource_not_found("document in this session")
        return service.documents.change(
            document_id, lambda old: replace(old, status=PENDING, to_write=True)
        )
    if not service.templates.known(template_id):
        raise template_not_found()
    same = next((item for item in waiting if item.template_id == template_id), None)
    name = service.templates.name_of(template_id)
    return same or service.documents.add(
        service.documents.begin(session.id, template_id, name=name)
    )


def _refuse_unfinished(service: Service, session: Session) -> None:
    status = session.status_at(service.now())
    if status == "expired":
        raise Refusal(410, "session_expired", "This session has expired. Begin a new one.")
    if status in OPEN:
        raise Refusal(400, "active_session", "End the session first.")
    if status == "cancelled":
        raise session_ended()


def _again(session: Session) -> Session:
    return replace(session, status="processing", error=None, completed_at=None)


def _dictated(service: Service, now: Session, sent: Mapping[str, Any]) -> Session:
    status = now.status_at(service.now())
    if status == "expired":
        raise Refusal(410, "session_expired", "This session has expired. Begin a new one.")
    if status != "created":
        raise Refusal(400, "session_ended", "This session already has a transcript or audio.")
    return replace(
        now,
        status="processing",
        ended_at=service.now(),
        transcript=sent["transcript"],
        language=next(iter(now.languages), "en"),
        dictated_text=True,
        user_status="commit",
    )


def _check_conversion(sent: Mapping[str, Any]) -> None:
    if not sent:
        raise invalid("A transcript or a target language is needed.", status=400)
    language = sent.get("target_language", "eng").lower()
    if language not in _ENGLISH and "transcript" not in sent:
        raise Refusal(
            422, "language_unsupported", "This service does not translate into that language."
        )


def calls() -> list[Call[Service]]:
    """The calls of this module."""
    begun = record(
        {
            "session_id": TEXT,
            "template_id": TEXT,
            "document_id": TEXT,
            "status": one_of(PENDING),
            "message": TEXT,
        }
    )
    converted = record(
        {
            "status": one_of(PENDING),
            "message": TEXT,
            "txn_id": TEXT,
            "b_id": TEXT,
            "templates": many(record({"template_id": TEXT, "document_id": TEXT})),
        },
        {"template_id": TEXT, "document_id": TEXT},
    )
    path = SESSION_PATH + "/process/template"
    again: list[Call[Service]] = [
        Call(
            method="POST",
            path=one,
            summary="Fill another template",
            answer=process,
            query=Fields({"document_id": Text(most=64)}),
            headers=_HOW,
            replies={200: TEXT, 202: begun},
            media_types={200: MEDIA_TYPE},
            refusals=(404, 410, 422),
        )
        for one in (path, path + "/{template_id}")
    ]
    return [
        *again,
        Call(
            method="POST",
            path="/voice/api/v1/transaction/{session_id}/convert-to-template",
            summary="Write notes from a text",
            answer=convert,
            sent=Sent.JSON,
            fields=_CONVERT,
            most_bytes=MAX_TEXT_BYTES,
            replies={202: converted},
            refusals=(404, 410, 413, 415, 422),
        ),
    ]
