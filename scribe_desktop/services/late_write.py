"""Lets a press of a key take effect at once, even while the disk does not answer.

What must be stored is stored on a thread of its own. A disk that is well is
waited for, so that whoever asks hears at once that it is full; one that does
not answer is not, and the store follows when it does.
"""

import threading
from collections.abc import Callable
from typing import Final

from scribe_desktop.domain.errors import SpoolError

PATIENCE_S: Final = 0.25
RETRY_S: Final = 1.0


def write_within(work: Callable[[], object], limit_s: float = PATIENCE_S) -> bool:
    """Whether `work` was done in time; raises what it raised in time.

    If not it goes on in the background, again and again while the disk refuses.
    """
    writing = _Writing(work)
    writing.start()
    return writing.is_done_within(limit_s)


class _Writing(threading.Thread):
    """One piece of work; `_left` says that nobody waits any more."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__(name="late write", daemon=True)
        self._work = work
        self._turn = threading.Condition()
        self._done = False
        self._left = False
        self._error: BaseException | None = None

    def is_done_within(self, limit_s: float) -> bool:
        with self._turn:
            self._turn.wait_for(lambda: self._done or self._error is not None, limit_s)
            self._left = True
            self._turn.notify_all()
            if self._error is not None:
                raise self._error
            return self._done

    def run(self) -> None:
        pause = threading.Event()
        while not self._tried():
            pause.wait(RETRY_S)

    def _tried(self) -> bool:
        """Whether there is nothing more to do."""
        try:
            self._work()
        except SpoolError as error:
            with self._turn:
                if self._left:
                    return False
                self._error = error
                self._turn.notify_all()
        except BaseException as bug:
            with self._turn:
                if self._left:
                    # Nobody waits who could say it: the last resort does.
                    raise
                self._error = bug
                self._turn.notify_all()
        else:
            with self._turn:
                self._done = True
                self._turn.notify_all()
        return True
