"""Devices come and go while the program runs; buttons, lights and pads keep working."""

from collections.abc import Iterator
from queue import Queue

import pytest

from scribe_desktop.desktop.dictation_devices import hub as hub_module
from scribe_desktop.desktop.dictation_devices.buttons import Button
from scribe_desktop.desktop.dictation_devices.hub import (
    DeviceNews,
    DictationDevices,
    LaidDown,
    Plugged,
    Trouble,
    Unplugged,
    Used,
)
from scribe_desktop.desktop.dictation_devices.leds import Light
from scribe_desktop.desktop.dictation_devices.models import Interface
from scribe_desktop.desktop.dictation_devices.presses import Pressed, Released, SliderAt
from scribe_desktop.domain.errors import DesktopError
from tests.desktop.fake_devices import FakeDevice, FakeTransport

PREMIUM = bytes([0x83, 0, 0, 0, 1, 0, 50, 1, 149])
SPEECHMIKE = Interface(b"/mic", 0x0911, 0x0C1C, 0xFFA0, 1)
HOST = Interface(b"/host", 0x0911, 0x0FA0, 0xFFA0, 1)
PAD = Interface(b"/pad", 0x0911, 0x0FA0, 1, 4)
POWERMIC_3 = Interface(b"/pm3", 0x0554, 0x1001, 1, 0)
PEDAL = Interface(b"/pedal", 0x0911, 0x1844, 1, 4)
RED = bytes([2, 0, 0, 0, 0, 0, 12, 0, 0])
DARK = bytes([2, 0, 0, 0, 0, 0, 0, 0, 0])
WAIT_S = 5.0


def touch(code: int) -> FakeDevice:
    return FakeDevice({0x83: PREMIUM, 0x8B: bytes([0x8B, 0, 0, 0, 0, 0, *code.to_bytes(2), 0])})


class Heard:
    def __init__(self, transport: FakeTransport) -> None:
        self.news: Queue[DeviceNews] = Queue()
        self.transport = transport
        self.hub = DictationDevices(transport, self.news.put)

    def next(self) -> DeviceNews:
        return self.news.get(timeout=WAIT_S)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    monkeypatch.setattr(hub_module, "SCAN_EVERY_S", 0.02)
    heard = Heard(FakeTransport())
    yield heard
    heard.hub.stop()


def next_led(device: FakeDevice) -> bytes:
    while (frame := device.written.get(timeout=WAIT_S))[0] != 2:
        pass
    return frame


def test_a_microphone_plugged_in_later_is_identified_and_heard(heard: Heard) -> None:
    heard.hub.start()
    microphone = heard.transport.plugged[SPEECHMIKE] = touch(3700)
    plugged = heard.next()
    assert isinstance(plugged, Plugged)
    assert plugged.model.code == 3700
    microphone.send(0x80, 0, 0, 0, 0, 0, 0, 0, 1)
    microphone.send(0x80, 0, 0, 0, 0, 0, 0, 0, 0)
    microphone.send(0x9E, 0, 0, 0, 0, 0, 0, 0, 1)
    pressed, moved, released = heard.next(), heard.next(), heard.next()
    assert isinstance(pressed, Used)
    assert pressed.movement == Pressed(Button.RECORD)
    assert moved == LaidDown(plugged.device, plugged.model, laid_down=True)
    assert isinstance(released, Used)
    assert released.movement == Released(Button.RECORD)


def test_a_slider_that_moved_during_identification_starts_nothing(heard: Heard) -> None:
    microphone = heard.transport.plugged[SPEECHMIKE] = touch(3710)
    microphone.send(0x80, 0, 0, 0, 0, 0, 0, 0, 1)
    heard.hub.start()
    assert isinstance(heard.next(), Plugged)
    shown = heard.next()
    assert isinstance(shown, Used)
    assert shown.movement == SliderAt(Button.RECORD, found=True)


