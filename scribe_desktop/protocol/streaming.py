"""The words of a speech stream: binary samples one way, events as JSON both ways.

Nothing about answers is documented (PROTOCOL.md §1.5), so every text of the
service that is not understood is ignored.
"""

from scribe_desktop.protocol import origins
from scribe_desktop.protocol.reading import Unreadable, mapping, read_json, read_object, text

STOP = '{"event": "stop"}'
"""Ends a stream; samples before it are complete."""

FRAME_BYTES = 3200
"""A tenth of a second of 16-bit samples at 16 kHz."""


def stream_url(target: str) -> str:
    """The address to stream to from a stored upload target; raises Unreadable.

    A service without streams answers with an address for files.
    """
    url = text(read_json(target.encode()))
    try:
        if url and origins.is_socket(url):
            return origins.check(url)
    except origins.ForbiddenAddress as error:
        raise Unreadable("no address for a stream") from error
    raise Unreadable("no address for a stream")


def live_text(message: str) -> str:
    """What was understood so far, if the message says so."""
    try:
        said = read_object(message.encode("utf-8", "replace"))
    except Unreadable:
        return ""
    return text(said.get("transcript")) or text(mapping(said.get("transcript")).get("text"))
