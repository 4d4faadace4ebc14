"""The wire to dictation devices: listing, opening, reading and writing.

The HID library is used here and nowhere else. What the rest needs of it is
two small interfaces, so that a test can plug and unplug a microphone that is
not there.
"""

import os
import sys
from typing import Any, Protocol

from scribe_desktop.desktop.dictation_devices.models import Interface
from scribe_desktop.domain.errors import DesktopError


class Connection(Protocol):
    """One open interface. `read` and `write` raise OSError once it is unplugged."""

    def read(self, timeout_ms: int) -> bytes:
        """One input report without its report id, or nothing after the time."""

    def write(self, report: bytes) -> None:
        """Send one output report; the report id 0 is put before it."""

    def close(self) -> None:
        """Give the interface back; no read may be running."""


class Transport(Protocol):
    """All HID interfaces of this computer."""

    def interfaces(self) -> list[Interface]:
        """What is plugged in now. Raises DesktopError when the system cannot be asked."""

    def open(self, interface: Interface) -> Connection:
        """Open one interface. Raises DesktopError with a sentence."""


_LONGEST_REPORT = 64


class HidDevice(Protocol):
    """One device of the library."""

    def open_path(self, path: bytes) -> None:
        """Open it. Raises OSError."""

    def read(self, longest: int, timeout_ms: int) -> list[int]:
        """One report, or nothing after the time. Raises OSError."""

    def write(self, report: bytes) -> int:
        """How many bytes were sent; negative for none."""

    def close(self) -> None:
        """Give it back."""


class HidLibrary(Protocol):
    """What is used of the HID library."""

    def enumerate(self) -> list[dict[str, Any]]:
        """Every interface of every device."""

    def device(self) -> HidDevice:
        """A device that is not open yet."""


class HidConnection:
    """A `Connection` over the HID library."""

    def __init__(self, device: HidDevice) -> None:
        self._device = device

    def read(self, timeout_ms: int) -> bytes:
        """One input report; the library raises OSError when the device is gone."""
        return bytes(self._device.read(_LONGEST_REPORT, timeout_ms))

    def write(self, report: bytes) -> None:
        """Send one output report with report id 0 before it."""
        if self._device.write(b"\x00" + report) < 0:
            raise OSError("the dictation device took no report")

    def close(self) -> None:
        """Close the device."""
        self._device.close()


class HidTransport:
    """The real `Transport`.

    On Linux the library comes in two builds; the one over the kernel's hidraw
    leaves the microphone's sound interface alone, the other may detach it.
    """

    def __init__(self, library: HidLibrary | None = None) -> None:
        """`library` is for tests; the real one is loaded when devices are first asked for."""
        self._library = library

    def interfaces(self) -> list[Interface]:
        """Ask the system for all HID interfaces."""
        library = self._hid()
        try:
            listed = library.enumerate()
        except OSError as error:
            raise DesktopError(
                "The system does not list its dictation devices.",
                "Unplug the device and plug it in again.",
            ) from error
        return [
            Interface(
                path=entry["path"],
                vendor=entry["vendor_id"],
                product=entry["product_id"],
                usage_page=entry.get("usage_page") or 0,
                usage=entry.get("usage") or 0,
                serial=entry.get("serial_number") or "",
            )
            for entry in listed
        ]

    def open(self, interface: Interface) -> Connection:
        """Open one interface by its path."""
        device = self._hid().device()
        try:
            device.open_path(interface.path)
        except OSError as error:
            if sys.platform == "linux" and not os.access(interface.path, os.R_OK | os.W_OK):
                raise DesktopError(
                    "A dictation device is plugged in, but this login may not use it.",
                    "Install the program's device rule (udev), then plug the device in again.",
                ) from error
            raise DesktopError(
                "A dictation device is plugged in, but another program holds it.",
                "Close the other dictation program, then plug the device in again.",
            ) from error
        return HidConnection(device)

    def _hid(self) -> HidLibrary:
        if self._library is None:
            try:
                if sys.platform == "linux":
                    import hidraw as hid
                else:
                    import hid
            except ImportError as error:
                raise DesktopError(
                    "Dictation microphones and pedals cannot be used: the HID library is missing.",
                    "Install the program again; keys on the keyboard work meanwhile.",
                ) from error
            self._library = hid
        return self._library
