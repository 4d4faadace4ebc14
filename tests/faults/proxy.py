"""Stands before a service on a real socket and does to it what networks do.

Requests are told apart by what they are for: `create`, `upload 1`, `end`,
`poll`, `withdraw`, `discover`. Each fault is used up by the requests it hits:

- `lose request`, `hang`: it was read, and nothing comes back;
- `reset`: half of it was read, then the connection is reset;
- `lose reply`, `reset mid-reply`: the service took it, and we hear nothing or half;
- `slow`: `rate` bytes a second in both directions;
- `as text/html`: the service's own reply, under another content type;
- `pour`: a reply of fifty megabytes;
- `answer …`: a reply of somebody else's (replies.py). A token that was answered
  401 is never accepted again.
"""

import http.client
import re
import socket
import ssl
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from io import BufferedReader

from tests.faults.replies import canned, head, written

_UPLOAD = re.compile(r"/audio/(?:.*_)?(\d+)\.\w+$")
_FORM_KEY = re.compile(rb'name="key"\r\n\r\n[^\r\n]*/(\d+)\.\w+\r\n')

POURED = 50_000_000
_BLOCK = bytes(64 * 1024)

_UNANSWERED = {"lose request", "reset", "hang", "pour"}


@dataclass
class Seen:
    """A request that reached the service, and how it answered."""

    purpose: str
    path: str
    headers: dict[str, str]
    body: bytes
    status: int = 0
    reply: bytes = b""


