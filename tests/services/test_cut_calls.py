"""A call on a dead line is cut off at once and can be made again; one that moves goes on."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass

import pytest

from scribe_desktop.domain.errors import ServiceError
from scribe_desktop.protocol import errors
from scribe_desktop.services.flight import Flight, GivenUp, shut
from scribe_desktop.services.wire import JSON_S, Outgoing, Wire

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
WAIT_S = 10.0


class Line:
    """One end of a line; `serve` does with each connection what a test wants."""

    def __init__(self, serve: Callable[[socket.socket], None], backlog: int = 8) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=backlog)
        self.served = 0
        self._serve = serve
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def start(self) -> "Line":
        self._thread.start()
        return self

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.served += 1
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            self._serve(connection)

    def close(self) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Call:
    """One call of the wire on a thread of its own."""

    def __init__(self, wire: Wire, outgoing: Outgoing) -> None:
        self._wire = wire
        self._outgoing = outgoing
        self.outcome = ""
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self) -> None:
        try:
            self.outcome = str(self._wire.send(self._outgoing).status)
        except ServiceError as error:
            self.outcome = error.code

    def ended(self, within_s: float = WAIT_S) -> str:
        self._thread.join(within_s)
        return self.outcome


@pytest.fixture
def wire() -> Iterator[Wire]:
    with closing(Wire()) as wire:
        yield wire


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < end
        threading.Event().wait(0.01)


def asked(line: Line, **more: object) -> Outgoing:
    return Outgoing("GET", line.origin, is_repeated=True, **more)  # type: ignore[arg-type]


@dataclass(frozen=True, eq=False)
class Socket:
    """What the library makes of one."""

    end: socket.socket

    def get_extra_info(self, _name: str) -> socket.socket:
        return self.end


class SilentOnce:
    """The first request is never answered."""

    def __init__(self) -> None:
        self.has_asked = threading.Event()
        self.was_hung_up = threading.Event()

    def __call__(self, connection: socket.socket) -> None:
        while connection.recv(65536):
            if not self.has_asked.is_set():
                self.has_asked.set()
                connection.recv(65536)
                self.was_hung_up.set()
                return
            connection.sendall(OK)


def test_a_call_that_hangs_is_cut_and_made_again(wire: Wire) -> None:
    silent = SilentOnce()
    with closing(Line(silent).start()) as line:
        began = time.monotonic()
        call = Call(wire, asked(line))
        assert silent.has_asked.wait(WAIT_S)
        wire.cut()
        assert call.ended() == errors.CUT
        assert silent.was_hung_up.wait(WAIT_S), "the service thinks that somebody waits"
        assert wire.send(asked(line)).status == 200
        assert time.monotonic() - began < JSON_S / 2


def test_a_call_on_a_connection_that_was_kept_is_cut_too(wire: Wire) -> None:
    waits = threading.Event()

    def serve(connection: socket.socket) -> None:
        for _ in range(2):
            connection.recv(65536)
            if not waits.is_set():
                connection.sendall(OK)
        connection.recv(1)

    with closing(Line(serve).start()) as line:
        assert wire.send(asked(line)).status == 200
        waits.set()
        call = Call(wire, asked(line))
        until(lambda: bool(wire._flights))
        while not call.ended(0.02):
            wire.cut()
        assert call.ended() == errors.CUT
        assert line.served == 1
        waits.clear()
        assert wire.send(asked(line)).status == 200
        assert line.served == 2


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a full backlog refuses")
def test_a_call_that_cannot_connect_is_let_go_and_sends_nothing_later(wire: Wire) -> None:
    got: list[bytes] = []
    with closing(Line(lambda one: got.append(one.recv(65536)), backlog=0)) as line:
        with socket.socket() as filler, socket.socket() as another:
            address = line.listener.getsockname()
            filler.connect(address)
            another.settimeout(0.0)
            another.connect_ex(address)
            call = Call(wire, asked(line))
            until(lambda: any(flight._is_connecting for flight in wire._flights))
            wire.cut()
            assert call.ended() == errors.CUT
        # Now there is room, and the connection that was given up comes about.
        line.start()
        until(lambda: line.served >= 2)
        assert wire._flights == {}
        assert not any(got), "it was given up, and sent all the same"


def test_what_nobody_makes_again_is_left_alone(wire: Wire) -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        wire.cut()
        connection.sendall(OK)

    with closing(Line(serve).start()) as line:
        assert wire.send(Outgoing("GET", line.origin)).status == 200


def test_a_press_cuts_only_what_has_been_silent(wire: Wire) -> None:
    def drip(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n")
        for _ in range(20):
            wire.cut(0.5)
            threading.Event().wait(0.05)
            connection.sendall(b".")

    with closing(Line(drip).start()) as slow, closing(Line(SilentOnce()).start()) as dead:
        moves, hangs = Call(wire, asked(slow)), Call(wire, asked(dead))
        assert moves.ended() == "200"
        assert hangs.ended() == errors.CUT


def test_a_call_that_notices_its_cut_at_once_was_cut_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    near, far = socket.socketpair()
    stream = Socket(near)
    call, noticed, raised = Flight[None](), threading.Event(), list[type[BaseException]]()

    def work() -> None:
        call.connecting()
        call.connected(stream)
        asked.set()
        near.recv(1)
        noticed.set()
        raise OSError("it broke off")

    def fly() -> None:
        try:
            call.run(work)
        except (GivenUp, OSError) as error:
            raised.append(type(error))

    def shut_and_look(stream: object) -> None:
        shut(stream)
        assert noticed.wait(WAIT_S)
        waiting.join(WAIT_S)

    monkeypatch.setattr("scribe_desktop.services.flight.shut", shut_and_look)
    with near, far:
        asked, waiting = threading.Event(), threading.Thread(target=fly)
        waiting.start()
        assert asked.wait(WAIT_S)
        call.cut(0.0, set())
    assert raised == [GivenUp]


def test_a_service_that_thinks_about_the_end_is_not_told_twice(wire: Wire) -> None:
    thinks, hangs = SilentOnce(), SilentOnce()
    with closing(Line(thinks).start()) as one, closing(Line(hangs).start()) as other:
        end = Call(wire, asked(one, settles_s=60.0))
        assert thinks.has_asked.wait(WAIT_S)
        upload = Call(wire, asked(other))
        while not upload.ended(0.02):
            wire.cut(0.1)
        assert end.outcome == ""
        wire.cut()
        assert end.ended() == errors.CUT


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not tell")
def test_an_upload_over_a_slow_line_is_not_cut_by_a_press(wire: Wire) -> None:
    """All of it lies in the system's buffers, and only the system knows that it moves."""
    body = b"x" * 4_000_000

    def serve(connection: socket.socket) -> None:
        left = len(body)
        while left > 0:
            left -= len(connection.recv(65536))
            wire.cut(0.5)
            threading.Event().wait(0.02)
        connection.sendall(OK)

    with closing(Line(serve).start()) as line:
        outgoing = Outgoing("POST", line.origin, body=body, is_repeated=True)
        began = time.monotonic()
        assert wire.send(outgoing).status == 200
        assert time.monotonic() - began > 0.6, "or it proves nothing"


def test_leaving_lets_a_call_go_that_hangs(wire: Wire) -> None:
    silent = SilentOnce()
    with closing(Line(silent).start()) as line:
        call = Call(wire, asked(line))
        assert silent.has_asked.wait(WAIT_S)
        wire.abort()
        assert call.ended() == errors.ABORTED
