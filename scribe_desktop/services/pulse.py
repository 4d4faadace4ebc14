"""Knows on Linux which microphones there are, and on which one we really are.

PortAudio sees only "pulse" there, and PulseAudio moves a stream whose
microphone was unplugged to another source without a word, even to what the
loudspeaker plays (PLATFORM.md §1). PipeWire answers the same protocol.

One thread talks to the sound server and publishes what it saw; a server that
does not answer stops this thread and nothing else.
"""

import contextlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Protocol

RETRY_S: Final = 1.0
_NO_SINK: Final = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class PulseSource:
    """A source of the sound server. A monitor is what a loudspeaker plays."""

    name: str
    description: str
    channels: int
    is_monitor: bool
    is_muted: bool


@dataclass(frozen=True, slots=True)
class PulseView:
    """The sound server at one moment.

    `ours` is the source that our newest stream is on, `stream` the server's
    number of that stream.
    """

    sources: tuple[PulseSource, ...] = ()
    default: str = ""
    ours: str | None = None
    stream: int | None = None

    def source(self, name: str | None) -> PulseSource | None:
        """The source of that name, if it is there."""
        return next((source for source in self.sources if source.name == name), None)


class _Server(Protocol):
    """The part of pulsectl that is used."""

    def source_list(self) -> list[Any]: ...
    def source_output_list(self) -> list[Any]: ...
    def server_info(self) -> Any: ...  # noqa: ANN401  pulsectl has no types
    def event_mask_set(self, *masks: str) -> None: ...
    def event_callback_set(self, func: Callable[[Any], None]) -> None: ...
    def event_listen(self, timeout: float | None = None) -> None: ...
    def event_listen_stop(self) -> None: ...
    def close(self) -> None: ...


class PulseWatch:
    """Watches the sound server from a thread of its own until `close`."""

    def __init__(self, on_change: Callable[[], None] = lambda: None) -> None:
        self._on_change = on_change
        self._view: PulseView | None = None
        self._seen = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse watch", daemon=True)
        self._thread.start()

    def view(self, wait_s: float = 0.0) -> PulseView | None:
        """What was last seen, None while there is no sound server; waits for the first look."""
        self._seen.wait(wait_s)
        return self._view

    def close(self) -> None:
        """Stop watching; returns at once."""
        self._closed.set()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                import pulsectl
            except (ImportError, OSError):
                # No libpulse: an ALSA-only computer.
                self._publish(None)
                return
            try:
                with contextlib.closing(pulsectl.Pulse("scribe-desktop")) as server:
                    self._watch(server)
            except (pulsectl.PulseError, pulsectl.PulseDisconnected, OSError):
                self._publish(None)
            self._closed.wait(RETRY_S)

    def _watch(self, server: _Server) -> None:
        changed = False

        def note(_event: object) -> None:
            # pulsectl allows no other call inside; stopping ends the listening.
            nonlocal changed
            changed = True
            server.event_listen_stop()

        server.event_mask_set("source", "source_output", "server")
        server.event_callback_set(note)
        while not self._closed.is_set():
            # Before the look: what changes during it needs another one.
            changed = False
            self._publish(look(server))
            while not changed and not self._closed.is_set():
                server.event_listen(timeout=RETRY_S)

    def _publish(self, view: PulseView | None) -> None:
        before, self._view = self._view, view
        self._seen.set()
        if view != before:
            self._on_change()


def look(server: _Server) -> PulseView:
    """Ask the sound server for everything at once."""
    sources = server.source_list()
    by_index = {source.index: source.name for source in sources}
    own = [
        output
        for output in server.source_output_list()
        if output.proplist.get("application.process.id") == str(os.getpid())
    ]
    newest = max(own, key=lambda output: output.index, default=None)
    return PulseView(
        sources=tuple(
            PulseSource(
                name=source.name,
                description=source.description or source.name,
                # Not its sample_spec: pulsectl 24.12 reads that from freed memory.
                channels=source.channel_count,
                is_monitor=source.monitor_of_sink not in (None, _NO_SINK),
                is_muted=bool(source.mute),
            )
            for source in sources
        ),
        default=server.server_info().default_source_name or "",
        ours=by_index.get(newest.source) if newest is not None else None,
        stream=newest.index if newest is not None else None,
    )
