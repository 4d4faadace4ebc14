"""Describes what the service answers, in the words of JSON Schema.

Tests hold every reply against these shapes. They are closed, so a key that is
not described here is a mistake, and nothing that may be absent is ever null.
"""

from scribe_desktop.server.fields import Schema

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer", "minimum": 0}
NUMBER: Schema = {"type": "number"}
FLAG: Schema = {"type": "boolean"}
FREE: Schema = {"type": "object"}
ANYTHING: Schema = {}
MOMENT: Schema = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}


def one_of(*words: str) -> Schema:
    """Exactly one of these words."""
    return {"type": "string", "enum": list(words)}


def many(item: Schema) -> Schema:
    """A list, perhaps empty."""
    return {"type": "array", "items": item}


def record(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    """An object with these keys and no others."""
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


ERROR = record({"error": record({"code": TEXT, "message": TEXT}, {"details": FREE})})

MESSAGES = many(record({"type": TEXT, "code": TEXT, "msg": TEXT}))

FORM = record(
    {
        "uploadData": record({"url": TEXT, "fields": FREE}),
        "folderPath": TEXT,
        "txn_id": TEXT,
    }
)

UPLOAD_URL: Schema = {"anyOf": [TEXT, FORM]}

CREATED = record(
    {
        "session_id": TEXT,
        "status": one_of("created"),
        "created_at": MOMENT,
        "expires_at": MOMENT,
        "upload_url": UPLOAD_URL,
    },
    {"patient_details": FREE, "session_details": FREE, "warnings": many(TEXT)},
)

UPLOADED = record({"session_id": TEXT, "success": {"const": True}, "original_filename": TEXT})

ENDED = record(
    {
        "session_id": TEXT,
        "status": one_of("processing"),
        "message": TEXT,
        "audio_files_received": WHOLE,
        "audio_files": many(TEXT),
    }
)

FILLED = record(
    {
        "status": one_of("success", "failure", "in-progress"),
        "document_id": TEXT,
        "document_type": TEXT,
    },
    {"data": ANYTHING, "errors": MESSAGES, "warnings": MESSAGES},
)

SESSION_KEYS: dict[str, Schema] = {
    "session_id": TEXT,
    "created_at": MOMENT,
    "expires_at": MOMENT,
    "audio_files_received": WHOLE,
    "audio_files": many(TEXT),
    "additional_data": FREE,
}
_PATIENT = {"patient_details": FREE, "session_details": FREE}


def session(*statuses: str, required: tuple[str, ...] = ()) -> Schema:
    """A status answer; `required` names the keys that these statuses always have."""
    optional: dict[str, Schema] = {
        "upload_url": UPLOAD_URL,
        "transcript": TEXT,
        "templates": many({"type": "object", "additionalProperties": FILLED}),
        "model_used": TEXT,
        "language_detected": TEXT,
        "completed_at": MOMENT,
        "expired_at": MOMENT,
        "message": TEXT,
        "audio_files_processed": WHOLE,
        "processing_errors": many(record({"type": TEXT, "message": TEXT}, {"file": TEXT})),
        "error": record({"code": TEXT, "message": TEXT}),
    } | _PATIENT
    always = {name: optional.pop(name) for name in required}
    return record({"status": one_of(*statuses)} | SESSION_KEYS | always, optional)
