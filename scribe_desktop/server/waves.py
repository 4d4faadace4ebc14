"""Wraps plain samples as a WAV file, piece by piece."""

import struct

from scribe_desktop.server.limits import STREAM_RATE

_MOST = 0xFFFFFFFF - 36


def wave_header(frames: int) -> bytes:
    """The beginning of a WAV file with so many 16 kHz mono samples of 16 bits."""
    size = min(frames * 2, _MOST)
    return (
        b"RIFF"
        + struct.pack("<I", size + 36)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 1, STREAM_RATE, STREAM_RATE * 2, 2, 16)
        + b"data"
        + struct.pack("<I", size)
    )
