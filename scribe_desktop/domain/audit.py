"""Who did what to a dictation, as lines that cannot be changed unnoticed.

Each line carries the digest of the one before it, so a line that was altered,
left out or put in breaks the chain from there on. The store keeps the chain's
`Head` apart from the lines, so that lines cut off at the end are missed too.
Lines hold ids and plain words, never a patient, a text or a token.

What this cannot show: whoever has the key of the store and knows how it is
laid out can write all lines and the head anew, or put a copy of the whole
store from an earlier day in its place. Against them only a copy of the lines
on another computer helps (`scribe-desktop audit --json`).
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.domain.session import Capture, Delivery, Session

NO_LINE = "0" * 64
"""What the first line follows."""

PROGRAM = "program"
"""Who does what nobody asked for at that moment."""

_CLINICIAN = "clinician"
_ID_LENGTH = 8

STOPPED = "stopped"
SEALED_AS = "sha256 "
"""Begins the detail of the line that ends a recording; its digest follows (domain/receipts.py)."""


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One deed. `digest` is the seal over the line and the digest before it.

    `who` is empty in lines of versions that did not write it down.
    """

    number: int
    at: float
    action: str
    session_id: str
    detail: str
    digest: str
    who: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: how many lines it has, and the digest of the last one."""

    lines: int
    digest: str


def clinician(service: ServiceRef) -> str:
    """Who works with this account. Its name may be a person's, so its id stands for it."""
    if not service.account:
        return _CLINICIAN
    account = f"{service.base_url}\n{service.account}".encode()
    return f"{_CLINICIAN} {hashlib.sha256(account).hexdigest()[:_ID_LENGTH]}"


def seal_line(
    previous: str,
    *,
    number: int,
    at: float,
    action: str,
    session_id: str = "",
    detail: str = "",
    who: str = "",
) -> AuditLine:
    """The next line of a chain whose last digest is `previous`."""
    words: list[str | int | float] = [previous, number, at, action, session_id, detail]
    # Without it the digests are those of the versions that did not write it down.
    sealed = json.dumps([*words, who] if who else words, ensure_ascii=False)
    digest = hashlib.sha256(sealed.encode()).hexdigest()
    return AuditLine(number, at, action, session_id, detail, digest, who)


def first_break(lines: Iterable[AuditLine], head: Head | None = None) -> int | None:
    """The number of the first line that does not follow the one before it, if any.

    With a head also of the first that is missing at the end, or was put on there.
    """
    previous = NO_LINE
    count = 0
    for expected, line in enumerate(lines, start=1):
        again = seal_line(
            previous,
            number=expected,
            at=line.at,
            action=line.action,
            session_id=line.session_id,
            detail=line.detail,
            who=line.who,
        )
        if again != line:
            return expected
        previous, count = line.digest, expected
    if head is None or head == Head(count, previous):
        return None
    # As many lines, but others: all of them were written anew.
    return 1 if head.lines == count else min(head.lines, count) + 1


def deeds(before: Session | None, after: Session) -> tuple[str, ...]:
    """What a change of a session was, in words for the audit; nothing for a step of delivery."""
    if before is None:
        return ("created", "consent noted") if after.order.consented_at else ("created",)
    return tuple(word for word, happened in _DEEDS.items() if happened(before, after))


def doer(action: str, session: Session) -> str:
    """Who did what `deeds` says: the program by itself, or the clinician whose dictation it is."""
    return PROGRAM if action in _BY_ITSELF else clinician(session.order.service)


_BY_ITSELF = frozenset({"sent", "to be sent anew", "result stored", "withdrawn from the service"})

_DEEDS: dict[str, Callable[[Session, Session], bool]] = {
    STOPPED: lambda before, after: (
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
