"""In what a request differs from the description of the local service, call by call."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.peers.onprem import parts_of
from tests.peers.peer import Asked
from tests.server.described import description

_MOUNTS = ("/voice/v1", "/v1")
_CREDENTIALS = ("authorization", "x-api-key", "auth")
_EVERYDAY = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "host"}
    | {"transfer-encoding", "user-agent", *_CREDENTIALS}
)


class Kind(StrEnum):
    """Which part of the description is not kept to."""

    CALL = "call"
    CREDENTIAL = "credential"
    HEADER = "header"
    QUERY = "query"
    BODY = "body"


@dataclass(frozen=True)
class Difference:
    """One thing that the description does not have, or has and that is missing."""

    call: str
    kind: Kind
    what: str


@cache
def _described() -> list[tuple[re.Pattern[str], str, dict[str, Any]]]:
    found = []
    for path, operations in description()["paths"].items():
        pattern = "".join(
            "[^/]+" if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{\w+\})", path)
        )
        mount = next((one for one in _MOUNTS if path.startswith(one + "/")), "")
        named = "…" + path.removeprefix(mount) if mount else path
        found.append((re.compile(pattern), named, operations))
    return found


def differences(asked: Asked) -> tuple[Difference, ...]:
    """Everything in `asked` that is not as the local service describes it."""
    for pattern, named, operations in _described():
        operation = operations.get(asked.method.lower())
        if operation is not None and pattern.fullmatch(asked.path):
            call = f"{asked.method} {named}"
            return tuple(Difference(call, kind, what) for kind, what in _in_call(asked, operation))
    return (Difference(f"{asked.method} {_folded(asked.path)}", Kind.CALL, "not described"),)


def _folded(path: str) -> str:
    return re.sub("^/storage/.*", "/storage/…", path)


def _in_call(asked: Asked, operation: dict[str, Any]) -> Iterator[tuple[Kind, str]]:
    given = [name for name in _CREDENTIALS if name in asked.headers]
    if operation["security"] and not given:
        yield Kind.CREDENTIAL, "none"
    if not operation["security"] and given:
        yield Kind.CREDENTIAL, given[0]
    for name in sorted(set(asked.headers) - _EVERYDAY):
        yield Kind.HEADER, name
    yield from _in_query(asked, operation["parameters"])
    yield from _in_body(asked, operation.get("requestBody"))


def _in_query(asked: Asked, parameters: list[dict[str, Any]]) -> Iterator[tuple[Kind, str]]:
    described = {one["name"]: one for one in parameters if one["in"] == "query"}
    for name in sorted(set(asked.query) - set(described)):
        yield Kind.QUERY, name
    for name, one in described.items():
        if one["required"] and name not in asked.query:
            yield Kind.QUERY, f"no {name}"


def _in_body(asked: Asked, body: dict[str, Any] | None) -> Iterator[tuple[Kind, str]]:
    label = asked.headers.get("content-type", "")
    if body is None:
        if asked.body:
            yield Kind.BODY, "a body"
        return
    if not asked.body:
        if body["required"]:
            yield Kind.BODY, "none"
        return
    media_type = label.partition(";")[0].strip().lower()
    family = media_type.partition("/")[0] + "/*"
    content = body["content"].get(media_type) or body["content"].get(family)
    if content is None:
        yield Kind.BODY, f"as {media_type}" if media_type else "without a Content-Type"
    elif media_type == "application/json":
        yield from _in_object(json.loads(asked.body), content["schema"])
    elif media_type == "multipart/form-data":
        yield from _in_form(asked, content["schema"])


def _in_object(sent: object, schema: dict[str, Any]) -> Iterator[tuple[Kind, str]]:
    # Closed: a field that our service would ignore is a mistake of our client's.
    closed = schema | {"additionalProperties": False}
    for error in Draft202012Validator(closed).iter_errors(sent):
        place = "/".join(str(part) for part in error.absolute_path)
        if error.validator == "additionalProperties" and isinstance(sent, dict):
            for name in sorted(set(sent) - set(schema["properties"])):
                yield Kind.BODY, name
        else:
            yield Kind.BODY, f"{place or 'object'}: {error.validator}"


def _in_form(asked: Asked, schema: dict[str, Any]) -> Iterator[tuple[Kind, str]]:
    # The storage checks the file's type as one more field; that is the form's own (§1.4 C).
    sent = set(parts_of(asked)) - {"Content-Type"}
    for name in sorted(sent - set(schema["properties"])):
        yield Kind.BODY, name
    for name in sorted(set(schema.get("required", ())) - sent):
        yield Kind.BODY, f"no {name}"
