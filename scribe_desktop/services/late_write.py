"""Lets a press of a key take effect at once, even while the disk does not answer.

What a press stores is stored on a thread of its own, in the order of the
presses. A disk that is well is waited for, so that whoever asks hears at once
that it is full; one that does not answer is not, and the store follows when it
does. All of one press together waits no longer than a window may stand still.
What the disk refuses is tried again and again, and holds up only what changes
the same: another dictation, above all a new one, is written meanwhile.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from scribe_desktop.domain.errors import (
    ScribeError,
    SettingsError,
    SpoolDamaged,
    SpoolError,
    UnknownSession,
)
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
_UNREADABLE: Final = SpoolTrouble(
    "A part of the recordings on this computer cannot be read. What you changed is kept in "
    "memory only.",
    "Copy what you wrote, then start Scribe Desktop again: it saves what can be read.",
)
_WELL_AGAIN: Final = SpoolTrouble("What you changed is safe on disk.", "", recovered=True)


class _Write:
    """One piece of work; `is_left` says that nobody waits for it any more."""

    def __init__(
        self, work: Callable[[], object], of: str, done: Callable[[], object], *, lasts: bool
    ) -> None:
        self.work = work
        self.of = of
        self.done = done
        self.lasts = lasts
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
        self._due: list[_Write] = []
        self._again_at: dict[str, float] = {}
        self._waited: deque[tuple[float, float]] = deque()
        self._is_writing = False
        self._told: set[SpoolTrouble] = set()
        self._slow: threading.Timer | None = None

    def within(
        self,
        work: Callable[[], object],
        *,
        of: str = "",
        lasts: bool = False,
        done: Callable[[], object] = lambda: None,
    ) -> bool:
        """Whether `work` was done in time; raises what it raised in time.

        If not it goes on in the background, again and again while the disk
        refuses; with `lasts` also what the disk refused in time. `of` names what
        it changes: that keeps its order, and waits for nothing else that was
        refused. `done` is called when all is over, whatever came of it. Any
        thread may call; `work` and `done` are done on another one.
        """
        one = _Write(work, of, done, lasts=lasts)
        with self._turn:
            is_behind = self._is_behind(of)
            self._due.append(one)
            self._begin()
            self._turn.notify_all()
            if not is_behind:
                began = time.monotonic()
                self._turn.wait_for(
                    lambda: one.is_over or one.is_left, self._patience_left_s(began)
                )
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

    def is_refused(self) -> bool:
        """Whether the disk has refused something that still waits for it."""
        with self._turn:
            return bool(self._again_at)

    def _is_behind(self, of: str) -> bool:
        """Whether something late is written before it: then it would only be late as well."""
        return any(
            one.is_left and (one.of == of or one.of not in self._again_at) for one in self._due
        )

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

    def _next(self) -> _Write | None:
        """What is written now; waits while the disk refused all that is left a moment ago."""
        with self._turn:
            while self._due:
                now = time.monotonic()
                # What was refused comes last: it may be refused for ever.
                for at in (0.0, now):
                    for one in self._due:
                        if self._again_at.get(one.of, 0.0) <= at:
                            return one
                self._turn.wait(min(self._again_at.values()) - now)
            self._is_writing = False
        return None

    def _tried(self, one: _Write) -> bool:
        """Whether there is nothing more to do."""
        try:
            one.work()
        except BaseException as error:  # noqa: BLE001  raised where somebody waits for it
            with self._turn:
                if not one.is_left and not (one.lasts and _is_refusal(error)):
                    one.error = error
                    return True
                one.is_left = True
                self._turn.notify_all()
            return self._is_settled_late(one, error)
        return True

    def _is_settled_late(self, one: _Write, error: BaseException) -> bool:
        match error:
            case UnknownSession():
                # Deleted for good meanwhile: there is nothing left that could be changed.
                return True
            case SpoolError() | SettingsError():
                with self._turn:
                    self._again_at[one.of] = time.monotonic() + RETRY_S
                self._tell(_UNREADABLE if isinstance(error, SpoolDamaged) else _REFUSED)
                return False
            case ScribeError():
                self._say(Trouble(error.message, error.remedy))
                return True
        raise error

    def _done(self, one: _Write) -> None:
        one.done()
        with self._turn:
            one.is_over = True
            self._due.remove(one)
            self._again_at.pop(one.of, None)
            is_well = bool(self._told) and not self._due
            if not self._due and self._slow is not None:
                self._slow.cancel()
                self._slow = None
            if is_well:
                self._told.clear()
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
        """Say it once; that the disk is slow not after that it is full, which says what to do."""
        with self._turn:
            if not self._due or trouble in self._told or (self._told and trouble is _SLOW):
                return
            self._told.add(trouble)
        self._say(trouble)


def _is_refusal(error: BaseException) -> bool:
    """Whether the disk may take it later."""
    return isinstance(error, SpoolError) and not isinstance(error, UnknownSession)
