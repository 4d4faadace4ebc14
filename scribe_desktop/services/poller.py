"""Asks services for results and stores them; shows live text while they work.

Polling never gives up by the clock. An answer and the step to "resolved" go
into the spool together; the audio may be deleted only after that.
"""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from scribe_desktop.domain.errors import Retry, ServiceError, UnknownSession
from scribe_desktop.domain.events import DeliveryFailed, Event, Resolved, StillProcessing
from scribe_desktop.domain.machine import IllegalEvent, apply
from scribe_desktop.domain.notices import Trouble
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.domain.results import Outcome, Results
from scribe_desktop.domain.schedule import STUCK_RETRY_S, poll_delay_s, retry_delay_s
from scribe_desktop.domain.session import Delivery, Problem, Remote, Session, SessionId
from scribe_desktop.domain.steps import Poll, Rest, next_step
from scribe_desktop.protocol import errors
from scribe_desktop.protocol.responses import Answer, Finished, Gone, Processing
from scribe_desktop.services.anew import (
    END_SETTLES_S,
    counted,
    ended_again,
    is_sent_again,
    sent_afresh,
    sent_whole_again,
)
from scribe_desktop.services.delivery_sides import DeliverySpool
from scribe_desktop.services.lanes import STUCK_LINE_S, Lanes
from scribe_desktop.services.typed_text import typed_text

PEEK_S = 1.0
"""How often an unfinished session is looked at for live text."""

_log = logging.getLogger(__name__)


class ResultSpool(DeliverySpool, Protocol):
    """What polling needs of the spool."""

    def store_results(self, session_id: SessionId, results: Results, event: Resolved) -> object:
        """Store results and resolve the session, both or neither."""


class PollClient(Protocol):
    """What polling needs of the client."""

    def get(self, remote: Remote) -> Answer:
        """Ask how the session stands."""

    def cut(self, quiet_s: float = 0.0) -> None:
        """End what is in flight, to be tried again, if nothing moved for so long."""

    def abort(self) -> None:
        """End what is in flight, for good."""


