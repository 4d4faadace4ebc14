"""EkaScribe's stream of speech, as far as it is documented (PROTOCOL.md §1.5)."""

import json
import threading
from typing import Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import Server, ServerConnection, serve

from tests.peers.eka import EkaPeer
from tests.peers.peer import Answered, Asked, Dictation


class StreamPeer(EkaPeer):
    """An EkaScribe that takes streams; `fault` is what goes wrong with the next ones.

    `break after N`: the connection is dropped after N bytes. `refuse`: no
    connection. `stay open`: it never closes after stop. `files only`: Create
    answers with an address for files.
    """

    def __init__(self, fault: str = "") -> None:
        super().__init__()
        self.fault = fault
        self.handshakes: list[dict[str, str]] = []
        self._streams: Server = serve(self._listen, "127.0.0.1", 0, max_size=None)
        self._stream_thread = threading.Thread(target=self._streams.serve_forever, daemon=True)
        self._stream_thread.start()

    def create(self, asked: Asked) -> Answered:
        answered = super().create(asked)
        for session in self.sessions.values():
            session.polls_left = 0
        return answered

    def upload_url(self, session_id: str) -> Any:
        if self.sessions[session_id].asked["upload_type"] != "stream" or self.fault == "files only":
            return super().upload_url(session_id)
        port = self._streams.socket.getsockname()[1]
        return f"ws://127.0.0.1:{port}/voice/v1/stream/sessions/str_{session_id}/audio"

    def _listen(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.handshakes.append(dict(connection.request.headers.raw_items()))
        session_id = connection.request.path.split("/")[-2].removeprefix("str_")
        session = self.sessions.get(session_id)
        if session is None or self.fault == "refuse":
            connection.close(1008)
            return
        try:
            self._take(connection, session)
        except ConnectionClosed:
            return

    def _take(self, connection: ServerConnection, session: Dictation) -> None:
        for message in connection:
            if isinstance(message, str):
                if json.loads(message)["event"] == "stop":
                    break
                continue
            session.streamed += message
            connection.send("not JSON at all")
            connection.send(json.dumps({"event": "other", "n": 1}))
            connection.send(json.dumps({"event": "transcript", "transcript": session.transcript}))
            if self.fault.startswith("break") and len(session.streamed) >= int(
                self.fault.split()[-1]
            ):
                connection.socket.close()
                return
        if self.fault == "stay open":
            for _ in connection:
                continue

    def close(self) -> None:
        self._streams.shutdown()
        self._stream_thread.join(5)
        super().close()
