"""Sends speech to a service while it is spoken, for text within the second.

It reads what the recorder has made durable, never the microphone, so it can
fall behind, break or be killed and nothing is lost. A session counts as taken
only when the stream was closed in good order after the last sample; after any
trouble the same session is delivered in chunks, as a new one, from the spool.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from scribe_desktop.domain.audio import BYTES_PER_FRAME, EncodedChunk, frames_in
from scribe_desktop.domain.errors import ScribeError, ServiceError, UnknownSession
from scribe_desktop.domain.events import ChunkAccepted, Created, Event, Lapsed, OrderAmended
from scribe_desktop.domain.machine import IllegalEvent, apply
from scribe_desktop.domain.order import UploadType
from scribe_desktop.domain.session import Capture, Delivery, Remote, Session, SessionId
from scribe_desktop.protocol import streaming
from scribe_desktop.protocol.reading import Unreadable
from scribe_desktop.services.speech_connection import SocketClosed, SpeechSocket
from scribe_desktop.services.worker import Worker

_log = logging.getLogger(__name__)

LOOK_S = 0.2
"""How often the spool is looked at for new samples while somebody speaks."""

CLOSE_S = 10.0
"""How long a service may take to close the stream after the last sample."""


class StreamSpool(Protocol):
    """What streaming needs of the spool."""

    def sessions(self) -> tuple[Session, ...]:
        """All sessions."""

    def get(self, session_id: SessionId) -> Session:
        """One session; raises UnknownSession."""

    def update(self, session_id: SessionId, change: Callable[[Session], Session]) -> Session:
        """Replace a session by a pure function of itself."""

    def chunk(self, session_id: SessionId, index: int) -> EncodedChunk:
        """A sealed chunk."""

    def tail(self, session_id: SessionId) -> bytes:
        """PCM that is durable but not sealed yet."""


class StreamClient(Protocol):
    """What streaming needs of the client."""

    def create(self, session: Session) -> Remote:
        """Open the session."""

    def abort(self) -> None:
        """End what is in flight, for good."""


def _connect(url: str) -> SpeechSocket:
    # Imported where it is used: few sessions are streamed, and it takes a while.
    from scribe_desktop.services.speech_socket import open_socket

    return open_socket(url)


class Streamer:
    """The streaming worker: the one session that is being spoken, if its order says so.

    `fell_back` is called when a session goes to the upload worker, so that it
    does not wait. `decode` turns a chunk's file into PCM.
    """

    def __init__(
        self,
        spool: StreamSpool,
        client_for: Callable[[Session], StreamClient],
        decode: Callable[[bytes], bytes],
        *,
        fell_back: Callable[[], None],
        on_live_text: Callable[[SessionId, str], None] = lambda _id, _text: None,
        open_stream: Callable[[str], SpeechSocket] = _connect,
        now: Callable[[], float] = time.time,
        close_s: float = CLOSE_S,
    ) -> None:
        self._spool = spool
        self._client_for = client_for
        self._decode = decode
        self._fell_back = fell_back
        self._on_live_text = on_live_text
        self._open_stream = open_stream
        self._now = now
        self._close_s = close_s
        self._claimed: SessionId | None = None
        self._left: set[SessionId] = set()
        self._client: StreamClient | None = None
        self._socket: SpeechSocket | None = None
        self._worker = Worker("stream", self.step, now=now)

    def start(self) -> None:
        """Begin to look for sessions to stream."""
        self._worker.start()

    def wake(self) -> None:
        """Something changed in the spool; from any thread, returns at once."""
        self._worker.wake()

    def stop(self, timeout_s: float = 2.0) -> bool:
        """Stop, cutting off what is in flight; the spool has everything."""
        self._worker.tell_to_stop()
        client, socket = self._client, self._socket
        if client is not None:
            client.abort()
        if socket is not None:
            socket.abort()
        return self._worker.stop(timeout_s)

    def takes(self, session_id: SessionId) -> bool:
        """Whether this session's audio is the streamer's business and not the uploader's."""
        if session_id == self._claimed:
            return True
        try:
            return self._can_take(self._spool.get(session_id))
        except UnknownSession:
            return False

    def _can_take(self, session: Session) -> bool:
        # A stream that an earlier run of the program left open cannot be taken
        # up again: what it carried is not known. The uploader delivers it anew.
        return (
            session.order.upload_type is UploadType.STREAM
            and session.delivery is Delivery.UNSENT
            and session.capture is not Capture.STARTING
            and not (session.is_cancelled or session.is_empty)
            and session.session_id not in self._left
        )

    # --- the worker's thread -----------------------------------------------------------

    def step(self) -> float | None:
        """Stream the first session that wants it, to its end."""
        session = next(filter(self._can_take, self._spool.sessions()), None)
        if session is None:
            return None
        self._claimed = session.session_id
        try:
            # Looked at again after the claim: the uploader may have just begun with it.
            if self._can_take(self._spool.get(session.session_id)):
                self._stream(session)
        except (ScribeError, SocketClosed, Unreadable, OSError) as error:
            self._fall_back(session.session_id, error)
        except (IllegalEvent, UnknownSession):
            _log.info("%s: changed while it was streamed", session.session_id)
        finally:
            self._left.add(session.session_id)
            self._claimed = None
            self._close()
            self._fell_back()
        return self._now()

    def _stream(self, session: Session) -> None:
        self._client = self._client_for(session)
        remote = self._client.create(session)
        self._note(session.session_id, Created(remote))
        self._socket = self._open_stream(streaming.stream_url(remote.upload_target))
        sent = 0
        while True:
            session = self._spool.get(session.session_id)
            if session.is_cancelled or self._worker.is_stopping:
                return
            pcm = self._after(session, sent)
            for start in range(0, len(pcm), streaming.FRAME_BYTES):
                self._socket.send_pcm(pcm[start : start + streaming.FRAME_BYTES])
            sent += frames_in(pcm)
            if session.capture is Capture.STOPPED and sent >= session.frames and not pcm:
                break
            self._listen(session.session_id, 0.0 if pcm else LOOK_S)
        self._finish(session, remote, self._socket)

    def _after(self, session: Session, sent: int) -> bytes:
        """What was spoken after the first `sent` frames and is durable by now."""
        tail = self._spool.tail(session.session_id)
        if self._spool.get(session.session_id).frames != session.frames:
            return b""  # sealed in between: look again
        pieces: list[bytes] = []
        end = session.frames
        for index in reversed(range(session.chunks)):
            if end <= sent:
                break
            chunk = self._spool.chunk(session.session_id, index)
            pieces.insert(0, self._decode(chunk.body)[: chunk.frames * BYTES_PER_FRAME])
            end -= chunk.frames
        joined = b"".join((*pieces, tail))
        return joined[max(sent - end, 0) * BYTES_PER_FRAME :]

    def _listen(self, session_id: SessionId, within_s: float) -> None:
        """Take in all that the service says; waits for the first word at most."""
        if self._socket is None:
            return
        message = self._socket.receive(within_s)
        while message is not None:
            said = streaming.live_text(message)
            if said:
                self._on_live_text(session_id, said)
            message = self._socket.receive(0.0)

    def _finish(self, session: Session, remote: Remote, socket: SpeechSocket) -> None:
        """Say that this was all, and wait until the service has taken it."""
        socket.send_text(streaming.STOP)
        until = time.monotonic() + self._close_s
        try:
            while time.monotonic() < until:
                self._listen(session.session_id, min(LOOK_S, self._close_s))
            # Some services never close; a pong says that they took what came before.
            is_taken = socket.is_alive()
        except SocketClosed as closed:
            is_taken = closed.normally
        if not is_taken:
            raise SocketClosed(normally=False)
        for index in range(session.chunks):
            self._note(session.session_id, ChunkAccepted(index, remote.remote_id))

    def _fall_back(self, session_id: SessionId, error: Exception) -> None:
        if self._worker.is_stopping:
            return
        status = error.status if isinstance(error, ServiceError) else 0
        _log.info("%s: not streamed (%s %d)", session_id, type(error).__name__, status)
        try:
            session = self._spool.get(session_id)
            order = replace(session.order, upload_type=UploadType.CHUNKED)
            self._note(session_id, OrderAmended(order))
            if session.delivery is Delivery.OPEN:
                self._note(session_id, Lapsed())
        except (UnknownSession, IllegalEvent):
            _log.info("%s: changed while it was streamed", session_id)

    def _note(self, session_id: SessionId, event: Event) -> None:
        self._spool.update(session_id, lambda current: apply(current, event))

    def _close(self) -> None:
        socket, self._socket = self._socket, None
        if socket is not None:
            socket.abort()
            socket.close()
