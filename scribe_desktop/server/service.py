"""Gathers the parts of the local service that its calls work with."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from scribe_desktop.server.accounts import Accounts
from scribe_desktop.server.bell import Bell
from scribe_desktop.server.custom_templates import TemplateShelf
from scribe_desktop.server.documents import Documents
from scribe_desktop.server.sessions import Sessions
from scribe_desktop.server.store import Store
from scribe_desktop.server.transcription import Speech, Transcription


@dataclass(frozen=True)
class Model:
    """A model as the discovery document offers it."""

    id: str
    display_name: str
    languages: tuple[str, ...]
    max_session_duration_s: int
    response_speed: str


@dataclass(frozen=True)
class Service:
    """Everything a call may touch."""

    store: Store
    sessions: Sessions
    documents: Documents
    templates: TemplateShelf
    accounts: Accounts
    transcription: Transcription
    speech: Speech
    bell: Bell
    models: tuple[Model, ...]
    secret: bytes
    now: Callable[[], float]

    def model(self, model_id: str) -> Model | None:
        """The model of that id."""
        return next((model for model in self.models if model.id == model_id), None)


def iso(seconds: float) -> str:
    """A time as every dialect reads it: ISO 8601 with Z."""
    moment = dt.datetime.fromtimestamp(seconds, dt.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
