"""What a service offers, in the program's own words: models, languages, templates, limits.

It comes from the discovery document and the template list; the window shows
nothing that is not offered. Offline, the last one serves.
"""

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    """Whether the service can be used now."""

    UNKNOWN = "unknown"
    READY = "ready"
    STARTING = "starting"
    UNREACHABLE = "unreachable"
    SIGNED_OUT = "signed_out"


@dataclass(frozen=True, slots=True)
class ModelOffer:
    """A model of the service."""

    model_id: str
    name: str
    languages: tuple[str, ...] = ()
    max_session_s: float | None = None
    live_text: bool = False


@dataclass(frozen=True, slots=True)
class TemplateOffer:
    """A template of the service."""

    template_id: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything a service said it can do; empty tuples mean it did not say."""

    service: str
    health: Health = Health.UNKNOWN
    sentence: str = ""
    dialect: str = ""
    models: tuple[ModelOffer, ...] = ()
    languages: tuple[str, ...] = ()
    auto_language: bool = False
    templates: tuple[TemplateOffer, ...] = ()
    upload_types: tuple[str, ...] = ("chunked",)
    audio_formats: tuple[str, ...] = ()
    max_chunk_s: float = 20.0

    def model(self, model_id: str) -> ModelOffer | None:
        """The model of that id, if the service has it."""
        return next((model for model in self.models if model.model_id == model_id), None)
