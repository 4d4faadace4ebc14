"""The answers of commands as text that a person reads."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

Record = Any


def render(request: dict[str, Any], record: Record) -> str:
    """The text for `record`, the answer to `request`; ends with a newline unless empty."""
    return _RENDERERS[request["command"]](record)


def _dictation(record: Record) -> str:
    if "document" in record:
        return str(record["document"])
    parts = [
        f"# {template['id']} ({template['status']})\n{_tree(template['data'])}"
        for template in record["templates"]
    ]
    if record["transcript"]:
        parts.append(f"# transcript\n{record['transcript']}")
    if not parts:
        parts.append(f"{record['session_id']}: {record['status']}")
    return "\n\n".join(parts) + "\n"


def _tree(content: Any) -> str:  # noqa: ANN401  JSON
    from scribe_desktop.domain.results import Note, NoteStatus
    from scribe_desktop.export.documents import note_text

    return note_text(Note("", NoteStatus.SUCCESS, content))


def _sessions(record: Record) -> str:
    if not record:
        return "No dictations yet.\n"
    rows = [
        (
            row["session_id"],
            _when(row["created_at"]),
            row["status"],
            f"{row['audio_seconds']:.1f} s",
            f"{row['accepted']} of {row['chunks']} sent",
            row["service"],
        )
        for row in record
    ]
    return _table(rows)


def _devices(record: Record) -> str:
    if not record:
        return "No microphone was found. Connect one and try again.\n"
    return _table([(row["name"], "default" if row["default"] else "") for row in record])


def _doctor(record: Record) -> str:
    lines = []
    for check in record["checks"]:
        lines.append(f"{'ok' if check['ok'] else '--'}  {check['name']}: {check['message']}")
        if check["remedy"]:
            lines.append(f"      {check['remedy']}")
    return "\n".join(lines) + "\n"


def _deliver(record: Record) -> str:
    if not record:
        return "Nothing is pending.\n"
    return "".join(f"{row['session_id']}: {row['status']}\n" for row in record)


def _audit(record: Record) -> str:
    lines = [
        (str(x["number"]), _when(x["at"]), x["who"], x["action"], x["detail"], x["session_id"])
        for x in record["lines"]
    ]
    verdict = "Every line is as it was written."
    if record["cut"]:
        verdict = f"It was cut: line {record['first_break']} and what came after it are missing."
    elif not record["whole"]:
        verdict = f"It was altered: line {record['first_break']} does not follow the one before."
    told = (_table(lines) if lines else "") + verdict + "\n"
    return told + _checked(record["recordings"]) if "recordings" in record else told


def _checked(record: Record) -> str:
    if record["altered"]:
        return "".join(
            f"The recording of {one} is not what was sealed.\n" for one in record["altered"]
        )
    return f"Every recording is as it was sealed ({record['checked']} checked).\n"


def _deleted(record: Record) -> str:
    from scribe_desktop.domain.retention import Left, set_aside_sentence

    left = "Its service may still hold a copy and deletes it by its own rules."
    gone = "Its service holds nothing of it that is known here."
    sentences = [
        f"{record['session_id']} is deleted here for good.",
        left if record["left_on_service"] else gone,
        set_aside_sentence(Left(damaged_stores=record["damaged_stores"])),
    ]
    return " ".join(filter(None, sentences)) + "\n"


def _state(record: Record) -> str:
    return f"{record['state']}\n"


def _when(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M")


def _account(record: Record) -> str:
    word = "Signed in to" if record["signed_in"] else "Signed out of"
    return f"{word} {record['service']}. {record['notice']}".strip() + "\n"


def _templates(record: Record) -> str:
    return "".join(f"{one['id']}  {one['name']}\n" for one in record)


def _history(record: Record) -> str:
    return "".join(f"{one['remote_session_id']}  {one['status']}\n" for one in record)


def _documents(record: Record) -> str:
    return "".join(f"{one['id']}  {one['status']}  {one['template']}\n" for one in record)


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        + "\n"
        for row in rows
    )


_RENDERERS: dict[str, Callable[[Record], str]] = {
    "dictate": _dictation,
    "fill": _dictation,
    "write": _dictation,
    "amend": _dictation,
    "report": _dictation,
    "export": _dictation,
    "sign-in": _account,
    "sign-out": _account,
    "templates": _templates,
    "template-save": lambda record: f"{record['id']}\n",
    "template-delete": lambda record: f"{record['id']}\n",
    "history": _history,
    "push": lambda record: f"{len(record['documents'])} notes saved on the service.\n",
    "documents": _documents,
    "document-read": lambda record: record["text"],
    "document-save": lambda record: f"{record['id']}\n",
    "document-delete": lambda record: f"{record['id']}\n",
    "history-delete": lambda record: f"{record['id']}\n",
    "fetch-audio": lambda record: f"{record['bytes']} bytes saved.\n",
    "sessions": _sessions,
    "deliver": _deliver,
    "devices": _devices,
    "doctor": _doctor,
    "discard": lambda record: f"{record['session_id']} is set aside; “restore” takes it back.\n",
    "audit": _audit,
    "key export": lambda _: "The key is written. Keep the file and its passphrase apart.\n",
    "key import": lambda record: (
        f"The key fits. Dictations that came back: {record['sessions']}.\n"
        if record["sessions"]
        else "The key fits; the recordings open again.\n"
    ),
    "delete": _deleted,
    "restore": lambda record: f"{record['session_id']} is back.\n",
    **dict.fromkeys(("toggle", "start", "stop", "pause", "resume", "cancel", "show"), _state),
}
