"""One call under way, on a thread of its own, so that whoever waits for it can be let go at once.

A name lookup and an attempt to connect cannot be ended from outside, and a
socket that died in a sleep says nothing until its time is over. So the caller
waits here, not there: a call that is given up sends nothing more and is
forgotten; its thread ends with the time limit that it has anyway.
"""

import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Generic, TypeVar

Result = TypeVar("Result")

SLOW_BYTES_PER_S = 8_000.0
"""Where the system does not tell what the other side took, an upload is given this much longer."""

_LAST_DATA_AND_ACK_RECEIVED = 52
"""Where Linux keeps both in `struct tcp_info`, in milliseconds ago."""


class GivenUp(Exception):
    """Raised to the caller of a call that was cut off, and within the call itself."""


class Flight(Generic[Result]):
    """A call in flight. `size` is how much it uploads, `settles_s` how long it may be silent."""

    def __init__(self, size: int = 0, settles_s: float = 0.0) -> None:
        self._size = size
        self._settles_s = settles_s
        self._over = threading.Event()
        self._moved_at = time.monotonic()
        self._results: list[Result] = []
        self._error: BaseException | None = None
        self._is_connecting = False
        self.is_given_up = False
        self.stream: Any = None
        """The library's network stream, if this call connected it."""

    def run(self, work: Callable[[], Result]) -> Result:
        """Do `work` on a thread; raises what it raises, or `GivenUp` at once."""
        thread = threading.Thread(target=self._work, args=(work,), name="call", daemon=True)
        thread.start()
        self._over.wait()
        if self.is_given_up:
            raise GivenUp
        # The worker that cut its own calls off ends only when they have ended, too.
        thread.join()
        if self._error is not None:
            raise self._error
        return self._results[0]

    def _work(self, work: Callable[[], Result]) -> None:
        try:
            self._results.append(work())
        except BaseException as error:  # noqa: BLE001  raised again where it is waited for
            self._error = error
        self._over.set()

    def give_up(self) -> None:
        """Let the caller go, and send nothing more; from any thread."""
        self.is_given_up = True
        self._over.set()

    # --- what the call says of itself ---------------------------------------------------

    def moved(self) -> None:
        """Something went out or came in."""
        self._moved_at = time.monotonic()

    def connecting(self) -> None:
        """From now on it connects, and does not use a connection that was kept."""
        self._is_connecting = True

    def connected(self, stream: Any) -> None:  # noqa: ANN401  the library's
        """It has a connection of its own."""
        self.stream = stream
        if self.is_given_up:
            stream.close()

    def check(self) -> None:
        """Go no further once it was given up."""
        if self.is_given_up:
            raise GivenUp

    # --- from outside ----------------------------------------------------------------------

    def cut(self, quiet_s: float, kept: set[Any]) -> None:
        """Give it up if no byte moved for `quiet_s`; with 0, whatever moved.

        `kept` are connections that no call has made for itself: this one may use one of them.
        """
        if quiet_s > 0 and time.monotonic() - self._moved_at < self._patience_s(quiet_s):
            return
        streams = kept
        if self._is_connecting:
            streams = {self.stream} if self.stream is not None else set()
        moving = {stream for stream in streams if _is_moving(stream, quiet_s)}
        if not moving:
            # Before its connection ends, or it could tell of that as of a fault of the line.
            self.give_up()
        for stream in streams - moving:
            shut(stream)

    def _patience_s(self, quiet_s: float) -> float:
        # What was given to the system counts as gone there, however slowly the line takes it.
        unseen_s = 0.0 if sys.platform == "linux" else self._size / SLOW_BYTES_PER_S
        return max(quiet_s, self._settles_s) + unseen_s


def shut(stream: Any) -> None:  # noqa: ANN401  the library's
    """End what waits for this connection, in whatever thread; closing it would not."""
    sock = stream.get_extra_info("socket")
    if not isinstance(sock, socket.socket):
        return
    # It may be closed already, which is what is wanted.
    with suppress(OSError):
        # Not the TLS socket's own shutdown: that one is not made for two threads.
        socket.socket.shutdown(sock, socket.SHUT_RDWR)


def _is_moving(stream: Any, quiet_s: float) -> bool:  # noqa: ANN401  the library's
    """Whether the other side took or sent something within `quiet_s`, if the system tells."""
    sock = stream.get_extra_info("socket")
    if sys.platform != "linux" or not isinstance(sock, socket.socket):
        return False
    try:
        told = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 64)
        data_ms, ack_ms = struct.unpack_from("=II", told, _LAST_DATA_AND_ACK_RECEIVED)
    except (OSError, struct.error):
        return False
    return float(min(data_ms, ack_ms)) < quiet_s * 1000.0
