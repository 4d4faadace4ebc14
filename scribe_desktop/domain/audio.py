"""The one shape of sound inside the program: 16 kHz, one channel, 16 bits."""

from dataclasses import dataclass
from enum import StrEnum

SAMPLE_RATE = 16_000
"""Frames a second, everywhere between the resampler and the encoder."""

BYTES_PER_FRAME = 2


def seconds(frames: int) -> float:
    """How long `frames` last."""
    return frames / SAMPLE_RATE


def frames_in(pcm: bytes) -> int:
    """How many frames are in 16-bit mono PCM."""
    return len(pcm) // BYTES_PER_FRAME


class AudioForm(StrEnum):
    """In which form a service gets the chunks, all of one remote session in the same."""

    WEBM = "webm"
    """As they were sealed."""

    WAV = "wav"
    MP3 = "mp3"


def offered_form(formats: tuple[str, ...]) -> AudioForm:
    """The form to begin with for a service that lists `formats`; as sealed if it lists none.

    WAV before MP3: it is what every server reads, and loses nothing more.
    """
    for form in AudioForm:
        if any(_name(listed) in _NAMES[form] for listed in formats):
            return form
    return AudioForm.WEBM


def form_after(refused: AudioForm, formats: tuple[str, ...]) -> AudioForm | None:
    """What to try when a service refuses a form; None when nothing is left.

    Never one that was tried before, so this comes to an end. WAV is tried
    unasked, because a refusal says more than a list; MP3 only where it is listed.
    """
    if refused is AudioForm.WEBM:
        return AudioForm.WAV
    if refused is AudioForm.WAV and offered_form(_without(formats, refused)) is AudioForm.MP3:
        return AudioForm.MP3
    return None


_NAMES = {
    AudioForm.WEBM: {"webm"},
    AudioForm.WAV: {"wav", "wave", "x-wav"},
    AudioForm.MP3: {"mp3", "mpeg"},
}


def _name(listed: str) -> str:
    """`webm` of “audio/webm; codecs=opus”, of “.webm” and of “webm”."""
    return listed.lower().partition(";")[0].rpartition("/")[2].strip(" .")


def _without(formats: tuple[str, ...], form: AudioForm) -> tuple[str, ...]:
    tried = _NAMES[AudioForm.WEBM] | _NAMES[form]
    return tuple(listed for listed in formats if _name(listed) not in tried)


@dataclass(frozen=True, slots=True)
class EncodedChunk:
    """A sealed piece of speech as the service will get it.

    `body` is one self-contained file of `media_type`; it is encoded once,
    because two encodings of one chunk differ and a service must never see a
    chunk change. `frames` counts the 16 kHz frames that it holds.
    """

    index: int
    body: bytes
    frames: int
    media_type: str = "audio/webm;codecs=opus"
    extension: str = "webm"


@dataclass(frozen=True, slots=True)
class Gap:
    """Speech that is not in the text: where on the session's time line, how long, and why.

    `at_frame` counts recorded frames before the gap, `seconds_lost` is what
    the clock says went by while nothing arrived. Where `recorded`, the
    recording has it, and the service did not hear it.
    """

    at_frame: int
    seconds_lost: float
    reason: str
    recorded: bool = False
