"""Takes the audio in, by every way the clients of this protocol send it.

A file is decoded once before it is accepted: what cannot be heard is refused
while the client still has it and can send it in another form. An accepted
file is durable before the answer leaves.
"""

from email.message import Message

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.server.calls import BASE, Call, Incoming, Reply, Sent
from scribe_desktop.server.fields import Fields, Text
from scribe_desktop.server.limits import MAX_FORM_BYTES
from scribe_desktop.server.presigned import BUCKET, check_form
from scribe_desktop.server.refusals import Refusal, invalid, resource_not_found
from scribe_desktop.server.service import Service
from scribe_desktop.server.session_calls import SESSION_PATH
from scribe_desktop.server.sessions import StoredFile
from scribe_desktop.server.shapes import UPLOADED
from scribe_desktop.server.uploads import (
    check_size,
    file_number,
    form_boundary,
    read_form,
    sniff,
    unreadable,
    unwrap,
)

AUDIO_PATH = SESSION_PATH + "/audio"


def upload_named(service: Service, asked: Incoming) -> Reply:
    """Raw bytes, or a form around them, under a name in the address."""
    body, _ = unwrap(asked.body, asked.headers.get("content-type", ""))
    return _accepted(service, asked, asked.path["file_name"], body)


def upload_unnamed(service: Service, asked: Incoming) -> Reply:
    """A form with one file, or raw bytes whose headers tell the name or the number."""
    body, name = unwrap(asked.body, asked.headers.get("content-type", ""))
    name = name or _name_in_headers(asked)
    if not name:
        raise invalid("The name of the file is missing.", status=400)
    return _accepted(service, asked, name, body)


def upload_presigned(service: Service, asked: Incoming) -> Reply:
    """A storage-style form: its signature is the credential; nothing is answered but 204."""
    if asked.path["bucket"] != BUCKET:
        raise resource_not_found("bucket")
    boundary = form_boundary(asked.headers.get("content-type", ""))
    if boundary is None:
        raise invalid("The upload must be a multipart form.", status=400)
    parts = read_form(asked.body, boundary)
    fields = {part.name.lower(): part.body.decode("utf-8", "replace") for part in parts[:-1]}
    if not parts or parts[-1].name != "file":
        raise invalid("The last field of the form must be the file.", status=400)
    key = fields.get("key", "").replace("${filename}", parts[-1].filename)
    session_id, _, name = key.partition("/")
    if not session_id or not name:
        raise invalid("The form must have a key.", status=400)
    check_form(service.secret, session_id, fields, service.now())
    stored = store_audio(service, session_id, name, parts[-1].body)
    return Reply(204, headers={"ETag": f'"{stored.sha256}"'})


def store_audio(service: Service, session_id: str, name: str, body: bytes) -> StoredFile:
    """Check, decode and store one file, then let the engine hear it."""
    session = service.sessions.find(session_id)
    number = file_number(name, single=session.upload_type == "single")
    check_size(body)
    extension = sniff(body)
    try:
        frames = len(service.speech.decode(body))
    except ScribeError:
        raise unreadable() from None
    stored = service.sessions.accept(
        session_id, number=number, extension=extension, body=body, frames=frames
    )
    service.transcription.wake(session_id)
    return stored


def _accepted(service: Service, asked: Incoming, name: str, body: bytes) -> Reply:
    session_id = asked.path["session_id"]
    stored = store_audio(service, session_id, name, body)
    return Reply(
        body={"session_id": session_id, "success": True, "original_filename": name},
        # The digest of what was stored, as storage services give it.
        headers={"ETag": f'"{stored.sha256}"'},
    )


def _name_in_headers(asked: Incoming) -> str:
    label = Message()
    label["Content-Disposition"] = asked.headers.get("content-disposition", "attachment")
    name = label.get_filename("")
    index = asked.headers.get("x-chunk-index", "")
    if not name and index:
        if not (index.isascii() and index.isdecimal()):
            raise Refusal(400, "invalid_request", "X-Chunk-Index must be a number.")
        name = f"audio_{index}"
    return str(name)


def calls() -> list[Call[Service]]:
    """The calls of this module. Storage services take PUT, so a named upload does too."""
    named = [
        Call(
            method=method,
            path=AUDIO_PATH + "/{file_name}",
            summary="Upload one chunk",
            answer=upload_named,
            sent=Sent.AUDIO,
            most_bytes=MAX_FORM_BYTES,
            replies={200: UPLOADED},
            refusals=(400, 404, 410, 413, 415),
        )
        for method in ("POST", "PUT")
    ]
    unnamed: Call[Service] = Call(
        method="POST",
        path=AUDIO_PATH,
        summary="Upload one chunk whose name is in the form or the headers",
        answer=upload_unnamed,
        sent=Sent.AUDIO,
        most_bytes=MAX_FORM_BYTES,
        replies={200: UPLOADED},
        refusals=(400, 404, 410, 413, 415),
    )
    presigned: Call[Service] = Call(
        method="POST",
        path=BASE + "/blob-upload/{bucket}",
        summary="Upload one chunk by a presigned form",
        answer=upload_presigned,
        sent=Sent.FORM,
        fields=Fields({"key": Text(), "x-expires": Text(), "x-signature": Text()}),
        secured=False,
        most_bytes=MAX_FORM_BYTES,
        replies={204: None},
        refusals=(400, 403, 404, 410, 413, 415),
    )
    return [*named, unnamed, presigned]
