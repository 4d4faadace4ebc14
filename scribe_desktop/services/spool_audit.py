"""Keeps the audit in the spool: each deed in the same transaction as what was done.

Not locked here: the spool calls whatever writes with its lock held and inside a
transaction.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from scribe_desktop.domain.audit import NO_LINE, AuditLine, deeds, seal_line
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.services.spool_file import SpoolFile


class SpoolAudit:
    """The chain of lines in one open store."""

    def __init__(self, file: SpoolFile, now: Callable[[], float]) -> None:
        self._file = file
        self._now = now

    def changed(self, before: Session | None, after: Session) -> None:
        """Write down what this change was, if it was a deed."""
        for action in deeds(before, after):
            self.add(action, after.session_id)

    def join(self, rows: Iterable[Any], names: Mapping[str, SessionId]) -> None:
        """Write the lines of another store behind ours, with the time that each has there.

        `names` tells what a session of that store is called in this one.
        """
        for _, at, action, session_id, detail, _ in rows:
            self.add(action, names.get(session_id, session_id), detail, at=at)

    def add(
        self, action: str, session_id: str = "", detail: str = "", *, at: float | None = None
    ) -> AuditLine:
        """Write down one deed."""
        last = self._file.read("SELECT number, digest FROM audit ORDER BY number DESC LIMIT 1")
        number, digest = last[0] if last else (0, NO_LINE)
        line = seal_line(
            digest,
            number=number + 1,
            at=self._now() if at is None else at,
            action=action,
            session_id=session_id,
            detail=detail,
        )
        self._file.execute(
            "INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?)",
            line.number,
            line.at,
            line.action,
            line.session_id,
            line.detail,
            line.digest,
        )
        return line

    def lines(self) -> tuple[AuditLine, ...]:
        """All deeds, oldest first."""
        rows = self._file.look(
            "SELECT number, at, action, session_id, detail, digest FROM audit ORDER BY number"
        )
        return tuple(AuditLine(*row) for row in rows)
