"""Reads what really lies in the pages of an encrypted store, deleted rows and the log included.

SQLCipher's layout, version 4: pages of 4096 bytes, encrypted one by one with
AES-256 in CBC mode; the last 80 bytes are the initialisation vector and the
seal, and the first 16 of the file are the salt.
"""

from collections.abc import Iterator
from pathlib import Path

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_PAGE, _RESERVED, _VECTOR, _SALT = 4096, 80, 16, 16
_LOG_HEADER, _FRAME_HEADER = 32, 24


def holds(folder: Path, name: str, key: bytes, words: bytes) -> bool:
    """Whether a page of the store or of its log has these words in the clear."""
    return any(words in page for page in pages(folder / name, key))


def pages(store: Path, key: bytes) -> Iterator[bytes]:
    """Every page of the file and of its log, decrypted, also those that no table uses."""
    file = store.read_bytes()
    for at in range(0, len(file), _PAGE):
        yield _plain(file[at : at + _PAGE], key, is_first=at == 0)
    log = store.with_name(store.name + "-wal")
    frames = log.read_bytes()[_LOG_HEADER:] if log.exists() else b""
    for at in range(0, len(frames), _FRAME_HEADER + _PAGE):
        number = int.from_bytes(frames[at : at + 4], "big")
        page = frames[at + _FRAME_HEADER : at + _FRAME_HEADER + _PAGE]
        yield _plain(page, key, is_first=number == 1)


def _plain(page: bytes, key: bytes, *, is_first: bool) -> bytes:
    vector = page[_PAGE - _RESERVED :][:_VECTOR]
    hidden = page[_SALT if is_first else 0 : _PAGE - _RESERVED]
    decryptor = Cipher(algorithms.AES256(key), modes.CBC(vector)).decryptor()
    return decryptor.update(hidden) + decryptor.finalize()
