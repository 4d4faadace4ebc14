"""One process holds the recordings; every other one asks it through a private socket.

The window, `scribe-desktop toggle` from a key binding, and a second start of
the program all meet here. Whoever gets the lock is the holder and answers;
the others send it a request and get messages and one final answer. When the
holder leaves before it has answered, the asker finds the next holder or
becomes it, so no key press is lost between two processes.
"""

import contextlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.services.control_wire import (
    Listening,
    Message,
    PeerLeft,
    Wire,
    answer_error,
    dial,
    error_in,
)
from scribe_desktop.services.places import make_private, write_private

LOCK_FILE = "lock"
ADDRESS_FILE = "address"

HANDSHAKE_LIMIT_S = 5.0
LEAVE_LIMIT_S = 2.0
MEET_LIMIT_S = 10.0
_LOOK_AGAIN_S = 0.02
_LOOK_FOR_CANCEL_S = 0.1


class HolderSilent(ScribeError):
    """Another process holds the recordings and does not answer."""


class NobodyHolds(ScribeError):
    """The program is not running."""


class Exchange:
    """One request being answered, on a thread of its own.

    `cancelled` is set when the asker wants it to end (Enter, the first Ctrl+C),
    `abandoned` when it will not wait for the rest: the second Ctrl+C, the asker
    went away, or the holder leaves.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.cancelled = threading.Event()
        self.abandoned = threading.Event()
        self.is_over = threading.Event()

    def emit(self, message: Message) -> None:
        """Send one message before the final answer; an asker that left cancels."""
        try:
            self._wire.send({"message": message})
        except PeerLeft:
            self.abandon()

    def abandon(self) -> None:
        """End as soon as nothing would be lost: nobody waits any more."""
        self.cancelled.set()
        self.abandoned.set()


OnRequest = Callable[[Message, Exchange], Message]
"""Answers a request with its final message; a ScribeError reaches the asker as itself."""


class Holder:
    """The process that holds the recordings; made by `Control.acquire`."""

    def __init__(self, folder: Path, lock: Any) -> None:  # noqa: ANN401  imported late
        self._folder = folder
        self._lock = lock
        self._listening: Listening | None = None
        self._accepting: threading.Thread | None = None
        self._changed = threading.Condition()
        self._exchanges: dict[Exchange, Wire] = {}
        self._is_leaving = False

    def serve(self, on_request: OnRequest) -> None:
        """Answer requests from now on, each on its own thread, until `close`."""
        key = secrets.token_bytes(32)
        listening = self._listening = Listening.open(self._folder)
        # Written last: whoever can read where we listen finds us listening.
        record = {"address": listening.address, "key": key.hex()}
        write_private(self._folder / ADDRESS_FILE, json.dumps(record).encode())
        self._accepting = threading.Thread(
            target=self._accept, args=(listening, key, on_request), name="control", daemon=True
        )
        self._accepting.start()

    def wait_until_idle(self, limit_s: float | None = None) -> bool:
        """Whether no request is being answered, waiting for it; new ones are taken meanwhile."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._exchanges, limit_s)

    def abandon(self, limit_s: float) -> None:
        """Take no new requests and let the running ones end early, before the spool is closed."""
        with self._changed:
            self._is_leaving = True
            for exchange in self._exchanges:
                exchange.abandon()
        self.wait_until_idle(limit_s)

    def close(self, *, limit_s: float = LEAVE_LIMIT_S) -> None:
        """Let running requests end, at most for `limit_s`, and give up the lock."""
        self.abandon(0.0)
        if self._listening is not None:
            (self._folder / ADDRESS_FILE).unlink(missing_ok=True)
            self._listening.close()
        if self._accepting is not None:
            self._accepting.join(limit_s)
        with self._changed:
            self._changed.wait_for(lambda: not self._exchanges, timeout=limit_s)
            for wire in self._exchanges.values():
                wire.abort()
        self._lock.release()

    def _accept(self, listening: Listening, key: bytes, on_request: OnRequest) -> None:
        for wire in listening.accept_all():
            threading.Thread(
                target=self._answer, args=(wire, key, on_request), name="control", daemon=True
            ).start()

    def _answer(self, wire: Wire, key: bytes, on_request: OnRequest) -> None:
        exchange = Exchange(wire)
        with contextlib.suppress(PeerLeft), contextlib.closing(wire):
            wire.admit(key, limit_s=HANDSHAKE_LIMIT_S)
            request = wire.receive(limit_s=HANDSHAKE_LIMIT_S)
            with self._changed:
                if self._is_leaving:
                    return
                self._exchanges[exchange] = wire
            watch = threading.Thread(
                target=_watch, args=(wire, exchange), name="control watch", daemon=True
            )
            watch.start()
            try:
                wire.send(_final(on_request, request, exchange))
            finally:
                exchange.is_over.set()
                with self._changed:
                    del self._exchanges[exchange]
                    self._changed.notify_all()
                # Closed only when nobody waits on it: its number may be used again at once.
                watch.join()


