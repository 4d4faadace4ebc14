"""Lets go of callers that begin a request and do not go on, so that others get their turn.

The service takes a bounded number of connections. Without this any program on
the computer could hold them all open, saying nothing, and no dictation would
get through; it would need no token for that.
"""

import asyncio

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 15.0
"""A request has so long to say what it wants, from the connection or from its first byte."""

STALL_S = 60.0
"""A body may take as long as it needs, but not stand still for longer than this."""


class WatchedConnection(H11Protocol):
    """One caller, timed while we wait for it and never while it waits for us."""

    _timer: asyncio.TimerHandle | None = None
    _waits_for_head = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take what came, then see what is still waited for."""
        super().data_received(data)
        self._look(moved=True)

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody is waited for any longer."""
        self._stop()
        super().connection_lost(exc)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """Another protocol takes over, with pings of its own."""
        self._stop()
        super().handle_websocket_upgrade(event)

    def _look(self, *, moved: bool = False) -> None:
        if self.transport.is_closing() or self.transport.get_protocol() is not self:
            self._stop()
        elif self.conn.their_state is h11.SEND_BODY:
            self._stop()
            self._timer = self.loop.call_later(STALL_S, self._stalled)
        elif self.conn.their_state is not h11.IDLE:
            self._stop()
        elif not self._waits_for_head:
            # Not begun again at each byte: drops of a header are no request either.
            self._stop()
            self._waits_for_head = True
            self._timer = self.loop.call_later(HEAD_S, self._let_go)
        if moved and self.timeout_keep_alive_task is not None:
            # Between two requests the server's own timer waits.
            self._stop()

    def _stalled(self) -> None:
        # While the application has not read what came, nothing more can come.
        if self.flow.read_paused:
            self._timer = self.loop.call_later(STALL_S, self._stalled)
        else:
            self._let_go()

    def _let_go(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            self.transport.abort()

    def _stop(self) -> None:
        self._waits_for_head = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