class Poller:
    """The poll worker: one lane for each service.

    `has_live_text` says whether a session's service shows text while someone
    speaks; `on_live_text` gets it, on a lane's thread.
    """

    def __init__(
        self,
        spool: ResultSpool,
        client_for: Callable[[Session], PollClient],
        now: Callable[[], float] = time.time,
        on_live_text: Callable[[SessionId, str], None] = lambda _id, _text: None,
        *,
        has_live_text: Callable[[Session], bool] = lambda _: False,
        spread: Callable[[], float] = random.random,
        on_trouble: Callable[[Trouble], None] = lambda _: None,
    ) -> None:
        self._spool = spool
        self._client_for = client_for
        self._now = now
        self._on_live_text = on_live_text
        self._has_live_text = has_live_text
        self._spread = spread
        self._peeks: dict[SessionId, float] = {}
        self._said: dict[SessionId, str] = {}
        self._clients: dict[ServiceRef, PollClient] = {}
        self._asks = 0
        self._lanes = Lanes("poll", self._services, self.step, now=now, on_trouble=on_trouble)

    def start(self) -> None:
        """Begin to ask."""
        self._lanes.start()

    def wake(self) -> None:
        """Something changed in the spool; from any thread, returns at once."""
        self._lanes.wake()

    def ask_now(self, *, is_network_new: bool = False) -> None:
        """Ask at once, and anew where nothing moves; `is_network_new` as for the uploader."""
        self._asks += 1
        for client in list(self._clients.values()):
            client.cut(0.0 if is_network_new else STUCK_LINE_S)
        self.wake()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Stop, cutting off what is in flight; returns whether all threads have ended."""
        self._lanes.tell_to_stop()
        for client in list(self._clients.values()):
            client.abort()
        return self._lanes.stop(timeout_s)

    def _services(self) -> set[ServiceRef]:
        return {session.order.service for session in self._spool.sessions()}

    # --- one lane ----------------------------------------------------------------------

    def step(self, service: ServiceRef) -> float | None:
        """Ask for everything that is due; returns when to look again."""
        due: float | None = None
        for session in sorted(self._spool.sessions(), key=lambda s: s.created_at):
            if session.order.service != service or self._lanes.is_stopping:
                continue
            step = next_step(session, self._now())
            if isinstance(step, Poll):
                self._poll(session)
                again: float | None = self._now()
            elif session.delivery is Delivery.ENDED and isinstance(step, Rest):
                again = step.until
            else:
                again = self._peek(session)
            if again is not None:
                due = again if due is None else min(due, again)
        return due

    def _poll(self, session: Session) -> None:
        if session.remote is None:
            return
        began, asks = self._now(), self._asks
        try:
            answer = self._client(session).get(session.remote)
            self._learn(session, session.remote, answer, self._now() - began)
        except ServiceError as error:
            self._failed(session, error, is_asked_anew=self._asks != asks)
        except (UnknownSession, IllegalEvent):
            _log.info("%s: changed while it was asked for", session.session_id)

    def _learn(self, session: Session, remote: Remote, answer: Answer, took_s: float) -> None:
        now, spread = self._now(), self._spread()
        match answer:
            case Finished():
                self._store(session, remote, answer)
            case Processing():
                self._say(session, answer.transcript)
                since_end_s = max(now - (session.ended_at or now), 0.0)
                # Where a text was sent there is no End, and the status may never know of one.
                if not answer.ended and not session.typed and since_end_s >= END_SETTLES_S:
                    _log.warning("%s: it took End and did not end", session.session_id)
                    self._change(session, lambda s: ended_again(s, remote.remote_id, now, spread))
                    return
                delay_s = poll_delay_s(since_end_s, took_s, retry_after_s=answer.retry_after_s)
                self._note(session, StillProcessing(now + delay_s))
            case Gone():
                self._change(session, lambda s: sent_afresh(s, now, spread))

    def _store(self, session: Session, remote: Remote, answer: Finished) -> None:
        """Store the result, unless the service made it of fewer files than were sent."""
        now, spread, results = self._now(), self._spread(), answer.results
        received = counted(session, answer.received)
        if received is None:
            received = session.received
        if is_sent_again(session, received):
            _log.warning("%s: made of %s of %d files", session.session_id, received, session.files)
            self._change(session, lambda s: sent_whole_again(s, remote.remote_id, now, spread))
            return
        if session.typed and not results.transcript:
            text = typed_text(self._spool, session.session_id)
            results = replace(results, transcript=text)
        lacks = received is not None and received < session.files
        if lacks and results.outcome is Outcome.COMPLETED:
            results = replace(results, outcome=Outcome.PARTIAL)
        resolved = Resolved(now, results.outcome, remote.remote_id, received)
        self._spool.store_results(session.session_id, results, resolved)
        self._peeks.pop(session.session_id, None)
        self._said.pop(session.session_id, None)

    def _failed(self, session: Session, error: ServiceError, *, is_asked_anew: bool) -> None:
        if self._lanes.is_stopping or error.code == errors.ABORTED:
            self._lanes.tell_to_stop()
            return
        if error.code == errors.CUT or is_asked_anew:
            # It failed for nobody, or before somebody asked: the next step makes it again.
            return
        _log.info("%s: %s, status %d %s", session.session_id, error.retry, error.status, error.code)
        retry_at = None
        if error.retry is Retry.LATER and errors.seems_stuck(error, session.attempts + 1):
            error, retry_at = errors.stuck(error), self._now() + STUCK_RETRY_S
        elif error.retry is Retry.LATER:
            retry_at = self._now() + retry_delay_s(
                session.attempts + 1, spread=self._spread(), retry_after_s=error.retry_after_s
            )
        problem = Problem(error.message, error.remedy, error.retry)
        try:
            self._note(session, DeliveryFailed(problem, retry_at))
        except (UnknownSession, IllegalEvent):
            _log.info("%s: changed while it was asked for", session.session_id)

    def _note(self, session: Session, event: Event) -> None:
        self._change(session, lambda current: apply(current, event))

    def _change(self, session: Session, change: Callable[[Session], Session]) -> None:
        self._spool.update(session.session_id, change)

    def _client(self, session: Session) -> PollClient:
        client = self._client_for(session)
        self._clients[session.order.service] = client
        return client

    # --- live text ---------------------------------------------------------------------

    def _peek(self, session: Session) -> float | None:
        """Look for live text at most once a second; a failure here is nobody's business."""
        remote = session.remote
        if (
            remote is None
            or session.delivery is not Delivery.OPEN
            or session.is_cancelled
            or not session.accepted
            or not self._has_live_text(session)
        ):
            self._peeks.pop(session.session_id, None)
            return None
        now = self._now()
        due = self._peeks.get(session.session_id, 0.0)
        if now < due <= now + PEEK_S * 10:
            return due
        wait_s = PEEK_S
        try:
            answer = self._client(session).get(remote)
        except ServiceError as error:
            _log.debug("%s: no live text (%d)", session.session_id, error.status)
            wait_s = PEEK_S * 5
        else:
            if isinstance(answer, Processing):
                self._say(session, answer.transcript)
        self._peeks[session.session_id] = self._now() + wait_s
        return self._peeks[session.session_id]

    def _say(self, session: Session, transcript: str) -> None:
        if transcript and self._said.get(session.session_id) != transcript:
            self._said[session.session_id] = transcript
            self._on_live_text(session.session_id, transcript)