@dataclass
class Arrived:
    """A request as it came out of the socket, when, and which fault was done to it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""
    fault: str = ""
    at: float = 0.0
    purpose: str = field(init=False)

    def __post_init__(self) -> None:
        self.purpose = self._purpose()

    def _purpose(self) -> str:
        path = self.path.partition("?")[0]
        upload = _UPLOAD.search(path)
        if path.endswith("/medscribealliance"):
            return "discover"
        if self.method == "POST" and upload:
            return f"upload {upload[1]}"
        if self.method == "POST" and path.endswith("/end"):
            return "end"
        if self.method == "POST" and path.endswith("/sessions"):
            return "create"
        return "withdraw" if self.method == "PATCH" else "poll"

    @property
    def is_form(self) -> bool:
        return "/blob-upload/" in self.path

    @property
    def credential(self) -> str:
        return self.headers.get("authorization", "") or self.headers.get("x-api-key", "")

    @property
    def bytes_sent(self) -> bytes:
        """All of it, for whoever looks for something that must not be in it."""
        names = "\n".join(f"{name}: {value}" for name, value in self.headers.items())
        return f"{self.method} {self.path}\n{names}\n".encode() + self.body


class FaultProxy:
    """`faults` wait for the requests they are for; `actions` follow a forwarded one.

    `token` is what the service itself knows; without it credentials go on as
    they came; one that `vouches` shows it for whoever shows none, as a storage
    of the service's would. `clock` is the service's, for its Date. `rewrite`
    changes a reply. With `secure` it speaks TLS.
    """

    def __init__(self, upstream: Callable[[], int]) -> None:
        self.upstream = upstream
        self.faults: dict[str, deque[str]] = defaultdict(deque)
        self.actions: dict[str, deque[Callable[[], None]]] = defaultdict(deque)
        self.largest: int | None = None
        self.rate = 1000.0
        self.elsewhere = "https://evil.example/collect"
        self.token = ""
        self.vouches = False
        self.secure: ssl.SSLContext | None = None
        self.query = ""
        self.clock: Callable[[], float] | None = None
        self.rewrite: Callable[[Arrived, bytes], bytes] = lambda _, body: body
        self.arrived: list[Arrived] = []
        self.seen: list[Seen] = []
        self.poured: list[int] = []
        self.applied: list[str] = []
        self.released = threading.Event()
        self._revoked: set[str] = set()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open = True
        self._threads: list[threading.Thread] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    def close(self) -> None:
        self._open = False
        self.released.set()
        # Closing a listener does not end an accept that is already waiting.
        socket.create_connection(("127.0.0.1", self.port)).close()
        self._acceptor.join(5)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if not self._open:
                connection.close()
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        try:
            if self.secure is not None:
                connection = self.secure.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as source:
                arrived = _read_head(source)
                if arrived is not None:
                    self._take_in(arrived, source)
                    self._answer(connection, arrived)
        except OSError:
            return  # the client hung up, as some tests make it do

    # --- the request -------------------------------------------------------------------

    def _take_in(self, arrived: Arrived, source: BufferedReader) -> None:
        length = int(arrived.headers.get("content-length", 0))
        arrived.at = self.clock() if self.clock is not None else 0.0
        if arrived.is_form:
            # Only the form says which file it is.
            arrived.body = source.read(length)
            key = _FORM_KEY.search(arrived.body)
            arrived.purpose = f"upload {int(key[1]) - 1}" if key else "upload"
        arrived.fault = self._fault_for(arrived, length)
        if not arrived.is_form:
            arrived.body = self._read_body(source, length, arrived.fault)
        with self._lock:
            self.arrived.append(arrived)

    def _fault_for(self, arrived: Arrived, length: int) -> str:
        with self._lock:
            if arrived.credential in self._revoked:
                return "answer 401 token_expired"
            if self.largest is not None and length > self.largest:
                return "answer 413"
            waiting = self.faults[arrived.purpose]
            fault = waiting.popleft() if waiting else ""
            if fault:
                self.applied.append(fault)
            if fault.startswith("answer 401") and arrived.credential:
                self._revoked.add(arrived.credential)
            return fault

    def _read_body(self, source: BufferedReader, length: int, fault: str) -> bytes:
        if fault == "reset":
            return source.read(length // 2)
        if fault != "slow":
            return source.read(length)
        body = bytearray()
        while piece := source.read(min(self._piece, length - len(body))):
            body += piece
            self._as_slow_as(len(piece))
        return bytes(body)

    @property
    def _piece(self) -> int:
        return max(int(self.rate / 20), 1)

    def _as_slow_as(self, size: int) -> None:
        self.released.wait(size / self.rate)

    # --- the reply ---------------------------------------------------------------------

    def _answer(self, connection: socket.socket, arrived: Arrived) -> None:
        fault = arrived.fault
        if fault in _UNANSWERED or fault.startswith("answer "):
            self._refuse(connection, fault)
            return
        reply, action = self._forward(arrived)
        if action is None:
            self._send(connection, fault, reply)
            return
        # What follows a request follows its reply too, however long it takes, and comes
        # before the next request: the client must not lose patience with this one.
        with self._lock:
            self._send(connection, fault, reply)
            action()

    def _refuse(self, connection: socket.socket, fault: str) -> None:
        if fault == "reset":
            _reset(connection)
        elif fault == "hang":
            self.released.wait(30)
        elif fault == "pour":
            self._pour(connection)
        elif fault.startswith("answer "):
            connection.sendall(canned(fault.removeprefix("answer "), self.elsewhere))

    def _pour(self, connection: socket.socket) -> None:
        poured = 0
        try:
            connection.sendall(head(200, {"Content-Type": "application/json"}, POURED))
            while poured < POURED:
                connection.sendall(_BLOCK)
                poured += len(_BLOCK)
        finally:
            self.poured.append(poured)

    def _forward(self, arrived: Arrived) -> tuple[bytes, Callable[[], None] | None]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.upstream(), timeout=30)
        try:
            path = arrived.path + (self.query if arrived.purpose in {"create", "poll"} else "")
            upstream.request(arrived.method, path, arrived.body, self._headers(arrived))
            response = upstream.getresponse()
            body = response.read()
        finally:
            upstream.close()
        with self._lock:
            self.seen.append(
                Seen(
                    arrived.purpose,
                    arrived.path,
                    arrived.headers,
                    arrived.body,
                    response.status,
                    body,
                )
            )
            actions = self.actions[arrived.purpose]
            action = actions.popleft() if actions else None
        kept = {
            name: value
            for name, value in response.getheaders()
            if name.lower() not in {"transfer-encoding", "content-length", "connection", "date"}
        }
        if self.clock is not None:
            kept["Date"] = formatdate(self.clock(), usegmt=True)
        if arrived.fault.startswith("as "):
            kept["content-type"] = arrived.fault.removeprefix("as ")
        return written(response.status, kept, self.rewrite(arrived, body)), action

    def _headers(self, arrived: Arrived) -> dict[str, str]:
        if not self.token or not (arrived.credential or self.vouches):
            return arrived.headers
        others = {
            name: value
            for name, value in arrived.headers.items()
            if name not in {"authorization", "x-api-key"}
        }
        if self.vouches:
            # The local service serves nobody who calls it by a name of the network.
            others["host"] = f"127.0.0.1:{self.port}"
        return {**others, "authorization": f"Bearer {self.token}"}

    def _send(self, connection: socket.socket, fault: str, reply: bytes) -> None:
        if fault == "reset mid-reply":
            connection.sendall(reply[: len(reply) // 2])
            _reset(connection)
        elif fault == "slow":
            for place in range(0, len(reply), self._piece):
                piece = reply[place : place + self._piece]
                connection.sendall(piece)
                self._as_slow_as(len(piece))
        elif fault != "lose reply":
            connection.sendall(reply)


def _read_head(source: BufferedReader) -> Arrived | None:
    first = source.readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while line := source.readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Arrived(first[0], first[1], headers)


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
