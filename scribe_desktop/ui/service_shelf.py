"""What the window asks of a service beside delivering a dictation: what it keeps there.

`wiring/service_shelf.py` is the real one. Every call waits for the network,
so none is made on the GUI thread; each raises nothing but `ScribeError`.
"""

from dataclasses import dataclass, field
from typing import Protocol

from scribe_desktop.domain.order import Patient, ServiceRef
from scribe_desktop.domain.results import Results
from scribe_desktop.domain.session import SessionId


@dataclass(frozen=True, slots=True)
class PastDictation:
    """A dictation as its service remembers it, wherever it was recorded."""

    service: ServiceRef
    remote_id: str
    patient: Patient = field(default_factory=Patient)
    mode: str = ""
    status: str = ""
    """The service's own word."""
    created_at: float | None = None


class History(Protocol):
    """The dictations that a service remembers."""

    def past(self, patient_oid: str = "") -> tuple[PastDictation, ...]:
        """The newest of the chosen service, of one patient if an id is given; empty is none."""

    def result(self, past: PastDictation) -> Results | None:
        """What the service made of it; None while it is still writing."""

    def recording(self, past: PastDictation) -> bytes:
        """All that was said, as 16-bit mono 16 kHz PCM."""

    def take_out(self, past: PastDictation) -> None:
        """Take it out of what the service lists; a service may refuse."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document of one of our dictations, as the service keeps it."""

    session_id: SessionId
    document_id: str
    template_id: str = ""
    name: str = ""
    status: str = ""
    """The service's own word."""
    updated_at: float | None = None


@dataclass(frozen=True, slots=True)
class OwnTemplate:
    """A template that the clinic described itself; `template_id` is empty for a new one."""

    template_id: str = ""
    name: str = ""
    instructions: str = ""


class Templates(Protocol):
    """The templates that the chosen service lets one describe."""

    def own(self) -> tuple[OwnTemplate, ...]:
        """Those that may be changed; a service that has no such thing refuses."""

    def save(self, template: OwnTemplate) -> None:
        """Describe a new one, or one anew."""

    def delete(self, template_id: str) -> None:
        """Remove one; notes that were made with it stay."""


class Documents(Protocol):
    """The documents that a service keeps beside a dictation of this computer."""

    def listed(self, session_id: SessionId) -> tuple[StoredDocument, ...]:
        """All of a dictation, its linked sessions included; empty is none."""

    def text(self, document: StoredDocument) -> str:
        """What it says now, as Markdown."""

    def save(self, document: StoredDocument, text: str) -> None:
        """Put this text in its place on the service."""

    def delete(self, document: StoredDocument) -> None:
        """Remove it from the service; what is stored on this computer stays."""
