"""What the line tells whoever watches it: the window, the command line, a test.

A notice is a fact that has already happened. It may be sent from any thread;
the window carries it to its own thread before it looks at it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.session import Session, SessionId


@dataclass(frozen=True, slots=True)
class Level:
    """How loud the microphone is now, pulled by whoever draws a meter.

    Both in dBFS, -120 for nothing at all; `clipping` if the last second was
    distorted.
    """

    rms_dbfs: float = -120.0
    peak_dbfs: float = -120.0
    clipping: bool = False


@dataclass(frozen=True, slots=True)
class MicrophoneChoice:
    """A microphone that can be chosen. `identity` survives restarts and re-plugging."""

    identity: str
    name: str
    is_default: bool = False


class MicrophoneState(StrEnum):
    """What is true of the microphone while a session records."""

    OPENING = "opening"
    HEARD = "heard"
    STALLED = "stalled"
    SILENT = "silent"
    TOO_QUIET = "too_quiet"
    CLIPPING = "clipping"
    LOST = "lost"
    REPLACED = "replaced"
    CLOSED = "closed"


DEAF: Final = frozenset({MicrophoneState.STALLED, MicrophoneState.LOST})
"""States in which nothing that is said is recorded, so that nothing may say it is."""


@dataclass(frozen=True, slots=True)
class SessionChanged:
    """A session has a new snapshot in the spool."""

    session: Session


@dataclass(frozen=True, slots=True)
class ResultsStored:
    """A version of a session's results was stored."""

    session_id: SessionId


@dataclass(frozen=True, slots=True)
class LiveText:
    """What the service has understood so far; replaced by the next, never durable."""

    session_id: SessionId
    text: str


@dataclass(frozen=True, slots=True)
class MicrophoneChanged:
    """The microphone of the running session changed state; a sentence says so."""

    state: MicrophoneState
    message: str = ""
    remedy: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True)
class OfferChanged:
    """A service was reached, changed what it offers, or went away."""

    offer: Offer


@dataclass(frozen=True, slots=True)
class SpoolTrouble:
    """The disk does not take what is spoken; `recovered` when it does again."""

    message: str
    remedy: str
    recovered: bool = False


@dataclass(frozen=True, slots=True)
class ImportProgressed:
    """How far a file has been read; `total_s` is None where the file does not say."""

    session_id: SessionId
    done_s: float
    total_s: float | None = None


@dataclass(frozen=True, slots=True)
class SilenceNoticed:
    """Nobody has spoken for `silent_s`; it is paused in `pauses_in_s`, or is paused now at 0.

    Nothing is thrown away: speech, "still here" or resume goes on.
    """

    session_id: SessionId
    silent_s: float
    pauses_in_s: float


@dataclass(frozen=True, slots=True)
class PartEnding:
    """The running dictation soon goes on in a linked session, or cannot now; a sentence says so.

    Told once before each, and again once where no linked session can be begun.
    """

    session_id: SessionId
    message: str
    remedy: str
    goes_on: bool = True


@dataclass(frozen=True, slots=True)
class SettingChanged:
    """The clinician changed a setting; it is stored and in force."""

    name: str


@dataclass(frozen=True, slots=True)
class RecordingsOpened:
    """All recordings are here now, where only those since the start were: look at all anew."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something else to tell the clinician, already a sentence."""

    message: str
    remedy: str = ""


Notice: TypeAlias = (
    SessionChanged
    | ResultsStored
    | LiveText
    | MicrophoneChanged
    | OfferChanged
    | SpoolTrouble
    | SettingChanged
    | ImportProgressed
    | SilenceNoticed
    | RecordingsOpened
    | PartEnding
    | Trouble
)
