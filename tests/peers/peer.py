"""A scripted service over a real socket: what every peer has in common.

Written from PROTOCOL.md alone. Nothing under tests/peers imports the program,
or the program would only be proved against itself.
"""

import json
import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit


@dataclass
class Asked:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Answered:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"

    def encoded(self) -> bytes:
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Dictation:
    """A session as a peer keeps it."""

    session_id: str
    asked: dict[str, Any]
    files: dict[int, bytes] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    ends: list[Any] = field(default_factory=list)
    polls_left: int = 1
    status: str = "created"
    streamed: bytes = b""
    typed: str = ""

    @property
    def transcript(self) -> str:
        if self.typed:
            return self.typed
        pieces = [f"Piece {number}: {len(body)} bytes." for number, body in self._in_order()]
        if self.streamed:
            pieces.append(f"Stream: {len(self.streamed)} bytes.")
        return " ".join(pieces)

    def _in_order(self) -> list[tuple[int, bytes]]:
        return sorted(self.files.items())


class Peer:
    """Listens on loopback, records all that was asked, and answers by `answer`.

    `dialect` is whose ways it has; empty: a script of one test, of any dialect.
    `refused_forms` are the extensions of files that it takes no longer.
    `witness` is shown each whole request to a peer that `speaks_the_protocol`.
    """

    dialect: ClassVar[str] = ""
    speaks_the_protocol: ClassVar[bool] = True
    witness: ClassVar[Callable[[str, Asked], None] | None] = None

    def __init__(self) -> None:
        self.refused_forms: set[str] = set()
        self.refused_with = 400
        self.asked: list[Asked] = []
        self.sessions: dict[str, Dictation] = {}
        self.lock = threading.Lock()
        peer = self

        class Reception(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def _serve(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                parts = urlsplit(self.path)
                asked = Asked(
                    self.command,
                    parts.path,
                    parse_qs(parts.query),
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(length),
                )
                witness = Peer.witness
                if witness is not None and peer.is_told_whole(asked, length):
                    witness(peer.dialect, asked)
                with peer.lock:
                    peer.asked.append(asked)
                    answered = peer.answer(asked)
                body = answered.encoded()
                self.send_response_only(answered.status)
                dated = {"Date": self.date_time_string(), **answered.headers}
                for name, value in dated.items():
                    self.send_header(name, value)
                if body:
                    self.send_header("Content-Type", answered.media_type)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_CONNECT = _serve  # noqa: N815  as http.server wants

            def log_message(self, *_: Any) -> None:
                """Say nothing: tests read `asked`."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Reception)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()

    def secure(self, context: ssl.SSLContext) -> None:
        """From now on speak TLS."""
        # Shaken hands on first use, on the connection's own thread.
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def is_told_whole(self, asked: Asked, length: int) -> bool:
        """Whether the request is one of the protocol's, and was not cut off."""
        return self.speaks_the_protocol and len(asked.body) == length

    def answer(self, asked: Asked) -> Answered:
        raise NotImplementedError

    def refused_form(self, name: str) -> Answered | None:
        """The refusal of an audio file for its form, if it is one of those."""
        if name.rpartition(".")[2] not in self.refused_forms:
            return None
        error = {"code": "invalid_audio_format", "message": "No."}
        return Answered(self.refused_with, {"error": error})

    def paths(self, method: str) -> list[str]:
        return [asked.path for asked in self.asked if asked.method == method]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(2)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
