"""What lies around a dictation at EkaScribe: templates, documents, history, recordings.

PROTOCOL.md §1.8 to §1.15: `Shelf` as the cloud's documentation has it,
`OnPremShelf` as the on-premise server's source does it.
"""

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.peers.peer import Answered, Asked, Dictation

if TYPE_CHECKING:
    from tests.peers.eka import EkaPeer

STORAGE = "/storage/"
API = "/voice/api"
RECORDING = b"ID3 the whole dictation as one MP3"


def refusal(status: int, code: str, message: str = "No.") -> Answered:
    return Answered(status, {"error": {"code": code, "message": message}})


@dataclass
class Paper:
    """A document as the peer keeps it; `looks_left` is how often it is still being written."""

    document_id: str
    session_id: str
    template_id: str
    name: str
    text: bytes = b""
    looks_left: int = 0

    @property
    def status(self) -> str:
        return "in-progress" if self.looks_left else "success"


@dataclass
class Shelf:
    """The `/voice/api` family and the storage behind its presigned addresses."""

    peer: "EkaPeer"
    papers: dict[str, Paper] = field(default_factory=dict)
    custom: dict[str, dict[str, Any]] = field(default_factory=dict)
    keeps_recordings: bool = True
    """A switch of the business: without it every recording is refused."""

    looks_before_recording: int = 0
    puts: list[Asked] = field(default_factory=list)

    # --- storage -----------------------------------------------------------------------

    def store(self, asked: Asked) -> Answered:
        """Presigned addresses: the signature is the credential, and a second one is refused."""
        if "authorization" in asked.headers or asked.query.get("signature") != ["canary"]:
            return Answered(403, b"<Error>AccessDenied</Error>", {}, "application/xml")
        name = asked.path.removeprefix(STORAGE)
        if name.endswith(".mp3") and asked.method == "GET":
            return Answered(200, RECORDING, {}, "audio/mpeg")
        paper = self.papers.get(name)
        if paper is None:
            return Answered(404, b"<Error>NoSuchKey</Error>", {}, "application/xml")
        if asked.method == "PUT":
            if asked.headers.get("content-type") != "text/markdown":
                return Answered(403, b"<Error>SignatureDoesNotMatch</Error>", {}, "application/xml")
            self.puts.append(asked)
            paper.text = asked.body
            return Answered(200)
        return Answered(200, paper.text, {}, "text/markdown")

    def presigned(self, name: str) -> str:
        return f"{self.peer.origin}{STORAGE}{name}?signature=canary"

    # --- the family --------------------------------------------------------------------

    def answer(self, asked: Asked) -> Answered:
        path = asked.path.removeprefix(API)
        if path == "/v2/transaction/history" and asked.method == "GET":
            return self.history(asked)
        for pattern, answer in (
            (r"/v1/template(?:/([^/]+))?", self.template),
            (r"/v1/documents(?:/([^/]+))?", self.document),
            (r"/v1/sessions/([^/]+)", self.detail),
            (r"/v1/transaction/([^/]+)/convert-to-template", self.convert),
            (r"/v2/transaction/([^/]+)", self.archive),
        ):
            match = re.fullmatch(pattern, path)
            if match is not None:
                return answer(asked, match[1] or "")
        return refusal(404, "resource_not_found")

    def template(self, asked: Asked, template_id: str) -> Answered:
        if asked.method == "GET":
            return Answered(200, {"items": self.templates()})
        body = asked.json() if asked.body else {}
        if asked.method == "POST" and not template_id:
            if not body.get("title") or not isinstance(body.get("section_ids"), list):
                return refusal(422, "missing_required_field")
            made = f"tpl_{len(self.custom)}"
            self.custom[made] = body
            return Answered(201, {"msg": "Template created", "template_id": made})
        if template_id not in self.custom:
            return self.no_template()
        if asked.method == "DELETE":
            del self.custom[template_id]
        else:
            self.custom[template_id] |= body
        return Answered(200, {"msg": "Done"})

    def no_template(self) -> Answered:
        return refusal(404, "template_not_found")

    def templates(self) -> list[dict[str, Any]]:
        made = [
            {"id": one, "title": kept["title"], "desc": kept.get("desc", ""), "section_ids": []}
            for one, kept in self.custom.items()
        ]
        return [*self.peer.templates(), *made]

    def history(self, asked: Asked) -> Answered:
        wanted = asked.query.get("oid", [""])[0]
        if int(asked.query["count"][0]) < 1:
            return refusal(422, "invalid_request")
        found = [
            {
                "txn_id": session.session_id,
                "b_id": "b",
                "oid": patient_of(session).get("oid"),
                "mode": session.asked.get("session_mode", "consultation"),
                "processing_status": "success",
                "patient_details": patient_of(session),
                "created_at": "2026-08-20T10:00:00Z",
            }
            for session in reversed(self.peer.sessions.values())
            if session.status != "cancelled" and wanted in ("", patient_of(session).get("oid"))
        ]
        if not found:
            return Answered(404, {"status": "failed", "error": "No transactions found"})
        return Answered(200, {"status": "success", "data": found, "retrieved_count": len(found)})

    def archive(self, asked: Asked, session_id: str) -> Answered:
        return refusal(405, "invalid_request")

    # --- notes -------------------------------------------------------------------------

    def fill(self, session: Dictation) -> None:
        """Write what the session's own templates ask for, once."""
        written = {paper.template_id for paper in self.of(session)}
        for template_id in session.asked.get("templates", []):
            if template_id not in written:
                self.add(session, template_id)

    def add(self, session: Dictation, template_id: str, name: str = "", looks: int = 0) -> Paper:
        text = f"# Note\n{session.transcript}".encode()
        paper = Paper(f"doc_{len(self.papers)}", session.session_id, template_id, name, text, looks)
        self.papers[paper.document_id] = paper
        return paper

    def of(self, session: Dictation) -> list[Paper]:
        return [one for one in self.papers.values() if one.session_id == session.session_id]

    def notes(self, session: Dictation) -> list[dict[str, Any]]:
        """The list of a finished session; a look at one that is being written brings it nearer."""
        listed = []
        for paper in self.of(session):
            note: dict[str, Any] = {
                "status": paper.status,
                "data": None if paper.looks_left else paper.text.decode(),
                "document_id": paper.document_id,
                "document_type": "template",
                "publish": {},
                "errors": [],
                "warnings": [],
            }
            paper.looks_left = max(paper.looks_left - 1, 0)
            listed.append({paper.template_id or "custom": note})
        return listed

    def process(self, session: Dictation, template_id: str, asked: Asked) -> Answered:
        if session.status != "completed":
            return refusal(400, "active_session")
        if template_id == "no_such_template":
            return refusal(404, "template_not_found")
        paper = self.add(session, template_id, looks=1)
        return self.processing(session, paper)

    def processing(self, session: Dictation, paper: Paper) -> Answered:
        return Answered(
            202,
            {
                "session_id": session.session_id,
                "template_id": paper.template_id,
                "document_id": paper.document_id,
                "status": "in-progress",
                "message": "Template processing started.",
            },
        )

    def convert(self, asked: Asked, session_id: str) -> Answered:
        session = self.peer.sessions.get(session_id)
        body = asked.json()
        if session is None:
            return refusal(404, "transaction_not_found")
        if not body.get("transcript") and not body.get("target_language"):
            return refusal(400, "missing_required_field")
        if "target_language" in body and body["target_language"] not in {"eng", "hi", "ta"}:
            return refusal(400, "language_unsupported")
        session.typed = body.get("transcript", session.typed)
        session.status = "completed"
        wanted = [body["template_id"]] if body.get("template_id") else session.asked["templates"]
        made = [self.add(session, one, looks=1) for one in wanted]
        return Answered(202, self.converting(session, made))

    def converting(self, session: Dictation, made: list[Paper]) -> dict[str, Any]:
        return {
            "status": "in-progress",
            "message": "Converting.",
            "txn_id": session.session_id,
            "b_id": "b",
            "template_id": made[0].template_id,
            "document_id": made[0].document_id,
            "templates": [
                {"template_id": one.template_id, "document_id": one.document_id} for one in made
            ],
        }

    # --- documents ---------------------------------------------------------------------

    def document(self, asked: Asked, document_id: str) -> Answered:
        if asked.method == "POST" and not document_id:
            return self.save(asked.json())
        paper = self.papers.get(document_id)
        if asked.method == "DELETE":
            self.papers.pop(document_id, None)
            return Answered(200, {"status": "success", "message": "Deleted."})
        if paper is None:
            return refusal(404, "resource_not_found")
        return Answered(200, {"status": "success", "data": self.described(paper)})

    def save(self, body: dict[str, Any]) -> Answered:
        session = self.peer.sessions.get(body.get("session_id", ""))
        if session is None:
            return refusal(404, "session_not_found")
        if body.get("type", "custom") not in {"context", "custom", "notes", "integration"}:
            return refusal(422, "invalid_request")
        if body.get("document_id"):
            paper = self.papers.get(body["document_id"])
            if paper is None:
                return refusal(404, "resource_not_found")
            return Answered(200, {"status": "success", "data": self.described(paper)})
        made = self.add(session, body.get("template_id", ""), body.get("document_name", ""))
        made.text = b""
        return Answered(201, {"status": "success", "data": self.described(made)})

    def described(self, paper: Paper) -> dict[str, Any]:
        return {
            "document_id": paper.document_id,
            "session_id": paper.session_id,
            "template_id": paper.template_id,
            "document_name": paper.name,
            "type": "markdown",
            "document_type": "template" if paper.template_id else "custom",
            "status": paper.status,
            "errors": [],
            "warnings": [],
            "usage_information": {},
            "publish": {},
            **self.dated(paper),
        }

    def dated(self, paper: Paper) -> dict[str, Any]:
        return {
            "created_at": "2026-08-20T10:00:00Z",
            "updated_at": "2026-08-20T10:05:00Z",
            "presigned_url": self.presigned(paper.document_id),
        }

    def detail(self, asked: Asked, session_id: str) -> Answered:
        session = self.peer.sessions.get(session_id)
        if session is None:
            return refusal(404, "session_not_found")
        data = {
            "schema_version": "1",
            "session_id": session.session_id,
            "status": session.status,
            "created_at": "2026-08-20T10:00:00Z",
            "expires_at": "2026-08-20T11:00:00Z",
            "patient_details": patient_of(session),
            "additional_data": {},
            "audio_matrix": {"quality": None},
            "documents": [
                {key: value for key, value in self.described(one).items() if key != "presigned_url"}
                | {"download_url": self.presigned(one.document_id)}
                for one in self.of(session)
            ],
        }
        return Answered(200, {"status": "success", "data": data})

    # --- the recording -----------------------------------------------------------------

    def recording(self, session: Dictation) -> Answered:
        if not self.keeps_recordings:
            return refusal(403, "audio_not_enabled")
        if not session.ends or self.looks_before_recording:
            self.looks_before_recording = max(self.looks_before_recording - 1, 0)
            return refusal(404, "audio_not_available")
        return Answered(
            200,
            {
                "session_id": session.session_id,
                "status": session.status,
                "audio_url": self.presigned(f"{session.session_id}.mp3"),
                "expires_in": 86400,
                "expires_at": 1787306400,
            },
        )