class Control:
    """The meeting place in one folder."""

    def __init__(self, folder: Path) -> None:
        make_private(folder)
        self._folder = folder

    def acquire(self) -> Holder | None:
        """Become the holder, or None while another process is."""
        from filelock import FileLock, Timeout  # 50 ms that an asker need not pay

        # Not local to the thread: whoever shuts the program down releases it.
        lock = FileLock(self._folder / LOCK_FILE, mode=0o600, thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return None
        return Holder(self._folder, lock)

    def ask(
        self,
        request: Message,
        on_message: Callable[[Message], None] = lambda _: None,
        cancel: threading.Event | None = None,
        abandon: threading.Event | None = None,
    ) -> Message:
        """The holder's final answer; raises NobodyHolds, HolderSilent, or what it raised."""
        answer = self.ask_or_hold(request, on_message, cancel, abandon)
        if isinstance(answer, Holder):
            answer.close()
            raise NobodyHolds("Scribe Desktop is not running.", "Start it first.")
        return answer

    def ask_or_hold(
        self,
        request: Message,
        on_message: Callable[[Message], None] = lambda _: None,
        cancel: threading.Event | None = None,
        abandon: threading.Event | None = None,
        *,
        limit_s: float = MEET_LIMIT_S,
    ) -> Message | Holder:
        """The holder's final answer, or the lock when there is no holder any more.

        Between taking the lock and listening a holder cannot be reached, nor
        while it leaves; this waits for at most `limit_s` each time.
        """
        cancel, abandon = cancel or threading.Event(), abandon or threading.Event()
        deadline = time.monotonic() + limit_s
        while True:
            wire = self._dial()
            if wire is not None:
                with contextlib.suppress(PeerLeft), contextlib.closing(wire):
                    return _converse(wire, request, on_message, (cancel, abandon))
                deadline = time.monotonic() + limit_s
            holder = self.acquire()
            if holder is not None:
                return holder
            if time.monotonic() >= deadline:
                raise HolderSilent(
                    "Scribe Desktop is running but does not answer.",
                    "Wait a moment; if it does not help, end the program and start it again.",
                )
            # No event of ours tells when another process is ready.
            cancel.wait(_LOOK_AGAIN_S)

    def _dial(self) -> Wire | None:
        try:
            record = json.loads((self._folder / ADDRESS_FILE).read_bytes())
            key = bytes.fromhex(record["key"])
            wire = dial(record["address"])
        except (OSError, ValueError, KeyError, TypeError):
            # Nobody listens, or the file is what a killed holder left behind.
            return None
        try:
            wire.introduce(key, limit_s=HANDSHAKE_LIMIT_S)
        except PeerLeft:
            wire.close()
            return None
        return wire


def _converse(
    wire: Wire,
    request: Message,
    on_message: Callable[[Message], None],
    endings: Iterable[threading.Event],
) -> Message:
    wire.send(request)
    unsaid = list(endings)
    while True:
        if unsaid and unsaid[0].is_set():
            del unsaid[0]
            wire.send({"cancel": True})
        if not wire.has_message(0.05):
            continue
        answer = wire.receive()
        if "message" in answer:
            on_message(answer["message"])
        elif "error" in answer:
            raise error_in(answer["error"])
        else:
            final: Message = answer["final"]
            return final


def _final(on_request: OnRequest, request: Message, exchange: Exchange) -> Message:
    try:
        return {"final": on_request(request, exchange)}
    except Exception as error:  # noqa: BLE001  the asker is told, and one bad request must not end the holder
        return {"error": answer_error(error)}


def _watch(wire: Wire, exchange: Exchange) -> None:
    """The first thing that the asker sends now ends it, the second abandons it, as does leaving."""
    with contextlib.suppress(PeerLeft):
        for ending in (exchange.cancelled, exchange.abandoned):
            while not wire.has_message(_LOOK_FOR_CANCEL_S):
                if exchange.is_over.is_set():
                    return
            wire.receive()
            ending.set()
        return
    exchange.abandon()
