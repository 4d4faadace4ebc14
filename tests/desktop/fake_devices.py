"""Dictation devices that are not there: plugged, pressed and unplugged by a test."""

import threading
from queue import Empty, Queue

from scribe_desktop.desktop.dictation_devices.models import Interface
from scribe_desktop.desktop.dictation_devices.transport import Connection
from scribe_desktop.domain.errors import DesktopError


class FakeDevice:
    """One interface. `answers` maps the first byte written to the report that comes back."""

    def __init__(self, answers: dict[int, bytes] | None = None) -> None:
        self.answers = answers or {}
        self.written: Queue[bytes] = Queue()
        self.closed = threading.Event()
        self.deaf = False
        self._reports: Queue[bytes | None] = Queue()

    def send(self, *report: int) -> None:
        self._reports.put(bytes(report))

    def unplug(self) -> None:
        self._reports.put(None)

    def read(self, timeout_ms: int) -> bytes:
        try:
            report = self._reports.get(timeout=timeout_ms / 1000)
        except Empty:
            return b""
        if report is None:
            raise OSError("read error")
        return report

    def write(self, report: bytes) -> None:
        if self.deaf:
            raise OSError("write error")
        self.written.put(report)
        if report[0] in self.answers:
            self._reports.put(self.answers[report[0]])

    def close(self) -> None:
        self.closed.set()


class FakeTransport:
    """What is plugged in; `refuse` is raised by every open, `broken` by every listing."""

    def __init__(self) -> None:
        self.plugged: dict[Interface, FakeDevice] = {}
        self.refuse: DesktopError | None = None
        self.broken: DesktopError | None = None
        self.scans = 0
        self.scanned = threading.Condition()

    def interfaces(self) -> list[Interface]:
        with self.scanned:
            self.scans += 1
            self.scanned.notify_all()
        if self.broken:
            raise self.broken
        return list(self.plugged)

    def open(self, interface: Interface) -> Connection:
        if self.refuse:
            raise self.refuse
        return self.plugged[interface]
