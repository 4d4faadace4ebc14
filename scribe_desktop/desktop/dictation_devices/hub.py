"""Keeps every dictation device that is plugged in, and says what is pressed.

One thread owns all devices; a second small one per device only waits for its
reports, so that a press is known at once and no device can hold up another.
An unplugged device never stops a recording: the microphone in use may be a
different one, and what it hears is still worth keeping.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TypeAlias

from scribe_desktop.desktop.dictation_devices.conversation import Conversation, Identified
from scribe_desktop.desktop.dictation_devices.decode import Moved
from scribe_desktop.desktop.dictation_devices.leds import Light
from scribe_desktop.desktop.dictation_devices.models import Interface, Model, Wire, wire_of
from scribe_desktop.desktop.dictation_devices.presses import SETTLE_S, Movement, Released
from scribe_desktop.desktop.dictation_devices.transport import Connection, Transport
from scribe_desktop.domain.errors import DesktopError

log = logging.getLogger(__name__)

SCAN_EVERY_S = 2.0
READ_MS = 200
_JOIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Plugged:
    """A device is there and understood."""

    device: int
    model: Model


@dataclass(frozen=True, slots=True)
class Unplugged:
    """A device is gone. Nothing is stopped by it."""

    device: int
    model: Model


@dataclass(frozen=True, slots=True)
class Used:
    """A button or slider moved; `at_s` is `time.monotonic()`."""

    device: int
    model: Model
    movement: Movement
    at_s: float


@dataclass(frozen=True, slots=True)
class LaidDown:
    """A microphone was laid down, or picked up again."""

    device: int
    model: Model
    laid_down: bool


@dataclass(frozen=True, slots=True)
class Trouble:
    """A device is plugged in and cannot be used; it is tried again by itself."""

    error: DesktopError


DeviceNews: TypeAlias = Plugged | Unplugged | Used | LaidDown | Trouble


@dataclass(frozen=True, slots=True)
class _Report:
    path: bytes
    device: int
    report: bytes
    at_s: float


@dataclass(frozen=True, slots=True)
class _Gone:
    path: bytes
    device: int


@dataclass(frozen=True, slots=True)
class _Show:
    light: Light


class _Stop:
    pass


_Message: TypeAlias = _Report | _Gone | _Show | _Stop


class _Reader(threading.Thread):
    """Waits for the reports of one device and passes them on."""

    def __init__(
        self, path: bytes, device: int, connection: Connection, inbox: SimpleQueue[_Message]
    ) -> None:
        super().__init__(name="dictation-device-reader", daemon=True)
        self._path, self._device = path, device
        self._connection, self._inbox = connection, inbox
        self._ending = threading.Event()

    def run(self) -> None:
        while not self._ending.is_set():
            try:
                report = self._connection.read(READ_MS)
            except OSError:
                self._inbox.put(_Gone(self._path, self._device))
                return
            if report:
                self._inbox.put(_Report(self._path, self._device, report, monotonic()))

    def end(self) -> None:
        """Stop reading; afterwards the connection may be closed."""
        self._ending.set()
        self.join(_JOIN_S)


@dataclass(slots=True)
class _Open:
    number: int
    conversation: Conversation
    connection: Connection
    reader: _Reader


class DictationDevices:
    """All dictation devices. `on_news` is called on the hub's own thread."""

    def __init__(self, transport: Transport, on_news: Callable[[DeviceNews], None]) -> None:
        self._transport = transport
        self._on_news = on_news
        self._inbox: SimpleQueue[_Message] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="dictation-devices", daemon=True)
        self._open: dict[bytes, _Open] = {}
        self._refused: set[bytes] = set()
        self._listing_failed = False
        self._light = Light.OFF
        self._last_number = 0

    def start(self) -> None:
        """Begin to look for devices; returns at once."""
        self._thread.start()

    def show(self, light: Light) -> None:
        """Show the true state on every device, also on those plugged in later. Any thread."""
        self._inbox.put(_Show(light))

    def stop(self) -> None:
        """Lights off, all devices given back; waits at most two seconds. Any thread."""
        if self._thread.is_alive():
            self._inbox.put(_Stop())
            self._thread.join(_JOIN_S)

    def _run(self) -> None:
        next_scan_s = 0.0
        while True:
            if monotonic() >= next_scan_s:
                self._scan()
                next_scan_s = monotonic() + SCAN_EVERY_S
            try:
                message = self._inbox.get(timeout=max(0.0, self._due_s(next_scan_s) - monotonic()))
            except Empty:
                message = None
            if isinstance(message, _Stop):
                break
            if message is not None:
                self._take(message)
            self._tick()
        for path in list(self._open):
            self._open[path].conversation.show(Light.OFF)
            self._write(path)
            self._close(path)

    def _due_s(self, next_scan_s: float) -> float:
        times = (opened.conversation.due_s for opened in self._open.values())
        return min([next_scan_s, *(time for time in times if time is not None)])

    def _take(self, message: _Report | _Gone | _Show) -> None:
        if isinstance(message, _Show):
            self._light = message.light
            for path in list(self._open):
                self._open[path].conversation.show(message.light)
                self._write(path)
            return
        opened = self._open.get(message.path)
        # A device plugged in again at once has the same path, and the last
        # words of its predecessor may still be in the inbox.
        if opened is None or opened.number != message.device:
            return
        if isinstance(message, _Gone):
            self._lose(message.path)
        else:
            facts = opened.conversation.receive(message.report, message.at_s)
            self._tell(opened, facts, message.at_s)
            self._write(message.path)

    def _tick(self) -> None:
        now_s = monotonic()
        for path, opened in list(self._open.items()):
            self._tell(opened, opened.conversation.tick(now_s), now_s)
            self._write(path)

    def _scan(self) -> None:
        try:
            listed = {interface.path: interface for interface in self._transport.interfaces()}
        except DesktopError as error:
            if not self._listing_failed:
                self._on_news(Trouble(error))
            self._listing_failed = True
            return
        self._listing_failed = False
        self._refused &= listed.keys()
        for path in self._open.keys() - listed.keys():
            self._lose(path)
        for path, interface in listed.items():
            wire = wire_of(interface)
            if wire is not None and path not in self._open:
                self._connect(wire, interface)

    def _connect(self, wire: Wire, interface: Interface) -> None:
        try:
            connection = self._transport.open(interface)
        except DesktopError as error:
            # Tried again at every scan, but said only once.
            if interface.path not in self._refused:
                self._on_news(Trouble(error))
            self._refused.add(interface.path)
            return
        self._refused.discard(interface.path)
        self._last_number += 1
        conversation = Conversation(wire, interface, self._light, monotonic())
        reader = _Reader(interface.path, self._last_number, connection, self._inbox)
        opened = _Open(self._last_number, conversation, connection, reader)
        self._open[interface.path] = opened
        log.info("dictation device %d opened as %s", opened.number, wire)
        reader.start()
        self._write(interface.path)
        if conversation.model is not None:
            self._on_news(Plugged(opened.number, conversation.model))

    def _write(self, path: bytes) -> None:
        opened = self._open.get(path)
        if opened is None:
            return
        frames, opened.conversation.frames = opened.conversation.frames, []
        try:
            for frame in frames:
                opened.connection.write(frame)
        except OSError:
            self._lose(path)

    def _lose(self, path: bytes) -> None:
        opened = self._close(path)
        if opened.conversation.model is not None:
            self._on_news(Unplugged(opened.number, opened.conversation.model))

    def _close(self, path: bytes) -> _Open:
        opened = self._open.pop(path)
        opened.reader.end()
        opened.connection.close()
        log.info("dictation device %d closed", opened.number)
        return opened

    def _tell(self, opened: _Open, facts: list[Identified | Movement | Moved], at_s: float) -> None:
        for fact in facts:
            if isinstance(fact, Identified):
                self._on_news(Plugged(opened.number, fact.model))
                continue
            host = self._host(opened)
            if host is None or host.conversation.model is None:
                continue
            model = host.conversation.model
            if isinstance(fact, Moved):
                self._on_news(LaidDown(host.number, model, fact.laid_down))
            else:
                # A release is believed only after a moment; it happened before that.
                lag_s = SETTLE_S if isinstance(fact, Released) else 0.0
                self._on_news(Used(host.number, model, fact, at_s - lag_s))

    def _host(self, opened: _Open) -> _Open | None:
        """The microphone whose buttons these are: itself, or for a pad its other interface."""
        if opened.conversation.wire is not Wire.GAMEPAD:
            return opened
        pad = opened.conversation.interface
        hosts = [
            other
            for other in self._open.values()
            if other.conversation.wire is Wire.SPEECHMIKE
            and other.conversation.interface.vendor == pad.vendor
            and other.conversation.interface.product == pad.product
        ]
        # Two microphones of one kind are told apart by serial where they have one.
        same = [host for host in hosts if host.conversation.interface.serial == pad.serial]
        return next(iter(same or hosts), None)
