"""A session as plain JSON and back, for the spool and for other processes.

The reader takes what an older version of the program wrote: a missing key
means the default. A key it does not know means a newer program, and that is
the spool's `user_version` to notice, not this module's.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from scribe_desktop.domain.audio import AudioForm, Gap
from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.order import Mode, Order, Patient, ServiceRef, UploadType
from scribe_desktop.domain.results import FilesTold, Json, Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.session import Capture, Delivery, Problem, Remote, Session, SessionId


def session_record(session: Session) -> dict[str, Any]:
    """The session as JSON-ready values; `read_session` is its inverse."""
    return asdict(session)


def read_session(record: Mapping[str, Any]) -> Session:
    """Rebuild a session; raises KeyError, TypeError or ValueError on a damaged record."""
    _require_mapping(record)
    plain = {
        key: record[key]
        for key in (
            "chunks",
            "frames",
            "accepted",
            "pieces",
            "generation",
            "end_sent",
            "ends_denied",
            "received",
            "shortfalls",
            "attempts",
            "retry_at",
            "started_at",
            "stopped_at",
            "ended_at",
            "resolved_at",
            "cancelled_at",
            "withdrawn",
            "amended",
            "typed",
            "imported",
        )
        if key in record
    }
    remote, problem = record.get("remote"), record.get("problem")
    outcome, follows = record.get("outcome"), record.get("follows")
    return Session(
        session_id=SessionId(record["session_id"]),
        created_at=float(record["created_at"]),
        order=read_order(record["order"]),
        capture=Capture(record["capture"]),
        delivery=Delivery(record["delivery"]),
        remote=Remote(**remote) if remote else None,
        problem=Problem(**(problem | {"retry": Retry(problem["retry"])})) if problem else None,
        past_remote_ids=tuple(record.get("past_remote_ids", ())),
        gaps=tuple(Gap(**gap) for gap in record.get("gaps", ())),
        bookmarks=tuple(record.get("bookmarks", ())),
        outcome=Outcome(outcome) if outcome else None,
        follows=SessionId(follows) if follows else None,
        audio_form=AudioForm(record.get("audio_form", AudioForm.WEBM)),
        **plain,
    )


def order_record(order: Order) -> dict[str, Any]:
    """The order as JSON-ready values; `read_order` is its inverse."""
    return asdict(order)


def read_order(record: Mapping[str, Any]) -> Order:
    """Rebuild an order; raises TypeError or ValueError on a damaged record."""
    _require_mapping(record)
    return Order(
        service=ServiceRef(**record.get("service", {})),
        model=record.get("model", "pro"),
        mode=Mode(record.get("mode", Mode.DICTATION)),
        languages=tuple(record.get("languages", ("en",))),
        transcript_language=record.get("transcript_language"),
        templates=tuple(record.get("templates", ())),
        upload_type=UploadType(record.get("upload_type", UploadType.CHUNKED)),
        patient=Patient(**record.get("patient", {})),
        additional=dict(record.get("additional", {})),
        consented_at=record.get("consented_at"),
    )


def results_record(results: Results) -> dict[str, Any]:
    """The results as JSON-ready values; `read_results` is its inverse."""
    return asdict(results)


def read_results(record: Mapping[str, Any]) -> Results:
    """Rebuild results; raises KeyError, TypeError or ValueError on a damaged record."""
    return Results(
        outcome=Outcome(record["outcome"]),
        transcript=record.get("transcript"),
        notes=tuple(_read_note(note) for note in record.get("notes", ())),
        languages=tuple(record.get("languages", ())),
        model=record.get("model", ""),
        errors=tuple(record.get("errors", ())),
        files=_read_files(record.get("files") or {}),
        edited=tuple(record.get("edited", ())),
    )


def _read_files(record: Mapping[str, Any]) -> FilesTold:
    held, unread = tuple(record.get("held", ())), tuple(record.get("unread", ()))
    return FilesTold(record.get("received"), held, unread)


def _read_note(record: Mapping[str, Any]) -> Note:
    content: Json = record.get("content")
    return Note(
        template_id=record["template_id"],
        status=NoteStatus(record["status"]),
        content=content,
        document_id=record.get("document_id", ""),
        errors=tuple(record.get("errors", ())),
        warnings=tuple(record.get("warnings", ())),
    )


def _require_mapping(record: object) -> None:
    if not isinstance(record, Mapping):
        raise TypeError(f"a record is an object, not {type(record).__name__}")
