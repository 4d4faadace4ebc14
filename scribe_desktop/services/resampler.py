"""Brings what any microphone delivers to the one shape of sound inside the program.

Devices run at 8 to 192 kHz with one or more channels. They are opened at
their own rate, because asking a device for another one makes a chain of
drivers resample with a quality nobody knows.
"""

from typing import Final, TypeAlias

import av
import numpy as np
from av.audio.resampler import AudioResampler

from scribe_desktop.domain.audio import BYTES_PER_FRAME, SAMPLE_RATE
from scribe_desktop.services.source import NATIVE, Block, Shape

LOWEST_RATE: Final = 8_000
HIGHEST_RATE: Final = 192_000

Mono: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float32]]


class Resampler:
    """Feed it blocks; it returns 16-bit mono 16 kHz PCM. One for each stream of a device.

    `flush` gives the last fraction of a millisecond that the filter still
    holds, so that as much comes out as went in.
    """

    def __init__(self, shape: Shape) -> None:
        if not LOWEST_RATE <= shape.rate <= HIGHEST_RATE or shape.channels < 1:
            raise ValueError(f"no microphone has {shape.rate} Hz and {shape.channels} channels")
        self.shape = shape
        self._dtype = np.dtype("<f4" if shape.sample == "float32" else "<i2")
        self._chain: AudioResampler | None = None
        self._frames_in = 0
        self._bytes_out = 0

    def feed(self, block: Block) -> bytes:
        """What can be said of this block so far; the filter holds a little back."""
        if block.shape != self.shape:
            raise ValueError("a block of another stream")
        self._frames_in += block.frames
        if self.shape == NATIVE:
            return block.pcm
        if not block.frames:
            return b""
        pcm = self._through(self._mono(block.pcm))
        self._bytes_out += len(pcm)
        return pcm

    def flush(self) -> bytes:
        """The rest. After it the resampler is as new."""
        if self.shape == NATIVE:
            return b""
        wanted = 2 * round(self._frames_in * SAMPLE_RATE / self.shape.rate)
        pcm = b"" if self._chain is None else self._through(None)
        # The filter rounds its last output up or down by a frame; the time
        # line is counted from the device's frames and must not drift.
        missing = wanted - self._bytes_out
        self._chain, self._frames_in, self._bytes_out = None, 0, 0
        if missing > len(pcm) and len(pcm) >= BYTES_PER_FRAME:
            pcm += pcm[-BYTES_PER_FRAME:] * ((missing - len(pcm)) // BYTES_PER_FRAME)
        return pcm[: max(missing, 0)]

    def _mono(self, pcm: bytes) -> Mono:
        """One channel between -1 and 1: the mean, so that neither side is lost."""
        samples = np.frombuffer(pcm, dtype=self._dtype).astype(np.float32)
        if self._dtype.kind == "i":
            samples /= 32768.0
        # A float device may go past full scale, or send rubbish when it is
        # unplugged; neither may reach the filter.
        mono = np.nan_to_num(samples.reshape(-1, self.shape.channels).mean(axis=1))
        clean: Mono = np.clip(mono, -1.0, 1.0).astype(np.float32, copy=False)
        return clean

    def _through(self, mono: Mono | None) -> bytes:
        if self._chain is None:
            self._chain = AudioResampler("s16", "mono", SAMPLE_RATE)
        frame = None
        if mono is not None:
            frame = av.AudioFrame.from_ndarray(mono.reshape(1, -1), format="flt", layout="mono")
            frame.rate = self.shape.rate
        return b"".join(part.to_ndarray().tobytes() for part in self._chain.resample(frame))
