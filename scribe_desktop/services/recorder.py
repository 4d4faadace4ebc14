"""Takes down a dictation: everything the microphone hears is on disk within a second.

One thread for each dictation, and it does all of it in order: blocks are
resampled, appended to the spool as tail, cut into chunks, encoded and sealed.
Nothing a service, a network or a window does can make it wait. Other threads
only leave an order (`pause`, `stop`) or look at a number.

Stopping is drain, flush, seal: what was spoken up to the key press is in the
last chunk, and that chunk and the end of the session are one transaction.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from enum import Enum
from queue import Empty, SimpleQueue
from typing import Final

from scribe_desktop.domain.audio import SAMPLE_RATE, EncodedChunk, Gap, seconds
from scribe_desktop.domain.chunker import WINDOW_FRAMES, Chunker, Cuts, IsQuiet
from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.events import GapNoted, Paused, Resumed, SpeechStarted, Stopped
from scribe_desktop.domain.notices import (
    DEAF,
    Level,
    MicrophoneChanged,
    MicrophoneState,
    Notice,
    SilenceNoticed,
    Trouble,
)
from scribe_desktop.domain.session import SessionId
from scribe_desktop.domain.vigil import Patience, Vigil
from scribe_desktop.services.encoder import encode
from scribe_desktop.services.loudness import level_of
from scribe_desktop.services.recovery import close_tail
from scribe_desktop.services.resampler import Resampler
from scribe_desktop.services.source import NATIVE, Block, Ended, Heard, Missed, Source
from scribe_desktop.services.spool_writer import RETRY_S, Spool, SpoolWriter, Tail
from scribe_desktop.services.voice import voice_detector

LOOK_S: Final = 0.1
"""Ten looks a second: whatever goes wrong with a microphone is said within one."""

LOOSE_S: Final = 0.3
"""Speech goes to disk this often; with a look and an encoding it stays below half a second."""

LOOSE_FILE_S: Final = 10.0
"""For a file, which is on disk anyway."""

DRAIN_S: Final = 2.0
"""How long a source may take to give its last blocks before it is left behind."""

METER_FRAMES: Final = SAMPLE_RATE // 10
METER_STALE_S: Final = 0.3

log = logging.getLogger(__name__)


def warm_up() -> None:
    """Load what the first dictation needs, on whatever thread has the time."""
    voice_detector()


class _Order(Enum):
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
    STILL_HERE = "still here"


class Recorder:
    """One dictation from `source` into `spool`, on a thread of its own.

    `now` is the wall clock that is stored, `clock` the monotonic one. Notices
    and `on_first_block` (for the cue) are called on the recorder thread and
    must return at once.
    """

    def __init__(
        self,
        spool: Spool,
        source: Source,
        session_id: SessionId,
        cuts: Cuts,
        on_notice: Callable[[Notice], None],
        now: Callable[[], float],
        *,
        clock: Callable[[], float] = time.monotonic,
        is_quiet: IsQuiet | None = None,
        encoding: Callable[[bytes, int], EncodedChunk] = encode,
        on_first_block: Callable[[], None] | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._spool = spool
        self._source = source
        self._on_notice = on_notice
        self._now = now
        self._clock = clock
        self._encode = encoding
        self._on_first_block = on_first_block
        self._patience = patience if source.is_live else None
        self._judge = is_quiet or voice_detector()
        self._chunker = Chunker(cuts, self._is_quiet)
        self._writer = SpoolWriter(spool, self._tell, clock)
        self._tail = Tail(session_id)
        self._index = 0
        self._resampler = Resampler(NATIVE)
        self._followers: SimpleQueue[SessionId] = SimpleQueue()
        self._orders: SimpleQueue[_Order | threading.Event] = SimpleQueue()

        self._heard_anything = False
        self._paused = False
        self._ended = False
        self._stop_ordered_at: float | None = None
        self._stopped_at: float | None = None
        self._quiet_frames = 0
        self._asked = False

        # Read by other threads; each is replaced whole.
        self._frames = 0
        self._meter = b""
        self._meter_at = 0.0
        self._microphone = MicrophoneState.OPENING
        self._started_at = 0.0
        self._first_block_s: float | None = None
        self._over = threading.Event()
        self._marks: list[threading.Event] = []
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    # --- for any thread ---------------------------------------------------------------

    def start(self) -> None:
        """Begin; returns at once, the microphone opens meanwhile."""
        self._started_at = self._clock()
        self._thread.start()

    def pause(self) -> None:
        """Stop listening for a moment; what was spoken until now is kept."""
        self._orders.put(_Order.PAUSE)

    def resume(self) -> None:
        """Listen again."""
        self._orders.put(_Order.RESUME)

    def stop(self) -> None:
        """Drain, seal and end; returns at once, `join` waits for it."""
        self._stopped_at = self._stopped_at or self._now()
        self._orders.put(_Order.STOP)

    def still_here(self) -> None:
        """The clinician answered the question after a long silence."""
        self._orders.put(_Order.STILL_HERE)

    def make_safe(self, timeout_s: float) -> bool:
        """Write everything heard so far to disk, before a sleep; whether it is there in time."""
        # A mark for each call: that of an earlier one says nothing of what was spoken since.
        mark = threading.Event()
        self._marks.append(mark)
        self._orders.put(mark)
        return self._over.is_set() or mark.wait(timeout_s)

    def continue_in(self, session_id: SessionId) -> None:
        """Go on in this session from the next cut, or at once in a pause, without losing a sample.

        The session must be in the spool, in STARTING and with `follows` set.
        The present one is stopped with the chunk that ends at the cut, so ask
        for it one chunk limit before the time is up. If the dictation ends
        first, the new session stays empty.
        """
        self._followers.put(session_id)

    def join(self, timeout_s: float) -> bool:
        """Wait until everything is sealed; False while it is not, for example on a full disk."""
        return self._over.wait(timeout_s)

    def level(self) -> Level:
        """How loud it is now, from the last tenth of a second."""
        if self._paused or self._clock() - self._meter_at > METER_STALE_S:
            return Level(clipping=self._is_clipping)
        return level_of(self._meter, clipping=self._is_clipping)

    @property
    def is_heard(self) -> bool:
        """Whether sound arrives: not while the microphone is gone or stands still."""
        return self._microphone not in DEAF

    @property
    def _is_clipping(self) -> bool:
        return self._microphone is MicrophoneState.CLIPPING

    @property
    def recorded_frames(self) -> int:
        """16 kHz frames so far, over all linked sessions."""
        return self._frames

    @property
    def session_frames(self) -> int:
        """16 kHz frames so far in the session that is being recorded into."""
        return self._tail.end_frame

    @property
    def unkept_frames(self) -> int:
        """16 kHz frames that only memory has, because the disk did not take them yet."""
        return self._tail.loose_frames + self._writer.waiting_frames

    @property
    def first_block_s(self) -> float | None:
        """From `start` to the first block, once there is one."""
        return self._first_block_s

    @property
    def session_id(self) -> SessionId:
        """The session that is being recorded into."""
        return self._tail.session_id

    # --- on the recorder thread ---------------------------------------------------------

    def _run(self) -> None:
        try:
            self._record()
        except Exception:
            # Our bug: the last-resort handler hears of it, but first the
            # dictation is made safe.
            log.critical("recording %s broke off", self._tail.session_id)
            self._rescue()
            raise
        finally:
            self._microphone = MicrophoneState.CLOSED
            self._source.close()
            self._writer.close()
            self._over.set()
            for mark in self._marks:
                mark.set()

    def _record(self) -> None:
        try:
            self._source.open()
        except ScribeError as error:
            self._microphone = MicrophoneState.LOST
            self._tell(MicrophoneChanged(self._microphone, error.message, error.remedy))
            self._ended = True
        while not self._ended:
            for heard in self._read():
                self._hear(heard)
            self._obey()
            self._move_on_while_paused()
            self._keep_vigil()
            self._flush(LOOSE_S if self._source.is_live else LOOSE_FILE_S)
            self._writer.retry()
            self._stop_at_the_limit()
        self._finish()

    def _read(self) -> Sequence[Heard]:
        if self._writer.is_at_its_limit and not self._source.is_live:
            # A file can wait for the disk.
            self._over.wait(LOOK_S)
            return ()
        return self._source.read(LOOK_S)

    def _stop_at_the_limit(self) -> None:
        """Rather stopped with a sentence than ended by a system that has no memory left."""
        if not self._source.is_live or self._stop_ordered_at is not None:
            return
        if self._writer.is_at_its_limit:
            self._writer.say_stopped()
            self.stop()

    def _hear(self, heard: Heard) -> None:
        match heard:
            case Block():
                self._hear_block(heard)
            case Missed():
                self._note_gap(heard)
            case Ended():
                self._ended = True
            case MicrophoneChanged(state=state):
                self._microphone = state
                self._tell(heard)
            case _:
                self._tell(heard)

    def _hear_block(self, block: Block) -> None:
        if not self._heard_anything:
            self._heard_anything = True
            self._first_block_s = self._clock() - self._started_at
            self._play_cue()
            self._writer.note(self._tail.session_id, SpeechStarted(self._now()))
        if block.shape != self._resampler.shape:
            # The device came back, or another one, with another rate.
            self._take(self._resampler.flush())
            self._resampler = Resampler(block.shape)
        self._take(self._resampler.feed(block))

    def _tell(self, notice: Notice) -> None:
        try:
            self._on_notice(notice)
        except Exception as error:  # noqa: BLE001  said in the log, and recording goes on
            # Whoever looks on has a fault; the dictation must not suffer for it.
            log.critical("a listener failed: %s", type(error).__name__)

    def _play_cue(self) -> None:
        try:
            if self._on_first_block is not None:
                self._on_first_block()
        except Exception as error:  # noqa: BLE001  said in the log, and recording goes on
            log.critical("the cue failed: %s", type(error).__name__)

    def _take(self, pcm: bytes) -> None:
        if not pcm:
            return
        self._tail.add(pcm)
        self._frames += len(pcm) // 2
        self._meter = (self._meter + pcm)[-2 * METER_FRAMES :]
        self._meter_at = self._clock()
        if not self._followers.empty():
            self._chunker.hurry()
        for chunk in self._chunker.feed(pcm):
            self._seal(chunk)

    def _note_gap(self, missed: Missed) -> None:
        if not self._heard_anything:
            return
        self._take(self._resampler.flush())
        at_frame = max(self._tail.end_frame - round(missed.ago_s * SAMPLE_RATE), 0)
        gap = Gap(at_frame, missed.seconds, missed.reason)
        self._writer.note(self._tail.session_id, GapNoted(gap))

    def _flush(self, loose_s: float) -> None:
        if seconds(self._tail.loose_frames) >= loose_s:
            self._tail.flush(self._writer)

    def _seal(self, pcm: bytes, *, stop_at: float | None = None) -> None:
        if self._source.is_live:
            # Encoding takes up to 0.2 s, and the second is promised meanwhile too.
            self._tail.flush(self._writer)
        chunk = self._encode(pcm, self._index)
        rest = self._tail.cut(pcm)
        until = self._tail.at_frame
        follower = self._follower() if stop_at is None else None
        if follower is None:
            self._writer.seal(self._tail.session_id, chunk, until_frame=until, stop_at=stop_at)
            self._index += 1
        else:
            self._roll_over(follower, chunk, rest, until)

    def _move_on_while_paused(self) -> None:
        """No chunk is cut in a pause, and a session must not expire in a long one."""
        if not self._paused or not self._heard_anything or self._followers.empty():
            return
        for chunk in self._chunker.finish():
            self._seal(chunk)
        if (follower := self._follower()) is not None:
            self._roll_over(follower, None, b"", self._tail.at_frame)

    def _roll_over(
        self, follower: SessionId, chunk: EncodedChunk | None, rest: bytes, until: int
    ) -> None:
        # What lies behind the cut is durable in the new session before the old
        # one lets go of it; `recovery` takes it from the old one if the
        # program dies between the two.
        present, now = self._tail.session_id, self._now()
        paused = (Paused(),) if self._paused else ()
        self._writer.note(follower, SpeechStarted(now), *paused)
        self._writer.append(follower, 0, rest)
        # Before the old one is stopped: whoever hears of that finds the dictation running.
        self._tail = Tail(follower, pcm=rest)
        self._index = 0
        if chunk is None:
            self._writer.note(present, Stopped(now))
        else:
            self._writer.seal(present, chunk, until_frame=until, stop_at=now)

    def _follower(self) -> SessionId | None:
        try:
            return self._followers.get_nowait()
        except Empty:
            return None

    # --- orders -------------------------------------------------------------------------

    def _obey(self) -> None:
        while not self._orders.empty():
            match self._orders.get():
                case _Order.PAUSE if not self._paused:
                    self._pause()
                case _Order.RESUME if self._paused:
                    self._resume()
                case _Order.STOP if self._stop_ordered_at is None:
                    self._stop_ordered_at = self._clock()
                    self._source.stop()
                case _Order.STILL_HERE:
                    self._quiet_frames, self._asked = 0, False
                case threading.Event() as mark:
                    self._make_safe(mark)
                case _:
                    pass  # a second press of the same key
        if self._stop_ordered_at is not None:
            # A source that hangs must not keep what was spoken from being sealed.
            self._ended = self._ended or self._clock() - self._stop_ordered_at > DRAIN_S

    def _pause(self) -> None:
        self._paused = True
        self._source.pause()
        if self._heard_anything:
            self._writer.note(self._tail.session_id, Paused())
            self._tail.flush(self._writer)

    def _resume(self) -> None:
        self._paused, self._asked, self._quiet_frames = False, False, 0
        self._source.resume()
        if self._heard_anything:
            self._writer.note(self._tail.session_id, Resumed())

    def _make_safe(self, mark: threading.Event) -> None:
        self._tail.flush(self._writer)
        self._writer.then(mark.set)
        self._writer.retry(at_once=True)

    def _is_quiet(self, window: bytes) -> bool:
        quiet = self._judge(window)
        self._quiet_frames = self._quiet_frames + WINDOW_FRAMES if quiet else 0
        return quiet

    def _keep_vigil(self) -> None:
        if self._patience is None or self._paused or self._stop_ordered_at is not None:
            return
        silent_s = seconds(self._quiet_frames)
        match self._patience.judge(silent_s):
            case Vigil.LISTEN:
                self._asked = False
            case Vigil.ASK if not self._asked:
                self._asked = True
                grace_s = self._patience.grace_s
                self._tell(SilenceNoticed(self._tail.session_id, silent_s, grace_s))
            case Vigil.PAUSE:
                self._pause()
                self._tell(SilenceNoticed(self._tail.session_id, silent_s, 0.0))

    # --- the end ------------------------------------------------------------------------

    def _finish(self) -> None:
        self._source.close()
        stop_at = self._now() if self._stopped_at is None else self._stopped_at
        self._take(self._resampler.flush())
        *before, last = [b"", *self._chunker.finish()]
        for chunk in filter(None, before):
            self._seal(chunk)
        if last:
            self._seal(last, stop_at=stop_at)
        else:
            self._writer.note(self._tail.session_id, Stopped(stop_at))
        while (unused := self._follower()) is not None:
            self._writer.note(unused, Stopped(stop_at))
        self._writer.retry(at_once=True)
        while self._writer.is_behind:
            self._over.wait(RETRY_S)
            self._writer.retry(at_once=True)

    def _rescue(self) -> None:
        self._source.close()
        self._tell(
            Trouble(
                "The recording broke off because of a fault in this program; "
                "what was spoken is safe and will be delivered.",
                "Start a new dictation to go on.",
            )
        )
        self._writer.drain()
        try:
            # What was heard last: it waits for the next flush, which does not come any more.
            self._tail.flush(self._writer)
        finally:
            # The tail must not grow behind the chunk that is now made of it.
            self._writer.drain()
            close_tail(self._spool, self._tail.session_id, self._now())
