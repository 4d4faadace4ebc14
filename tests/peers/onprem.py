"""The on-premise server as its open source behaves (PROTOCOL.md, profile `onprem`, OSS)."""

import re
from typing import Any

from tests.peers.eka import EkaPeer
from tests.peers.peer import Answered, Asked, Dictation
from tests.peers.shelf import STORAGE, OnPremShelf, Shelf

TOKEN = "canary-onprem-token"

_BARE = re.compile(r"(\d+)\.(webm|m4a|mp3|wav|ogg|mp4|aac)")
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')


def raised(status: int, code: str) -> Answered:
    """How this server words an error that its own code raised."""
    return Answered(
        status,
        {
            "status": "failed",
            "error": {"code": code, "message": {"why": code}, "display_message": "No."},
            "txn_id": "t",
            "b_id": "b",
        },
    )


def parts_of(asked: Asked) -> dict[str, tuple[bytes, str]]:
    """The parts of a multipart body, in the order they came: name → (body, file name)."""
    match = _BOUNDARY.search(asked.headers.get("content-type", ""))
    if match is None:
        return {}
    found: dict[str, tuple[bytes, str]] = {}
    for part in asked.body.split(b"--" + match[1].encode())[1:-1]:
        head, _, body = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'[; ]name="([^"]*)"', head)
        file_name = re.search(rb'filename="([^"]*)"', head)
        if name is not None:
            found[name[1].decode()] = (
                body.removesuffix(b"\r\n"),
                file_name[1].decode() if file_name is not None else "",
            )
    return found


class OnPremPeer(EkaPeer):
    """`presigned` makes it hand out upload forms; `form_token` is the one that works now."""

    dialect = "onprem"
    token = TOKEN
    language_detection = False

    def __init__(self, *, presigned: bool = False) -> None:
        super().__init__()
        self.presigned = presigned
        self.form_token = "form-1"

    def answer(self, asked: Asked) -> Answered:
        if asked.path.startswith("/voice/v1/blob-upload/"):
            return self.store_form(asked)
        if asked.path.startswith(STORAGE):
            return self.shelf.store(asked)
        public = asked.path.endswith("/.well-known/medscribealliance")
        credential = asked.headers.get("authorization", "")
        if not public and not credential:
            return Answered(403, {"detail": "missing_token"})
        if not public and credential == "Bearer canary-expired":
            return Answered(401, {"detail": "token_expired"})
        if not public and credential != f"Bearer {self.token}":
            return Answered(403, {"detail": "invalid_token"})
        if asked.path == "/voice/v1/templates":
            return Answered(
                200,
                {
                    "templates": [
                        {"id": item["id"], "name": item["title"], "description": item["desc"]}
                        for item in self.shelf.templates()
                    ]
                },
            )
        answered = super().answer(asked)
        if answered.status == 404 and "transaction/history" not in asked.path:
            return raised(404, "transaction_not_found")
        return answered

    def make_shelf(self) -> Shelf:
        return OnPremShelf(self)

    def recording(self, session: Dictation) -> Answered:
        # It has no such route.
        return Answered(404, {"detail": "Not Found"})

    def discovery(self) -> dict[str, Any]:
        document = super().discovery()
        document["capabilities"]["upload_methods"] = ["chunked", "single"]
        document["capabilities"]["storage_providers"] = ["aws", "local"]
        document["service"]["name"] = "Vaarta"
        # What it believes to be its own address is seldom what others see.
        document["endpoints"]["base_url"] = "http://scribe.internal:8000/voice/v1"
        return document

    def create(self, asked: Asked) -> Answered:
        body = asked.json()
        if not body.get("language_hint"):
            return Answered(
                400, {"error": {"code": "BAD_REQUEST", "message": "Field 'body -> language'"}}
            )
        if body.get("upload_type") == "stream":
            return raised(500, "unexpected_error")
        if body["session_id"] in self.sessions:
            return raised(409, "txn_already_initialized")
        self.sessions[body["session_id"]] = Dictation(body["session_id"], body)
        return Answered(
            201,
            {
                "session_id": body["session_id"],
                "status": "created",
                "created_at": "2026-08-20T10:00:00.123456+00:00",
                "expires_at": "2026-08-20T11:00:00.123456+00:00",
                "upload_url": self.upload_url(body["session_id"]),
                "session_details": body.get("session_details"),
                "storage_provider": "aws",
            },
        )

    def upload_url(self, session_id: str) -> Any:
        if not self.presigned:
            # Its configured SELF_URL, which the workstation cannot reach.
            return f"http://scribe.internal:8000/voice/v1/sessions/{session_id}/audio"
        return {
            "uploadData": {
                "url": f"{self.base_url}/blob-upload/bucket",
                "fields": {
                    "key": f"audio/{session_id}/${{filename}}",
                    "policy": "cG9saWN5",
                    "x-token": self.form_token,
                },
            },
            "folderPath": f"audio/{session_id}/",
            "txn_id": session_id,
        }

    def store_form(self, asked: Asked) -> Answered:
        parts = parts_of(asked)
        if "authorization" in asked.headers or list(parts)[-1:] != ["file"]:
            return Answered(400, {"detail": "invalid fields"})
        if parts["x-token"][0].decode() != self.form_token:
            return Answered(403, {"detail": "expired token"})
        _, session_id, name = parts["key"][0].decode().split("/")
        match = _BARE.fullmatch(name)
        if match is None or "Content-Type" not in parts:
            return Answered(400, {"detail": "invalid fields"})
        refused = self.refused_form(name)
        if refused is not None:
            return refused
        session = self.sessions[session_id]
        session.files[int(match[1])] = parts["file"][0]
        session.names.append(name)
        return Answered(204)

    def end(self, session: Dictation, asked: Asked) -> Answered:
        # It takes a second End as readily as the first, and does everything again.
        session.ends.append(asked.json().get("audio_files_sent"))
        session.status = "processing"
        return Answered(
            202,
            {
                "session_id": session.session_id,
                "status": "processing",
                "message": "ok",
                "audio_files_received": len(session.files),
                "audio_files": [
                    f"s3://bucket/{session.session_id}/{number}.webm"
                    for number in sorted(session.files)
                ],
            },
        )

    def patch(self, session: Dictation, asked: Asked) -> Answered:
        body = asked.json()
        known = {"session_details", "templates", "language_hint", "additional_data"}
        known |= {"session_mode", "model", "user_status", "processing_status"}
        if not body or set(body) - known:
            return Answered(
                400, {"error": {"code": "BAD_REQUEST", "message": "Field 'body -> x': extra"}}
            )
        session.asked |= body
        if body.get("user_status") == "cancelled":
            session.status = "cancelled"
        return Answered(200, {"session_id": session.session_id, "status": "success"})

    def status(self, session: Dictation) -> Answered:
        if session.status == "cancelled":
            return raised(500, "system_failure")
        if session.status in {"created", "recording"}:
            return Answered(
                202,
                {
                    "session_id": session.session_id,
                    "status": "initialized",
                    "templates": {},
                    "transcript": "",
                    "upload_url": self.upload_url(session.session_id),
                    "audio_files_received": len(session.files),
                },
            )
        answered = super().status(session)
        answered.body.pop("expires_at")
        answered.body["created_at"] = 1787220000
        return answered
