"""Keeps the notes of each dictation: what the service wrote and what a clinician edited.

Every requested template becomes one document. A document that is still to be
written is stored too, so that a service which was killed goes on writing.
"""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from scribe_desktop.server.refusals import resource_not_found
from scribe_desktop.server.store import Rows, Store

PENDING = "in-progress"
WRITTEN = "success"
FAILED = "failure"


@dataclass(frozen=True)
class Document:
    """One note; `data` is what a status request shows, `text` its Markdown."""

    id: str
    session_id: str
    template_id: str
    created_at: float
    updated_at: float
    name: str = ""
    type: str = "markdown"
    document_type: str = "template"
    status: str = PENDING
    text: str = ""
    data: Any = None
    # The engine thread still has to write it; a client's own document never has this.
    to_write: bool = False
    errors: tuple[Mapping[str, Any], ...] = ()
    warnings: tuple[Mapping[str, Any], ...] = ()
    usage: Mapping[str, Any] = field(default_factory=dict)


def document_id() -> str:
    """A new id that nobody can guess."""
    return "doc_" + secrets.token_hex(12)


class Documents:
    """All notes in the store. Any thread may call."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def add(self, document: Document) -> Document:
        """Store a new document after those its session has."""
        with self._store.writing() as rows:
            last = rows.execute(
                "SELECT coalesce(max(position), 0) FROM documents WHERE session_id = ?",
                (document.session_id,),
            ).fetchone()[0]
            rows.execute(
                "INSERT INTO documents VALUES (?, ?, ?, ?, ?)",
                (
                    document.id,
                    document.session_id,
                    last + 1,
                    int(document.to_write),
                    _json(document),
                ),
            )
        return document

    def begin(
        self,
        session_id: str,
        template_id: str,
        *,
        name: str = "",
        document_type: str = "template",
    ) -> Document:
        """A document that is to be written; it is stored with `add`."""
        now = self._now()
        return Document(
            id=document_id(),
            session_id=session_id,
            template_id=template_id,
            created_at=now,
            updated_at=now,
            name=name,
            document_type=document_type,
            to_write=True,
        )

    def find(self, document_id: str) -> Document:
        """The document; raises Refusal 404."""
        with self._store.reading() as rows:
            return _find(rows, document_id)

    def of(self, session_id: str) -> list[Document]:
        """The documents of a session in the order they were asked for."""
        with self._store.reading() as rows:
            found = rows.execute(
                "SELECT facts FROM documents WHERE session_id = ? ORDER BY position", (session_id,)
            ).fetchall()
        return [_from_json(row[0]) for row in found]

    def pending(self) -> list[str]:
        """Resolved sessions with a document still to be written."""
        with self._store.reading() as rows:
            found = rows.execute(
                "SELECT DISTINCT d.session_id FROM documents d JOIN sessions s"
                " ON s.id = d.session_id WHERE d.to_write = 1 AND"
                " s.status IN ('completed', 'partial')",
            ).fetchall()
        return [row[0] for row in found]

    def change(self, document_id: str, change: Callable[[Document], Document]) -> Document:
        """Store what `change` makes of the document."""
        with self._store.writing() as rows:
            changed = replace(change(_find(rows, document_id)), updated_at=self._now())
            rows.execute(
                "UPDATE documents SET to_write = ?, facts = ? WHERE id = ?",
                (int(changed.to_write), _json(changed), document_id),
            )
        return changed

    def remove(self, document_id: str) -> None:
        """Remove the document; removing it again is no mistake."""
        with self._store.writing() as rows:
            rows.execute("DELETE FROM documents WHERE id = ?", (document_id,))


def _find(rows: Rows, document_id: str) -> Document:
    found = rows.execute("SELECT facts FROM documents WHERE id = ?", (document_id,)).fetchone()
    if found is None:
        raise resource_not_found("document")
    return _from_json(found[0])


def _json(document: Document) -> str:
    return json.dumps(asdict(document), ensure_ascii=False)


def _from_json(text: str) -> Document:
    facts = json.loads(text)
    return Document(
        **facts | {"errors": tuple(facts["errors"]), "warnings": tuple(facts["warnings"])}
    )
