"""Takes speech in while it is spoken, over a WebSocket, and sends the text so far back.

Both wire formats are understood: raw PCM frames, and JSON events with PCM in
base64. What arrives is made durable every two seconds as one more file of the
session, so everything after that is as with any upload; a stream that breaks
off can be taken up again or simply be ended.
"""

import asyncio
import base64
import binascii
import json
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from contextlib import suppress
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.server.limits import STREAM_PIECE_S, STREAM_RATE
from scribe_desktop.server.refusals import Refusal
from scribe_desktop.server.service import Service
from scribe_desktop.server.sessions import OPEN
from scribe_desktop.server.transcription import partial_of
from scribe_desktop.server.waves import wave_header

_log = logging.getLogger(__name__)

STREAM_PATH = "/stream/sessions/{stream_id}/audio"

_DONE, _UNDECODABLE, _NOT_ALLOWED, _OURS = 1000, 1003, 1008, 1011
_PIECE_BYTES = int(STREAM_PIECE_S * STREAM_RATE) * 2
_NOTHING_NEW_S = 30.0
_FLUSH_S = 2.0


class Stopped(Exception):
    """The stream is over, with this close code."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def stream(service: Service) -> Callable[[WebSocket], Awaitable[None]]:
    """The endpoint. The address is the credential: no client sends another one here."""

    async def endpoint(socket: WebSocket) -> None:
        await socket.accept()
        session = await run_in_threadpool(
            service.sessions.find_stream, socket.path_params["stream_id"]
        )
        if session is None or session.status_at(service.now()) not in OPEN:
            await socket.close(_NOT_ALLOWED)
            return
        files = await run_in_threadpool(service.sessions.files, session.id)
        # Nothing is awaited between this look and the entry: two that come at once are told apart.
        if session.id in service.streams:
            await socket.close(_NOT_ALLOWED)
            return
        following = files[-1].number + 1 if files else 0
        piece = _Piece(service, session.id, following)
        service.streams[session.id] = piece.flush_from_thread
        try:
            code = await _listen(service, socket, session.id, piece)
        finally:
            del service.streams[session.id]
        if socket.client_state is WebSocketState.CONNECTED:
            await socket.close(code)

    return endpoint


async def _listen(service: Service, socket: WebSocket, session_id: str, piece: "_Piece") -> int:
    telling = asyncio.create_task(_tell(service, socket, session_id))
    try:
        while True:
            await piece.take(samples_in(await socket.receive()))
    except Stopped as stop:
        return await _flushed(piece, stop.code)
    except Refusal:
        return _NOT_ALLOWED
    except Exception as error:  # noqa: BLE001 - the server would log what it says
        _log.warning("the stream of session %s broke: %s", session_id, type(error).__name__)
        return _OURS
    finally:
        telling.cancel()
        # Gathered, so that a task that failed meanwhile is not reported as forgotten.
        await asyncio.gather(telling, return_exceptions=True)


async def _flushed(piece: "_Piece", code: int) -> int:
    try:
        await piece.flush()
    except Refusal:
        return _NOT_ALLOWED
    except ScribeError:
        return _OURS
    return code


async def _tell(service: Service, socket: WebSocket, session_id: str) -> None:
    """Send the text so far whenever there is more of it."""
    told = ""
    while True:
        with service.bell.listen(partial_of(session_id)) as listening:
            text = service.transcription.partial(session_id)
            if text != told:
                told = text
                said = {"event": "transcript", "session_id": session_id, "transcript": text}
                try:
                    await socket.send_json(said)
                except (RuntimeError, WebSocketDisconnect):
                    return  # The other side has gone; the listening side notices too.
                continue
            await listening.wait(_NOTHING_NEW_S)


class _Piece:
    """The samples that are not yet durable."""

    def __init__(self, service: Service, session_id: str, number: int) -> None:
        self._service = service
        self._session_id = session_id
        self._number = number
        self._pcm = bytearray()
        self._loop = asyncio.get_running_loop()
        self._one_at_a_time = asyncio.Lock()

    def flush_from_thread(self) -> None:
        """For the end of the session: what has arrived belongs to it."""
        done = asyncio.run_coroutine_threadsafe(self.flush(), self._loop)
        # An end of the session that comes with the end of the service waits for nothing.
        with suppress(TimeoutError, CancelledError, Refusal, ScribeError):
            done.result(_FLUSH_S)

    async def take(self, pcm: bytes) -> None:
        async with self._one_at_a_time:
            self._pcm += pcm
            while len(self._pcm) >= _PIECE_BYTES:
                await self._store(bytes(self._pcm[:_PIECE_BYTES]))
                del self._pcm[:_PIECE_BYTES]

    async def flush(self) -> None:
        async with self._one_at_a_time:
            # Half a sample at the very end cannot be heard.
            rest = bytes(self._pcm[: len(self._pcm) // 2 * 2])
            self._pcm.clear()
            if rest:
                await self._store(rest)

    async def _store(self, pcm: bytes) -> None:
        frames = len(pcm) // 2
        await run_in_threadpool(
            self._service.sessions.accept,
            self._session_id,
            number=self._number,
            extension="wav",
            body=wave_header(frames) + pcm,
            frames=frames,
            streamed=True,
        )
        self._number += 1
        self._service.transcription.wake(self._session_id)


def samples_in(message: Any) -> bytes:  # noqa: ANN401 - an ASGI message
    """The samples in one message; raises Stopped when it is the last one."""
    if message["type"] == "websocket.disconnect":
        raise Stopped(_DONE)
    if message.get("bytes") is not None:
        return bytes(message["bytes"])
    event = _event(message.get("text") or "")
    match event.get("event"):
        case "stop":
            raise Stopped(_DONE)
        case "start":
            _check_format(event)
        case "media":
            return _payload(event)
    return b""


def _event(text: str) -> dict[str, Any]:
    try:
        event = json.loads(text)
    except (ValueError, RecursionError):
        raise Stopped(_UNDECODABLE) from None
    if not isinstance(event, dict):
        raise Stopped(_UNDECODABLE)
    return event


def _check_format(event: dict[str, Any]) -> None:
    start = event.get("start")
    declared = start.get("mediaFormat") if isinstance(start, dict) else None
    if not isinstance(declared, dict):
        return  # Nothing declared: 16 kHz, as the protocol says.
    rate = declared.get("sampleRate", STREAM_RATE)
    encoding = declared.get("encoding", "audio/x-l16")
    if rate != STREAM_RATE or encoding not in {"audio/x-l16", "audio/l16", "pcm_s16le"}:
        raise Stopped(_UNDECODABLE)


def _payload(event: dict[str, Any]) -> bytes:
    media = event.get("media")
    payload = media.get("payload") if isinstance(media, dict) else None
    if not isinstance(payload, str):
        raise Stopped(_UNDECODABLE)
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError):
        raise Stopped(_UNDECODABLE) from None
