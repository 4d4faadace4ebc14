"""Who else is on the network: one who listens, a door that is shut, and a hole without a floor."""

import socket
import threading

_WELCOME = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"
    b"Connection: close\r\n\r\n%s"
)
_REPLY = b'{"session_id": "evil", "status": "completed", "transcript": "evil"}'


class Eavesdropper:
    """Alive on a port of its own, welcomes everybody, and keeps each byte that it was sent."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self._open = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/voice/v1"

    def _listen(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if not self._open:
                    return
                connection.settimeout(1)
                try:
                    self.heard.append(connection.recv(1024 * 1024))
                    connection.sendall(_WELCOME % (len(_REPLY), _REPLY))
                except OSError:
                    self.heard.append(b"")

    def close(self) -> None:
        self._open = False
        address = self._listener.getsockname()
        socket.create_connection(address).close()
        self._thread.join(5)
        self._listener.close()


class ShutDoor:
    """Bound and not listening: it refuses, and nobody else is given its number."""

    def __init__(self) -> None:
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/voice/v1"

    def close(self) -> None:
        self._socket.close()


class BlackHole:
    """A connection to it is neither taken nor refused, as behind a firewall that drops."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        # A full queue of connections: the next one waits.
        self._held = [socket.socket() for _ in range(2)]
        for filler in self._held:
            filler.setblocking(False)  # noqa: FBT003  the standard library's signature
            filler.connect_ex(self._listener.getsockname())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/voice/v1"

    def close(self) -> None:
        for held in self._held:
            held.close()
        self._listener.close()
