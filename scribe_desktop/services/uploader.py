"""Hands recorded dictations to their services: create, upload in order, end.

Everything it does is an order of `next_step`, and everything it learns is an
event in the spool, so it can be stopped or killed anywhere. The oldest session
goes first; one that its service refuses never holds up the next, while a
network that is away makes everything for that service wait together.
"""

import logging
import random
import time
from collections.abc import Callable

from scribe_desktop.domain.errors import Retry, ScribeError, ServiceError, UnknownSession
from scribe_desktop.domain.events import DeliveryFailed, Event, Lapsed, Released
from scribe_desktop.domain.machine import IllegalEvent, apply
from scribe_desktop.domain.notices import Trouble
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.domain.schedule import LONGEST_RETRY_S, retry_delay_s
from scribe_desktop.domain.session import Delivery, Problem, Session, SessionId
from scribe_desktop.domain.steps import Poll, Rest, next_step
from scribe_desktop.protocol import errors
from scribe_desktop.services.anew import is_hopeless
from scribe_desktop.services.delivery_sides import DeliveryClient, DeliverySpool
from scribe_desktop.services.delivery_steps import DeliverySteps, OwnStep, UnreadableHere, lapse
from scribe_desktop.services.lanes import STUCK_LINE_S, Lanes
from scribe_desktop.services.patience import CLOCK_MOVED_S, Patience

_log = logging.getLogger(__name__)

_RELEASED = Released()


