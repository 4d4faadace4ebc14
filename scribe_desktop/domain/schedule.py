"""When to try again and how often to ask: patience without end, politeness always.

Nothing is given up by the clock: the wait grows to five minutes and stays
there. Clinics are offline for hours, and their dictations must leave when
the network is back without anyone pressing a key.
"""

_RETRY_DELAYS_S = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)
LONGEST_RETRY_S = 300.0
LONGEST_RETRY_AFTER_S = 3600.0
"""A service may ask for more; a clinician should not wait a day for a typing error."""

STUCK_RETRY_S = 900.0
"""How often a service is asked that will hardly ever answer; somebody was told of it."""

JITTER = 0.25

MOST_DRIFT_S = 5.0
"""More than two clocks of one computer drift apart between two looks."""


def was_set_back(went_by_s: float, shown_s: float) -> bool:
    """Whether somebody set the wall clock back: it shows less time than really went by.

    Every wait that was noted by it before is then too long by the difference.
    """
    return shown_s < went_by_s - MOST_DRIFT_S


def retry_delay_s(attempts: int, *, spread: float, retry_after_s: float | None = None) -> float:
    """Seconds to wait after failure number `attempts` (1 for the first).

    `spread` is a random number in 0..1 chosen by the caller: it stretches the
    wait by up to a quarter, so that a clinic's computers do not return at once.
    A table instead of a power: 2**n overflows a float after 1,023 failures.
    """
    step = min(max(attempts, 1), len(_RETRY_DELAYS_S) + 1) - 1
    delay = _RETRY_DELAYS_S[step] if step < len(_RETRY_DELAYS_S) else LONGEST_RETRY_S
    delay *= 1.0 + JITTER * min(max(spread, 0.0), 1.0)
    if retry_after_s is None:
        return delay
    return max(delay, min(max(retry_after_s, 0.0), LONGEST_RETRY_AFTER_S))


def poll_delay_s(
    since_end_s: float, request_took_s: float, *, retry_after_s: float | None = None
) -> float:
    """Seconds until the next poll (PROTOCOL.md §3).

    One a second for half a minute, less what the last request took because
    servers hold it; every two seconds to two minutes; then every five.
    """
    if since_end_s < 30:  # noqa: PLR2004  the cadence of PROTOCOL.md §3
        delay = max(1.0 - request_took_s, 0.2)
    elif since_end_s < 120:  # noqa: PLR2004
        delay = 2.0
    else:
        delay = 5.0
    if retry_after_s is None:
        return delay
    return max(delay, min(max(retry_after_s, 0.0), LONGEST_RETRY_AFTER_S))