def test_the_light_is_the_truth_on_every_device_and_off_at_the_end(heard: Heard) -> None:
    microphone = heard.transport.plugged[SPEECHMIKE] = touch(3700)
    powermic = heard.transport.plugged[POWERMIC_3] = FakeDevice()
    heard.hub.start()
    assert {type(heard.next()), type(heard.next())} == {Plugged}
    assert next_led(microphone) == DARK
    assert powermic.written.get(timeout=WAIT_S) == b"\x00"
    heard.hub.show(Light.RECORDING)
    assert next_led(microphone) == RED
    assert powermic.written.get(timeout=WAIT_S) == b"\x01"
    heard.hub.stop()
    assert next_led(microphone) == DARK
    assert powermic.written.get(timeout=WAIT_S) == b"\x00"
    assert microphone.closed.is_set()


def test_a_device_plugged_in_while_recording_shows_it(heard: Heard) -> None:
    heard.hub.start()
    heard.hub.show(Light.RECORDING)
    with heard.transport.scanned:
        seen = heard.transport.scans
        assert heard.transport.scanned.wait_for(lambda: heard.transport.scans > seen + 1, WAIT_S)
    microphone = heard.transport.plugged[SPEECHMIKE] = touch(3700)
    assert next_led(microphone) == RED


def test_an_unplugged_device_is_told_closed_and_taken_back(heard: Heard) -> None:
    pedal = heard.transport.plugged[PEDAL] = FakeDevice()
    heard.hub.start()
    first = heard.next()
    assert isinstance(first, Plugged)
    del heard.transport.plugged[PEDAL]
    pedal.unplug()
    assert heard.next() == Unplugged(first.device, first.model)
    assert pedal.closed.is_set()
    again = heard.transport.plugged[PEDAL] = FakeDevice()
    assert isinstance(heard.next(), Plugged)
    again.send(2)
    used = heard.next()
    assert isinstance(used, Used)
    assert used.movement == Pressed(Button.PLAY)


@pytest.mark.parametrize("order", [(HOST, PAD), (PAD, HOST)])
def test_a_pad_speaks_for_its_microphone(heard: Heard, order: tuple[Interface, ...]) -> None:
    devices = {HOST: touch(3700), PAD: FakeDevice()}
    for interface in order:
        heard.transport.plugged[interface] = devices[interface]
    heard.hub.start()
    plugged = heard.next()
    assert isinstance(plugged, Plugged)
    devices[PAD].send(0x20, 0)
    used = heard.next()
    assert isinstance(used, Used)
    assert (used.device, used.movement) == (plugged.device, Pressed(Button.RECORD))


def test_a_device_that_may_not_be_used_is_told_once_and_tried_again(heard: Heard) -> None:
    heard.transport.refuse = DesktopError("not allowed", "do this")
    heard.transport.plugged[PEDAL] = FakeDevice()
    heard.hub.start()
    assert heard.next() == Trouble(heard.transport.refuse)
    heard.transport.refuse = None
    assert isinstance(heard.next(), Plugged)
    assert heard.news.empty()


def test_one_broken_device_does_not_silence_the_others(heard: Heard) -> None:
    broken = heard.transport.plugged[SPEECHMIKE] = FakeDevice()
    broken.unplug()
    pedal = heard.transport.plugged[PEDAL] = FakeDevice()
    heard.hub.start()
    assert isinstance(heard.next(), Plugged)
    pedal.send(1)
    used = heard.next()
    assert isinstance(used, Used)
    assert used.movement == Pressed(Button.REWIND)


def test_a_system_that_lists_nothing_is_told_once(heard: Heard) -> None:
    heard.transport.broken = DesktopError("no list", "replug")
    heard.hub.start()
    assert heard.next() == Trouble(heard.transport.broken)
    heard.transport.broken = None
    heard.transport.plugged[PEDAL] = FakeDevice()
    assert isinstance(heard.next(), Plugged)
    assert heard.news.empty()


def test_a_microphone_that_takes_no_light_is_gone_and_found_again(heard: Heard) -> None:
    powermic = heard.transport.plugged[POWERMIC_3] = FakeDevice()
    heard.hub.start()
    assert isinstance(heard.next(), Plugged)
    powermic.deaf = True
    heard.hub.show(Light.RECORDING)
    assert isinstance(heard.next(), Unplugged)
    powermic.deaf = False
    # It may have been found, and gone again, while it still took no light.
    assert any(isinstance(heard.next(), Plugged) for _ in range(3))
