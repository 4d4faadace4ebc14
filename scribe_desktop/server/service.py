"""Gathers the parts of the local service that its calls work with."""

from collections.abc import Callable
from dataclasses import dataclass

from scribe_desktop.server.accounts import Accounts
from scribe_desktop.server.bell import Bell
from scribe_desktop.server.custom_templates import TemplateShelf
from scribe_desktop.server.documents import Documents
from scribe_desktop.server.sessions import Keep, Sessions
from scribe_desktop.server.store import Store
from scribe_desktop.server.transcription import Speech, Transcription
from scribe_desktop.server.webhooks import Webhooks


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
    webhooks: Webhooks
    # The streams that are open, each with the way to make durable what it holds.
    streams: dict[str, Callable[[], None]]
    models: tuple[Model, ...]
    secret: bytes
    now: Callable[[], float]
    keep: Keep

    def start(self) -> None:
        """Start the threads; what an earlier run acknowledged is taken up again."""
        self.sweep()
        self.transcription.start()
        self.webhooks.start()

    def stop(self, timeout_s: float) -> bool:
        """Stop the threads; False when the engine is busy for longer than the time given."""
        self.bell.ring_all()
        self.webhooks.stop(timeout_s)
        return self.transcription.stop(timeout_s)

    def sweep(self) -> None:
        """Say which sessions have expired, and remove what is older than it may be kept."""
        with self.store.writing():
            for session in self.sessions.lapse():
                self.webhooks.notify("session.expired", session)
                self.transcription.wake(session.id)
        self.sessions.forget(self.keep)
        self.accounts.forget()

    def model(self, model_id: str) -> Model | None:
        """The model of that id."""
        return next((model for model in self.models if model.id == model_id), None)