class Uploader:
    """The upload worker: one lane for each service.

    `client_for` is called on a lane's thread before each step. `is_streamed`
    says whether a running stream takes care of a session's audio. `formats_of`
    is what a service said it takes, as last known, without asking it.
    """

    def __init__(
        self,
        spool: DeliverySpool,
        client_for: Callable[[Session], DeliveryClient],
        now: Callable[[], float] = time.time,
        spread: Callable[[], float] = random.random,
        on_trouble: Callable[[Trouble], None] = lambda _: None,
        *,
        is_streamed: Callable[[SessionId], bool] = lambda _: False,
        formats_of: Callable[[ServiceRef], tuple[str, ...]] = lambda _: (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spool = spool
        self._client_for = client_for
        self._now = now
        self._spread = spread
        self._on_trouble = on_trouble
        self._is_streamed = is_streamed
        self._patience = Patience(now, clock, spread)
        self._steps = DeliverySteps(spool, now, spread, formats_of)
        self._clients: dict[ServiceRef, DeliveryClient] = {}
        self._releases = 0
        self._lanes = Lanes("upload", self._services, self.step, now=now, on_trouble=on_trouble)

    def start(self) -> None:
        """Begin to deliver what waits; a long wait ends, for nobody knows what the clock did."""
        for session in self._spool.sessions():
            if (
                session.retry_at is not None
                and session.retry_at > self._now() + LONGEST_RETRY_S * 1.3
            ):
                self._release(session)
        self._lanes.start()

    def wake(self) -> None:
        """Something changed in the spool; from any thread, returns at once."""
        self._lanes.wake()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Stop, cutting off what is in flight; returns whether all threads have ended."""
        self._lanes.tell_to_stop()
        for client in list(self._clients.values()):
            client.abort()
        return self._lanes.stop(timeout_s)

    def release(self, session_id: SessionId | None = None, *, is_network_new: bool = False) -> None:
        """Try at once what waits: one session, or all when somebody signed in, or asked.

        One that its service will never finish is delivered anew, because somebody asked.
        What is on the line goes on as long as bytes move; with `is_network_new`, after a sleep
        or when the network came back, it begins again: its socket may be dead and not know it.
        """
        self._releases += 1
        self._patience.end_all()
        for client in list(self._clients.values()):
            client.cut(0.0 if is_network_new else STUCK_LINE_S)
        for session in self._spool.sessions():
            waits = session.problem is not None or session.retry_at is not None
            if waits and session_id in (None, session.session_id):
                begins_anew = session_id is not None and is_hopeless(session)
                self._release(session, Lapsed() if begins_anew else Released())
        self.wake()

    def _services(self) -> set[ServiceRef]:
        return {session.order.service for session in self._spool.sessions()}

    # --- one lane ----------------------------------------------------------------------

    def step(self, service: ServiceRef) -> float | None:
        """Do the first thing that is due for `service`; returns when to look again."""
        now = self._now()
        self._mind_the_clock(now)
        if paused_until := self._patience.paused_until(service, now):
            return paused_until
        due: float | None = None
        for session in self._in_turn(service):
            step = next_step(session, now)
            if isinstance(step, Rest):
                if step.until is not None and step.until > now + CLOCK_MOVED_S:
                    self._release(session)
                    return now
                due = _earlier(due, step.until)
            elif untold_until := self._patience.untold_until(session, now):
                due = _earlier(due, untold_until)
            elif not isinstance(step, Poll) and not self._is_streamed(session.session_id):
                self._take(session, step)
                return now
        return due

    def _mind_the_clock(self, now: float) -> None:
        """Wait no longer because the clock was set back: everything is tried at once."""
        if not self._patience.has_clock_gone_back(now):
            return
        _log.info("the clock was set back")
        self._patience.end_all()
        for session in self._spool.sessions():
            if session.retry_at is not None:
                self._release(session)

    def _in_turn(self, service: ServiceRef) -> list[Session]:
        """Its sessions, the oldest first; in trouble the one that was tried least.

        A session that hangs its service looks like a dead network. If the oldest
        were always first, two such sessions would take turns for ever.
        """
        in_trouble = self._patience.is_in_trouble(service)

        def turn(session: Session) -> tuple[int, float, str]:
            attempts = session.attempts if in_trouble else 0
            return attempts, session.created_at, session.session_id

        mine = (s for s in self._spool.sessions() if s.order.service == service)
        return sorted(mine, key=turn)

    def _take(self, session: Session, step: OwnStep) -> None:
        service, releases = session.order.service, self._releases
        try:
            client = self._client_for(session)
            self._clients[service] = client
            self._steps.take(session, client, step)
        except ServiceError as error:
            self._failed(session, error, is_asked_anew=self._releases != releases)
        except UnreadableHere as unreadable:
            self._set_back(session, unreadable.why)
        except UnknownSession:
            _log.info("%s: deleted while it was being sent", session.session_id)
        except IllegalEvent:
            # It was changed by somebody else while we were on the line, so that
            # what we learned no longer counts; the next step starts from what is.
            _log.info("%s: changed while it was being sent", session.session_id)
        else:
            self._reached(service)

    # --- what becomes of it ------------------------------------------------------------

    def _note(self, session: Session, event: Event) -> Session:
        return self._spool.update(session.session_id, lambda current: apply(current, event))

    def _failed(self, session: Session, error: ServiceError, *, is_asked_anew: bool) -> None:
        if self._lanes.is_stopping or error.code == errors.ABORTED:
            self._lanes.tell_to_stop()
            return
        is_of_before = is_asked_anew and error.retry is not Retry.FRESH_SESSION
        if error.code == errors.CUT or is_of_before:
            # Cut off it failed for nobody; and where somebody asked while it was on the line
            # nobody is to see a refusal of before that as the answer. The next step makes the
            # call again.
            return
        _log.info("%s: %s, status %d %s", session.session_id, error.retry, error.status, error.code)
        if session.delivery is Delivery.RESOLVED:
            self._patience.leave_untold(session, error)
            return
        try:
            if error.retry is Retry.FRESH_SESSION:
                self._lapse(session)
                if is_asked_anew:
                    self._release(session)
                return
            retry_at = None
            if error.retry is Retry.LATER:
                retry_at = self._patience.failed(session, error)
            problem = Problem(error.message, error.remedy, error.retry)
            self._note(session, DeliveryFailed(problem, retry_at))
        except (UnknownSession, IllegalEvent):
            _log.info("%s: changed while it was being sent", session.session_id)

    def _set_back(self, session: Session, error: ScribeError) -> None:
        """Try it again later: a piece that cannot be read must not hold up the next dictation."""
        _log.warning("%s: not readable: %s", session.session_id, type(error).__name__)
        retry_at = self._now() + retry_delay_s(session.attempts + 1, spread=self._spread())
        problem = Problem(error.message, error.remedy, Retry.LATER)
        try:
            self._note(session, DeliveryFailed(problem, retry_at))
        except (UnknownSession, IllegalEvent):
            _log.info("%s: changed while it was being sent", session.session_id)
            return
        if session.attempts == 0:
            self._on_trouble(Trouble(error.message, error.remedy))

    def _reached(self, service: ServiceRef) -> None:
        """The service answers: what failed only because nobody was there goes at once."""
        for session_id in self._patience.reached(service):
            try:
                self._release(self._spool.get(session_id))
            except UnknownSession:
                continue

    def _release(self, session: Session, event: Released | Lapsed = _RELEASED) -> None:
        try:
            self._note(session, event)
        except (UnknownSession, IllegalEvent):
            _log.info("%s: no longer waits", session.session_id)

    def _lapse(self, session: Session) -> None:
        lapse(self._spool, session, self._now(), self._spread())


def _earlier(one: float | None, other: float | None) -> float | None:
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
