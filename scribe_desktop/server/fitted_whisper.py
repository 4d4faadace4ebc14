"""A Whisper that looks no further than the speech goes, so that a short window costs little.

The model was made for 30 seconds, and the library fills every shorter window
up with silence and looks at all of it. Most of that is work for nothing: a
window of eight seconds costs a third when the silence ends after fifteen, and
fewer words are wrong (benchmarks/encoder_span.py measures both). Cut closer
than that, the model loses words at the end.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from faster_whisper import WhisperModel

FRAMES_PER_S = 100
SILENCE_AFTER_SPEECH = 5 * FRAMES_PER_S
SHORTEST = 15 * FRAMES_PER_S
"""Less than this was never seen in training often enough: words go missing."""


class FittedWhisper(WhisperModel):  # type: ignore[misc]  # the library has no types
    """Whisper with the padding of each window cut to what it needs. For one thread at a time."""

    _is_fitted = True

    @contextmanager
    def looking_all_the_way(self) -> Iterator[None]:
        """Within this, look at all 30 seconds, as the model was made to."""
        self._is_fitted = False
        try:
            yield
        finally:
            self._is_fitted = True

    def encode(self, features: Any) -> Any:  # noqa: ANN401 - the library's arrays
        """Encode a window; `features` are log-mel frames, shape (mels, frames), 10 ms each."""
        return super().encode(fitted(features) if self._is_fitted else features)


def fitted(features: Any) -> Any:  # noqa: ANN401 - the library's arrays
    """The window with most of the padding behind it gone.

    The padding is exactly zero, and real sound never is in every band: the
    faintest digital silence comes out as −1.5.
    """
    frames = features.shape[-1]
    sounding = np.flatnonzero(np.any(features != 0, axis=tuple(range(features.ndim - 1))))
    spoken = int(sounding[-1]) + 1 if len(sounding) else 0
    # The encoder halves the frames: an odd one would be dropped.
    wanted = max(spoken + SILENCE_AFTER_SPEECH, SHORTEST)
    return features[..., : min(frames, wanted + wanted % 2)]
