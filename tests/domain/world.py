"""One session, a service that loses, refuses and forgets, and a worker that obeys next_step.

Everything the property tests and the mutants share. The modules under test
come in through `Core`, so that a mutant can be put in their place.
"""

import enum
import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from scribe_desktop.domain.audio import AudioForm, Gap, form_after
from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.pieces import finer
from scribe_desktop.domain.results import Outcome

CORE = ("session", "events", "machine", "steps", "record", "chunker")


@dataclass(frozen=True)
class Core:
    """The modules under test: the real ones, or mutants of them."""

    session: Any
    events: Any
    machine: Any
    steps: Any
    record: Any
    chunker: Any


def mutated(patches: Mapping[str, tuple[str, str]]) -> Core:
    """The core with `patches` (module → old text, new text), in memory only."""
    names = {short: f"scribe_desktop.domain.{short}" for short in CORE}
    fresh: dict[str, ModuleType] = {}
    with _put_back(list(names.values())):
        for short, name in names.items():
            real = importlib.import_module(name)
            assert real.__file__ is not None
            with open(real.__file__, encoding="utf-8") as file:  # noqa: PTH123
                source = file.read()
            if short in patches:
                old, new = patches[short]
                assert source.count(old) == 1, f"the mutant of {short} no longer fits: {old!r}"
                source = source.replace(old, new)
            module = ModuleType(name)
            sys.modules[name] = module
            exec(compile(source, f"<mutant of {short}>", "exec"), module.__dict__)  # noqa: S102  our own source
            fresh[short] = module
    return Core(**fresh)


@contextmanager
def _put_back(names: list[str]) -> Iterator[None]:
    real = {name: importlib.import_module(name) for name in names}
    try:
        yield
    finally:
        sys.modules.update(real)


class Fate(enum.Enum):
    """What becomes of one request."""

    HEALTHY = enum.auto()
    LOST_REQUEST = enum.auto()
    LOST_REPLY = enum.auto()
    BUSY = enum.auto()
    SIGNED_OUT = enum.auto()
    REFUSED = enum.auto()


class TooLarge(Exception):
    """413: the service takes no file of that size."""


class FormRefused(Exception):
    """415: the service takes no such audio."""


class Gone(Exception):
    """404 or 410: the service does not know the session."""


@dataclass
class RemoteSession:
    """What the service has."""

    chunks: list[int] = field(default_factory=list)
    forms: set[str] = field(default_factory=set)
    cuts: set[int] = field(default_factory=set)
    lost: set[int] = field(default_factory=set)
    end_count: int | None = None
    withdrawn: bool = False
    polls_until_result: int = 1
    text: str = ""


class Service:
    """Strict where a real one would be harmed: order, repeats, a second End."""

    def __init__(self) -> None:
        self.sessions: dict[str, RemoteSession] = {}
        self.refused_forms: set[str] = set()
        self.least_pieces = 1
        self.files_to_lose = 0
        self.ends_to_ignore = 0
        self.late_statuses = 0

    def get(self, remote_id: str) -> RemoteSession:
        try:
            return self.sessions[remote_id]
        except KeyError:
            raise Gone from None

    def create(self, remote_id: str) -> None:
        self.sessions.setdefault(remote_id, RemoteSession())

    def upload(self, remote_id: str, index: int, form: str, pieces: int) -> None:
        remote = self.get(remote_id)
        if form in self.refused_forms:
            raise FormRefused
        if pieces < self.least_pieces:
            raise TooLarge
        remote.forms.add(form)
        assert len(remote.forms) == 1, "two forms of audio in one session"
        remote.cuts.add(pieces)
        assert len(remote.cuts) == 1, "a number means two pieces of speech in one session"
        assert not remote.withdrawn, "a chunk for a session that was withdrawn"
        assert remote.end_count is None, "a chunk after End"
        assert index <= len(remote.chunks), "a chunk was skipped"
        if index == len(remote.chunks):
            remote.chunks.append(index)
            if self.files_to_lose:
                self.files_to_lose -= 1
                remote.lost.add(index)

    def take_text(self, remote_id: str) -> None:
        remote = self.get(remote_id)
        assert not remote.text, "a text twice: this service would write twice"
        assert not remote.chunks
        remote.text = "typed"
        remote.end_count = 0

    def end(self, remote_id: str, count: int) -> int:
        remote = self.get(remote_id)
        assert remote.end_count is None, "End twice: this service would process twice"
        assert count == len(remote.chunks), "End with a wrong count"
        if self.ends_to_ignore:
            self.ends_to_ignore -= 1
            return count
        remote.end_count = count - len(remote.lost)
        return remote.end_count


