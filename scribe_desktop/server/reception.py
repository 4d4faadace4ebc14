"""Receives each request: who is it, is it whole, is it small enough, is it well formed.

Everything that can be refused before the service itself is asked is refused
here, with a limit on every body while it is being read. The work of a call
runs on a worker thread, because storing a chunk durably takes milliseconds
in which the event loop must go on reading others.
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any, NoReturn, TypeVar
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.server.calls import MOUNTS, Call, Incoming, Reply, Sent
from scribe_desktop.server.limits import MAX_DRAIN_BYTES, MAX_JSON_DEPTH
from scribe_desktop.server.refusals import Refusal

_log = logging.getLogger(__name__)

ServiceT = TypeVar("ServiceT")
Endpoint = Callable[[Request], Awaitable[Response]]


def receive(
    call: Call[ServiceT],
    service: ServiceT,
    account_of: Callable[[Request], str],
    wait_for: Callable[[str, Callable[[], object]], Awaitable[None]],
) -> Endpoint:
    """The endpoint for one line of the table of calls."""

    async def answer(request: Request) -> Reply:
        _check_version(request)
        account = await run_in_threadpool(account_of, request) if call.secured else ""
        incoming = await _incoming(call, request, account)
        if call.hold is not None:
            await _held(partial(call.hold, service, incoming), wait_for)
        return await run_in_threadpool(call.answer, service, incoming)

    async def endpoint(request: Request) -> Response:
        try:
            return _response(await answer(request))
        except Exception as error:  # noqa: BLE001 - last resort: a bug must not end the service
            with suppress(ClientDisconnect):
                await _read_on(request)
            return _answer_to(error, call)

    return endpoint


async def _held(
    waits: Callable[[], str | None],
    wait_for: Callable[[str, Callable[[], object]], Awaitable[None]],
) -> None:
    session_id = await run_in_threadpool(waits)
    if session_id is not None:
        await wait_for(session_id, waits)


def _answer_to(error: Exception, call: Call[ServiceT]) -> Response:
    match error:
        case Refusal():
            return refuse(error)
        case ClientDisconnect():
            return Response(status_code=400)
        case ScribeError():
            return refuse(_unavailable(error))
    _log_bug(call, error)
    return refuse(Refusal(500, "internal_error", "The local service made a mistake."))


def refuse(refusal: Refusal) -> Response:
    """The refusal as a response."""
    return JSONResponse(refusal.body(), refusal.status, headers=refusal.headers)


def mount_of(path: str) -> str:
    """The mount under which the protocol was reached; the wider known one elsewhere."""
    return next((mount for mount in MOUNTS if path.startswith(mount + "/")), MOUNTS[0])


def origin_of(request: Request) -> str:
    """How the client reached us, from its own words, which the guard has checked."""
    scheme = {"ws": "http", "wss": "https"}.get(request.url.scheme, request.url.scheme)
    return f"{scheme}://{request.headers.get('host', '127.0.0.1')}"


async def _read_on(request: Request) -> None:
    """Throw away the body of a refused request.

    A client that is cut off while it still sends takes the refusal for a
    broken network, and never learns that it should sign in again.
    """
    if getattr(request.state, "body_was_read", False):
        return
    left = MAX_DRAIN_BYTES
    async for piece in request.stream():
        left -= len(piece)
        if left < 0:
            return


async def read_body(request: Request, most: int) -> bytes:
    """The body as it was sent, never more than `most` bytes in memory."""
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        # A compressed body can be a thousand times larger than it looks.
        raise Refusal(415, "invalid_request", "Compressed request bodies are not taken.")
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal():
        raise Refusal(400, "invalid_request", "The length of the body is not a number.")
    request.state.body_was_read = True
    body, too_much = bytearray(), int(declared) > most
    length = 0
    async for piece in request.stream():
        length += len(piece)
        too_much = too_much or length > most
        if length > most + MAX_DRAIN_BYTES:
            break
        if too_much:
            body.clear()  # Read on, so that the client is there to hear the answer.
        else:
            body += piece
    if too_much:
        _refuse_size(most)
    return bytes(body)


def parse_json(body: bytes) -> dict[str, Any]:
    """A JSON object, or a refusal that says the body is not one; no body is an empty one."""
    if not body.strip():
        return {}
    try:
        value = json.loads(body, parse_constant=_no_constant)
        # What cannot be written again cannot be stored or sent back: half characters.
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise Refusal(400, "invalid_request", "The request body is not valid JSON.") from None
    if not isinstance(value, dict):
        raise Refusal(400, "invalid_request", "The request body must be a JSON object.")
    if _depth(value) > MAX_JSON_DEPTH:
        raise Refusal(400, "invalid_request", "The request body is nested too deeply.")
    return value


def is_json(headers: Mapping[str, str]) -> bool:
    """Whether a request says that its body is JSON."""
    return "json" in headers.get("content-type", "")


def _parse_fields_form(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qs(body.decode("utf-8"), max_num_fields=20)
    except ValueError:
        raise Refusal(400, "invalid_request", "The form could not be read.") from None
    return {name: values[0] for name, values in pairs.items()}


async def _incoming(call: Call[ServiceT], request: Request, account: str) -> Incoming:
    query = call.query.read(dict(request.query_params))
    call.headers.read(request.headers)
    body = b""
    if call.sent is not Sent.NOTHING:
        body = await read_body(request, call.most_bytes)
    fields: dict[str, Any] = {}
    if call.sent is Sent.JSON or (call.sent is Sent.FIELDS_FORM and is_json(request.headers)):
        fields = call.fields.read(parse_json(body))
    elif call.sent is Sent.FIELDS_FORM:
        fields = call.fields.read(_parse_fields_form(body))
    return Incoming(
        origin=origin_of(request),
        mount=mount_of(request.url.path),
        path=dict(request.path_params),
        query=query,
        fields=fields,
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        account=account,
    )


def _response(reply: Reply) -> Response:
    headers = dict(reply.headers)
    # Answers hold patients' words: no cache may keep them unless the call says so.
    headers.setdefault("Cache-Control", "no-store")
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if isinstance(reply.content, bytes):
        return Response(reply.content, reply.status, headers, reply.media_type)
    if reply.content is not None:
        return StreamingResponse(reply.content, reply.status, headers, reply.media_type)
    if reply.body is None:
        return Response(status_code=reply.status, headers=headers)
    return JSONResponse(dict(reply.body), reply.status, headers)


def _check_version(request: Request) -> None:
    wanted = request.headers.get("msa-version")
    if wanted not in {None, "0.1"}:
        raise Refusal(
            400,
            "unsupported_version",
            "This service speaks version 0.1 of the protocol.",
            details={"requested_version": str(wanted)[:20], "supported_versions": ["0.1"]},
        )


def _refuse_size(most: int) -> NoReturn:
    raise Refusal(
        413,
        "file_too_large",
        "The request is larger than this service takes.",
        details={"max_bytes": most},
        # The rest of the body is not read, so the connection cannot be used again.
        headers={"Connection": "close"},
    )


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _depth(value: object) -> int:
    deepest, todo = 0, [(value, 1)]
    while todo:
        item, depth = todo.pop()
        if not isinstance(item, dict | list) or depth > MAX_JSON_DEPTH + 1:
            continue
        deepest = max(deepest, depth)
        children = item.values() if isinstance(item, dict) else item
        todo.extend((child, depth + 1) for child in children)
    return deepest


def _unavailable(error: ScribeError) -> Refusal:
    return Refusal(503, "service_unavailable", str(error), headers={"Retry-After": "5"})


def _log_bug(call: Call[ServiceT], error: Exception) -> None:
    """The kind and the place, never the words: they may hold what a patient said."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_qualname}:{place.tb_lineno}" if place else "?"
    _log.error("%s %s failed: %s in %s", call.method, call.path, type(error).__name__, where)
