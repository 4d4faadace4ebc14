"""A spool in memory and a way to drive delivery without threads or clocks."""

import threading
from collections.abc import Callable

from scribe_desktop.domain.audio import AudioForm, EncodedChunk
from scribe_desktop.domain.errors import UnknownSession
from scribe_desktop.domain.events import ChunkSealed, Resolved, SpeechStarted, Stopped
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.order import Order, ServiceRef, UploadType
from scribe_desktop.domain.results import Author, Outcome, Results, ResultsVersion
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from scribe_desktop.services.poller import Poller
from scribe_desktop.services.uploader import Uploader
from scribe_desktop.services.wire import Wire


class MemorySpool:
    """The spool's promises without its disk."""

    def __init__(self) -> None:
        self.kept: dict[SessionId, Session] = {}
        self.written: list[Session] = []
        self.bodies: dict[tuple[SessionId, int], bytes] = {}
        self.results: dict[SessionId, Results] = {}
        self.tails: dict[SessionId, bytes] = {}
        self.sent: dict[tuple[SessionId, int, AudioForm, int], bytes] = {}
        self.changed = threading.Condition()

    def sessions(self) -> tuple[Session, ...]:
        with self.changed:
            return tuple(self.kept.values())

    def get(self, session_id: SessionId) -> Session:
        with self.changed:
            if session_id not in self.kept:
                raise UnknownSession("There is no dictation of that number.")
            return self.kept[session_id]

    def update(self, session_id: SessionId, change: Callable[[Session], Session]) -> Session:
        with self.changed:
            after = change(self.get(session_id))
            self.kept[session_id] = after
            self.written.append(after)
            self.changed.notify_all()
            return after

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        return EncodedChunk(index, self.bodies[session_id, index], 16_000)

    def note_sent(
        self, session_id: SessionId, form: AudioForm, pieces: int, chunk: EncodedChunk
    ) -> bool:
        with self.changed:
            key = (session_id, chunk.index, form, pieces)
            before = self.sent.get(key)
            self.sent[key] = chunk.body
            return before in (None, chunk.body)

    def tail(self, session_id: SessionId) -> bytes:
        with self.changed:
            return self.tails.get(session_id, b"")

    def store_results(self, session_id: SessionId, results: Results, event: Resolved) -> Session:
        with self.changed:
            self.results[session_id] = results
            return self.update(session_id, lambda session: apply(session, event))

    def versions(self, session_id: SessionId) -> tuple[ResultsVersion, ...]:
        kept = self.results.get(session_id)
        return () if kept is None else (ResultsVersion(1, Author.SERVICE, 0.0, kept),)

    def wait(self, is_so: Callable[[], bool], timeout_s: float = 10.0) -> bool:
        with self.changed:
            return self.changed.wait_for(is_so, timeout_s)

    # --- what a recorder would do ---

    def speak(
        self,
        name: str = "a",
        chunks: int = 3,
        *,
        order: Order | None = None,
        at: float = 1000.0,
        stop: bool = True,
    ) -> SessionId:
        session_id = SessionId("ses_" + name.encode().hex().ljust(24, "0")[:24])
        session = Session(session_id, at, order or an_order())
        session = apply(session, SpeechStarted(at))
        with self.changed:
            self.kept[session_id] = session
        for _ in range(chunks):
            self.seal(session_id)
        if stop:
            self.update(session_id, lambda s: apply(s, Stopped(at + 1)))
        return session_id

    def typed(self, text: str, *, order: Order | None = None) -> SessionId:
        """What typing a text would do."""
        session_id = SessionId("ses_" + "7" * 24)
        self.results[session_id] = Results(Outcome.COMPLETED, text)
        with self.changed:
            self.kept[session_id] = Session(
                session_id, 1000.0, order or an_order(), capture=Capture.STOPPED, typed=True
            )
        return session_id

    def seal(self, session_id: SessionId) -> None:
        index = self.get(session_id).chunks
        self.bodies[session_id, index] = f"webm {session_id} {index} ".encode() * (20 + index)
        self.update(session_id, lambda s: apply(s, ChunkSealed(index, 16_000)))


REMOTE = ServiceRef("clinic", "http://clinic.test/v1", "", "me")


def an_order(
    service: ServiceRef = REMOTE,
    upload_type: UploadType = UploadType.CHUNKED,
    templates: tuple[str, ...] = ("clinical_notes_template",),
) -> Order:
    return Order(service=service, upload_type=upload_type, templates=templates)


class Clock:
    """Time that passes only when a test says so."""

    def __init__(self, at: float = 1_700_000_000.0) -> None:
        self.at = at

    def __call__(self) -> float:
        return self.at


class Desk:
    """Uploader and poller over a memory spool, stepped by hand."""

    def __init__(
        self, base_url: str, token: str = "", dialect: str = "", *, live: bool = True
    ) -> None:
        self.has_live_text = live
        self.clock = Clock()
        self.spool: MemorySpool = MemorySpool()
        self.address = Address(base_url, dialect, FixedToken(token))
        self.live: list[str] = []
        self.formats: tuple[str, ...] = ()
        self.rebuild(Wire(), lambda: self.address)

    def rebuild(self, wire: Wire, address: Callable[[], Address]) -> None:
        """Make client and workers, on the spool that is there now."""
        self.client = Client("clinic", address, now=self.clock, wire=wire)
        self.uploader = Uploader(
            self.spool,
            lambda _: self.client,
            self.clock,
            lambda: 0.0,
            formats_of=lambda _: self.formats,
        )
        self.poller = Poller(
            self.spool,
            lambda _: self.client,
            self.clock,
            lambda _id, text: self.live.append(text),
            has_live_text=lambda _: self.has_live_text,
            spread=lambda: 0.0,
        )

    def step(self, service: ServiceRef = REMOTE) -> None:
        """One step of each; then the clock moves on to the next that is due."""
        dues = [self.uploader.step(service), self.poller.step(service)]
        ahead = [due for due in dues if due is not None]
        if ahead and min(ahead) > self.clock.at:
            self.clock.at = min(ahead)

    def deliver(self, session_id: SessionId, steps: int = 60) -> Session:
        """Step until the session is resolved, at most `steps` times."""
        for _ in range(steps):
            session = self.spool.get(session_id)
            if session.delivery is Delivery.RESOLVED:
                return session
            self.step(session.order.service)
        raise AssertionError(f"not resolved: {self.spool.get(session_id)}")

    def close(self) -> None:
        self.client.close()
