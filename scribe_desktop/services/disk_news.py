"""Says what the disk does not take, and "safe again" only when nobody waits for it any more.

Several write to one disk: the recorder, the presses and the settings. A person
has one sentence in front of them, so one place must know who is in trouble;
speech that only memory has is what they must read first.
"""

import itertools
import threading
from collections.abc import Callable

from scribe_desktop.domain.notices import Notice, SpoolTrouble


class DiskNews:
    """The troubles of all who write to the disk, told with `tell`. Callable from any thread."""

    def __init__(self, tell: Callable[[Notice], None]) -> None:
        self._tell = tell
        # Held while it is told, so that what is said last is what is true.
        self._lock = threading.RLock()
        self._numbers = itertools.count()
        self._troubles: dict[tuple[bool, int], SpoolTrouble] = {}

    def voice(self, *, of_speech: bool = False) -> Callable[[Notice], None]:
        """What one of them tells its notices with; `of_speech` goes before all others."""
        who = (not of_speech, next(self._numbers))

        def say(notice: Notice) -> None:
            if isinstance(notice, SpoolTrouble):
                self._hear(who, notice)
            else:
                self._tell(notice)

        return say

    def _hear(self, who: tuple[bool, int], notice: SpoolTrouble) -> None:
        with self._lock:
            if notice.recovered:
                self._troubles.pop(who, None)
            else:
                self._troubles[who] = notice
            first = min(self._troubles, default=who)
            if first == who or not notice.recovered:
                self._tell(notice)
            if first != who and (notice.recovered or first[0] < who[0]):
                # It stands where "safe", or the sentence of a lesser one, would have been.
                self._tell(self._troubles[first])
