"""What the line needs from those around it: the spool, a recorder, the workers, the services.

`app.py` gives it the real ones; a test gives it small ones that obey the same.
"""

from collections.abc import Callable
from typing import Any, Protocol

from scribe_desktop.domain.chunker import Cuts
from scribe_desktop.domain.notices import Level, Notice
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.domain.receipts import Receipt
from scribe_desktop.domain.results import Author, Results, ResultsVersion
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.domain.settings import Settings


class Store(Protocol):
    """The part of the spool that the line uses."""

    def add(self, session: Session) -> None:
        """Keep a new session."""

    def get(self, session_id: SessionId) -> Session:
        """The session now."""

    def find(self, prefix: str) -> SessionId:
        """The id that starts so."""

    def sessions(self) -> tuple[Session, ...]:
        """All, newest first."""

    def update(self, session_id: SessionId, change: Callable[[Session], Session]) -> Session:
        """Fold a change."""

    def versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        """All versions, oldest first."""

    def receipts(self, session_id: SessionId) -> tuple[Receipt, ...]:
        """The digests of every chunk that was sealed."""

    def add_version(self, session_id: SessionId, results: Results, author: Author) -> object:
        """Keep another version."""

    def subscribe(self, listener: Callable[[Session], None]) -> object:
        """Call with each new snapshot."""


class Recording(Protocol):
    """A recorder at work on one session."""

    def start(self) -> None:
        """Begin."""

    def pause(self) -> None:
        """Stop listening for a moment."""

    def resume(self) -> None:
        """Listen again."""

    def stop(self) -> None:
        """Drain, seal and end; returns at once."""

    def join(self, timeout_s: float) -> bool:
        """Wait for the end; False if it took longer."""

    def level(self) -> Level:
        """How loud it is."""

    @property
    def is_heard(self) -> bool:
        """Whether sound arrives: not while the microphone is gone or stands still."""

    def continue_in(self, session_id: SessionId) -> None:
        """Go on in this session from the next cut, or in a pause now, without losing a sample."""

    def still_here(self) -> None:
        """The clinician answered the question after a long silence."""

    def make_safe(self, timeout_s: float) -> bool:
        """Write everything heard so far to disk; whether it is there in time."""

    @property
    def session_id(self) -> SessionId:
        """The session that is being recorded into."""

    @property
    def session_frames(self) -> int:
        """16 kHz frames so far in that session, also those that are in no chunk yet."""

    @property
    def unkept_frames(self) -> int:
        """16 kHz frames that only memory has, because the disk did not take them yet."""

    @property
    def recorded_frames(self) -> int:
        """16 kHz frames so far, over all linked sessions."""


class Worker(Protocol):
    """What sends or asks."""

    def wake(self) -> None:
        """Look at the spool again."""


class AskingWorker(Worker, Protocol):
    """The poller."""

    def ask_now(self, *, is_network_new: bool = False) -> None:
        """Ask at once, and anew where nothing moves; or anew in any case."""


class ReleasingWorker(Worker, Protocol):
    """The uploader."""

    def release(self, session_id: SessionId | None = None, *, is_network_new: bool = False) -> None:
        """Try at once what waits, and anew where nothing moves; or anew in any case."""


class SettingsStore(Protocol):
    """Where the settings are kept."""

    def load(self) -> Settings:
        """The settings in force."""

    def set(self, name: str, value: Any) -> Settings:  # noqa: ANN401  JSON
        """Store one value."""

    def locked(self) -> frozenset[str]:
        """Names a policy fixes."""


class Services(Protocol):
    """The services that can be chosen, and what each offers."""

    def prepare(self, service: ServiceRef) -> None:
        """Get it ready in the background."""

    def offer(self, service: ServiceRef) -> Offer:
        """What it offers, as last known."""

    def clock_skew_s(self, service: ServiceRef) -> float | None:
        """How far its clock is ahead of ours, as last seen; None if it never said."""

    def named(self, name_or_url: str, dialect: str, settings: Settings) -> ServiceRef:
        """The service of that name or URL."""

    def use_token(self, service: ServiceRef, token: str) -> None:
        """Sign in with a token for this run."""


Listener = Callable[[Notice], None]
StartRecorder = Callable[[SessionId, Cuts, str, Listener], Recording]
OpenFile = Callable[[SessionId, Cuts, str, Listener], Recording]
