"""EkaScribe's cloud, as its documentation describes it (PROTOCOL.md, profile `eka`)."""

import re
from typing import Any

from tests.peers.peer import Answered, Asked, Dictation, Peer
from tests.peers.shelf import API, STORAGE, Shelf, refusal

TOKEN = "canary-eka-token"
BASE = "/voice/v1"

_NAME = re.compile(r"[A-Za-z0-9_-]+_(\d+)\.([a-z0-9]+)")
_MEDIA_TYPES = {
    "audio/webm;codecs=opus",
    "audio/wav",
    "audio/ogg;codecs=opus",
    "audio/ogg",
    "audio/mp4",
    "audio/m4a",
    "audio/mp3",
}


class EkaPeer(Peer):
    """`token` is the one that works now; change it to let the old one expire."""

    dialect = "eka"
    token = TOKEN
    language_detection = True

    def __init__(self) -> None:
        super().__init__()
        self.shelf = self.make_shelf()

    def make_shelf(self) -> Shelf:
        return Shelf(self)

    @property
    def base_url(self) -> str:
        return self.origin + BASE

    def answer(self, asked: Asked) -> Answered:
        if asked.path.startswith(STORAGE):
            return self.shelf.store(asked)
        if asked.path == BASE + "/.well-known/medscribealliance":
            return Answered(200, self.discovery(), {"Cache-Control": "max-age=10800"})
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return refusal(401, "token_expired")
        if asked.path.startswith(API):
            return self.shelf.answer(asked)
        match = re.fullmatch(BASE + r"/sessions(?:/([^/]+)(/.*)?)?", asked.path)
        if match is None:
            return refusal(404, "resource_not_found")
        session_id, rest = match[1], match[2] or ""
        if session_id is None:
            return self.create(asked) if asked.method == "POST" else refusal(405, "invalid")
        session = self.sessions.get(session_id)
        if session is None:
            return refusal(404, "session_not_found")
        return self.about(session, rest, asked)

    def about(self, session: Dictation, rest: str, asked: Asked) -> Answered:
        if rest == "/end" and asked.method == "POST":
            return self.end(session, asked)
        if rest.startswith("/audio/") and asked.method == "POST":
            return self.upload(session, rest.removeprefix("/audio/"), asked)
        if rest == "" and asked.method == "GET":
            return self.status(session)
        if rest == "" and asked.method == "PATCH":
            return self.patch(session, asked)
        if rest == "/audio" and asked.method == "GET":
            return self.recording(session)
        if rest.startswith("/process/template/") and asked.method == "POST":
            return self.shelf.process(session, rest.removeprefix("/process/template/"), asked)
        return refusal(404, "resource_not_found")

    def discovery(self) -> dict[str, Any]:
        return {
            "protocol": "medscribealliance",
            "protocol_version": "0.1",
            "supported_versions": ["0.1"],
            "service": {"name": "EkaScribe", "documentation_url": "https://developer.eka.care"},
            "endpoints": {"base_url": self.base_url},
            "authentication": {"supported_methods": ["api_key", "oidc"]},
            "capabilities": {
                "audio_formats": ["audio/webm;codecs=opus", "audio/wav", "audio/mp3"],
                "max_chunk_duration_seconds": 20,
                "upload_methods": ["chunked", "single", "stream"],
                "webhook_delivery": True,
                "client_sdk_delivery": True,
            },
            "models": [
                {
                    "id": "lite",
                    "display_name": "Lite",
                    "languages": ["en", "hi"],
                    "max_session_duration_seconds": 600,
                    "response_speed": "fast",
                    "features": {"realtime_transcription": False},
                },
                {
                    "id": "pro",
                    "display_name": "Pro",
                    "languages": ["en", "hi", "ta"],
                    "max_session_duration_seconds": 3600,
                    "response_speed": "thorough",
                    "features": {"realtime_transcription": True},
                },
            ],
            "languages": {
                "supported": ["en", "hi", "ta", "auto_detect"],
                "auto_detection": self.language_detection,
            },
        }

    def templates(self) -> list[dict[str, Any]]:
        return [
            {
                "id": "clinical_notes_template",
                "title": "Clinical notes",
                "desc": "The visit",
                "section_ids": [],
                "default": True,
                "is_favorite": False,
            }
        ]

    def create(self, asked: Asked) -> Answered:
        body = asked.json()
        session_id = body.get("session_id", "ses_0123456789abcdef")
        if not 16 <= len(session_id) <= 32 or len(body.get("templates", [])) > 2:
            return refusal(422, "invalid_request")
        if "session_details" in body or body.get("additional_data", {}) is None:
            return refusal(422, "invalid_request")
        if session_id in self.sessions:
            return refusal(409, "txn_already_initialized")
        self.sessions[session_id] = Dictation(session_id, body)
        return Answered(
            201,
            {
                "session_id": session_id,
                "status": "created",
                "created_at": "2026-08-20T10:00:00Z",
                "expires_at": "2026-08-20T11:00:00Z",
                "upload_url": self.upload_url(session_id),
            },
        )

    def upload_url(self, session_id: str) -> Any:
        return f"{self.base_url}/sessions/{session_id}/audio"

    def upload(self, session: Dictation, name: str, asked: Asked) -> Answered:
        match = _NAME.fullmatch(name)
        if match is None:
            return Answered(500, {"error": {"code": "unexpected_error", "message": "?"}})
        if session.ends:
            return refusal(400, "session_ended")
        media_type = asked.headers.get("content-type", "")
        if media_type.startswith("audio/") and media_type not in _MEDIA_TYPES:
            return refusal(400, "invalid_audio_format")
        if len(asked.body) > 10 * 1024 * 1024:
            return refusal(413, "chunk_too_large")
        refused = self.refused_form(name)
        if refused is not None:
            return refused
        session.files[int(match[1])] = asked.body
        session.names.append(name)
        session.status = "recording"
        return Answered(
            200,
            {"session_id": session.session_id, "success": True, "original_filename": name},
        )

    def end(self, session: Dictation, asked: Asked) -> Answered:
        if session.ends:
            return refusal(400, "session_ended")
        session.ends.append(asked.json().get("audio_files_sent"))
        session.status = "processing"
        return Answered(
            202,
            {
                "session_id": session.session_id,
                "status": "processing",
                "message": "Processing.",
                "audio_files_received": len(session.files),
                "audio_files": self.files(session),
            },
        )

    def files(self, session: Dictation) -> list[str]:
        return [f"{number}.webm" for number in sorted(session.files)]

    def patch(self, session: Dictation, asked: Asked) -> Answered:
        body = asked.json()
        known = {"patient_details", "templates", "language_hint", "additional_data"}
        known |= {"session_mode", "model", "user_status", "processing_status"}
        if set(body) - known:
            return refusal(422, "invalid_request")
        session.asked |= body
        if body.get("user_status") == "cancelled":
            session.status = "cancelled"
        return Answered(
            200, {"session_id": session.session_id, "status": "success", "message": "Updated."}
        )

    def status(self, session: Dictation) -> Answered:
        if session.status == "processing":
            if session.polls_left:
                session.polls_left -= 1
            else:
                session.status = "completed"
        common = {
            "session_id": session.session_id,
            "status": session.status,
            "created_at": "2026-08-20T10:00:00Z",
            "expires_at": "2026-08-20T11:00:00Z",
            "audio_files_received": len(session.files),
            "audio_files": self.files(session),
            "additional_data": session.asked.get("additional_data", {}),
        }
        if session.status != "completed":
            return Answered(202, common | {"transcript": session.transcript or None})
        done = {
            "completed_at": "2026-08-20T10:05:00Z",
            "model_used": session.asked.get("model", "pro"),
            "language_detected": "en",
            "transcript": session.transcript,
            "templates": self.notes(session),
        }
        return Answered(200, common | done)

    def notes(self, session: Dictation) -> Any:
        if not session.typed:
            self.shelf.fill(session)
        return self.shelf.notes(session)

    def recording(self, session: Dictation) -> Answered:
        return self.shelf.recording(session)
