"""A microphone that is watched while it records, and replaced when it is lost.

All decisions are made on the recorder thread, in `read`, ten times a second:
what the watchdog says of the sound, and where the sound system says that the
stream really is. Opening is left to another thread, so a sound system that
hangs is told of and never waited for.

A lost microphone is opened again, or another one in its place; the clinician
is told either way, and the time between is a gap on one time line.
"""

import time
from collections.abc import Callable, Sequence
from threading import Event
from typing import Final

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.notices import MicrophoneChanged, MicrophoneChoice, MicrophoneState
from scribe_desktop.services.boot_clock import since_boot
from scribe_desktop.services.choosing import is_wanted
from scribe_desktop.services.loudness import loudness_of
from scribe_desktop.services.opening import Devices, Opened, Opening, Stream
from scribe_desktop.services.source import Block, Ended, Heard, Missed
from scribe_desktop.services.watchdog import SENTENCES, Watchdog

REOPEN_AFTER_S: Final = 1.2
"""A stream this long without a block is opened anew; PulseAudio moves a lost one after 1.5."""

RETRY_S: Final = 1.0
LATEST_S: Final = 0.25
"""No device holds sound back longer before it hands it over."""

ASLEEP_S: Final = 5.0

UNPLUGGED: Final = "the microphone was lost"
BEHIND: Final = "the computer was too busy to take the sound"
ASLEEP: Final = "the computer was asleep"