class World:
    """The session under test, its service, and the only clock there is."""

    def __init__(self, core: Core, *, typed: bool = False) -> None:
        self.core = core
        self.service = Service()
        self.now = 1_000.0
        self.session = core.session.Session(
            core.session.SessionId("5e55"), created_at=self.now, order=Order()
        )
        if typed:
            stopped = core.session.Capture.STOPPED
            self.session = replace(self.session, capture=stopped, typed=True)
        self.check()

    # --- facts -----------------------------------------------------------------------

    def apply(self, event: Any) -> None:
        before = self.session
        self.session = self.core.machine.apply(before, event)
        delivery = self.core.session.Delivery
        if before.delivery is delivery.RESOLVED:
            for name in ("delivery", "remote", "accepted", "outcome", "resolved_at"):
                assert getattr(self.session, name) == getattr(before, name), f"{name} changed"
        events = self.core.events
        if isinstance(event, (events.FormChosen, events.PiecesChosen, events.FoundShort)):
            assert self.session.remote is None, "what is sent otherwise goes to the same session"
        if isinstance(event, events.EndDenied):
            assert self.session.ends_denied == before.ends_denied + 1
        assert self.session.shortfalls == before.shortfalls + isinstance(event, events.FoundShort)
        assert self.session.pieces >= before.pieces
        assert self.session.chunks >= before.chunks
        assert self.session.frames >= before.frames
        assert set(before.remote_ids) <= set(self.session.remote_ids), "a remote id was forgotten"
        self.check()

    def check(self) -> None:
        """What holds between any two events."""
        session, core = self.session, self.core
        capture, delivery = core.session.Capture, core.session.Delivery
        assert 0 <= session.accepted <= session.files == session.chunks * session.pieces
        assert 0 <= session.accepted_chunks <= session.chunks
        assert (session.remote is None) == (session.delivery is delivery.UNSENT)
        assert session.frames == 16_000 * session.chunks
        if session.delivery is delivery.UNSENT:
            assert session.accepted == 0, "what a lapsed session had is counted for the next"
            assert session.ends_denied == 0, "what a lapsed session denied is held against the next"
        if session.end_sent or session.delivery in (delivery.ENDED, delivery.RESOLVED):
            assert session.capture is capture.STOPPED
            assert session.accepted == session.files
            assert session.chunks > 0 or session.typed
        if session.remote is not None and session.remote.remote_id in self.service.sessions:
            remote = self.service.sessions[session.remote.remote_id]
            assert session.accepted <= len(remote.chunks), "counted as accepted, but not there"
        step = core.steps.next_step(session, self.now)
        assert core.steps.next_step(session, self.now) == step
        assert not (isinstance(step, core.steps.Rest) and (step.until or self.now + 1) <= self.now)
        if isinstance(step, core.steps.End):
            assert session.capture is capture.STOPPED
            assert step.count == session.files == session.accepted
        if isinstance(step, core.steps.Upload):
            assert step.index == session.accepted < session.files
        if session.is_cancelled:
            assert isinstance(step, (core.steps.Withdraw, core.steps.Rest))
        if self.resolved:
            is_told = not session.amended or session.is_cancelled
            assert isinstance(step, core.steps.Rest if is_told else core.steps.Amend)
        assert core.machine.candidate_remote_id(session) not in session.past_remote_ids

    def be_hostile(self) -> None:
        """Whatever is wrong for the session as it is, it refuses."""
        for event in illegal_events(self.core, self.session):
            try:
                self.core.machine.apply(self.session, event)
            except self.core.machine.IllegalEvent:
                continue
            raise AssertionError(f"{event} was taken")

    def crash(self) -> None:
        """Everything but the stored record is gone."""
        record = json.loads(json.dumps(self.core.record.session_record(self.session)))
        reloaded = self.core.record.read_session(record)
        assert reloaded == self.session
        self.session = reloaded

    def speak(self, chunks: int) -> None:
        for _ in range(chunks):
            self.apply(self.core.events.ChunkSealed(self.session.chunks, 16_000))

    def note_gap(self) -> None:
        gap = Gap(self.session.frames, 1.5, "stalled")
        before = self.session.gaps
        self.apply(self.core.events.GapNoted(gap))
        assert self.session.gaps == (*before, gap), "a gap was forgotten"

    # --- the worker ------------------------------------------------------------------

    def work(self, fate: Fate = Fate.HEALTHY) -> bool:
        """Perform the next step; whether there was one."""
        steps = self.core.steps
        step = steps.next_step(self.session, self.now)
        if isinstance(step, steps.Rest):
            return False
        if isinstance(step, (steps.End, steps.SendText)):
            self.apply(self.core.events.EndSent())
        if fate in (Fate.BUSY, Fate.LOST_REQUEST):
            self.fail(Retry.LATER, self.now + 5.0)
        elif fate is Fate.SIGNED_OUT:
            self.fail(Retry.AFTER_SIGN_IN, None)
        elif fate is Fate.REFUSED:
            self.fail(Retry.NEVER, None)
        else:
            self.reach_service(step, reply_is_lost=fate is Fate.LOST_REPLY)
        return True

    def fail(self, retry: Retry, retry_at: float | None) -> None:
        session = self.core.session
        if self.resolved:
            return  # only a change was not told; it is tried again later
        attempts = self.session.attempts
        self.apply(
            self.core.events.DeliveryFailed(session.Problem("away", "wait", retry), retry_at)
        )
        assert self.session.attempts == attempts + 1
        next_step = self.core.steps.next_step(self.session, self.now)
        assert next_step == self.core.steps.Rest(retry_at), "no rest after a failure"

    def reach_service(self, step: Any, *, reply_is_lost: bool) -> None:
        try:
            event = self.requested(step)
        except Gone:
            event = self.core.events.Lapsed()
        except FormRefused:
            form = form_after(AudioForm(self.session.audio_form.value), ())
            assert form is not None, "nothing is left to try"
            event = self.core.events.FormChosen(form)
        except TooLarge:
            pieces = finer(self.session.pieces)
            assert pieces is not None, "nothing smaller is left to try"
            event = self.core.events.PiecesChosen(pieces)
        if reply_is_lost:
            self.fail(Retry.LATER, self.now + 1.0)
        elif event is not None:
            self.apply(event)

    def requested(self, step: Any) -> Any:
        """Send the request and return what its reply means."""
        session, steps = self.core.session, self.core.steps
        if isinstance(step, steps.Create):
            remote_id = self.core.machine.candidate_remote_id(self.session)
            self.service.create(remote_id)
            return self.core.events.Created(session.Remote(remote_id, "target"))
        if isinstance(step, (steps.Amend, steps.Withdraw, steps.Poll)):
            return self.said(step, self.session.remote.remote_id)
        return self.handed_over(step, self.session.remote.remote_id)

    def handed_over(self, step: Any, remote_id: str) -> Any:
        """What is dictated goes over, and its end."""
        steps = self.core.steps
        if isinstance(step, steps.Upload):
            session = self.session
            self.service.upload(remote_id, step.index, session.audio_form.value, session.pieces)
            return self.core.events.ChunkAccepted(step.index, remote_id)
        if isinstance(step, steps.SendText):
            if not (step.ask_first and self.service.get(remote_id).text):
                self.service.take_text(remote_id)
            return self.core.events.EndAccepted(self.now)
        if isinstance(step, steps.End):
            count = self.service.get(remote_id).end_count if step.ask_first else None
            if count is None:
                count = self.service.end(remote_id, step.count)
            if count < step.count:
                return self.core.events.FoundShort(remote_id)
            return self.core.events.EndAccepted(self.now, count)
        raise AssertionError(f"nobody knows {step}")

    def said(self, step: Any, remote_id: str) -> Any:
        """What is told or asked about the session."""
        steps = self.core.steps
        if isinstance(step, steps.Amend):
            if not self.resolved:
                self.service.get(remote_id)
            return self.core.events.AmendmentTold(self.session.order)
        if isinstance(step, steps.Withdraw):
            self.service.get(remote_id).withdrawn = True
            return self.core.events.Withdrawn()
        assert isinstance(step, steps.Poll)
        remote = self.service.get(remote_id)
        if self.service.late_statuses:
            self.service.late_statuses -= 1
            return self.core.events.EndDenied(remote_id, self.now + 1.0)
        if remote.end_count is None:
            return self.core.events.EndDenied(remote_id, self.now + 1.0)
        if remote.polls_until_result > 0:
            remote.polls_until_result -= 1
            return self.core.events.StillProcessing(self.now + 1.0)
        return self.core.events.Resolved(self.now, Outcome.COMPLETED, remote_id)

    # --- the end ---------------------------------------------------------------------

    def must_resolve(self) -> None:
        """From wherever it is: heal everything, and the session comes to its end."""
        session = self.core.session
        if self.session.is_cancelled:
            self.settle()
            if self.session.remote is not None and not self.resolved:
                assert self.session.withdrawn, "the service was never told of the cancel"
                remote = self.service.sessions.get(self.session.remote.remote_id)
                assert remote is None or remote.withdrawn, "the service does not know the cancel"
            self.apply(self.core.events.Restored())
        if self.session.capture is session.Capture.STARTING:
            self.apply(self.core.events.SpeechStarted(self.now))
        if self.session.capture is not session.Capture.STOPPED:
            self.speak(1)
            self.apply(self.core.events.Stopped(self.now))
        self.settle()
        if self.session.chunks == 0 and not self.session.typed:
            assert self.session.remote is None or self.session.withdrawn
            return
        assert self.resolved, "a stopped session with audio never resolved"
        remote = self.service.sessions.get(self.session.remote.remote_id)
        if remote is not None:
            assert remote.chunks == list(range(self.session.files)), "not all of it is there"
            assert remote.end_count == self.session.files, "it has fewer files than were sent"
            assert bool(remote.text) == self.session.typed, "the text is not there"

    @property
    def resolved(self) -> bool:
        return bool(self.session.delivery is self.core.session.Delivery.RESOLVED)

    def settle(self) -> None:
        """Work until there is nothing to do; a service in good health gives no endless work."""
        for _ in range(3 * 8 * self.session.chunks + 60):
            if not self.resolved:
                self.apply(self.core.events.Released())
            self.now += 10.0
            self.be_hostile()
            if not self.work():
                self.crash()
                return
        raise AssertionError("the worker never comes to rest")


