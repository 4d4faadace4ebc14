"""Writes a dictation to a file of the clinician's choosing, readable by its owner only."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from scribe_desktop.domain.dictation import Dictation, notes_of, report, transcript
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.session import SessionId
from scribe_desktop.export.documents import (
    as_markdown,
    as_text,
    consent_sentence,
    missing_speech,
    title,
)
from scribe_desktop.export.fhir import as_fhir
from scribe_desktop.services.places import write_private
from scribe_desktop.ui.note_text import note_markdown, plain_text
from scribe_desktop.ui.paper import Paper, as_pdf
from scribe_desktop.ui.view_state import caution_for
from scribe_desktop.ui.workplace import ExportFormat


class Line(Protocol):
    """What is exported."""

    def dictation(self, session_id: SessionId) -> Dictation:
        """The whole dictation, with the latest results."""


class Exports:
    """The formats a dictation can be exported in."""

    def __init__(
        self, line: Line, audit: Callable[[str, str, str], None] = lambda *_: None
    ) -> None:
        self._line = line
        self._audit = audit

    def formats(self) -> tuple[ExportFormat, ...]:
        """What can be written."""
        return (
            ExportFormat("text", "Plain text", ".txt"),
            ExportFormat("markdown", "Markdown", ".md"),
            ExportFormat("pdf", "PDF", ".pdf"),
            ExportFormat("fhir", "FHIR, for a record system", ".fhir.json"),
            ExportFormat("json", "JSON", ".json"),
        )

    def export(self, session_id: SessionId, format_id: str, path: str) -> None:
        """Write one dictation; raises ScribeError with what to do."""
        content = _FORMS[format_id](self._line.dictation(session_id))
        try:
            write_private(Path(path), content)
        except OSError as error:
            raise ScribeError(
                "The file could not be written; the dictation itself is safe.",
                "Choose another folder, or make room on the disk.",
            ) from error
        self._audit("exported", session_id, format_id)


def _json(content: Any) -> bytes:  # noqa: ANN401  JSON
    return (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode()


def _pdf(dictation: Dictation) -> bytes:
    session = dictation.first
    patient = session.order.patient
    begun = datetime.fromtimestamp(session.created_at).astimezone()
    person = " · ".join(
        filter(None, (patient.name, patient.oid, patient.age, patient.gender, patient.mobile))
    )
    facts = (person, f"{begun:%Y-%m-%d %H:%M}", caution_for(session))
    sections = [
        (title(note.template_id), plain_text(note_markdown(note.content)))
        for note in notes_of(dictation)
        if note.content is not None
    ]
    spoken = transcript(dictation)
    if spoken is not None:
        sections.append(("Transcript", spoken))
    if (consented_at := session.order.consented_at) is not None:
        sections.append(("Consent", consent_sentence(consented_at)))
    sections.extend(missing_speech(dictation))
    return as_pdf(Paper("Dictation", tuple(filter(None, facts)), tuple(sections)))


_FORMS: dict[str, Callable[[Dictation], bytes]] = {
    "text": lambda dictation: as_text(dictation).encode(),
    "markdown": lambda dictation: as_markdown(dictation).encode(),
    "pdf": _pdf,
    "fhir": lambda dictation: _json(as_fhir(dictation)),
    "json": lambda dictation: _json(report(dictation)),
}
