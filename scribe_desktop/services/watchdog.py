"""Judges whether the microphone really hears, so that the red light is the truth.

The libraries do not say when a microphone is gone: no error, no flag, the
stream stays "active" (PLATFORM.md §1). So the sound itself is watched: when
it came, whether it is more than zeros, and whether as much of it came as the
clock says. A pure judge: it is told the time, and asked ten times a second.
"""

from dataclasses import dataclass
from typing import Final

from scribe_desktop.domain.notices import MicrophoneState
from scribe_desktop.services.loudness import Loudness

STALL_S: Final = 0.5
FIRST_BLOCK_S: Final = 2.5
"""An idle source takes up to 1.7 s to wake (DESIGN.md §4), a Bluetooth one longer."""

SILENT_S: Final = 0.7
CLIPPING_HOLD_S: Final = 2.0
"""So long it is still called clipping after the last distorted moment, lest the words flicker."""

TOO_QUIET_PEAK: Final = 0.00316
"""-50 dBFS. Speech into a working microphone peaks above -30."""

TOO_QUIET_S: Final = 3.0
TOO_QUIET_AFTER_SPEECH_S: Final = 15.0
"""Once it has been heard well, quiet is more likely a pause for thought."""

HEARD_WELL_PEAK: Final = 0.01

GAP_S: Final = 0.3
SETTLED_S: Final = 0.4
"""After a stall the system hands over what it held; only then is it known what is missing."""

CLOCK_ERROR: Final = 0.001
"""Sound clocks run up to 0.1 % beside the computer's; that is not a gap."""


@dataclass(frozen=True, slots=True)
class Shortfall:
    """`seconds` did not arrive; they lie `ago_s` of sound back."""

    seconds: float
    ago_s: float


class Watchdog:
    """Watches one open stream of `rate` frames a second, from `opened_at` on."""

    def __init__(self, rate: int, opened_at: float) -> None:
        self._rate = rate
        self._opened_at = opened_at
        self._last_at: float | None = None
        self._zeros_since: float | None = None
        self._clipped_at: float | None = None
        self._audible_at = opened_at
        self._heard_well = False

        # Seconds by which the sound is behind the clock, and the least of them
        # so far, which is the delay of the device and no loss.
        self._origin = 0.0
        self._frames = 0
        self._lag = 0.0
        self._usual_lag = 0.0
        self._resumed_at: float | None = None
        self._frames_at_resume = 0

    @property
    def last_at(self) -> float | None:
        """When the last block came."""
        return self._last_at

    @property
    def due_at(self) -> float:
        """Since when the next block is waited for."""
        return self._opened_at + FIRST_BLOCK_S if self._last_at is None else self._last_at

    def heard(self, loudness: Loudness, frames: int, at: float) -> None:
        """A block came at `at`."""
        self._count(frames, at)
        self._last_at = at
        if not loudness.is_zero:
            self._zeros_since = None
        elif self._zeros_since is None:
            self._zeros_since = at - frames / self._rate
        if loudness.clipped:
            self._clipped_at = at
        if loudness.peak >= TOO_QUIET_PEAK:
            self._audible_at = at
        if loudness.peak >= HEARD_WELL_PEAK:
            self._heard_well = True

    def look(self, now: float) -> MicrophoneState:
        """What is true now; the worst of it, since one sentence is enough."""
        if self._last_at is None:
            waited_s = now - self._opened_at
            late = waited_s >= FIRST_BLOCK_S
            return MicrophoneState.STALLED if late else MicrophoneState.OPENING
        if now - self._last_at >= STALL_S:
            return MicrophoneState.STALLED
        if self._zeros_since is not None and self._last_at - self._zeros_since >= SILENT_S:
            return MicrophoneState.SILENT
        if self._clipped_at is not None and now - self._clipped_at < CLIPPING_HOLD_S:
            return MicrophoneState.CLIPPING
        patience_s = TOO_QUIET_AFTER_SPEECH_S if self._heard_well else TOO_QUIET_S
        if self._last_at - self._audible_at >= patience_s:
            return MicrophoneState.TOO_QUIET
        return MicrophoneState.HEARD

    def shortfall(self, now: float) -> Shortfall | None:
        """What did not arrive although the stream goes on; each loss is told once."""
        if self._last_at is None or now - self._last_at >= STALL_S:
            return None
        if self._lag - self._usual_lag < GAP_S:
            self._resumed_at = None
            return None
        if self._resumed_at is None:
            self._resumed_at, self._frames_at_resume = self._last_at, self._frames
        if self._last_at - self._resumed_at < SETTLED_S:
            return None
        missing_s = self._lag - self._usual_lag
        ago_s = (self._frames - self._frames_at_resume) / self._rate
        self._usual_lag, self._resumed_at = self._lag, None
        return Shortfall(missing_s, ago_s)

    def _count(self, frames: int, at: float) -> None:
        duration_s = frames / self._rate
        if self._last_at is None:
            self._origin = at - duration_s
            self._frames = frames
            return
        self._frames += frames
        self._lag = at - self._origin - self._frames / self._rate
        crept = self._usual_lag + (at - self._last_at) * CLOCK_ERROR
        self._usual_lag = min(crept, self._lag)


@dataclass(frozen=True, slots=True)
class Sentence:
    """What is told of a state, and what to do."""

    message: str
    remedy: str = ""


SENTENCES: Final[dict[MicrophoneState, Sentence]] = {
    MicrophoneState.OPENING: Sentence("The microphone is being opened."),
    MicrophoneState.HEARD: Sentence("The microphone is heard."),
    MicrophoneState.STALLED: Sentence(
        "No sound arrives from the microphone; what was spoken before is safe.",
        "Wait a moment, or connect the microphone again.",
    ),
    MicrophoneState.SILENT: Sentence(
        "The microphone is muted: it delivers complete silence.",
        "Look for a mute switch on the microphone or in the sound settings.",
    ),
    MicrophoneState.TOO_QUIET: Sentence(
        "The microphone hears almost nothing.",
        "Speak closer to it, or raise its volume in the sound settings.",
    ),
    MicrophoneState.CLIPPING: Sentence(
        "The microphone is too loud and the sound is distorted.",
        "Move a little away, or lower its volume in the sound settings.",
    ),
    MicrophoneState.LOST: Sentence(
        "The microphone is gone; what was spoken before is safe.",
        "Connect it again, or choose another one; the dictation goes on by itself.",
    ),
    MicrophoneState.CLOSED: Sentence("The microphone is closed."),
}
