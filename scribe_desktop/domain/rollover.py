"""When a dictation must go on in a linked session, because the service takes no more in this one.

A service limits how long one session may last, in speech and by the clock
(PROTOCOL.md §3). The clinician must never notice: the dictation is cut in a
quiet moment before the limit and goes on, without losing a sample.

The clock of the service and ours may be a day apart, and either may be set
while somebody dictates. So a session's life is what the service itself says
between two moments of its own clock, and what is gone of it is counted by a
clock of ours that nobody sets.
"""

from dataclasses import dataclass
from enum import IntEnum

from scribe_desktop.domain.session import Remote

MARGIN_S = 60.0
"""Longer than the longest chunk and the time until the next look together."""

EXPIRY_MARGIN_S = 600.0
"""The last chunk and End must arrive before the session expires, on a slow network too."""

SHORTEST_LIFE_S = 60.0
"""Nobody could deliver in less: who says so has a wrong clock, and is not believed."""

NEAR_S = 60.0
"""So long before, it is told."""


class Outlook(IntEnum):
    """What lies before a running dictation; the nearest of two limits counts."""

    FAR = 0
    NEAR = 1
    DUE = 2


@dataclass(frozen=True, slots=True)
class Lease:
    """How long the service keeps one session: `lasts_s` from `since_s`, by a clock nobody sets."""

    remote_id: str
    since_s: float
    lasts_s: float | None = None


def leased(remote: Remote, since_s: float, service_now: float) -> Lease:
    """The life of a session that was just seen; `service_now` is the service's clock as known.

    That clock is asked only where the service does not say when it made the session.
    """
    if remote.expires_at is None:
        return Lease(remote.remote_id, since_s)
    began = service_now if remote.created_at is None else remote.created_at
    lasts_s = remote.expires_at - began
    return Lease(remote.remote_id, since_s, lasts_s if lasts_s >= SHORTEST_LIFE_S else None)


def outlook(
    spoken_s: float, max_session_s: float | None, lease: Lease | None, now_s: float
) -> Outlook:
    """How near a session with so much speech is to handing over to a linked one.

    All speech counts, also what is in no chunk yet. `now_s` is by the clock of the lease.
    """
    by_speech = _outlook(max_session_s, MARGIN_S, spoken_s)
    if lease is None:
        return by_speech
    return max(by_speech, _outlook(lease.lasts_s, EXPIRY_MARGIN_S, now_s - lease.since_s))


def _outlook(limit_s: float | None, margin_s: float, used_s: float) -> Outlook:
    if limit_s is None:
        return Outlook.FAR
    # A service that gives less than twice the margin gets half of what it gives.
    usable_s = limit_s - min(margin_s, limit_s / 2)
    if used_s >= usable_s:
        return Outlook.DUE
    return Outlook.NEAR if usable_s - used_s <= min(NEAR_S, usable_s / 2) else Outlook.FAR
