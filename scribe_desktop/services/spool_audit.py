"""Keeps the audit in the spool: each deed in the same transaction as what was done.

The head of the chain, its count and last digest, is a fact beside the lines,
written in the same transaction: a chain that was cut at its end no longer
fits it, and goes on behind the line that is missing.

Not locked here: the spool calls whatever writes with its lock held and inside a
transaction.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from scribe_desktop.domain.audit import (
    NO_LINE,
    PROGRAM,
    SEALED_AS,
    STOPPED,
    AuditLine,
    Head,
    deeds,
    doer,
    seal_line,
)
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.spool_file import SpoolFile
from scribe_desktop.services.spool_schema import AUDIT_HEAD

_READ_HEAD = "SELECT value FROM facts WHERE name = ?"


class SpoolAudit:
    """The chain of lines in one open store."""

    def __init__(self, file: SpoolFile, now: Callable[[], float]) -> None:
        self._file = file
        self._now = now

    def changed(
        self,
        before: Session | None,
        after: Session,
        digest_of: Callable[[SessionId], str] = lambda _: "",
    ) -> None:
        """Write down what this change was, if it was a deed.

        The line of a recording's end seals its digest, so that nobody can change a
        receipt unnoticed.
        """
        for action in deeds(before, after):
            digest = digest_of(after.session_id) if action == STOPPED else ""
            detail = f"{SEALED_AS}{digest}" if digest else ""
            self.add(action, after.session_id, detail, who=doer(action, after))

    def join(self, rows: Iterable[Any], names: Mapping[str, SessionId]) -> None:
        """Write the lines of another store behind ours, with the time that each has there.

        `names` tells what a session of that store is called in this one.
        """
        for _, at, action, session_id, detail, _, who in rows:
            self.add(action, names.get(session_id, session_id), detail, at=at, who=who)

    def add(
        self,
        action: str,
        session_id: str = "",
        detail: str = "",
        *,
        at: float | None = None,
        who: str = PROGRAM,
    ) -> AuditLine:
        """Write down one deed."""
        end = self._end()
        line = seal_line(
            end.digest,
            number=end.lines + 1,
            at=self._now() if at is None else at,
            action=action,
            session_id=session_id,
            detail=detail,
            who=who,
        )
        self._file.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?)",
            line.number,
            line.at,
            line.action,
            line.session_id,
            line.detail,
            line.digest,
            line.who,
        )
        self._file.execute(
            "INSERT OR REPLACE INTO facts VALUES (?, ?)",
            AUDIT_HEAD,
            json.dumps([line.number, line.digest]),
        )
        return line

    def _end(self) -> Head:
        """What the next line follows. Behind lines that were cut off the gap stays to be seen."""
        last = self._file.read("SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1")
        end = Head(*last[0]) if last else Head(0, NO_LINE)
        head = _head(self._file.read(_READ_HEAD, AUDIT_HEAD))
        return head if head is not None and head.lines > end.lines else end

    def lines(self) -> tuple[AuditLine, ...]:
        """All deeds, oldest first."""
        rows = self._file.look(
            "SELECT number, at, action, session_id, detail, digest, who FROM audit ORDER BY number"
        )
        return tuple(AuditLine(*row) for row in rows)

    def head(self) -> Head | None:
        """Where the chain ends, as kept apart from it."""
        return _head(self._file.look(_READ_HEAD, AUDIT_HEAD))


def _head(rows: list[Any]) -> Head | None:
    return Head(*json.loads(rows[0][0])) if rows else None
