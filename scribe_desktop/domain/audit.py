"""Who did what to a dictation, as lines that cannot be changed unnoticed.

Each line carries the digest of the one before it, so a line that was altered,
left out or put in breaks the chain from there on. Lines hold ids and plain
words, never a patient, a text or a token.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from scribe_desktop.domain.session import Capture, Delivery, Session

NO_LINE = "0" * 64
"""What the first line follows."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One deed. `digest` is the seal over the line and the digest before it."""

    number: int
    at: float
    action: str
    session_id: str
    detail: str
    digest: str


def seal_line(
    previous: str, *, number: int, at: float, action: str, session_id: str = "", detail: str = ""
) -> AuditLine:
    """The next line of a chain whose last digest is `previous`."""
    sealed = json.dumps([previous, number, at, action, session_id, detail], ensure_ascii=False)
    digest = hashlib.sha256(sealed.encode()).hexdigest()
    return AuditLine(number, at, action, session_id, detail, digest)


def first_break(lines: Iterable[AuditLine]) -> int | None:
    """The number of the first line that does not follow the one before it, if any."""
    previous = NO_LINE
    for expected, line in enumerate(lines, start=1):
        again = seal_line(
            previous,
            number=expected,
            at=line.at,
            action=line.action,
            session_id=line.session_id,
            detail=line.detail,
        )
        if again != line:
            return expected
        previous = line.digest
    return None


def deeds(before: Session | None, after: Session) -> tuple[str, ...]:
    """What a change of a session was, in words for the audit; nothing for a step of delivery."""
    if before is None:
        return ("created", "consent noted") if after.order.consented_at else ("created",)
    return tuple(word for word, happened in _DEEDS.items() if happened(before, after))


_DEEDS: dict[str, Callable[[Session, Session], bool]] = {
    "stopped": lambda before, after: (
        before.capture is not Capture.STOPPED and after.capture is Capture.STOPPED
    ),
    "sent": lambda before, after: (
        before.delivery is not Delivery.ENDED and after.delivery is Delivery.ENDED
    ),
    "to be sent anew": lambda before, after: after.generation > before.generation,
    "result stored": lambda before, after: (
        before.delivery is not Delivery.RESOLVED and after.delivery is Delivery.RESOLVED
    ),
    "patient changed": lambda before, after: before.order.patient != after.order.patient,
    "order changed": lambda before, after: (
        before.order.patient == after.order.patient
        and replace(before.order, consented_at=after.order.consented_at) != after.order
    ),
    "consent noted": lambda before, after: (
        before.order.consented_at is None and after.order.consented_at is not None
    ),
    "consent taken back": lambda before, after: (
        before.order.consented_at is not None and after.order.consented_at is None
    ),
    "discarded": lambda before, after: after.is_cancelled and not before.is_cancelled,
    "withdrawn from the service": lambda before, after: after.withdrawn and not before.withdrawn,
    "restored": lambda before, after: before.is_cancelled and not after.is_cancelled,
}
