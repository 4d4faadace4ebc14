"""Lets a press of a key take effect at once, even while the disk does not answer.

What a press stores is stored on a thread of its own, in the order of the
presses. A disk that is well is waited for, so that whoever asks hears at once
that it is full; one that does not answer is not, and the store follows when it
does. All of one press together waits no longer than a window may stand still.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from scribe_desktop.domain.errors import ScribeError, SettingsError, SpoolError, UnknownSession
from scribe_desktop.domain.notices import Notice, SpoolTrouble, Trouble

PATIENCE_S: Final = 0.03
"""How long the writes of one press may hold it up; the window may stand still for 50 ms."""

PRESS_S: Final = 0.1
"""Writes that follow each other so closely belong to one press."""

RETRY_S: Final = 1.0
SLOW_S: Final = 3.0
"""How long something may stay in memory only before it is said."""

_SLOW: Final = SpoolTrouble(
    "The disk of this computer does not answer. What you changed is kept in memory until it does.",
    "Do not switch the computer off before the disk answers.",
)
_REFUSED: Final = SpoolTrouble(
    "The disk of this computer takes nothing. What you changed is kept in memory until it does.",
    "Free some space on the disk; what waits is stored by itself.",
)
_WELL_AGAIN: Final = SpoolTrouble("What you changed is safe on disk.", "", recovered=True)


class _Write:
    """One piece of work; `is_left` says that nobody waits for it any more."""

    def __init__(self, work: Callable[[], object]) -> None:
        self.work = work
        self.is_over = False
        self.is_left = False
        self.error: BaseException | None = None


class LateWrites:
    """Writes one after another, on a thread that lasts as long as there is something to write."""

    def __init__(
        self, say: Callable[[Notice], None] = lambda _: None, *, patience_s: float = PATIENCE_S
    ) -> None:
        self._say = say
        self._patience_s = patience_s
        self._turn = threading.Condition()
        self._due: deque[_Write] = deque()
        self._waited: deque[tuple[float, float]] = deque()
        self._is_writing = False
        self._told = False
        self._slow: threading.Timer | None = None

    def within(self, work: Callable[[], object]) -> bool:
        """Whether `work` was done in time; raises what it raised in time.

        If not it goes on in the background, again and again while the disk refuses.
        Any thread may call; `work` is done on another one.
        """
        one = _Write(work)
        with self._turn:
            # Behind one that is late it would only be late as well.
            is_behind = bool(self._due) and self._due[0].is_left
            self._due.append(one)
            self._begin()
            if not is_behind:
                began = time.monotonic()
                self._turn.wait_for(lambda: one.is_over, self._patience_left_s(began))
                self._waited.append((began, time.monotonic() - began))
            one.is_left = True
            if one.error is not None:
                raise one.error
            if not one.is_over:
                self._watch()
            return one.is_over

    def settle(self, timeout_s: float) -> bool:
        """Wait until everything is on disk; whether it is."""
        with self._turn:
            return self._turn.wait_for(lambda: not self._due, timeout_s)

    def _patience_left_s(self, now: float) -> float:
        while self._waited and self._waited[0][0] < now - PRESS_S:
            self._waited.popleft()
        return max(self._patience_s - sum(waited_s for _, waited_s in self._waited), 0.0)

    def _begin(self) -> None:
        if not self._is_writing:
            self._is_writing = True
            threading.Thread(target=self._write_all, name="late write", daemon=True).start()

    # --- on the thread that writes ----------------------------------------------------------

    def _write_all(self) -> None:
        pause = threading.Event()
        while (one := self._next()) is not None:
            try:
                is_over = self._tried(one)
            except BaseException:
                # A fault of ours that nobody waits for is the last resort's; the rest is written.
                self._done(one)
                with self._turn:
                    self._is_writing = False
                    if self._due:
                        self._begin()
                raise
            if is_over:
                self._done(one)
            else:
                pause.wait(RETRY_S)

    def _next(self) -> _Write | None:
        with self._turn:
            if self._due:
                return self._due[0]
            self._is_writing = False
        return None

    def _tried(self, one: _Write) -> bool:
        """Whether there is nothing more to do."""
        try:
            one.work()
        except BaseException as error:  # noqa: BLE001  raised where somebody waits for it
            with self._turn:
                if not one.is_left:
                    one.error = error
                    return True
            return self._is_settled_late(error)
        return True

    def _is_settled_late(self, error: BaseException) -> bool:
        match error:
            case UnknownSession():
                # Deleted for good meanwhile: there is nothing left that could be changed.
                return True
            case SpoolError() | SettingsError():
                self._tell(_REFUSED)
                return False
            case ScribeError():
                self._say(Trouble(error.message, error.remedy))
                return True
        raise error

    def _done(self, one: _Write) -> None:
        with self._turn:
            one.is_over = True
            self._due.popleft()
            is_well = self._told and not self._due
            if not self._due and self._slow is not None:
                self._slow.cancel()
                self._slow = None
            self._told = self._told and not is_well
            self._turn.notify_all()
        if is_well:
            self._say(_WELL_AGAIN)

    # --- saying so --------------------------------------------------------------------------

    def _watch(self) -> None:
        if self._slow is None:
            self._slow = threading.Timer(SLOW_S, self._tell, (_SLOW,))
            self._slow.daemon = True
            self._slow.start()

    def _tell(self, trouble: SpoolTrouble) -> None:
        with self._turn:
            if self._told or not self._due:
                return
            self._told = True
        self._say(trouble)
