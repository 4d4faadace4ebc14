"""Who waits for which service, and until when.

A service that is away is waited for by all its dictations together, one that
refuses a single dictation only by that one. All of it is memory: after a start
everything is tried at once, and what must outlast that is in the spool.
"""

from collections.abc import Callable

from scribe_desktop.domain.errors import ServiceError
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.domain.schedule import LONGEST_RETRY_AFTER_S, retry_delay_s, was_set_back
from scribe_desktop.domain.session import Session, SessionId

CLOCK_MOVED_S = LONGEST_RETRY_AFTER_S * 1.3
"""No wait is longer than this: one that is was written by a clock that has since moved."""

_SERVICE_IS_AWAY = frozenset({0, 429, 503})
"""Statuses that concern everything for a service, not one session."""


class Patience:
    """The waits of one worker; `now` is the computer's clock, `clock` one that is never set."""

    def __init__(
        self,
        now: Callable[[], float],
        clock: Callable[[], float],
        spread: Callable[[], float],
    ) -> None:
        self._now = now
        self._clock = clock
        self._spread = spread
        self._looked: tuple[float, float] | None = None
        self._pauses: dict[ServiceRef, tuple[float, int]] = {}
        self._unreached: dict[ServiceRef, set[SessionId]] = {}
        # A resolved session keeps no time to try again at; after a start it is at once.
        self._untold: dict[SessionId, float] = {}

    def end_all(self) -> None:
        """Nothing waits any more."""
        self._pauses.clear()
        self._untold.clear()

    def paused_until(self, service: ServiceRef, now: float) -> float | None:
        """When the service is asked again, if all that is for it waits."""
        until = self._pauses.get(service, (0.0, 0))[0]
        return until if now < until <= now + CLOCK_MOVED_S else None

    def is_in_trouble(self, service: ServiceRef) -> bool:
        """Whether it was away when it was last asked."""
        return service in self._pauses

    def untold_until(self, session: Session, now: float) -> float | None:
        """When a change of a resolved session is told again, if that waits."""
        until = self._untold.get(session.session_id, now)
        return until if until > now else None

    def leave_untold(self, session: Session, error: ServiceError) -> None:
        """A change of a resolved session could not be told."""
        self._untold[session.session_id] = self.failed(session, error)

    def failed(self, session: Session, error: ServiceError) -> float:
        """When to try the session again; if the service is away, all that is for it waits."""
        now, service = self._now(), session.order.service
        retry_at = now + retry_delay_s(
            session.attempts + 1, spread=self._spread(), retry_after_s=error.retry_after_s
        )
        if error.status in _SERVICE_IS_AWAY:
            failures = self._pauses.get(service, (0.0, 0))[1] + 1
            wait = retry_delay_s(failures, spread=self._spread(), retry_after_s=error.retry_after_s)
            # Shorter than the session's own wait, so that the next one gets its turn:
            # what looks like a dead network may be one session that hangs its service.
            self._pauses[service] = (now + wait * 0.75, failures)
            if error.code == "unreachable":
                self._unreached.setdefault(service, set()).add(session.session_id)
        return retry_at

    def reached(self, service: ServiceRef) -> set[SessionId]:
        """The service answers; which sessions failed only because nobody was there."""
        self._pauses.pop(service, None)
        return self._unreached.pop(service, set())

    def has_clock_gone_back(self, now: float) -> bool:
        """Whether the computer's clock was set back since this was last asked."""
        went_by = self._clock()
        before, self._looked = self._looked, (now, went_by)
        return before is not None and was_set_back(went_by - before[1], now - before[0])