def illegal_events(core: Core, session: Any) -> list[Any]:
    """Events that are wrong for this session, whatever the tables say."""
    return [
        *wrong_receipts(core, session),
        *wrong_audio(core, session),
        *wrong_ends(core, session),
        *wrong_turns(core, session),
    ]


def wrong_receipts(core: Core, session: Any) -> list[Any]:
    remote_id = session.remote.remote_id if session.remote else "ses_none"
    wrong = [
        core.events.ChunkAccepted(session.accepted + 1, remote_id),
        core.events.ChunkAccepted(session.accepted - 1, remote_id),
        core.events.ChunkAccepted(session.files, remote_id),
        core.events.TargetRenewed(core.session.Remote("ses_other", "t")),
    ]
    for stale in (*session.past_remote_ids, "ses_other"):
        wrong += [
            core.events.ChunkAccepted(session.accepted, stale),
            core.events.Resolved(1.0, "completed", stale),
            core.events.EndDenied(stale, 1.0),
            core.events.FoundShort(stale),
        ]
    if session.end_sent:
        wrong.append(core.events.ChunkAccepted(session.accepted, remote_id))
    if session.delivery in (core.session.Delivery.ENDED, core.session.Delivery.RESOLVED):
        wrong.append(core.events.FormChosen(AudioForm.WAV))
        wrong.append(core.events.PiecesChosen(session.pieces * 2))
    wrong.append(core.events.PiecesChosen(session.pieces))
    return wrong


