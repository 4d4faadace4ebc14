"""What a service gets of a sealed chunk: as it was sealed, in another form, or in pieces.

The same bytes at each call, because a service must never see a file change
under a repeated name.
"""

from collections.abc import Callable

from scribe_desktop.domain.audio import BYTES_PER_FRAME, AudioForm, EncodedChunk
from scribe_desktop.domain.pieces import bounds, place
from scribe_desktop.services.encoder import decode_chunk, encode, encode_mp3, encode_wav, recoded

_ENCODERS: dict[AudioForm, Callable[[bytes, int], EncodedChunk]] = {
    AudioForm.WEBM: encode,
    AudioForm.WAV: encode_wav,
    AudioForm.MP3: encode_mp3,
}


def outgoing(
    chunk_of: Callable[[int], EncodedChunk], file: int, form: AudioForm, pieces: int
) -> EncodedChunk:
    """File number `file` of a session whose chunks go as `pieces` files each."""
    index, piece = place(file, pieces)
    chunk = chunk_of(index)
    if pieces == 1:
        return recoded(chunk, form)
    start, end = bounds(chunk.frames, pieces, piece)
    pcm = decode_chunk(chunk)[start * BYTES_PER_FRAME : end * BYTES_PER_FRAME]
    # A chunk of fewer frames than pieces has empty ones; their files hold one silent frame.
    return _ENCODERS[form](pcm or bytes(BYTES_PER_FRAME), file)
