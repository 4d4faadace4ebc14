"""The local service on a real socket, holding every request and reply against its description."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scribe_desktop.server.api import application
from scribe_desktop.server.connections import WatchedConnection
from scribe_desktop.server.service import Service
from tests.server.described import check_reply, check_request


class Checked:
    """Passes everything on and keeps what the description does not allow.

    Requests are judged too, unless they come from a test that sends wrong ones on purpose.
    """

    def __init__(self, app: ASGIApp, *, judges_requests: bool = True) -> None:
        self._app = app
        self._judges_requests = judges_requests
        self.seen: list[str] = []
        self.wrong: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked, answered, status, is_whole = bytearray(), bytearray(), 0, True

        async def receiving() -> Message:
            nonlocal is_whole
            message = await receive()
            asked.extend(message.get("body", b""))
            is_whole = is_whole and message["type"] != "http.disconnect"
            return message

        async def sending(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            answered.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, receiving, sending)
        # What a fault cut off on its way says nothing about who sent it.
        if is_whole and status:
            self._check(scope["method"], scope["path"], bytes(asked), status, bytes(answered))

    def _check(self, method: str, path: str, asked: bytes, status: int, answered: bytes) -> None:
        self.seen.append(f"{method} {path} {status}")
        try:
            if self._judges_requests and status != 404:
                check_request(method, path, asked)
            body = json.loads(answered) if answered[:1] == b"{" else None
            check_reply(method, path, status, body)
        except Exception as error:  # noqa: BLE001 - told by the test, which must not hang on it
            self.wrong.append(f"{method} {path} {status}: {error}")


@contextmanager
def checked(service: Service) -> Iterator[tuple[str, Checked]]:
    """Serve on a port of the system's choice; gives the origin and what was seen."""
    app = Checked(application(service))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(
            app, log_config=None, lifespan="off", http=WatchedConnection, ws="websockets-sansio"
        )
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", app
        finally:
            server.should_exit = True
            thread.join()
