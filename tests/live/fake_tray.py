"""The notification area of a desktop on a private bus, as a program of its own.

It takes icons in and, told so by the test (`test.Tray.Press`), clicks them.
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
)
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

NAME = "org.kde.StatusNotifierWatcher"
PATH = "/StatusNotifierWatcher"


class Tray:
    def __init__(self, connection: DBusConnection) -> None:
        self.connection = connection
        self.icons: list[str] = []

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
                answer(message)

    def on_get(self, message: Any) -> None:
        self.connection.send(new_method_return(message, "v", (("b", True),)))

    def on_registerstatusnotifieritem(self, message: Any) -> None:
        self.icons.append(message.header.fields[HeaderFields.sender])
        self.connection.send(new_method_return(message))

    def on_icons(self, message: Any) -> None:
        self.connection.send(new_method_return(message, "as", (self.icons,)))

    def on_press(self, message: Any) -> None:
        item = DBusAddress(
            "/StatusNotifierItem", bus_name=self.icons[0], interface="org.kde.StatusNotifierItem"
        )
        self.connection.send(new_method_call(item, "Activate", "ii", (10, 10)))
        self.connection.send(new_method_return(message))


def order(connection: DBusConnection, method: str) -> tuple[Any, ...]:
    """Tell the notification area what to do, from the test."""
    address = DBusAddress(PATH, bus_name=NAME, interface="test.Tray")
    reply = connection.send_and_get_reply(new_method_call(address, method), timeout=5)
    return tuple(reply.body)


if __name__ == "__main__":
    tray = Tray(open_dbus_connection(bus="SESSION"))
    tray.connection.send_and_get_reply(message_bus.RequestName(NAME))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    tray.serve()
