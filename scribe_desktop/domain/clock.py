"""Notices that this computer's clock and a service's are far apart, and says so.

A wrong clock makes sign-ins fail and puts wrong times on notes, for reasons
that nobody in a clinic could guess. Nothing else depends on the two agreeing.
"""

from scribe_desktop.domain.notices import Trouble

MOST_SKEW_S = 300.0
"""What sign-in services commonly forgive."""

_HOUR_MIN = 60
_DAY_MIN = 24 * 60


def clock_trouble(service: str, skew_s: float | None) -> Trouble | None:
    """What to tell when the service's clock is `skew_s` ahead of ours; None while it is near.

    `skew_s` is negative when the service is behind, None when it never said.
    """
    if skew_s is None or abs(skew_s) <= MOST_SKEW_S:
        return None
    side = "behind" if skew_s > 0 else "ahead of"
    return Trouble(
        f"The clock of this computer is {_long(abs(skew_s))} {side} the one of {service}."
        " Dictations are safe, but signing in may fail and times may be wrong.",
        "Set the date and time of this computer.",
    )


def _long(seconds: float) -> str:
    minutes = round(seconds / 60)
    for size, word in ((_DAY_MIN, "days"), (_HOUR_MIN, "hours")):
        if minutes >= 2 * size:
            return f"about {round(minutes / size)} {word}"
    return f"{minutes} minutes"