class OnPremShelf(Shelf):
    """The same family on the clinic's own server, where it differs."""

    def no_template(self) -> Answered:
        # Every refusal of these routes is flattened.
        return Answered(400, {"error": {"code": "BAD_REQUEST", "message": "template not found"}})

    def archive(self, asked: Asked, session_id: str) -> Answered:
        if asked.method != "DELETE" or self.peer.sessions.pop(session_id, None) is None:
            return refusal(404, "transaction_not_found")
        return Answered(200, {"status": "success"})

    def processing(self, session: Dictation, paper: Paper) -> Answered:
        # The note is written while the answer is sent, piece by piece.
        events = b'data: {"type": "RUN_STARTED"}\n\ndata: {"type": "RUN_FINISHED"}\n\n'
        return Answered(200, events, {}, "text/event-stream; charset=utf-8")

    def convert(self, asked: Asked, session_id: str) -> Answered:
        session = self.peer.sessions.get(session_id)
        if session is not None and (session.names or session.ends or session.typed):
            return refusal(400, "active_session")
        if not asked.json().get("transcript"):
            return Answered(400, {"error": {"code": "BAD_REQUEST", "message": "Field 'body -> t'"}})
        return super().convert(asked, session_id)

    def converting(self, session: Dictation, made: list[Paper]) -> dict[str, Any]:
        said = super().converting(session, made)
        del said["document_id"], said["templates"]
        return said

    def dated(self, paper: Paper) -> dict[str, Any]:
        return super().dated(paper) | {"created_at": 1787220000, "updated_at": 1787220300}

    def detail(self, asked: Asked, session_id: str) -> Answered:
        answered = super().detail(asked, session_id)
        if answered.status == 200:
            data = answered.body["data"]
            data["created_at"] = 1787220000
            data["session_details"] = data.pop("patient_details")
            data["documents"] = [
                self.described(one) for one in self.of(self.peer.sessions[session_id])
            ]
            if any(one["status"] == "in-progress" for one in data["documents"]):
                answered.status = 202
        return answered


def patient_of(session: Dictation) -> dict[str, Any]:
    patient = session.asked.get("session_details") or session.asked.get("patient_details") or {}
    return dict(patient)
