"""The rest of a Linux desktop on a private bus: sleep, screen lock, network, power.

`test.Desk` is the test's hand: Sleep and Wake, Lock and Unlock, Network, and
Seen, which tells what was asked of the desktop so far.
"""

import os
import sys
from typing import Any

from jeepney import (
    DBusAddress,
    HeaderFields,
    MessageType,
    new_error,
    new_method_call,
    new_method_return,
    new_signal,
)
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

NAMES = (
    "org.freedesktop.login1",
    "org.gnome.SessionManager",
    "org.freedesktop.ScreenSaver",
    "org.freedesktop.NetworkManager",
    "test.Desk",
)


class Desk:
    def __init__(self, connection: DBusConnection) -> None:
        self.connection = connection
        self.seen: list[str] = []
        self.lock_ends: list[int] = []

    def serve(self) -> None:
        while True:
            message = self.connection.receive()
            if message.header.message_type is not MessageType.method_call:
                continue
            member = message.header.fields.get(HeaderFields.member, "")
            answer = getattr(self, f"on_{member.lower()}", None)
            if answer is None:
                self.connection.send(new_error(message, "org.freedesktop.DBus.Error.UnknownMethod"))
            else:
                answer(message, message.header.fields.get(HeaderFields.interface, ""))

    def on_inhibit(self, message: Any, interface: str) -> None:
        if interface == "org.freedesktop.login1.Manager":
            what, _, _, mode = message.body
            ours, theirs = os.pipe()
            self.lock_ends.append(ours)
            self.seen.append(f"inhibit {what} {mode}")
            self.connection.send(new_method_return(message, "h", (theirs,)))
            os.close(theirs)
            return
        self.seen.append("stay awake")
        self.connection.send(new_method_return(message, "u", (77,)))

    def on_uninhibit(self, message: Any, _interface: str) -> None:
        self.seen.append("sleep as you like")
        self.connection.send(new_method_return(message))

    def on_sleep(self, message: Any, _interface: str) -> None:
        """Go to sleep as logind does: say so, then wait until the lock is given back."""
        self._announce("login1", "login1.Manager", "PrepareForSleep", "b", (True,))
        assert os.read(self.lock_ends.pop(), 1) == b""
        self.connection.send(new_method_return(message))

    def on_wake(self, message: Any, _interface: str) -> None:
        self._announce("login1", "login1.Manager", "PrepareForSleep", "b", (False,))
        self.connection.send(new_method_return(message))

    def on_lock(self, message: Any, _interface: str) -> None:
        self._announce("ScreenSaver", "ScreenSaver", "ActiveChanged", "b", (True,))
        self.connection.send(new_method_return(message))

    def on_getsessionidletime(self, message: Any, _interface: str) -> None:
        self.connection.send(new_method_return(message, "u", (90_500,)))

    def on_unlock(self, message: Any, _interface: str) -> None:
        self._announce("ScreenSaver", "ScreenSaver", "ActiveChanged", "b", (False,))
        self.connection.send(new_method_return(message))

    def on_network(self, message: Any, _interface: str) -> None:
        for state in (20, 70):
            self._announce("NetworkManager", "NetworkManager", "StateChanged", "u", (state,))
        self.connection.send(new_method_return(message))

    def on_seen(self, message: Any, _interface: str) -> None:
        self.connection.send(new_method_return(message, "as", (self.seen,)))

    def _announce(
        self, path: str, interface: str, member: str, signature: str, body: tuple[Any, ...]
    ) -> None:
        address = DBusAddress(f"/org/freedesktop/{path}", interface=f"org.freedesktop.{interface}")
        self.connection.send(new_signal(address, member, signature, body))


def order(connection: DBusConnection, method: str) -> tuple[Any, ...]:
    """Tell the desktop what to do, from the test."""
    address = DBusAddress("/test", bus_name="test.Desk", interface="test.Desk")
    return tuple(connection.send_and_get_reply(new_method_call(address, method), timeout=5).body)


if __name__ == "__main__":
    desk = Desk(open_dbus_connection(bus="SESSION", enable_fds=True))
    for name in NAMES:
        desk.connection.send_and_get_reply(message_bus.RequestName(name))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    desk.serve()
