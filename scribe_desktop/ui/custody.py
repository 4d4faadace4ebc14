"""What is said and asked when something is deleted for good, or the key leaves this computer.

`wiring/custody.py` does it. Every call may wait for the disk or a service.
"""

import itertools
import math
from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from scribe_desktop.domain.order import THIS_COMPUTER
from scribe_desktop.domain.retention import Left, set_aside_sentence
from scribe_desktop.domain.session import Delivery, Session, SessionId

SHORTEST_PASSPHRASE = 8
"""As `services/key_envelope.py` has it; it refuses a shorter one."""

_FAIR_BITS = 45
_STRONG_BITS = 70


class Custody(Protocol):
    """The key of the recordings, and deleting for good."""

    def delete(self, session_id: SessionId) -> Left:
        """Delete a dictation, linked sessions included; what may still be of it, and where."""

    def export_key(self, passphrase: str, path: str) -> None:
        """Write the key to a file, locked with a passphrase."""

    def import_key(self, path: str, passphrase: str) -> int:
        """Open what was set aside for want of the key in that file; how many came back."""


class Strength(StrEnum):
    """How hard a passphrase is to guess, in a word."""

    NONE = ""
    SHORT = "Too short"
    WEAK = "Weak: add another word"
    FAIR = "Fair: one more word makes it strong"
    STRONG = "Strong"


def strength_of(passphrase: str) -> Strength:
    """A rough judgement: length counts most, repeated and neighbouring letters hardly at all."""
    if not passphrase:
        return Strength.NONE
    if len(passphrase) < SHORTEST_PASSPHRASE:
        return Strength.SHORT
    kinds = (
        (any(c.islower() for c in passphrase), 26),
        (any(c.isupper() for c in passphrase), 26),
        (any(c.isdigit() for c in passphrase), 10),
        (any(not c.isalnum() for c in passphrase), 20),
    )
    letters = sum(size for present, size in kinds if present) or 26
    fresh = 1 + sum(
        abs(ord(after) - ord(before)) > 1 for before, after in itertools.pairwise(passphrase)
    )
    # A word repeated is a word, however long it gets.
    different = min(fresh, 2 * len(set(passphrase)))
    bits = different * math.log2(letters)
    if bits < _FAIR_BITS:
        return Strength.WEAK
    return Strength.FAIR if bits < _STRONG_BITS else Strength.STRONG


def before_deleting(parts: Sequence[Session]) -> str:
    """What goes, what stays, and where: said before anything is done."""
    here = "Recording, transcript and notes are deleted on this computer. This cannot be undone."
    there = [part for part in parts if part.remote is not None and not part.withdrawn]
    if not there:
        return f"{here} No service has any of it."
    service = there[0].order.service
    if service.is_local:
        return f"{here} The service of this computer deletes its copy as well."
    name = service.name
    if all(part.delivery is not Delivery.RESOLVED for part in there):
        return f"{here} {name} is told to drop what it has."
    return f"{here} {name} keeps its copy by its own rules; ask there to have it deleted as well."


def after_deleting(service: str, left: Left) -> tuple[str, str]:
    """What was done, and what is left to do."""
    more = f"{service} may still hold a copy."
    if not left.on_service:
        more = "No service holds any of it that is known here."
    elif service == THIS_COMPUTER:
        more = "Its service here keeps its own copy until the times set under Privacy."
    return "Deleted for good on this computer.", f"{more} {set_aside_sentence(left)}".strip()


def came_back(count: int) -> str:
    """What a key opened."""
    if count == 1:
        return "The key fits. One dictation came back."
    return f"The key fits. {count} dictations came back."
