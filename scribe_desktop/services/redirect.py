"""Listens on this computer, for a moment, for the browser that comes back from a sign-in.

Only loopback, on a port that the system picks, for one answer. Whether that
answer belongs to our sign-in is for the caller to judge.
"""

import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Any, Self

PATH = "/signed-in"
_LOOK_S = 0.2

_PAGE = (
    b"<!doctype html><meta charset=utf-8><title>Scribe Desktop</title>"
    b"<p>You can close this page and go back to Scribe Desktop.</p>"
)


class Redirect:
    """An address to be sent back to; open while the `with` block runs."""

    def __init__(self) -> None:
        self._arrived = ""
        redirect = self

        class Arrival(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                is_ours = self.path.partition("?")[0] == PATH
                if is_ours:
                    redirect._arrived = self.path
                self.send_response(200 if is_ours else 404)
                self.send_header("Content-Type", "text/html")
                self.send_header("Referrer-Policy", "no-referrer")
                self.end_headers()
                self.wfile.write(_PAGE if is_ours else b"")

            def log_message(self, *_: Any) -> None:  # noqa: ANN401  as the library has it
                """Write nothing: the address holds a code."""

        self._server = HTTPServer(("127.0.0.1", 0), Arrival)
        self._server.timeout = _LOOK_S

    @property
    def url(self) -> str:
        """Where the browser is to be sent."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{PATH}"

    def wait(self, limit_s: float, is_cancelled: Callable[[], bool]) -> str:
        """The address with which the browser came, "" if it did not."""
        until = time.monotonic() + limit_s
        while not self._arrived and not is_cancelled() and time.monotonic() < until:
            self._server.handle_request()
        return self._arrived

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.server_close()
