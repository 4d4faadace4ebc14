"""Wakes everyone who waits for a dictation's result the moment it is there.

A status request is held open for a few seconds after the end of a session,
because asking again every second would add up to a second before the
clinician sees the text. The engine's thread rings; requests wait on the event
loop, so a waiting request costs no thread.
"""

import asyncio
import threading
from collections import defaultdict
from typing import Self


class Bell:
    """One bell for all sessions. `ring` may be called on any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: defaultdict[str, set[_Waiter]] = defaultdict(set)
        self._is_over = False

    @property
    def is_over(self) -> bool:
        """Whether the service stops, so that nobody should begin to wait again."""
        return self._is_over

    @property
    def waiting(self) -> int:
        """How many requests are being held."""
        with self._lock:
            return sum(len(waiters) for waiters in self._waiting.values())

    def ring(self, session_id: str) -> None:
        """Something about the session changed."""
        with self._lock:
            waiters = self._waiting.pop(session_id, set())
        for waiter in waiters:
            waiter.wake()

    def ring_all(self) -> None:
        """The service stops: nobody waits any longer."""
        self._is_over = True
        with self._lock:
            names = list(self._waiting)
        for session_id in names:
            self.ring(session_id)

    def listen(self, session_id: str) -> "Listening":
        """Begin to listen now; a ring between this and the wait is not missed."""
        waiter = _Waiter(asyncio.get_running_loop())
        with self._lock:
            self._waiting[session_id].add(waiter)
        return Listening(self, session_id, waiter)

    def leave(self, session_id: str, waiter: "_Waiter") -> None:
        """Stop listening."""
        with self._lock:
            self._waiting[session_id].discard(waiter)
            if not self._waiting[session_id]:
                del self._waiting[session_id]


class Listening:
    """An ear at the bell, for the length of a `with` block on the event loop."""

    def __init__(self, bell: Bell, session_id: str, waiter: "_Waiter") -> None:
        self._bell = bell
        self._session_id = session_id
        self._waiter = waiter

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._bell.leave(self._session_id, self._waiter)

    async def wait(self, seconds: float) -> None:
        """Return at the next ring, or when the time is up."""
        await self._waiter.wait(seconds)


class _Waiter:
    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._rung = asyncio.Event()

    def wake(self) -> None:
        # The loop is closed when the service stopped while somebody waited.
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._rung.set)

    async def wait(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return
