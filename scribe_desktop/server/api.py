"""Answers the scribe protocol on this computer.

Everything the service answers is one table of calls; the routes, the checks
and the OpenAPI description are made from it. `build` puts the parts together,
`application` puts them behind the guard.
"""

import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp

from scribe_desktop.server import (
    discovery,
    document_calls,
    history_calls,
    login,
    openapi,
    recording_calls,
    rework_calls,
    session_calls,
    template_calls,
    upload_calls,
    webhook_calls,
)
from scribe_desktop.server.accounts import Accounts
from scribe_desktop.server.bell import Bell
from scribe_desktop.server.calls import MOUNTS, Call
from scribe_desktop.server.custom_templates import BuiltIn, TemplateShelf
from scribe_desktop.server.documents import Documents
from scribe_desktop.server.guard import Guard
from scribe_desktop.server.limits import HOLD_S, MAX_HOLDS
from scribe_desktop.server.reception import receive, refuse
from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.service import Model, Service
from scribe_desktop.server.sessions import Keep, Session, Sessions
from scribe_desktop.server.store import Store
from scribe_desktop.server.stream import STREAM_PATH, stream
from scribe_desktop.server.transcription import NoteWriter, Speech, Transcription
from scribe_desktop.server.webhooks import Webhooks

_NOT_ALLOWED = 405
_BEARER = "bearer "
_ODD_API_KEY = "x-api-key "


@dataclass(frozen=True)
class Parts:
    """What the service is built from: the things that tests and other engines replace."""

    store: Store
    speech: Speech
    notes: Callable[[TemplateShelf], NoteWriter]
    built_in_templates: Mapping[str, BuiltIn]
    models: tuple[Model, ...]
    token: str
    now: Callable[[], float]
    keep: Keep = field(default_factory=Keep)


def build(parts: Parts) -> Service:
    """Put the service together; its engine thread is started by whoever serves it."""
    bell = Bell()
    sessions = Sessions(parts.store, parts.now)
    documents = Documents(parts.store, parts.now)
    templates = TemplateShelf(parts.store, parts.built_in_templates, parts.now)

    webhooks = Webhooks(parts.store, parts.now)

    def resolved(session: Session) -> None:
        if session.status != "cancelled":
            webhooks.notify(f"session.{session.status}", session)

    transcription = Transcription(
        parts.store,
        sessions,
        documents,
        parts.speech,
        parts.notes(templates),
        bell,
        resolved,
    )
    return Service(
        store=parts.store,
        sessions=sessions,
        documents=documents,
        templates=templates,
        accounts=Accounts(parts.store, parts.token, parts.now),
        transcription=transcription,
        speech=parts.speech,
        bell=bell,
        webhooks=webhooks,
        streams={},
        models=parts.models,
        secret=parts.store.secret("signing", secrets.token_bytes(32)),
        now=parts.now,
        keep=parts.keep,
    )


def table() -> list[Call[Service]]:
    """Every call the service answers."""
    return [
        *discovery.calls(),
        *session_calls.calls(),
        *upload_calls.calls(),
        *template_calls.calls(),
        *rework_calls.calls(),
        *document_calls.calls(),
        *history_calls.calls(),
        *recording_calls.calls(),
        *webhook_calls.calls(),
        *login.calls(),
    ]


def application(
    service: Service, *, hosts: Collection[str] = (), origins: Collection[str] = ()
) -> ASGIApp:
    """The service as something a web server can run."""

    async def wait_for(session_id: str, waits: Callable[[], object]) -> None:
        if service.bell.waiting >= MAX_HOLDS:
            return
        with service.bell.listen(session_id) as listening:
            # Asked again after the ear is at the bell: it may have rung just before.
            if await run_in_threadpool(waits):
                await listening.wait(HOLD_S)

    routes: list[BaseRoute] = []
    for call in table():
        endpoint = receive(call, service, _account_of(service), wait_for)
        routes += [Route(path, endpoint, methods=[call.method]) for path in call.paths]
    routes += [WebSocketRoute(mount + STREAM_PATH, stream(service)) for mount in MOUNTS]
    routes.append(Route("/openapi.json", _description))
    app = Starlette(routes=routes, exception_handlers={HTTPException: _unrouted})
    return Guard(app, hosts=hosts, origins=origins)


def _account_of(service: Service) -> Callable[[Request], str]:
    def account_of(request: Request) -> str:
        headers = request.headers
        bearer = headers.get("authorization", "")
        if bearer.lower().startswith(_BEARER):
            return service.accounts.account_of(bearer[len(_BEARER) :].strip())
        # A few samples of the specification write the key like this.
        if bearer.lower().startswith(_ODD_API_KEY):
            return service.accounts.account_of(bearer[len(_ODD_API_KEY) :], api_key=True)
        if "x-api-key" in headers:
            return service.accounts.account_of(headers["x-api-key"], api_key=True)
        return service.accounts.account_of(headers.get("auth", ""))

    return account_of


async def _description(_: Request) -> Response:
    return JSONResponse(openapi.describe(table()))


def _methods_at(request: Request) -> list[str]:
    """Every method of this address: the router knows those of its first match only."""
    routes = (route for route in request.app.routes if isinstance(route, Route))
    found = [route for route in routes if route.path_regex.match(request.url.path)]
    return sorted({method for route in found for method in route.methods or ()})


async def _unrouted(request: Request, error: Exception) -> Response:
    """What the router itself refuses, in the protocol's envelope."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    code = {404: "resource_not_found", 405: "method_not_allowed"}.get(status, "invalid_request")
    headers = {"Allow": ", ".join(_methods_at(request))} if status == _NOT_ALLOWED else None
    message = "There is nothing at this address for this method."
    return refuse(Refusal(status, code, message, headers=headers))
