"""Writes a dictation to a file of the clinician's choosing, readable by its owner only."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from scribe_desktop.domain.dictation import Dictation, report
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.session import SessionId
from scribe_desktop.export.documents import as_markdown, as_text
from scribe_desktop.services.places import write_private
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
            ExportFormat("json", "JSON", ".json"),
        )

    def export(self, session_id: SessionId, format_id: str, path: str) -> None:
        """Write one dictation; raises ScribeError with what to do."""
        dictation = self._line.dictation(session_id)
        if format_id == "json":
            text = json.dumps(report(dictation), ensure_ascii=False, indent=1) + "\n"
        else:
            text = as_markdown(dictation) if format_id == "markdown" else as_text(dictation)
        try:
            write_private(Path(path), text.encode())
        except OSError as error:
            raise ScribeError(
                "The file could not be written; the dictation itself is safe.",
                "Choose another folder, or make room on the disk.",
            ) from error
        self._audit("exported", session_id, format_id)
