"""What delivery needs of its two sides: the spool that has the audio, the service that wants it."""

from collections.abc import Callable
from typing import Protocol

from scribe_desktop.domain.audio import AudioForm, EncodedChunk
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import ResultsVersion
from scribe_desktop.domain.session import Remote, Session, SessionId
from scribe_desktop.protocol.responses import Answer, EndReceipt


class DeliverySpool(Protocol):
    """What delivery needs of the spool."""

    def sessions(self) -> tuple[Session, ...]:
        """All sessions."""

    def get(self, session_id: SessionId) -> Session:
        """One session; raises UnknownSession."""

    def update(self, session_id: SessionId, change: Callable[[Session], Session]) -> Session:
        """Replace a session by a pure function of itself."""

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        """A sealed chunk, the same bytes every time."""

    def versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        """Every version of the results; of a typed session the text is in each."""

    def note_sent(
        self, session_id: SessionId, form: AudioForm, pieces: int, chunk: EncodedChunk
    ) -> bool:
        """Write down which recoded bytes go out; False if others of that form went before."""


class DeliveryClient(Protocol):
    """What delivery needs of the client."""

    def create(self, session: Session) -> Remote:
        """Open the session."""

    def upload(self, remote: Remote, chunk: EncodedChunk) -> None:
        """Send one chunk."""

    def end(self, remote: Remote, count: int) -> EndReceipt:
        """Say that `count` chunks were all."""

    def get(self, remote: Remote) -> Answer:
        """Ask how the session stands."""

    def send_text(self, remote: Remote, text: str) -> None:
        """Send a text instead of audio."""

    def amend(self, remote: Remote, order: Order) -> None:
        """Say what the clinician changed."""

    def withdraw(self, remote: Remote) -> None:
        """Say that it is cancelled."""

    def cut(self, quiet_s: float = 0.0) -> None:
        """End what is in flight, to be tried again, if nothing moved for so long."""

    def abort(self) -> None:
        """End what is in flight, for good."""
