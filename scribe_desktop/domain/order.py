"""What the clinician asked for: which service, which templates, whose visit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

THIS_COMPUTER = "this-computer"
"""The name of the profile that needs no account."""

MAX_TEMPLATES = 2
"""Every server of the protocol refuses a third (PROTOCOL.md §3)."""


class Mode(StrEnum):
    """Who speaks: one clinician, or a conversation."""

    DICTATION = "dictation"
    CONSULTATION = "consultation"


class UploadType(StrEnum):
    """How the audio reaches the service."""

    CHUNKED = "chunked"
    SINGLE = "single"
    STREAM = "stream"


@dataclass(frozen=True, slots=True)
class ServiceRef:
    """The service and account that a session is bound to for its whole life.

    `base_url` is empty for this computer, whose port changes with each start.
    """

    name: str = THIS_COMPUTER
    base_url: str = ""
    dialect: str = ""
    account: str = ""

    @property
    def is_local(self) -> bool:
        """Whether the service runs on this computer as our own child."""
        return self.name == THIS_COMPUTER


@dataclass(frozen=True, slots=True)
class Patient:
    """Whose visit it is; every field may be empty.

    `mobile` is kept as the clinician wrote it; the wire wants a number from
    some servers and that is the dialect's business.
    """

    oid: str = ""
    name: str = ""
    age: str = ""
    gender: str = ""
    mobile: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is known of the patient."""
        return not (self.oid or self.name or self.age or self.gender or self.mobile)


@dataclass(frozen=True, slots=True)
class Order:
    """Everything that is sent when a session is created."""

    service: ServiceRef = ServiceRef()
    model: str = "pro"
    mode: Mode = Mode.DICTATION
    languages: tuple[str, ...] = ("en",)
    transcript_language: str | None = None
    templates: tuple[str, ...] = ()
    upload_type: UploadType = UploadType.CHUNKED
    patient: Patient = Patient()
    additional: Mapping[str, Any] = field(default_factory=dict)
    consented_at: float | None = None
    """When it was noted that the patient agreed to the recording; it stays on this computer."""

    def __post_init__(self) -> None:
        if len(self.templates) > MAX_TEMPLATES:
            raise ValueError(f"at most {MAX_TEMPLATES} templates in one session")
