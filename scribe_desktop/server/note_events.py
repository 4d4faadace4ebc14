"""Tells a client how a note is coming along, as events over one open answer.

EkaScribe's on-premise server answers "fill another template" like this
(PROTOCOL.md §1.13), with the events of the AG-UI protocol. A client that
hangs up early misses nothing: the note is written all the same, and is found
by asking for the session.
"""

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.server.documents import FAILED, PENDING, Document
from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.service import Service

MEDIA_TYPE = "text/event-stream"

ALIVE_S = 10.0
"""How often a sign of life is sent, so that no proxy takes the silence for death."""

LONGEST_S = 300.0
"""After that the client is told to ask by itself."""

FORMATS = ("markdown", "json")


async def events_of(service: Service, document: Document, written_as: str) -> AsyncIterator[bytes]:
    """The events of one note, from "begun" to its text; runs on the event loop."""
    run = {"threadId": document.session_id, "runId": document.id}
    yield _event("RUN_STARTED", **run)
    clock = asyncio.get_running_loop().time
    until = clock() + LONGEST_S
    while clock() < until and not service.bell.is_over:
        with service.bell.listen(document.session_id) as listening:
            # Looked at after the ear is at the bell: it may have rung just before.
            now, failure = await run_in_threadpool(_look, service, document)
            if failure:
                yield _event("RUN_ERROR", message=failure, code="extraction_failed")
                return
            if now is not None:
                for event in _told(now, written_as):
                    yield event
                yield _event("RUN_FINISHED", **run)
                return
            await listening.wait(ALIVE_S)
        yield b": still being written\n\n"
    yield _event("RUN_FINISHED", **run, result={"status": PENDING})


def _look(service: Service, asked: Document) -> tuple[Document | None, str]:
    """The note if it is written, or why it never will be; on a worker thread."""
    try:
        document = service.documents.find(asked.id)
        session = service.sessions.find(asked.session_id)
    except (Refusal, ScribeError) as error:
        return None, str(error.message)
    if document.status == FAILED:
        return None, next((said["msg"] for said in document.errors), "The note failed.")
    if document.to_write:
        return None, "The dictation could not be heard." if session.status == "failed" else ""
    return document, ""


def _told(document: Document, written_as: str) -> list[bytes]:
    text = document.text
    if written_as == "json" and document.data is not None:
        text = json.dumps(document.data, ensure_ascii=False)
    about = {"messageId": document.id}
    return [
        _event("TEXT_MESSAGE_START", **about, role="assistant"),
        *([_event("TEXT_MESSAGE_CONTENT", **about, delta=text)] if text else ()),
        _event("TEXT_MESSAGE_END", **about),
    ]


def _event(kind: str, **fields: object) -> bytes:
    # JSON has no bare line ends, which would end the event.
    return f"data: {json.dumps({'type': kind} | fields)}\n\n".encode()
