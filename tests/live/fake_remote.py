"""The remote control portal of a desktop on a private bus, with a program in front that pastes.

`test.Desk` is the test's hand: Copy, Deny, Without, Deaf, and what was seen:
Pasted, Keys, Clipboard, Tokens.
"""

import os
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from jeepney import DBusAddress, HeaderFields, MessageType, new_error, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import DBusConnection, open_dbus_connection

NAME = "org.freedesktop.portal.Desktop"
PATH = "/org/freedesktop/portal/desktop"
CLIPBOARD = "org.freedesktop.portal.Clipboard"
TEXT = "text/plain;charset=utf-8"
PRESSED = [(0xFFE3, 1), (0x76, 1)]


class Desk:
    def __init__(self, connection: DBusConnection) -> None:
        self.connection = connection
        self.denied = self.without_clipboard = self.deaf = False
        self.session = self.owner = ""
        self.keys: list[tuple[int, int]] = []
        self.tokens: list[str] = []
        self.formats: dict[str, bytes] = {"image/png": b"a picture", TEXT: b"copied before"}
        self.theirs: list[str] = []
        self.pasted: list[str] = []
        self.pipes: dict[int, Future[bytes]] = {}
        self.readers = ThreadPoolExecutor()
        self.serial = 0

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
                answer(message, *message.body)

    # --- the portal ---
    def on_createsession(self, message: Any, options: Any) -> None:
        self.owner = message.header.fields[HeaderFields.sender]
        self.session = f"{PATH}/session/1/{options['session_handle_token'][1]}"
        self._respond(message, options, {"session_handle": ("s", self.session)})

    def on_selectdevices(self, message: Any, _session: str, options: Any) -> None:
        assert options["types"][1] == 1
        self.tokens.append(options.get("restore_token", ("s", ""))[1])
        self._respond(message, options, {})

    def on_requestclipboard(self, message: Any, _session: str, _options: Any) -> None:
        self.connection.send(new_method_return(message))

    def on_start(self, message: Any, _session: str, _parent: str, options: Any) -> None:
        granted = {
            "devices": ("u", 1),
            "clipboard_enabled": ("b", not self.without_clipboard),
            "restore_token": ("s", f"token {len(self.tokens)}"),
        }
        self._owner_changed()
        self._respond(message, options, granted)

    def on_notifykeyboardkeysym(
        self, message: Any, _session: str, _options: Any, keysym: int, state: int
    ) -> None:
        self.keys.append((keysym, state))
        self.connection.send(new_method_return(message))
        if self.keys[-2:] == PRESSED and self.theirs and not self.deaf:
            self._ask_for(TEXT)

    def on_setselection(self, message: Any, _session: str, options: Any) -> None:
        self.theirs = options["mime_types"][1]
        self.connection.send(new_method_return(message))
        self._owner_changed()

    def on_selectionwrite(self, message: Any, _session: str, serial: int) -> None:
        reading, writing = os.pipe()
        # Read meanwhile, as a program does: a pipe holds only 64 kB.
        self.pipes[serial] = self.readers.submit(_read_all, reading)
        self.connection.send(new_method_return(message, "h", (writing,)))
        os.close(writing)

    def on_selectionwritedone(self, message: Any, *arguments: Any) -> None:
        _session, serial, good = arguments
        self.connection.send(new_method_return(message))
        assert good
        self.pasted.append(self.pipes.pop(serial).result(5).decode())

    def on_selectionread(self, message: Any, _session: str, name: str) -> None:
        reading, writing = os.pipe()
        os.write(writing, self.formats[name])
        os.close(writing)
        self.connection.send(new_method_return(message, "h", (reading,)))
        os.close(reading)

    # --- the test's hand ---
    def on_deny(self, message: Any) -> None:
        self.denied = True
        self.connection.send(new_method_return(message))

    def on_without(self, message: Any) -> None:
        self.without_clipboard = True
        self.connection.send(new_method_return(message))

    def on_deaf(self, message: Any) -> None:
        self.deaf = True
        self.connection.send(new_method_return(message))

    def on_copy(self, message: Any) -> None:
        """Another program copies."""
        self.theirs = []
        self._owner_changed()
        self.connection.send(new_method_return(message))

    def on_pasted(self, message: Any) -> None:
        self.connection.send(new_method_return(message, "as", (self.pasted,)))

    def on_keys(self, message: Any) -> None:
        self.connection.send(new_method_return(message, "a(iu)", (self.keys,)))

    def on_tokens(self, message: Any) -> None:
        self.connection.send(new_method_return(message, "as", (self.tokens,)))

    def on_offered(self, message: Any) -> None:
        self.connection.send(new_method_return(message, "as", (self.theirs,)))

    def on_fetch(self, message: Any) -> None:
        """A program pastes by itself."""
        self._ask_for(TEXT)
        self.connection.send(new_method_return(message))

    def _ask_for(self, name: str) -> None:
        self.serial += 1
        self._signal("SelectionTransfer", "osu", (self.session, name, self.serial))

    def _owner_changed(self) -> None:
        options = {
            "mime_types": ("as", self.theirs or list(self.formats)),
            "session_is_owner": ("b", bool(self.theirs)),
        }
        self._signal("SelectionOwnerChanged", "oa{sv}", (self.session, options))

    def _signal(self, member: str, signature: str, body: tuple[Any, ...]) -> None:
        signal = new_signal(DBusAddress(PATH, interface=CLIPBOARD), member, signature, body)
        self._send_to(self.owner, signal)

    def _respond(self, message: Any, options: dict[str, Any], results: dict[str, Any]) -> None:
        sender = message.header.fields[HeaderFields.sender]
        path = f"{PATH}/request/{sender[1:].replace('.', '_')}/{options['handle_token'][1]}"
        self.connection.send(new_method_return(message, "o", (path,)))
        code, self.denied = int(self.denied), False
        address = DBusAddress(path, interface="org.freedesktop.portal.Request")
        body = (code, {} if code else results)
        self._send_to(sender, new_signal(address, "Response", "ua{sv}", body))

    def _send_to(self, receiver: str, signal: Any) -> None:
        signal.header.fields[HeaderFields.destination] = receiver
        self.connection.send(signal)


def _read_all(descriptor: int) -> bytes:
    with os.fdopen(descriptor, "rb") as pipe:
        return pipe.read()


if __name__ == "__main__":
    desk = Desk(open_dbus_connection(bus="SESSION", enable_fds=True))
    desk.connection.send_and_get_reply(message_bus.RequestName(NAME))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    desk.serve()