class WatchedMicrophone:
    """A live source (services/source.py). Used by one thread, the recorder's."""

    is_live = True

    def __init__(
        self,
        devices: Devices,
        wanted: str = "",
        *,
        ready: Opened | None = None,
        clock: Callable[[], float] = time.monotonic,
        boot: Callable[[], float] = since_boot,
        rest: Callable[[float], object] | None = None,
        on_closed: Callable[[], None] | None = None,
    ) -> None:
        self._devices = devices
        self._wanted = wanted
        self._ready = ready
        self._clock = clock
        self._boot = boot
        self._on_closed = on_closed

        self._opening = Opening(devices, clock)
        self._opened: Opened | None = None
        self._watchdog: Watchdog | None = None
        self._retry_at: float | None = None
        self._avoid: tuple[str, ...] = ()
        self._tried_again = False
        self._stream: int | None = None
        self._former_stream: int | None = None
        self._former: MicrophoneChoice | None = None
        self._named = False

        self._ever_heard = False
        self._last_at: float | None = None
        self._lost = False
        self._said = MicrophoneState.OPENING
        self._paused_from: float | None = None
        self._stop_at: float | None = None
        self._boot_ahead: float | None = None
        self._out: list[Heard] = []
        self._rest = rest or Event().wait

    def open(self) -> None:
        """Begin to open; what comes of it is told by `read`."""
        self._say(MicrophoneState.OPENING, force=True)
        if self._ready is not None:
            self._take_in(self._ready)
        else:
            self._begin_opening()

    def read(self, timeout_s: float) -> Sequence[Heard]:
        """Blocks, gaps and news since the last call."""
        if not self._out:
            if self._opened is not None:
                self._listen(self._opened.stream, timeout_s)
            elif self._opening.is_asked:
                self._await_opening(timeout_s)
            else:
                self._await_retry(timeout_s)
        if self._opened is not None:
            self._look(self._opened)
        self._end_when_due()
        heard, self._out = self._out, []
        return heard

    def pause(self) -> None:
        """Give what was spoken until now; the microphone stays open, so resuming clips nothing."""
        self._miss_until_now()
        self._paused_from = self._clock() + self._delay_s()

    def resume(self) -> None:
        """Go on with the next block."""
        self._paused_from = None
        self._last_at = self._clock()

    def stop(self) -> None:
        """Wait for the sound that is on its way, then end."""
        self._stop_at = self._clock() + self._delay_s()

    def close(self) -> None:
        """Let go of the microphone, also of one that is still being opened."""
        self._opening.give_up()
        if self._opened is not None:
            self._opened.stream.close()
            self._opened = None
        if self._on_closed is not None:
            on_closed, self._on_closed = self._on_closed, None
            on_closed()

    # --- opening --------------------------------------------------------------------------

    def _begin_opening(self) -> None:
        self._retry_at = None
        self._opening.ask(self._wanted, self._avoid)

    def _await_opening(self, timeout_s: float) -> None:
        try:
            opened = self._opening.come(timeout_s)
        except ScribeError as error:
            self._not_opened(error)
            return
        if opened is not None:
            self._take_in(opened)
        elif self._opening.is_unanswered and not self._lost:
            self._say(
                MicrophoneState.STALLED,
                "The sound system of this computer does not answer; it is asked again.",
                "If this stays, connect the microphone again or restart the computer.",
            )

    def _not_opened(self, error: ScribeError) -> None:
        if not self._ever_heard:
            self._say(MicrophoneState.LOST, error.message, error.remedy, force=True)
            self._out.append(Ended())
            return
        self._avoid = ()
        self._retry_at = self._clock() + RETRY_S

    def _await_retry(self, timeout_s: float) -> None:
        if self._retry_at is not None and self._clock() >= self._retry_at:
            self._begin_opening()
        else:
            self._rest(timeout_s)

    def _take_in(self, opened: Opened) -> None:
        self._opened = opened
        self._named = False
        self._watchdog = Watchdog(opened.stream.shape.rate, self._clock())

    # --- listening ------------------------------------------------------------------------

    def _listen(self, stream: Stream, timeout_s: float) -> None:
        for at, pcm in stream.take(timeout_s):
            self._arrived(Block(pcm, stream.shape), at)

    def _arrived(self, block: Block, at: float) -> None:
        watchdog = self._watchdog
        if watchdog is None:
            return
        first = watchdog.last_at is None
        watchdog.heard(loudness_of(block), block.frames, at)
        if first:
            self._came_back(at - block.frames / block.shape.rate)
        if self._is_wanted_at(at):
            self._out.append(block)
        self._last_at = at

    def _came_back(self, since: float) -> None:
        """The first block of a stream: note what is missing since the last of the former one."""
        self._ever_heard = True
        if self._last_at is not None and self._paused_from is None:
            missed_s = since - self._last_at
            if missed_s > 0:
                self._out.append(Missed(missed_s, UNPLUGGED))
        self._lost = self._tried_again = False
        self._avoid = ()

    def _is_wanted_at(self, at: float) -> bool:
        limits = (self._paused_from, self._stop_at)
        return all(limit is None or at <= limit for limit in limits)

    # --- watching -------------------------------------------------------------------------

    def _look(self, opened: Opened) -> None:
        now, watchdog = self._clock(), self._watchdog
        if watchdog is None or self._stop_at is not None:
            return
        self._notice_sleep(now)
        if self._has_moved(opened):
            return
        if opened.stream.ended:
            self._lose(opened)
            return
        state = watchdog.look(now)
        if state is MicrophoneState.STALLED:
            self._stalled(opened, watchdog, now)
            return
        shortfall = watchdog.shortfall(now)
        if shortfall is not None and self._paused_from is None:
            self._out.append(Missed(shortfall.seconds, BEHIND, shortfall.ago_s))
        if state is not MicrophoneState.OPENING:
            self._tell_of(state)

    def _has_moved(self, opened: Opened) -> bool:
        """Act on a stream that the sound system moved elsewhere; whether it was."""
        where = self._devices.whereabouts()
        if where is None or where.stream == self._former_stream:
            # Nobody can tell, or the stream that was just given up is still on its way out.
            return False
        self._stream = where.stream
        if where.choice.identity == opened.choice.identity:
            return False
        if where.is_monitor or opened.choice.identity not in where.others:
            # Unplugged: from here on it would record what the loudspeaker
            # plays, or nothing for two seconds.
            self._lose(opened)
        else:
            self._former = opened.choice
            self._opened = Opened(opened.stream, where.choice)
            self._named = False
        return True

    def _stalled(self, opened: Opened, watchdog: Watchdog, now: float) -> None:
        self._say(MicrophoneState.STALLED)
        if now - watchdog.due_at >= REOPEN_AFTER_S:
            self._lose(opened, gone=False)

    def _lose(self, opened: Opened, *, gone: bool = True) -> None:
        """Drop the stream and open the same or another microphone."""
        if gone:
            self._say(MicrophoneState.LOST, name=opened.choice.name)
        opened.stream.close()
        if self._stream is not None:
            self._former_stream, self._stream = self._stream, None
        self._former, self._opened, self._watchdog = opened.choice, None, None
        self._lost = True
        if not self._opening.is_asked:
            # One that merely stalled is tried again first; the next time it gives way.
            give_way = gone or self._tried_again
            self._avoid = (opened.choice.identity,) if give_way else ()
            self._tried_again = not give_way
            self._begin_opening()

    def _notice_sleep(self, now: float) -> None:
        """Where the monotonic clock stands still in sleep, that of the boot tells of it.

        Not the wall clock: whoever sets it forward makes no gap.
        """
        ahead = self._boot() - now
        before, self._boot_ahead = self._boot_ahead, ahead
        if before is None or ahead - before < ASLEEP_S or self._paused_from is not None:
            return
        if self._ever_heard:
            self._out.append(Missed(ahead - before, ASLEEP))

    def _tell_of(self, state: MicrophoneState) -> None:
        opened = self._opened
        if opened is None or (self._paused_from is not None and self._named):
            return
        if not self._named:
            self._named = True
            if self._tell_of_replacement(opened.choice):
                return
        self._say(state, name=opened.choice.name)

    def _tell_of_replacement(self, choice: MicrophoneChoice) -> bool:
        former, self._former = self._former, None
        if former is not None and former.identity != choice.identity:
            self._say(
                MicrophoneState.REPLACED,
                f"“{former.name}” is gone; the dictation goes on with “{choice.name}”.",
                "Choose another microphone in the settings if this is the wrong one.",
                name=choice.name,
            )
            return True
        if former is None and self._wanted and not is_wanted(choice, self._wanted):
            self._say(
                MicrophoneState.REPLACED,
                f"The chosen microphone is missing; “{choice.name}” is used instead.",
                "Connect it, or choose another microphone in the settings.",
                name=choice.name,
            )
            return True
        return False

    def _say(
        self,
        state: MicrophoneState,
        message: str = "",
        remedy: str = "",
        *,
        name: str = "",
        force: bool = False,
    ) -> None:
        # That it was replaced stays said for as long as all is well.
        well = (MicrophoneState.HEARD, MicrophoneState.REPLACED)
        if not force and (state is self._said or (state is well[0] and self._said is well[1])):
            return
        self._said = state
        known = SENTENCES.get(state)
        if not message and known is not None:
            message, remedy = known.message, known.remedy
        self._out.append(MicrophoneChanged(state, message, remedy, name))

    # --- ending ---------------------------------------------------------------------------

    def _delay_s(self) -> float:
        if self._opened is None:
            return 0.0
        # A block is complete only when its last frame was spoken.
        return min(self._opened.stream.latency_s + 0.04, LATEST_S)

    def _end_when_due(self) -> None:
        if self._stop_at is not None and self._clock() >= self._stop_at:
            self._miss_until_now()
            self._out.append(Ended())

    def _miss_until_now(self) -> None:
        """A microphone that did not come back left a gap up to this pause or end."""
        if self._lost and self._last_at is not None and self._paused_from is None:
            self._out.append(Missed(self._clock() - self._last_at, UNPLUGGED))
            self._last_at = self._clock()
