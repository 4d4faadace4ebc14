"""Describes the service for other programs, from the very table that makes its routes."""

import re
from collections.abc import Iterable
from typing import Any

from scribe_desktop import __version__
from scribe_desktop.server.calls import Call, Sent
from scribe_desktop.server.fields import Schema
from scribe_desktop.server.service import Service
from scribe_desktop.server.shapes import ERROR

# Any secured call may be refused for its token, any call for the caller, for a
# version of the protocol that is not spoken, or because the disk is full.
_ALWAYS = (400, 403, 503)
_SECURED = (401,)

_REASONS = {
    400: "The request is not valid in this state.",
    401: "The token is missing, wrong or too old.",
    403: "Not allowed.",
    404: "There is no such thing.",
    409: "It conflicts with what was done before.",
    410: "The session has expired.",
    413: "Too large.",
    415: "Compressed bodies are not taken.",
    422: "A field is missing or wrong.",
    429: "Too many at once.",
    503: "The service cannot store anything at the moment.",
}


def describe(calls: Iterable[Call[Service]]) -> dict[str, Any]:
    """The OpenAPI 3.1 description."""
    paths: dict[str, dict[str, Any]] = {}
    for call in calls:
        for path in call.paths:
            paths.setdefault(path, {})[call.method.lower()] = _operation(call, path)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Scribe Desktop local service",
            "version": __version__,
            "description": "The MedScribe Alliance session protocol, answered on this computer.",
        },
        "paths": paths,
        "components": {
            "schemas": {"Error": ERROR},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "auth": {"type": "apiKey", "in": "header", "name": "auth"},
            },
        },
    }


def _operation(call: Call[Service], path: str) -> dict[str, Any]:
    named = re.findall(r"\{(\w+)\}", path)
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
        for name in named
    ]
    parameters += [
        {"name": name, "in": where, "required": name in fields.required, "schema": rule.schema()}
        for where, fields in (("query", call.query), ("header", call.headers))
        for name, rule in fields.of.items()
    ]
    operation: dict[str, Any] = {
        "operationId": _operation_id(call, path),
        "summary": call.summary,
        "parameters": parameters,
        "responses": _responses(call),
    }
    body = _body(call)
    if body is not None:
        operation["requestBody"] = body
    operation["security"] = [{"bearer": []}, {"key": []}, {"auth": []}] if call.secured else []
    return operation


def _operation_id(call: Call[Service], path: str) -> str:
    return re.sub(r"\W+", "_", f"{call.method.lower()}_{path}").strip("_")


def _body(call: Call[Service]) -> dict[str, Any] | None:
    required = bool(call.fields.required)
    binary: Schema = {"type": "string", "format": "binary"}
    match call.sent:
        case Sent.NOTHING:
            return None
        case Sent.JSON:
            content = {"application/json": {"schema": call.fields.schema()}}
        case Sent.AUDIO:
            required = True
            form = {"type": "object", "properties": {"file": binary}, "required": ["file"]}
            content = {
                "application/octet-stream": {"schema": binary},
                "audio/*": {"schema": binary},
                "multipart/form-data": {"schema": form},
            }
        case Sent.FORM:
            required = True
            schema = call.fields.schema()
            schema["properties"]["file"] = binary
            schema["required"] = [*call.fields.of, "file"]
            content = {call.sent.value: {"schema": schema}}
        case Sent.FIELDS_FORM | Sent.TEXT:
            content = {call.sent.value: {"schema": call.fields.schema()}}
            if call.sent is Sent.FIELDS_FORM:
                content["application/json"] = content[call.sent.value]
            if call.sent is Sent.TEXT:
                content = {"text/markdown": {"schema": {"type": "string"}}}
    return {"required": required, "content": content}


def _responses(call: Call[Service]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, schema in call.replies.items():
        reply: dict[str, Any] = {"description": call.summary}
        if schema is not None:
            media_type = call.media_types.get(status, call.media_type)
            reply["content"] = {media_type: {"schema": schema}}
            if call.page:
                reply["content"]["text/html"] = {"schema": {"type": "string"}}
        responses[str(status)] = reply
    error = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    for status in (*_ALWAYS, *(_SECURED if call.secured else ()), *call.refusals):
        known = responses.get(str(status))
        if known is None:
            responses[str(status)] = {"description": _REASONS[status], "content": error}
        elif status in call.refusals:
            # Both at once: an expired session answers 410 in its own shape.
            both = known["content"]["application/json"]["schema"]
            known["content"] = {
                "application/json": {
                    "schema": {"anyOf": [both, {"$ref": "#/components/schemas/Error"}]}
                }
            }
    return responses
