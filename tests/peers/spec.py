"""A strict implementer of the vendor-neutral specification (PROTOCOL.md, SPEC and REF)."""

import re
from typing import Any

from tests.peers.peer import Answered, Asked, Dictation, Peer

KEY = "sk_test_canary"
BASE = "/v1"

_NAME = re.compile(r"audio_(\d+)\.([a-z0-9]+)")
_LITERALS = {"audio/webm;codecs=opus", "audio/webm", "audio/wav", "audio/mp3"}


class SpecPeer(Peer):
    """Takes `X-API-Key`, gives its own ids, answers with naive times and templates as a map."""

    dialect = "spec"

    @property
    def base_url(self) -> str:
        return self.origin + BASE

    def answer(self, asked: Asked) -> Answered:
        if asked.path == "/.well-known/medscribealliance":
            return Answered(200, self.discovery())
        if asked.headers.get("x-api-key") != KEY or "authorization" in asked.headers:
            return self.refuse(401, "invalid_api_key")
        if asked.path == BASE + "/templates" and asked.method == "GET":
            listed = [{"id": "soap", "name": "SOAP", "description": "Four parts"}]
            return Answered(200, {"templates": listed})
        match = re.fullmatch(BASE + r"/sessions(?:/([^/]+)(/.*)?)?", asked.path)
        if match is None:
            return Answered(404, {"detail": "Not Found"})
        if match[1] is None:
            return self.create(asked)
        session = self.sessions.get(match[1])
        if session is None:
            return self.refuse(404, "session_not_found")
        return self.about(session, match[2] or "", asked)

    def about(self, session: Dictation, rest: str, asked: Asked) -> Answered:
        if rest == "" and asked.method == "GET":
            return self.status(session)
        if rest == "/end" and asked.method == "POST":
            return self.end(session, asked)
        if rest.startswith("/audio/") and asked.method == "POST":
            return self.upload(session, rest.removeprefix("/audio/"), asked)
        return Answered(405, {"detail": "Method Not Allowed"}, {"Allow": "GET"})

    def refuse(self, status: int, code: str, **details: Any) -> Answered:
        return Answered(status, {"error": {"code": code, "message": "No.", "details": details}})

    def discovery(self) -> dict[str, Any]:
        return {
            "protocol": "medscribealliance",
            "protocol_version": "0.1",
            "supported_versions": ["0.1"],
            "service": {"name": "Reference", "documentation_url": "https://example.com"},
            "endpoints": {"base_url": "https://api.scribe.example.com/v1"},
            "authentication": {"supported_methods": ["api_key"]},
            "capabilities": {
                "audio_formats": sorted(_LITERALS),
                "max_chunk_duration_seconds": 20,
                "upload_methods": ["chunked", "single"],
                "webhook_delivery": True,
                "client_sdk_delivery": True,
            },
            "models": [
                {
                    "id": "lite",
                    "languages": ["en", "hi"],
                    "max_session_duration_seconds": 600,
                    "features": {},
                }
            ],
            "languages": {"supported": ["en", "hi"], "auto_detection": True},
        }

    def create(self, asked: Asked) -> Answered:
        body = asked.json()
        missing = {"templates", "communication_protocol", "upload_type"} - set(body)
        if missing or any(len(code) > 2 for code in body.get("language_hint", [])):
            problem = {"loc": ["body", "templates"], "msg": "Field required", "type": "missing"}
            return Answered(422, {"detail": [problem]})
        session_id = f"ses_{len(self.sessions):020x}"
        self.sessions[session_id] = Dictation(session_id, body)
        return Answered(
            201,
            {
                "session_id": session_id,
                "status": "created",
                "created_at": "2026-08-20T10:00:00.123456",
                "expires_at": "2026-08-20T11:00:00.123456",
                "upload_url": f"https://api.scribe.example.com/v1/sessions/{session_id}/audio",
            },
        )

    def upload(self, session: Dictation, name: str, asked: Asked) -> Answered:
        media_type = asked.headers.get("content-type", "")
        if media_type not in _LITERALS:
            return self.refuse(
                400,
                "invalid_audio_format",
                provided_format=media_type,
                supported_formats=sorted(_LITERALS),
            )
        match = _NAME.fullmatch(name)
        if match is None:
            return self.refuse(400, "invalid_request")
        refused = self.refused_form(name)
        if refused is not None:
            return refused
        session.files[int(match[1])] = asked.body
        session.names.append(name)
        return Answered(
            200,
            {
                "success": True,
                "filename": name,
                "original_filename": name,
                "size_bytes": len(asked.body),
            },
        )

    def end(self, session: Dictation, asked: Asked) -> Answered:
        count = asked.json().get("audio_files_sent")
        if not isinstance(count, int) or count < 0:
            problem = {"loc": ["body", "audio_files_sent"], "msg": "?", "type": "int_parsing"}
            return Answered(422, {"detail": [problem]})
        session.ends.append(count)
        session.status = "processing"
        return Answered(
            202,
            {
                "session_id": session.session_id,
                "status": "processing",
                "message": "Session ended.",
                "audio_files_received": len(session.files),
                "audio_files": [f"chunk_{number}.webm" for number in session.files],
            },
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
            "created_at": "2026-08-20T10:00:00.123456",
            "expires_at": "2026-08-20T11:00:00.123456",
            "audio_files_received": len(session.files),
            "audio_files": [f"{number}.webm" for number in session.files],
        }
        if session.status != "completed":
            return Answered(202, common | {"transcript": None, "templates": None})
        notes = {
            template: {"status": "success", "data": {"plan": session.transcript}}
            for template in session.asked["templates"]
        }
        return Answered(
            200,
            common
            | {
                "templates": notes,
                "transcript": session.transcript,
                "model_used": "lite",
                "language_detected": "en",
            },
        )
