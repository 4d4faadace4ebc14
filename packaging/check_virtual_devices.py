"""Plugs a virtual SpeechMike into this computer's kernel and reads it with the real HID library.

Not part of the tests: it needs Linux with /dev/uhid and the right to open it,
which containers do not have; without them it says NOT RUN and ends with 3.
From the top of the sources, as root:

    python packaging/check_virtual_devices.py
"""

import os
import select
import struct
import sys
import threading
from pathlib import Path
from queue import Empty, Queue

sys.path.insert(0, str(Path(__file__).parents[1]))

from scribe_desktop.desktop.dictation_devices.buttons import Button
from scribe_desktop.desktop.dictation_devices.hub import (
    DeviceNews,
    DictationDevices,
    Plugged,
    Unplugged,
    Used,
)
from scribe_desktop.desktop.dictation_devices.leds import Light
from scribe_desktop.desktop.dictation_devices.presses import Pressed, SliderAt
from scribe_desktop.desktop.dictation_devices.transport import HidTransport

UHID = Path("/dev/uhid")
NOT_RUN = 3
WAIT_S = 10.0
# The kernel's numbers and layouts: linux/uhid.h.
_DESTROY, _OUTPUT, _CREATE2, _INPUT2 = 1, 6, 11, 12
_CREATE = struct.Struct("<I128s64s64sHHIIII4096s")
_INPUT = struct.Struct("<IH4096s")
_EVENT_BYTES = _CREATE.size
_USB = 3
# One collection on the maker's own page: nine bytes in, nine bytes out.
_DESCRIPTOR = bytes.fromhex("06a0ff0901a1010902150026ff007508950981020903150026ff00750895099102c0")
_ANSWERS = {
    0x83: bytes([0x83, 0, 0, 0, 1, 0, 50, 1, 149]),
    0x8B: bytes([0x8B, 0, 0, 0, 0, 0, 14, 126, 0]),
}
SLIDER_MODEL = 3710
RED = bytes([2, 0, 0, 0, 0, 0, 12, 0, 0])


class VirtualSpeechMike:
    """A SpeechMike Premium Touch with a slider, as the kernel sees it."""

    def __init__(self) -> None:
        self._file = os.open(UHID, os.O_RDWR)
        self.frames: Queue[bytes] = Queue()
        create = _CREATE.pack(
            *(_CREATE2, b"Virtual SpeechMike", b"", b"", len(_DESCRIPTOR), _USB),
            *(0x0911, 0x0C1C, 1, 0, _DESCRIPTOR),
        )
        os.write(self._file, create)
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def send(self, report: bytes) -> None:
        """An input report."""
        os.write(self._file, _INPUT.pack(_INPUT2, len(report), report))

    def unplug(self) -> None:
        """Pull the plug."""
        self._ending.set()
        self._thread.join()
        os.write(self._file, struct.pack("<I", _DESTROY))
        os.close(self._file)

    def _listen(self) -> None:
        while not self._ending.is_set():
            readable, _, _ = select.select([self._file], [], [], 0.1)
            if readable:
                self._take(os.read(self._file, _EVENT_BYTES))

    def _take(self, event: bytes) -> None:
        (kind,) = struct.unpack_from("<I", event)
        if kind != _OUTPUT:
            return
        (size,) = struct.unpack_from("<H", event, 4 + 4096)
        # The report id comes along or not, as the kernel's version has it.
        report = event[4 : 4 + size][-9:]
        if report[0] in _ANSWERS:
            self.send(_ANSWERS[report[0]])
        self.frames.put(report)


def check() -> list[str]:
    """What went wrong, one line each."""
    news: Queue[DeviceNews] = Queue()
    hub = DictationDevices(HidTransport(), news.put)
    hub.start()
    microphone = VirtualSpeechMike()
    wrong = []
    try:
        plugged = news.get(timeout=WAIT_S)
        if not isinstance(plugged, Plugged) or plugged.model.code != SLIDER_MODEL:
            wrong.append(f"identification: {plugged}")
        for tail, movement in (
            ((0x00, 0x02), SliderAt(Button.STOP, found=True)),
            ((0x00, 0x01), SliderAt(Button.RECORD, found=False)),
            ((0x02, 0x01), Pressed(Button.F1_A)),
        ):
            microphone.send(bytes([0x80, 0, 0, 0, 0, 0, 0, *tail]))
            used = news.get(timeout=WAIT_S)
            if not isinstance(used, Used) or used.movement != movement:
                wrong.append(f"{movement}: {used}")
        hub.show(Light.RECORDING)
        while microphone.frames.get(timeout=WAIT_S) != RED:
            pass
    except Empty:
        wrong.append("the device fell silent")
    microphone.unplug()
    if not wrong and not isinstance(news.get(timeout=WAIT_S), Unplugged):
        wrong.append("the unplugging was not noticed")
    hub.stop()
    return wrong


def main() -> int:
    """Run it where it can be run."""
    if not os.access(UHID, os.R_OK | os.W_OK):
        print("NOT RUN: there is no /dev/uhid here, or it may not be opened.")
        return NOT_RUN
    wrong = check()
    print("\n".join(wrong) or "a virtual SpeechMike: identified, heard, lit and unplugged")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
