"""Dictates a recording that already exists: a voice memo, a phone call, a dictation device's file.

Any file that PyAV reads, sound of a video too. It goes through the same
recorder as a microphone, only faster than it was spoken; no clock plays a
part in it.
"""

import contextlib
import os
import wave
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Final

import av
from av.container import InputContainer

from scribe_desktop.domain.audio import BYTES_PER_FRAME, SAMPLE_RATE, frames_in, seconds
from scribe_desktop.domain.errors import AudioFileError
from scribe_desktop.domain.notices import Trouble
from scribe_desktop.services.source import Block, Ended, Heard, Missed, Source

BLOCK_FRAMES: Final = SAMPLE_RATE
"""A second at a time: an order such as stop is obeyed between two."""

LEAST_MISSING_S: Final = 1.0
"""A header may be wrong by the padding of a last packet; that is no speech."""

_GUESSED_LENGTHS: Final = frozenset({"mp3", "aac"})
"""Without an index their length is worked out from the bit rate, and often wrong."""

_NO_LENGTH: Final = 0x7FFFFF00

Progress = Callable[[float, float | None], None]
"""Called on the recorder thread with seconds read and, where the file says so, seconds in all."""


class FileSource:
    """A recording as a source of sound; made by `open_recording`."""

    is_live = False

    def __init__(
        self, container: InputContainer, total_s: float | None, progress: Progress | None
    ) -> None:
        self._container = container
        self._total_s = total_s
        self._progress = progress
        self._parts = _decoded(container)
        self._first: bytes | None = None
        self._frames = 0
        self._paused = False
        self._over = False
        self._stopped = Event()

    def prime(self) -> None:
        """Read the first sound, so that a file without any is refused before it is taken."""
        if not self._container.streams.audio:
            raise AudioFileError("This file has no sound track.", "Choose another recording.")
        try:
            self._first = next(self._parts)
        except StopIteration:
            raise AudioFileError("This file holds no sound.", "Choose another recording.") from None
        except av.FFmpegError as error:
            raise _unreadable() from error

    def open(self) -> None:
        """Open already."""

    def read(self, timeout_s: float) -> Sequence[Heard]:
        """The next second of the file."""
        if self._over:
            return (Ended(),)
        if self._paused:
            # Woken by the clock only: orders are obeyed between two reads.
            self._stopped.wait(timeout_s)
            return ()
        pcm, damaged = self._next_second()
        self._frames += frames_in(pcm)
        heard: list[Heard] = [Block(pcm)] if pcm else []
        over = damaged or frames_in(pcm) < BLOCK_FRAMES
        missing_s = self._missing_s() if over else 0.0
        if damaged or missing_s > 0:
            # On the time line, in the transcript and in every export, not only said once.
            reason = "the file is damaged" if damaged else "the file ends early"
            heard.append(Missed(missing_s, reason))
            heard.append(
                Trouble(
                    f"The recording {'is damaged' if damaged else 'ends too early,'} after "
                    f"{_clock(seconds(self._frames))}; "
                    "what could be read is taken.",
                    "Compare the transcript with the original recording.",
                )
            )
        if over:
            self._over = True
            heard.append(Ended())
        if self._progress is not None:
            self._progress(seconds(self._frames), self._total_s)
        return heard

    def pause(self) -> None:
        """Read no further."""
        self._paused = True

    def resume(self) -> None:
        """Read on."""
        self._paused = False

    def stop(self) -> None:
        """What was read is all."""
        self._over = True

    def close(self) -> None:
        """Close the file."""
        self._over = True
        self._container.close()

    def _missing_s(self) -> float:
        """How much shorter it was than it says; 0 where that is not known to the second."""
        missing_s = (self._total_s or 0.0) - seconds(self._frames)
        named = str(self._container.format.name).split(",")
        guessed = any(name in _GUESSED_LENGTHS for name in named)
        return 0.0 if guessed or missing_s < LEAST_MISSING_S else missing_s

    def _next_second(self) -> tuple[bytes, bool]:
        pcm = bytearray(self._first or b"")
        self._first = None
        wanted = BLOCK_FRAMES * BYTES_PER_FRAME
        damaged = False
        while len(pcm) < wanted and not damaged:
            try:
                pcm += next(self._parts)
            except StopIteration:
                break
            except av.FFmpegError:
                damaged = True
        # A part may be longer than a second; the rest waits its turn.
        if len(pcm) > wanted:
            self._first = bytes(pcm[wanted:])
        return bytes(pcm[:wanted]), damaged


def open_recording(path: str | os.PathLike[str], progress: Progress | None = None) -> Source:
    """Open a file as a source; raises AudioFileError with a sentence when it is no audio."""
    file = Path(path)
    try:
        if file.stat().st_size == 0:
            raise AudioFileError("This file is empty.", "Choose another recording.")
        container = av.open(str(file), "r")
    except FileNotFoundError as error:
        raise AudioFileError(
            "There is no such file.", "Check the name, or choose the recording again."
        ) from error
    except (OSError, av.FFmpegError, ValueError) as error:
        raise _unreadable() from error
    source = FileSource(container, _length_s(container, file), progress)
    try:
        source.prime()
    except AudioFileError:
        container.close()
        raise
    return source


def _decoded(container: InputContainer) -> Iterator[bytes]:
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
    for frame in container.decode(container.streams.audio[0]):
        # Time stamps of damaged files jump; only the samples count.
        frame.pts = None
        for part in resampler.resample(frame):
            yield part.to_ndarray().tobytes()
    for part in resampler.resample(None):
        yield part.to_ndarray().tobytes()


def _length_s(container: InputContainer, file: Path) -> float | None:
    length_s = container.duration / 1_000_000 if container.duration else None
    if container.format.name != "wav":
        return length_s
    # The library takes the size of a WAV file for the truth, and so cannot see that it was cut.
    with contextlib.suppress(wave.Error, EOFError, OSError), wave.open(str(file), "rb") as header:
        named_s = header.getnframes() / header.getframerate()
        # A recorder that never learned the length writes the largest number that fits.
        if header.getnframes() * header.getsampwidth() * header.getnchannels() < _NO_LENGTH:
            return named_s
    return length_s


def _unreadable() -> AudioFileError:
    return AudioFileError(
        "This file is not a recording that can be read.",
        "Choose an audio file, for example WAV, MP3, M4A, FLAC, Ogg or WebM.",
    )


def _clock(duration_s: float) -> str:
    minutes, rest = divmod(int(duration_s), 60)
    return f"{minutes}:{rest:02d}"
