"""The two short sounds that tell a clinician who does not look: it listens, it has stopped."""

from enum import StrEnum
from typing import Final

import numpy as np

LOUDNESS: Final = 0.12
"""Soft: the microphone hears it too."""

_FADE_S: Final = 0.008
_NOTE_S: Final = 0.07


class Cue(StrEnum):
    """What is being told."""

    LISTENING = "listening"
    STOPPED = "stopped"


# Rising to begin, falling to end; a fifth is told apart by weak ears too.
_NOTES: Final[dict[Cue, tuple[float, float]]] = {
    Cue.LISTENING: (587.33, 880.0),
    Cue.STOPPED: (880.0, 587.33),
}


def cue_sound(cue: Cue, rate: int) -> bytes:
    """The sound as mono float32 for a loudspeaker of `rate` frames a second."""
    return b"".join(_note(hertz, rate) for hertz in _NOTES[cue])


def _note(hertz: float, rate: int) -> bytes:
    t = np.arange(round(_NOTE_S * rate)) / rate
    # Faded in and out, or it would click.
    edge = np.clip(np.minimum(t, _NOTE_S - t) / _FADE_S, 0.0, 1.0)
    pcm: bytes = (LOUDNESS * edge * np.sin(2 * np.pi * hertz * t)).astype("<f4").tobytes()
    return pcm
