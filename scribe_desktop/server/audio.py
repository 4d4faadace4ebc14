"""Turns whatever audio arrives (WebM, WAV, MP3, Ogg, M4A, FLAC) into plain samples, and back.

The first bytes say what it is, never the name or the declared type: names are
wrong more often than bytes, and a demuxer that guesses for itself would also
accept playlists, which can name other files to read.
"""

import io
from collections.abc import Iterable, Iterator
from typing import TypeAlias

import av
import av.audio
import numpy as np
import numpy.typing as npt

from scribe_desktop.domain.audio import SAMPLE_RATE
from scribe_desktop.domain.errors import AudioFileError

Pcm: TypeAlias = npt.NDArray[np.int16]
"""Samples at 16 kHz, one channel, shape (n,)."""

LONGEST_S = 2 * 3600.0
"""A small file can claim days of silence; nobody dictates this long in one upload."""

MP3_BIT_RATE = 64_000
"""Mono speech at 16 kHz; half an hour is 14 MB (PROTOCOL.md §2.5)."""

_MPEG_LAYER_BITS = 0x06
_MPEG_SYNC = 0xE0


def container_of(body: bytes) -> str | None:
    """The demuxer for these bytes, or None if they are no audio we take."""
    if body[:4] == b"\x1a\x45\xdf\xa3":
        return "matroska"
    if body[:4] in {b"RIFF", b"RF64"} and body[8:12] == b"WAVE":
        return "wav"
    if body[:4] == b"OggS":
        return "ogg"
    if body[:4] == b"fLaC":
        return "flac"
    if body[4:8] == b"ftyp":
        return "mov"
    if body[:3] == b"ID3":
        return "mp3"
    if len(body) > 1 and body[0] == 0xFF and body[1] & _MPEG_SYNC == _MPEG_SYNC:  # noqa: PLR2004
        return "mp3" if body[1] & _MPEG_LAYER_BITS else "aac"
    return None


def decode(body: bytes, limit_s: float = LONGEST_S) -> Pcm:
    """Every sample of `body` as 16 kHz mono.

    As many frames come back as the file holds, to the sample, so that the
    pieces of one dictation join without a gap. Raises AudioFileError.
    """
    container = container_of(body)
    if container is None:
        raise AudioFileError(
            "This file holds no audio that can be read.",
            "Use WebM, WAV, MP3, Ogg, M4A or FLAC.",
        )
    try:
        with av.open(io.BytesIO(body), "r", format=container) as source:
            if not source.streams.audio:
                raise AudioFileError("This file holds no sound.", "Choose another file.")
            return _resampled(source.decode(source.streams.audio[0]), limit_s)
    except av.error.FFmpegError as error:
        raise AudioFileError(
            "This audio file is damaged or cut short.", "Record it again or choose another file."
        ) from error


def _resampled(frames: Iterator[av.audio.AudioFrame], limit_s: float) -> Pcm:
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    pieces: list[Pcm] = []
    spoken_s = 0.0
    for frame in frames:
        spoken_s += frame.samples / frame.sample_rate
        if spoken_s > limit_s:
            raise AudioFileError("This recording is too long.", "Send it in shorter pieces.")
        # Gaps in a live WebM's time stamps must not become invented or dropped sound.
        frame.pts = None
        pieces += _samples(resampler.resample(frame))
    if pieces:
        pieces += _samples(resampler.resample(None))
    pcm = np.concatenate(pieces) if pieces else np.zeros(0, np.int16)
    # The filter's flush gives a few samples more or fewer than were spoken.
    wanted = round(spoken_s * SAMPLE_RATE)
    return np.pad(pcm[:wanted], (0, max(0, wanted - len(pcm))))


def mp3(pieces: Iterable[Pcm]) -> Iterator[bytes]:
    """All pieces as one MP3, given away while it is made, so that hours fit in little memory.

    Bare frames without a header: nobody could go back to write it.
    """
    encoder = av.AudioCodecContext.create("libmp3lame", "w")
    encoder.sample_rate = SAMPLE_RATE
    encoder.layout = "mono"
    encoder.format = "s16p"
    encoder.bit_rate = MP3_BIT_RATE
    at = 0
    for pcm in pieces:
        if not pcm.size:
            continue
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16p", layout="mono")
        frame.rate, frame.pts = SAMPLE_RATE, at
        at += len(pcm)
        yield from (bytes(packet) for packet in encoder.encode(frame))
    yield from (bytes(packet) for packet in encoder.encode(None))


def _samples(frames: list[av.audio.AudioFrame]) -> list[Pcm]:
    return [frame.to_ndarray().reshape(-1).astype(np.int16, copy=False) for frame in frames]
