"""Holds every answer of the service against its own description."""

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from scribe_desktop.server.api import table
from scribe_desktop.server.openapi import describe


@cache
def description() -> dict[str, Any]:
    return describe(table())


@cache
def _patterns() -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    return [
        (re.compile(re.sub(r"\{\w+\}", "[^/]+", path)), operations)
        for path, operations in description()["paths"].items()
    ]


def check_request(method: str, path: str, body: bytes) -> None:
    """Fail unless the description has this operation and takes this JSON body."""
    operations = _operations(path)
    assert operations is not None, f"{method} {path} is not described"
    assert method.lower() in operations, f"{method} {path} is not described"
    taken = operations[method.lower()].get("requestBody", {}).get("content", {})
    if "application/json" in taken and body:
        schema = taken["application/json"]["schema"]
        # Closed: a field that the service would ignore is a mistake of our own client.
        Draft202012Validator(schema | {"additionalProperties": False}).validate(json.loads(body))


def _operations(path: str) -> dict[str, Any] | None:
    exact: dict[str, Any] | None = description()["paths"].get(path)
    return exact or next((ops for pattern, ops in _patterns() if pattern.fullmatch(path)), None)


def check_reply(method: str, path: str, status: int, body: object) -> None:
    """Fail unless the description has this operation, this status and this shape."""
    operations = _operations(path)
    if operations is None or method.lower() not in operations:
        assert status in {403, 404, 405}, f"{method} {path} is not described and answered {status}"
        return
    responses = operations[method.lower()]["responses"]
    assert str(status) in responses, f"{method} {path} answered {status}, which is not described"
    content = responses[str(status)].get("content", {})
    is_page = body is None and "text/html" in content
    if "application/json" not in content or is_page:
        return
    schema = content["application/json"]["schema"]
    whole = schema | {"components": description()["components"]}
    Draft202012Validator(whole).validate(body)
