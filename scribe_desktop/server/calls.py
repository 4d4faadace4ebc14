"""Declares what a call of the protocol takes and gives, once, for everyone.

The routes of the service, the checks of its requests and its OpenAPI
description all come from one table of `Call`s. A call is a plain function
from what came in to what goes out: it runs on a worker thread and knows
nothing of sockets.
"""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Generic, TypeVar

from scribe_desktop.server.fields import Fields, Schema
from scribe_desktop.server.limits import MAX_JSON_BYTES

# The protocol's own calls answer under both of these: one is where the vendor
# neutral specification looks, the other where EkaScribe's clients look.
MOUNTS = ("/voice/v1", "/v1")
BASE = "{base}"

_NO_FIELDS = Fields({})


@dataclass(frozen=True)
class Incoming:
    """One request, already checked: who asks, where, and what."""

    origin: str
    mount: str
    path: Mapping[str, str]
    query: Mapping[str, Any]
    fields: Mapping[str, Any]
    headers: Mapping[str, str]
    body: bytes = b""
    account: str = ""

    @property
    def base_url(self) -> str:
        """Where the client reached the protocol, so that what we name is reachable for it."""
        return self.origin + self.mount


@dataclass(frozen=True)
class Reply:
    """One answer: a JSON body, or bytes, or bytes as they are made."""

    status: int = 200
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | Iterator[bytes] | AsyncIterator[bytes] | None = None
    media_type: str = "application/json"


class Sent(Enum):
    """What the body of a request holds."""

    NOTHING = "nothing"
    JSON = "application/json"
    AUDIO = "audio"
    FORM = "multipart/form-data"
    FIELDS_FORM = "application/x-www-form-urlencoded"
    TEXT = "text/markdown"


ServiceT = TypeVar("ServiceT")


@dataclass(frozen=True)
class Call(Generic[ServiceT]):
    """One line of the table: how a call is reached, what it takes, what it gives.

    `hold` names the session whose result the answer should wait for, if it
    should wait at all. `replies` holds the schema of each successful answer;
    `refusals` lists the statuses with the error envelope; `media_types` the
    successful answers that are not of `media_type`. `page`: a browser's form is
    answered with a page.
    """

    method: str
    path: str
    summary: str
    answer: Callable[[ServiceT, Incoming], Reply]
    replies: Mapping[int, Schema | None]
    refusals: tuple[int, ...] = ()
    sent: Sent = Sent.NOTHING
    fields: Fields = _NO_FIELDS
    query: Fields = _NO_FIELDS
    headers: Fields = _NO_FIELDS
    secured: bool = True
    most_bytes: int = MAX_JSON_BYTES
    media_type: str = "application/json"
    media_types: Mapping[int, str] = field(default_factory=dict)
    page: bool = False
    hold: Callable[[ServiceT, Incoming], str | None] | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The path under each mount, or the one path of a call outside the protocol's base."""
        if not self.path.startswith(BASE):
            return (self.path,)
        return tuple(mount + self.path.removeprefix(BASE) for mount in MOUNTS)
