"""The HID library, the real one with nothing plugged in and a played one with a microphone."""

import sys
from pathlib import Path
from typing import Any

import pytest

from scribe_desktop.desktop.dictation_devices.models import Interface
from scribe_desktop.desktop.dictation_devices.transport import HidDevice, HidTransport
from scribe_desktop.domain.errors import DesktopError

MICROPHONE = Interface(b"/dev/hidraw9", 0x0911, 0x0C1C, 0xFFA0, 1, "4711")


class PlayedDevice:
    def __init__(self) -> None:
        self.refused = self.deaf = False
        self.written: list[bytes] = []
        self.closed = False

    def open_path(self, path: bytes) -> None:
        if self.refused:
            raise OSError("open failed")

    def read(self, longest: int, timeout_ms: int) -> list[int]:
        assert longest >= 9
        return [0x80, 0, 0, 0, 0, 0, 0, 0, 1] if timeout_ms else []

    def write(self, report: bytes) -> int:
        self.written.append(report)
        return -1 if self.deaf else len(report)

    def close(self) -> None:
        self.closed = True


class PlayedLibrary:
    def __init__(self) -> None:
        self.played = PlayedDevice()
        self.broken = False

    def enumerate(self) -> list[dict[str, Any]]:
        if self.broken:
            raise OSError("no HID")
        return [
            {
                "path": MICROPHONE.path,
                "vendor_id": MICROPHONE.vendor,
                "product_id": MICROPHONE.product,
                "usage_page": MICROPHONE.usage_page,
                "usage": MICROPHONE.usage,
                "serial_number": MICROPHONE.serial,
            },
            {"path": b"/dev/hidraw1", "vendor_id": 1, "product_id": 2, "serial_number": None},
        ]

    def device(self) -> HidDevice:
        return self.played


def test_the_real_library_lists_what_there_is() -> None:
    assert isinstance(HidTransport().interfaces(), list)


def test_interfaces_are_listed_also_where_the_system_says_little() -> None:
    listed = HidTransport(PlayedLibrary()).interfaces()
    assert listed == [MICROPHONE, Interface(b"/dev/hidraw1", 1, 2)]


def test_reports_go_out_with_their_id_and_come_in_without() -> None:
    library = PlayedLibrary()
    connection = HidTransport(library).open(MICROPHONE)
    connection.write(b"\x02\x00")
    assert library.played.written == [b"\x00\x02\x00"]
    assert connection.read(200) == bytes([0x80, 0, 0, 0, 0, 0, 0, 0, 1])
    assert connection.read(0) == b""
    library.played.deaf = True
    with pytest.raises(OSError, match="took no report"):
        connection.write(b"\x02")
    connection.close()
    assert library.played.closed


def test_a_device_another_program_holds_is_a_sentence(tmp_path: Path) -> None:
    library = PlayedLibrary()
    library.played.refused = True
    node = tmp_path / "hidraw9"
    node.touch()
    free = Interface(str(node).encode(), 0x0911, 0x0C1C)
    with pytest.raises(DesktopError, match="another program holds it"):
        HidTransport(library).open(free)


def test_a_device_this_login_may_not_use_is_a_sentence() -> None:
    library = PlayedLibrary()
    library.played.refused = True
    with pytest.raises(DesktopError, match="this login may not use it"):
        HidTransport(library).open(Interface(b"/nowhere/hidraw9", 0x0911, 0x0C1C))


def test_a_system_that_lists_nothing_is_a_sentence() -> None:
    library = PlayedLibrary()
    library.broken = True
    with pytest.raises(DesktopError, match="does not list"):
        HidTransport(library).interfaces()


def test_a_missing_library_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hidraw" if sys.platform == "linux" else "hid", None)
    with pytest.raises(DesktopError, match="library is missing"):
        HidTransport().interfaces()
