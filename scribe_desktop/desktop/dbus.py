"""Talks to the Linux desktop: its key portal, its sleep and its network.

One small connection instead of the library's own thread machinery, because
what matters here is to notice at once when the desktop goes away, and to end
in bounded time. The library is used in this module and nowhere else.
"""

import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import Any

from scribe_desktop.domain.errors import DesktopError

log = logging.getLogger(__name__)

_CALL_S = 5.0
_JOIN_S = 2.0


class BusError(DesktopError):
    """The desktop refused a call, did not answer, or went away. `name` is its word for it."""

    def __init__(self, name: str) -> None:
        super().__init__("The desktop did not do what was asked.", f"It said: {name}.")
        self.name = name


@dataclass(frozen=True, slots=True)
class Signal:
    """Something the desktop announced."""

    path: str
    interface: str
    member: str
    body: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Address:
    """Whom to call: a bus name, an object and one of its interfaces."""

    name: str
    path: str
    interface: str


Listener = Callable[[Signal], None]


class Bus:
    """One connection to the session or the system bus.

    `call` and `listen` may be used from any thread but the bus's own; listeners
    and `on_lost` are called on the bus's own thread.
    """

    def __init__(
        self,
        which: str = "SESSION",
        on_lost: Callable[[], None] | None = None,
        *,
        fds: bool = False,
    ) -> None:
        """Connect to `SESSION` or `SYSTEM`. Raises BusError where there is no such bus."""
        from jeepney.io.blocking import open_dbus_connection

        try:
            self._connection = open_dbus_connection(bus=which, enable_fds=fds)
        # A KeyError is an unset address; a ValueError one that cannot be read.
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            raise BusError(f"no {which.lower()} bus") from error
        self.unique_name: str = self._connection.unique_name
        self._on_lost = on_lost
        self._serials = itertools.count(1000)
        self._lock = threading.Lock()
        self._replies: dict[int, Future[Any]] = {}
        self._listeners: list[tuple[dict[str, str], Listener]] = []
        self._closing = False
        self._thread = threading.Thread(target=self._receive, name="desktop-bus", daemon=True)
        self._thread.start()

    def call(
        self,
        to: Address,
        method: str,
        signature: str | None = None,
        arguments: tuple[Any, ...] = (),
        *,
        timeout_s: float = _CALL_S,
    ) -> tuple[Any, ...]:
        """Call a method and wait for its answer. Raises BusError."""
        from jeepney import DBusAddress, MessageType, new_method_call

        address = DBusAddress(to.path, bus_name=to.name, interface=to.interface)
        message = new_method_call(address, method, signature, arguments)
        reply: Future[Any] = Future()
        with self._lock:
            if self._closing:
                raise BusError("disconnected")
            serial = next(self._serials)
            self._replies[serial] = reply
            try:
                self._connection.send(message, serial=serial)
            except OSError as error:
                del self._replies[serial]
                raise BusError("disconnected") from error
        try:
            answer = reply.result(timeout_s)
        except FutureTimeout as error:
            with self._lock:
                self._replies.pop(serial, None)
            raise BusError("no answer") from error
        if answer.header.message_type is MessageType.error:
            raise BusError(_error_name(answer))
        return tuple(answer.body)

    def listen(self, listener: Listener, **match: str) -> None:
        """Call `listener` with every signal of this `interface`, `member` and `path`.

        What is left out matches anything. Raises BusError.
        """
        from jeepney import MatchRule

        rule = MatchRule(type="signal", **match)
        with self._lock:
            self._listeners.append((match, listener))
        bus = Address("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
        self.call(bus, "AddMatch", "s", (rule.serialise(),))

    def close(self) -> None:
        """Disconnect; waits at most two seconds. Any thread."""
        import socket

        with self._lock:
            self._closing = True
        # Closing alone does not wake a thread that waits for data.
        try:
            self._connection.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            log.debug("the bus was already gone")
        if threading.current_thread() is not self._thread:
            self._thread.join(_JOIN_S)

    def _receive(self) -> None:
        try:
            while True:
                self._take(self._connection.receive())
        # The selector raises ValueError once its socket is gone.
        except (OSError, ValueError):
            with self._lock:
                expected, self._closing = self._closing, True
                waiting, self._replies = list(self._replies.values()), {}
            for reply in waiting:
                reply.set_exception(BusError("disconnected"))
            self._connection.close()
            if not expected and self._on_lost:
                self._on_lost()

    def _take(self, message: Any) -> None:  # noqa: ANN401  the library has no types
        from jeepney import HeaderFields, MessageType

        header = message.header
        if header.message_type in (MessageType.method_return, MessageType.error):
            with self._lock:
                reply = self._replies.pop(header.fields.get(HeaderFields.reply_serial, 0), None)
            if reply is not None:
                reply.set_result(message)
            return
        if header.message_type is not MessageType.signal:
            return
        signal = Signal(
            header.fields.get(HeaderFields.path, ""),
            header.fields.get(HeaderFields.interface, ""),
            header.fields.get(HeaderFields.member, ""),
            tuple(message.body),
        )
        with self._lock:
            listeners = list(self._listeners)
        for match, listener in listeners:
            if all(getattr(signal, field) == value for field, value in match.items()):
                listener(signal)


def _error_name(message: Any) -> str:  # noqa: ANN401  the library has no types
    from jeepney import HeaderFields

    return str(message.header.fields.get(HeaderFields.error_name, "an error without a name"))


def release_descriptor(descriptor: Any) -> None:  # noqa: ANN401  the library has no types
    """Close a file descriptor that came in an answer, which is how a lock is given back."""
    descriptor.close()
