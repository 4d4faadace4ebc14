"""A desktop on a private bus, as a program of its own: its key portal, and what a test tells it.

`test.Desk` is the test's hand: Press and Release a shortcut, Deny the next
question, Die. Started with the bus's address in the environment.
"""

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

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
SHORTCUTS = "org.freedesktop.portal.GlobalShortcuts"


class Desk:
    def __init__(self, connection: DBusConnection) -> None:
        self.connection = connection
        self.denied = False
        self.session = self.owner = ""
        self.asked: list[tuple[str, str]] = []

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
                answer(message, message.header.fields.get(HeaderFields.sender, ""))

    def on_get(self, message: Any, _sender: str) -> None:
        self.connection.send(new_method_return(message, "v", (("u", 2),)))

    def on_register(self, message: Any, _sender: str) -> None:
        self.connection.send(new_method_return(message))

    def on_createsession(self, message: Any, sender: str) -> None:
        (options,) = message.body
        token = options["session_handle_token"][1]
        self.owner, self.session = sender, f"{PATH}/session/{_path(sender)}/{token}"
        self._respond(message, options, {"session_handle": ("s", self.session)})

    def on_bindshortcuts(self, message: Any, _sender: str) -> None:
        _, shortcuts, _, options = message.body
        self.asked = [(name, p["preferred_trigger"][1]) for name, p in shortcuts]
        given = [
            (name, {"trigger_description": ("s", f"Press {wish}")})
            for name, wish in self.asked
            if name != "cancel"
        ]
        self._respond(message, options, {"shortcuts": ("a(sa{sv})", given)})

    def on_close(self, message: Any, _sender: str) -> None:
        self.connection.send(new_method_return(message))

    def on_press(self, message: Any, _sender: str) -> None:
        self._signal("Activated", message.body[0])
        self.connection.send(new_method_return(message))

    def on_release(self, message: Any, _sender: str) -> None:
        self._signal("Deactivated", message.body[0])
        self.connection.send(new_method_return(message))

    def on_deny(self, message: Any, _sender: str) -> None:
        self.denied = True
        self.connection.send(new_method_return(message))

    def on_asked(self, message: Any, _sender: str) -> None:
        self.connection.send(new_method_return(message, "a(ss)", (self.asked,)))

    def on_die(self, message: Any, _sender: str) -> None:
        self.connection.send(new_method_return(message))
        sys.exit(0)

    def _respond(self, message: Any, options: dict[str, Any], results: dict[str, Any]) -> None:
        sender = message.header.fields[HeaderFields.sender]
        path = f"{PATH}/request/{_path(sender)}/{options['handle_token'][1]}"
        self.connection.send(new_method_return(message, "o", (path,)))
        code, self.denied = int(self.denied), False
        address = DBusAddress(path, interface="org.freedesktop.portal.Request")
        signal = new_signal(address, "Response", "ua{sv}", (code, {} if code else results))
        self._send_to(sender, signal)

    def _signal(self, member: str, shortcut: str) -> None:
        body: tuple[Any, ...] = (self.session, shortcut, 12345, {})
        signal = new_signal(DBusAddress(PATH, interface=SHORTCUTS), member, "osta{sv}", body)
        self._send_to(self.owner, signal)

    def _send_to(self, receiver: str, signal: Any) -> None:
        signal.header.fields[HeaderFields.destination] = receiver
        self.connection.send(signal)


def _path(name: str) -> str:
    return name[1:].replace(".", "_")


def order(connection: DBusConnection, method: str, shortcut: str | None = None) -> tuple[Any, ...]:
    """Tell the desktop what to do, from the test."""
    address = DBusAddress(PATH, bus_name=NAME, interface="test.Desk")
    arguments = ("s", (shortcut,)) if shortcut else (None, ())
    reply = connection.send_and_get_reply(new_method_call(address, method, *arguments), timeout=5)
    return tuple(reply.body)


if __name__ == "__main__":
    desk = Desk(open_dbus_connection(bus="SESSION"))
    desk.connection.send_and_get_reply(message_bus.RequestName(NAME))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    desk.serve()
