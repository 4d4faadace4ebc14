"""Takes an audio file out of whatever envelope a client put it in.

Clients name chunks from 0 or from 1, with or without a word before the
number, raw or in a form, and label them wrongly: one of them posts a whole
form labelled as plain audio. The number in the name and the first bytes of
the file are what counts; labels are not believed.
"""

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from email.message import Message

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser

from scribe_desktop.server.limits import MAX_FILE_BYTES, MAX_FILE_NUMBER
from scribe_desktop.server.refusals import Refusal

FORMATS = ("webm", "wav", "ogg", "mp4", "m4a", "mp3", "aac", "flac")
_MAX_PARTS = 40
_MAX_NAME = 128

# The first bytes of each container. AAC frames look like MP3 frames with the
# layer bits zero, so they are asked for first.
_BEGINNINGS = tuple(
    (re.compile(beginning, re.DOTALL), extension)
    for beginning, extension in (
        (rb"\x1aE\xdf\xa3", "webm"),
        (rb"(RIFF|RF64)....WAVE", "wav"),
        (rb"OggS", "ogg"),
        (rb"....ftypM4A", "m4a"),
        (rb"....ftyp", "mp4"),
        (rb"fLaC", "flac"),
        (rb"\xff[\xf0\xf1\xf8\xf9]", "aac"),
        (rb"ID3|\xff[\xe0-\xff]", "mp3"),
    )
)


@dataclass(frozen=True)
class Part:
    """One field of a form; `filename` is empty when the field is no file."""

    name: str
    filename: str
    body: bytes


def file_number(name: str, *, single: bool) -> int:
    """The number that orders a file: `audio_3.webm`, `chunk_3.wav`, `3.mp3` are all 3.

    A single upload may have any name. Raises Refusal for a name that holds no
    number or could be a path.
    """
    # `audio_-1` is a negative number and not the first chunk.
    match = re.fullmatch(
        r"(?:[A-Za-z0-9_.-]*(?:[_.]|(?<![_.-])-))?([0-9]{1,9})(?:\.[A-Za-z0-9]{1,8})?", name
    )
    if match and len(name) <= _MAX_NAME and int(match[1]) <= MAX_FILE_NUMBER:
        return int(match[1])
    if single and re.fullmatch(r"[^/\\\x00-\x1f]{1,255}", name):
        return 0
    raise Refusal(
        400,
        "invalid_request",
        "The file name must be like audio_0.webm, with the number of the chunk.",
        details={"field": "file_name"},
    )


def sniff(body: bytes) -> str:
    """Name the container by its first bytes; raises Refusal when it is no audio we know."""
    for pattern, extension in _BEGINNINGS:
        if pattern.match(body):
            return extension
    raise unreadable()


def unreadable() -> Refusal:
    """The bytes are not audio that can be decoded."""
    return Refusal(
        400,
        "invalid_audio_format",
        "The file could not be read as audio.",
        details={"supported_formats": list(FORMATS)},
    )


def unwrap(body: bytes, content_type: str) -> tuple[bytes, str]:
    """The audio and the name its envelope gives it; plain audio comes back as it is.

    A body that begins like a form is one, whatever its label says.
    """
    boundary = _boundary(body, content_type)
    if boundary is None:
        return body, ""
    files = [part for part in read_form(body, boundary) if part.filename or part.name == "file"]
    if len(files) != 1:
        raise Refusal(400, "invalid_request", "The form must hold exactly one file.")
    return files[0].body, files[0].filename


def read_form(body: bytes, boundary: bytes) -> list[Part]:
    """Read a form in memory: patients' audio must not pass through temporary files."""
    reader = _FormReader()
    try:
        parser = MultipartParser(boundary, reader.callbacks())  # type: ignore[arg-type]
        parser.write(body)
        parser.finalize()
    except FormParserError:
        raise Refusal(400, "invalid_request", "The form could not be read.") from None
    if not reader.ended:
        raise Refusal(400, "invalid_request", "The form is not complete.")
    return reader.parts


def form_boundary(content_type: str) -> bytes | None:
    """The boundary that a form's label names."""
    label = Message()
    label["Content-Type"] = content_type
    if label.get_content_type() != "multipart/form-data":
        return None
    boundary = label.get_param("boundary")
    return boundary.encode("latin-1", "ignore") if isinstance(boundary, str) and boundary else None


def check_size(body: bytes) -> None:
    """Raise Refusal for a file larger than the service takes, or an empty one."""
    if not body:
        raise unreadable()
    if len(body) > MAX_FILE_BYTES:
        raise too_large()


def too_large() -> Refusal:
    """More bytes than one file may have."""
    return Refusal(
        413,
        "file_too_large",
        "The file is larger than 10 MB. Send shorter chunks.",
        details={"max_bytes": MAX_FILE_BYTES},
    )


def sign(secret: bytes, *said: object) -> str:
    """A signature that only this service can make, over what it promised."""
    message = json.dumps([str(part) for part in said]).encode()
    return hmac.new(secret, message, hashlib.sha256).hexdigest()


def signed(secret: bytes, signature: str, *said: object) -> bool:
    """Whether this service made the signature; takes as long for a wrong one."""
    return hmac.compare_digest(sign(secret, *said).encode(), signature.encode())


def _boundary(body: bytes, content_type: str) -> bytes | None:
    labelled = form_boundary(content_type)
    if labelled is not None and body.lstrip(b"\r\n").startswith(b"--" + labelled):
        return labelled
    first = re.match(rb"--([0-9A-Za-z'()+_,./:=?-]{1,70})\r\n", body)
    if first and b"ontent-" in body[: len(first[0]) + 200]:
        return first[1]
    return None


class _FormReader:
    """Collects the parts as the parser finds them."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.ended = False
        self._body = bytearray()
        self._header = bytearray()
        self._value = bytearray()
        self._headers: dict[str, str] = {}

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._begin,
            "on_part_data": lambda data, start, end: self._body.extend(data[start:end]),
            "on_header_field": lambda data, start, end: self._header.extend(data[start:end]),
            "on_header_value": lambda data, start, end: self._value.extend(data[start:end]),
            "on_header_end": self._header_end,
            "on_part_end": self._end,
            "on_end": self._all,
        }

    def _begin(self) -> None:
        if len(self.parts) >= _MAX_PARTS:
            raise Refusal(400, "invalid_request", "The form has too many fields.")
        self._body.clear()
        self._headers.clear()

    def _header_end(self) -> None:
        name = self._header.decode("latin-1").lower()
        self._headers[name] = self._value.decode("utf-8", "replace")
        self._header.clear()
        self._value.clear()

    def _end(self) -> None:
        label = Message()
        label["Content-Disposition"] = (
            self._headers.get("content-disposition", "form-data")
            .replace("\r", " ")
            .replace("\n", " ")
        )
        name = label.get_param("name", "", "content-disposition")
        filename = label.get_filename("")
        self.parts.append(Part(str(name), str(filename), bytes(self._body)))

    def _all(self) -> None:
        self.ended = True