def wrong_audio(core: Core, session: Any) -> list[Any]:
    wrong = [
        core.events.ChunkSealed(session.chunks + 1, 16_000),
        core.events.ChunkSealed(session.chunks, 0),
    ]
    if session.capture is core.session.Capture.STOPPED:
        wrong += [core.events.ChunkSealed(session.chunks, 16_000), core.events.Stopped(1.0)]
        wrong += [core.events.Paused(), core.events.Resumed(), core.events.SpeechStarted(1.0)]
    return wrong


def wrong_ends(core: Core, session: Any) -> list[Any]:
    wrong = [] if session.end_sent else [core.events.EndAccepted(1.0, session.chunks)]
    is_whole = session.capture is core.session.Capture.STOPPED and session.accepted == session.files
    if session.remote is not None and not session.end_sent:
        wrong.append(core.events.FoundShort(session.remote.remote_id))
        wrong.append(core.events.EndDenied(session.remote.remote_id, 1.0))
    if not is_whole or (session.chunks == 0 and not session.typed):
        wrong += [core.events.EndSent(), core.events.EndAccepted(1.0, session.chunks)]
    return wrong


def wrong_turns(core: Core, session: Any) -> list[Any]:
    wrong = []
    if session.remote is not None:
        wrong.append(core.events.Created(core.session.Remote("ses_second", "t")))
    if not session.is_cancelled:
        wrong.append(core.events.Restored())
    if not session.is_cancelled and not session.is_empty:
        wrong.append(core.events.Withdrawn())
    if session.delivery is core.session.Delivery.RESOLVED:
        problem = core.session.Problem("x", "y", "later")
        wrong += [
            core.events.Lapsed(),
            core.events.Released(),
            core.events.DeliveryFailed(problem, 1.0),
        ]
        wrong.append(core.events.StillProcessing(1.0))
    return wrong
