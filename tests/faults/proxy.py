"""Stands before a service on a real socket and does to it what networks do.

Requests are told apart by what they are for: `create`, `upload 1`, `end`,
`poll`, `withdraw`, `discover`. Each fault is used up by the requests it hits.
"""

import http.client
import json
import re
import socket
import struct
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate

_UPLOAD = re.compile(r"/audio/(?:.*_)?(\d+)\.\w+$")


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
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    purpose: str = field(init=False)

    def __post_init__(self) -> None:
        path = self.path.partition("?")[0]
        upload = _UPLOAD.search(path)
        if path.endswith("/medscribealliance"):
            self.purpose = "discover"
        elif self.method == "POST" and upload:
            self.purpose = f"upload {upload[1]}"
        elif self.method == "POST" and path.endswith("/end"):
            self.purpose = "end"
        elif self.method == "POST" and path.endswith("/sessions"):
            self.purpose = "create"
        elif self.method == "PATCH":
            self.purpose = "withdraw"
        else:
            self.purpose = "poll"


class FaultProxy:
    """`faults` wait for the requests they are for; `actions` follow a forwarded one."""

    def __init__(self, upstream: Callable[[], int]) -> None:
        self.upstream = upstream
        self.faults: dict[str, deque[str]] = defaultdict(deque)
        self.actions: dict[str, deque[Callable[[], None]]] = defaultdict(deque)
        self.largest: int | None = None
        self.arrived: list[Arrived] = []
        self.seen: list[Seen] = []
        self.released = threading.Event()
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
        with connection, connection.makefile("rb") as source:
            connection.settimeout(10)
            try:
                arrived = _read(source.readline, source.read)
                if arrived is not None:
                    self._answer(connection, arrived)
            except OSError:
                return  # the client hung up, as some tests make it do

    def _answer(self, connection: socket.socket, arrived: Arrived) -> None:
        with self._lock:
            self.arrived.append(arrived)
            waiting = self.faults[arrived.purpose]
            fault = waiting.popleft() if waiting else ""
        if self.largest is not None and len(arrived.body) > self.largest:
            fault = "answer 413"
        if fault in {"lose request", "reset", "hang"} or fault.startswith("answer "):
            self._refuse(connection, fault)
            return
        reply, action = self._forward(arrived)
        if action is None:
            _send(connection, fault, reply)
            return
        # What follows a request follows its reply too, however long it takes, and comes
        # before the next request: the client must not lose patience with this one.
        with self._lock:
            _send(connection, fault, reply)
            action()

    def _refuse(self, connection: socket.socket, fault: str) -> None:
        if fault == "reset":
            _reset(connection)
        elif fault == "hang":
            self.released.wait(30)
        elif fault.startswith("answer "):
            connection.sendall(canned(fault.removeprefix("answer ")))

    def _forward(self, arrived: Arrived) -> tuple[bytes, Callable[[], None] | None]:
        upstream = http.client.HTTPConnection("127.0.0.1", self.upstream(), timeout=30)
        try:
            upstream.request(arrived.method, arrived.path, arrived.body, arrived.headers)
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
        return written(response.status, kept, body), action


def _send(connection: socket.socket, fault: str, reply: bytes) -> None:
    if fault == "reset mid-reply":
        connection.sendall(reply[: len(reply) // 2])
        _reset(connection)
    elif fault == "slow":
        for place in range(0, len(reply), 64):
            connection.sendall(reply[place : place + 64])
    elif fault != "lose reply":
        connection.sendall(reply)


def _read(readline: Callable[[], bytes], read: Callable[[int], bytes]) -> Arrived | None:
    first = readline().decode("latin-1").split()
    if len(first) != 3:
        return None
    headers = {}
    while line := readline().decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Arrived(first[0], first[1], headers, read(int(headers.get("content-length", 0))))


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def written(status: int, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} {http.client.responses.get(status, 'Odd')}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


ODD = {
    "html": ("text/html", b"<html><title>Please sign in to the clinic's network</title>"),
    "empty": ("application/json", b""),
    "null": ("application/json", b"null"),
    "list": ("application/json", b"[]"),
    "wrong types": (
        "application/json",
        b'{"session_id": {}, "status": [], "upload_url": 7, "templates": 3, "transcript": {}}',
    ),
    "nulls": (
        "application/json",
        b'{"session_id": null, "status": null, "upload_url": null, "templates": null}',
    ),
    "deep": ("application/json", b'{"status":' * 100_000 + b"1" + b"}" * 100_000),
    "text": ("text/plain", b"Internal Server Error"),
    "bytes": ("audio/webm", bytes(range(256))),
}


def canned(what: str) -> bytes:
    """A reply that no service made: `503`, `429 after 7`, `400 session_ended`, `200 html`…"""
    status, _, rest = what.partition(" ")
    if rest == "elsewhere":
        return written(int(status), {"Location": "https://evil.example/collect"}, b"")
    if rest == "huge":
        return written(int(status), {"Content-Type": "application/json"}, b" " * 50_000_000)
    if rest in ODD:
        media_type, body = ODD[rest]
        return written(int(status), {"Content-Type": media_type}, body)
    if rest.startswith("after "):
        return written(int(status), {"Retry-After": rest.removeprefix("after ")}, b"")
    if rest.startswith("until "):
        # By the service's own clock, which is years away from the workstation's.
        headers = {
            "Date": formatdate(0, usegmt=True),
            "Retry-After": formatdate(int(rest.removeprefix("until ")), usegmt=True),
        }
        return written(int(status), headers, b"")
    if rest.startswith("detail "):
        body = json.dumps({"detail": rest.removeprefix("detail ")}).encode()
        return written(int(status), {"Content-Type": "application/json"}, body)
    body = json.dumps({"error": {"code": rest, "message": "No."}}).encode() if rest else b""
    return written(int(status), {"Content-Type": "application/json"}, body)
