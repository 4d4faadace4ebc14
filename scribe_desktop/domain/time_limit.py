"""When a dictation that was given a time is over, whatever its microphone does.

Counting only what was recorded would wait for ever once the only microphone
is pulled out; counting only the clock would cut the last words of a recording
whose microphone was slow to open. So the clock begins with the first sample.
It does not stop in a pause: a forgotten recording pauses itself, and must end
at its time all the same.
"""

from dataclasses import dataclass
from typing import Final

LATE_S: Final = 0.5
"""Sound is recorded a little after it was spoken: so much later than planned is still well."""

OPENING_S: Final = 10.0
"""How long a microphone that never gave a sample is waited for on top of the time."""


@dataclass(slots=True)
class TimeLimit:
    """The time of one dictation; asked again and again while it runs."""

    limit_s: float
    _heard_s: float = 0.0
    _unheard_s: float = 0.0
    _asked_at: float | None = None

    def is_over(self, now: float, *, spoken_s: float) -> bool:
        """Whether the time is up at `now`, a monotonic moment, with so much recorded."""
        passed_s = 0.0 if self._asked_at is None else now - self._asked_at
        self._asked_at = now
        if spoken_s > 0:
            self._heard_s += passed_s
        else:
            self._unheard_s += passed_s
        return (
            spoken_s >= self.limit_s
            or self._heard_s >= self.limit_s + LATE_S
            or self._unheard_s >= self.limit_s + OPENING_S
        )
