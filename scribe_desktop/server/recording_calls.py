"""Gives a whole dictation back as one recording, for those who want to hear it again.

As MP3, because that is what clients of this protocol expect behind
`audio_url` (PROTOCOL.md §1.11) and every player knows it.
"""

from collections.abc import Iterator

import numpy as np

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.server.audio import Pcm, mp3
from scribe_desktop.server.calls import Call, Incoming, Reply
from scribe_desktop.server.fields import Fields, Text
from scribe_desktop.server.limits import RECORDING_LINK_S
from scribe_desktop.server.presigned import check_link, presigned_link
from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.service import Service
from scribe_desktop.server.session_calls import SESSION_PATH
from scribe_desktop.server.sessions import OPEN, Session, StoredFile
from scribe_desktop.server.shapes import TEXT, WHOLE, record

_RECORDING = SESSION_PATH + "/recording.mp3"
_LINK = Fields({"expires": Text(most=20), "signature": Text(most=100)})


def audio_link(service: Service, asked: Incoming) -> Reply:
    """The address of the recording."""
    session = service.sessions.find(asked.path["session_id"])
    _files(service, session)
    now = service.now()
    url = presigned_link(
        service.secret,
        f"{asked.base_url}/sessions/{session.id}/recording.mp3",
        now,
        RECORDING_LINK_S,
        "recording",
        session.id,
    )
    return Reply(
        body={
            "session_id": session.id,
            "status": session.status,
            "audio_url": url,
            "expires_in": RECORDING_LINK_S,
            "expires_at": int(now) + RECORDING_LINK_S,
        }
    )


def recording(service: Service, asked: Incoming) -> Reply:
    """All files of the session as one MP3, made while it is sent."""
    session_id = asked.path["session_id"]
    check_link(service.secret, asked.query, service.now(), "recording", session_id)
    files = _files(service, service.sessions.find(session_id))
    return Reply(content=mp3(_samples(service, session_id, files)), media_type="audio/mpeg")


def _samples(service: Service, session_id: str, files: list[StoredFile]) -> Iterator[Pcm]:
    for item in files:
        try:
            yield service.speech.decode(service.sessions.body(session_id, item.number))
        except (ScribeError, Refusal):
            # Silence of the same length: what comes after stays where it was spoken.
            yield np.zeros(item.frames, np.int16)


def _files(service: Service, session: Session) -> list[StoredFile]:
    if session.status in OPEN:
        raise _not_available("The recording is put together when the session has ended.")
    files = service.sessions.files(session.id)
    if not files:
        raise _not_available("There is no recording of this session, or no longer.")
    return files


def _not_available(message: str) -> Refusal:
    return Refusal(404, "audio_not_available", message)


def calls() -> list[Call[Service]]:
    """The calls of this module."""
    link = record(
        {
            "session_id": TEXT,
            "status": TEXT,
            "audio_url": TEXT,
            "expires_in": WHOLE,
            "expires_at": WHOLE,
        }
    )
    return [
        Call(
            method="GET",
            path=SESSION_PATH + "/audio",
            summary="Where the recording of a session can be fetched",
            answer=audio_link,
            replies={200: link},
            refusals=(404,),
        ),
        Call(
            method="GET",
            path=_RECORDING,
            summary="The recording of a session, by presigned address",
            answer=recording,
            query=_LINK,
            replies={200: {"type": "string", "format": "binary"}},
            refusals=(404, 422),
            media_type="audio/mpeg",
            secured=False,
        ),
    ]
