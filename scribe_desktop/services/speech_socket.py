"""A connection that carries speech while it is spoken; the only module that knows WebSockets.

The address is the credential (PROTOCOL.md §1.5), so no token goes along. A
peer that has gone silent is noticed by pings within forty seconds.
"""

import logging
import socket
import ssl
from contextlib import ExitStack
from http import HTTPStatus

import truststore
from websockets.exceptions import ConnectionClosed, ConnectionClosedOK, InvalidStatus
from websockets.exceptions import WebSocketException as LibraryError
from websockets.sync.client import ClientConnection, connect

from scribe_desktop.protocol import errors, origins
from scribe_desktop.services.speech_connection import SocketClosed, SpeechSocket

logging.getLogger("websockets").setLevel(logging.ERROR)

CONNECT_S = 10.0
PONG_S = 5.0
LARGEST_MESSAGE = 1 << 20


def open_socket(url: str) -> SpeechSocket:
    """Connect; raises ServiceError."""
    try:
        host = origins.origin(origins.check(url))[1]
    except origins.ForbiddenAddress as error:
        raise errors.forbidden_address() from error
    context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if url.startswith("wss:") else None
    held = ExitStack()
    try:
        opening = connect(
            url,
            ssl=context,
            proxy=None if origins.is_loopback(host) else True,
            open_timeout=CONNECT_S,
            close_timeout=PONG_S,
            max_size=LARGEST_MESSAGE,
            user_agent_header="scribe-desktop",
        )
        connection = held.enter_context(opening)
    except InvalidStatus as error:
        status = error.response.status_code
        in_session = status != HTTPStatus.UNAUTHORIZED
        raise errors.refusal(status, b"", in_session=in_session) from error
    except (LibraryError, OSError, ValueError) as error:
        raise errors.unreachable("unreachable") from error
    return _Connection(connection, held)


class _Connection:
    def __init__(self, connection: ClientConnection, held: ExitStack) -> None:
        self._connection = connection
        self._held = held

    def send_pcm(self, pcm: bytes) -> None:
        try:
            self._connection.send(pcm)
        except (ConnectionClosed, OSError) as error:
            raise _closed(error) from error

    def send_text(self, text: str) -> None:
        try:
            self._connection.send(text)
        except (ConnectionClosed, OSError) as error:
            raise _closed(error) from error

    def receive(self, within_s: float) -> str | None:
        try:
            message = self._connection.recv(timeout=within_s)
        except TimeoutError:
            return None
        except (ConnectionClosed, OSError) as error:
            raise _closed(error) from error
        return message if isinstance(message, str) else ""

    def is_alive(self) -> bool:
        try:
            return self._connection.ping().wait(PONG_S)
        except (ConnectionClosed, OSError) as error:
            raise _closed(error) from error

    def close(self) -> None:
        self._held.close()

    def abort(self) -> None:
        try:
            self._connection.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it was closed already, which is what was wanted


def _closed(error: Exception) -> SocketClosed:
    return SocketClosed(normally=isinstance(error, ConnectionClosedOK))
