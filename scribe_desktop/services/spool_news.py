"""Tells listeners about each new snapshot of a session, in the order of the commits."""

import logging
import threading
from collections import deque
from collections.abc import Callable

from scribe_desktop.domain.session import Session

_log = logging.getLogger(__name__)

Listener = Callable[[Session], None]


class SpoolNews:
    """Snapshots on their way to listeners.

    Added under the spool's lock, so their order is that of the commits; told
    outside it, so that a listener may call the spool. Whoever comes first
    tells them all, and a second thread leaves its own to the first.
    """

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._waiting: deque[Session] = deque()
        self._changing = threading.Lock()
        self._telling = threading.Lock()

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` from now on; the return value ends it."""
        with self._changing:
            self._listeners = (*self._listeners, listener)

        def unsubscribe() -> None:
            with self._changing:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return unsubscribe

    def add(self, session: Session) -> None:
        """Note a committed snapshot."""
        self._waiting.append(session)

    def tell(self) -> None:
        """Call the listeners with whatever waits."""
        # Looked at again after the release: news added meanwhile by a thread
        # that found the lock taken must not wait for the next change.
        while self._waiting and self._telling.acquire(blocking=False):
            try:
                while self._waiting:
                    session = self._waiting.popleft()
                    for listener in self._listeners:
                        _tell_one(listener, session)
            finally:
                self._telling.release()


def _tell_one(listener: Listener, session: Session) -> None:
    try:
        listener(session)
    except Exception as error:  # noqa: BLE001  the dictation is stored whatever a listener does
        # The kind only: the text of a foreign error may hold what was dictated.
        _log.error("listener failed: %s %s", session.session_id, type(error).__name__)
