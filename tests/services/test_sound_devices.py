"""PortAudio is asked on one thread, and its troubles become sentences."""

import threading
from collections.abc import Callable, Iterator
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest

from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.services.cues import Cue, cue_sound
from scribe_desktop.services.microphone import PULSE_RATE, SoundDevices
from scribe_desktop.services.playing import short_sound
from scribe_desktop.services.pulse import PulseSource, PulseView, look
from scribe_desktop.services.source import Shape

SOON_S = 5.0


class Stream:
    """A stream of the library, in or out."""

    latency = 0.01

    def __init__(self, library: "Library", asked: dict[str, Any]) -> None:
        self.library = library
        self.asked = asked
        self.closed = threading.Event()
        library.streams.append(self)

    def start(self) -> None:
        if self.library.busy:
            raise self.library.PortAudioError("Device unavailable")
        self.library.did("start")

    def abort(self, *, ignore_errors: bool) -> None:
        self.library.did("abort")

    def close(self, *, ignore_errors: bool) -> None:
        self.library.did("close")
        self.closed.set()
        self.library.closed.set()


class Library:
    """A PortAudio of a Windows computer, or of one with PulseAudio."""

    class PortAudioError(Exception):
        pass

    class CallbackStop(Exception):
        pass

    def __init__(self, *, pulse: bool = False) -> None:
        self.busy = False
        self.fault = False
        self.streams: list[Stream] = []
        self.closed = threading.Event()
        self.threads: set[str] = set()
        self.restarts = 0
        self.default = SimpleNamespace(hostapi=0)
        self.systems = [
            {"name": "MME", "default_input_device": 0},
            {"name": "Windows WASAPI", "default_input_device": 3},
        ]
        self.devices = [
            self.device(0, "Microphone (short na", 0, 2, 44_100.0),
            self.device(1, "Speakers", 1, 0, 48_000.0),
            self.device(2, "Desk microphone", 1, 1, 44_100.0),
            self.device(3, "Headset", 1, 6, 16_000.0),
        ]
        if pulse:
            self.devices.append(self.device(4, "pulse", 0, 32, 44_100.0))

    @staticmethod
    def device(index: int, name: str, system: int, inputs: int, rate: float) -> dict[str, Any]:
        return {
            "index": index,
            "name": name,
            "hostapi": system,
            "max_input_channels": inputs,
            "default_samplerate": rate,
        }

    def did(self, what: str) -> None:
        self.threads.add(threading.current_thread().name)

    def query_devices(self, kind: str | None = None) -> Any:
        self.did("query")
        if self.fault:
            raise self.PortAudioError("Error querying device -1")
        return self.devices[1] if kind == "output" else self.devices

    def query_hostapis(self) -> list[dict[str, Any]]:
        return self.systems

    def _terminate(self) -> None:
        self.restarts += 1

    def _initialize(self) -> None:
        self.did("initialize")

    def RawInputStream(self, **asked: Any) -> Stream:  # noqa: N802  its name
        return Stream(self, asked)

    def RawOutputStream(self, **asked: Any) -> Stream:  # noqa: N802  its name
        return Stream(self, asked)


class Server:
    """What the sound server was last seen to be."""

    def __init__(self, view: PulseView | None) -> None:
        self.seen = view
        self.closed = False

    def view(self, wait_s: float = 0.0) -> PulseView | None:
        return self.seen

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def opened() -> Iterator[Callable[..., tuple[SoundDevices, Library]]]:
    every: list[SoundDevices] = []

    def make(view: PulseView | None = None) -> tuple[SoundDevices, Library]:
        library = Library(pulse=view is not None)
        server = Server(view) if view else None
        every.append(SoundDevices(load=lambda: cast("ModuleType", library), watch=lambda _: server))
        return every[-1], library

    yield make
    assert all(devices.close() for devices in every)


Make = Callable[..., tuple[SoundDevices, Library]]


def test_windows_microphones_are_those_of_wasapi_with_whole_names(opened: Make) -> None:
    devices, _ = opened()
    desk, headset = devices.choices().result(SOON_S)
    assert (desk.identity, desk.is_default) == ("Windows WASAPI:Desk microphone", False)
    assert (headset.name, headset.is_default) == ("Headset", True)


def test_a_microphone_opens_at_its_own_rate_in_one_or_two_channels(opened: Make) -> None:
    devices, library = opened()
    desk = devices.open("Windows WASAPI:Desk microphone").result(SOON_S)
    headset = devices.open("").result(SOON_S)
    assert desk.stream.shape == Shape(44_100, 1, "float32")
    assert headset.stream.shape == Shape(16_000, 2, "float32")
    assert [stream.asked["device"] for stream in library.streams] == [2, 3]
    assert library.threads == {"sound devices"}
    assert devices.whereabouts() is None


def test_the_list_is_refreshed_only_while_nothing_records(opened: Make) -> None:
    devices, library = opened()
    devices.choices().result(SOON_S)
    assert library.restarts == 1
    stream = devices.open("").result(SOON_S).stream
    devices.choices().result(SOON_S)
    assert library.restarts == 2
    stream.close()
    devices.choices().result(SOON_S)
    assert library.closed.is_set()
    assert library.restarts == 3


def test_a_busy_microphone_is_a_sentence_that_names_no_device(opened: Make) -> None:
    devices, library = opened()
    library.busy = True
    with pytest.raises(MicrophoneError, match="another program may be using it"):
        devices.open("").result(SOON_S)
    assert library.closed.is_set()


def test_a_fault_of_the_library_is_a_sentence(opened: Make) -> None:
    devices, library = opened()
    library.fault = True
    with pytest.raises(MicrophoneError, match="reports a fault"):
        devices.choices().result(SOON_S)


def test_a_computer_without_a_microphone_is_a_sentence(opened: Make) -> None:
    devices, library = opened()
    del library.devices[2:]
    with pytest.raises(MicrophoneError, match="no microphone"):
        devices.open("").result(SOON_S)


def test_a_missing_library_is_a_sentence_with_what_to_install() -> None:
    def load() -> ModuleType:
        raise MicrophoneError("The sound library is missing.", "Install libportaudio2.")

    devices = SoundDevices(load=load, watch=lambda _: None)
    with pytest.raises(MicrophoneError, match="libportaudio2"):
        devices.choices().result(SOON_S)
    assert devices.close()


DESK = PulseSource("alsa_input.usb-desk", "Desk", 1, is_monitor=False, is_muted=False)
STEREO = PulseSource("alsa_input.pci", "Line in", 4, is_monitor=False, is_muted=False)
MONITOR = PulseSource("speaker.monitor", "Monitor", 2, is_monitor=True, is_muted=False)
VIEW = PulseView((DESK, STEREO, MONITOR), default="alsa_input.pci", ours=MONITOR.name, stream=9)


def test_with_pulseaudio_the_servers_names_count_and_monitors_are_hidden(opened: Make) -> None:
    devices, library = opened(VIEW)
    names = [(choice.name, choice.is_default) for choice in devices.choices().result(SOON_S)]
    assert names == [("Desk", False), ("Line in", True)]
    opened_one = devices.open("pulse:alsa_input.usb-desk").result(SOON_S)
    assert opened_one.stream.shape == Shape(PULSE_RATE, 1, "float32")
    assert library.streams[0].asked["device"] == 4
    assert devices.open("").result(SOON_S).stream.shape.channels == 2


def test_with_pulseaudio_it_is_known_where_the_stream_is(opened: Make) -> None:
    devices, _ = opened(VIEW)
    assert devices.whereabouts() is None
    devices.open("").result(SOON_S)
    where = devices.whereabouts()
    assert where is not None
    assert where.is_monitor
    assert (where.choice.identity, where.stream) == ("pulse:speaker.monitor", 9)
    assert "pulse:alsa_input.pci" in where.others


def test_a_call_that_was_given_up_is_not_made(opened: Make) -> None:
    devices, library = opened()
    gate, entered = threading.Event(), threading.Event()
    before = library.query_hostapis

    def slow() -> list[dict[str, Any]]:
        entered.set()
        gate.wait(SOON_S)
        return before()

    library.query_hostapis = slow  # type: ignore[method-assign]
    hanging = devices.choices()
    assert entered.wait(SOON_S)
    given_up = devices.open("")
    assert given_up.cancel()
    gate.set()
    hanging.result(SOON_S)
    devices.choices().result(SOON_S)
    assert library.streams == []


def test_a_cue_goes_out_whole_and_lets_the_loudspeaker_go(opened: Make) -> None:
    devices, library = opened()
    playing = devices.play(short_sound(lambda rate: cue_sound(Cue.LISTENING, rate))).result(SOON_S)
    assert playing.seconds == pytest.approx(0.14, abs=0.001)
    asked, out, played = library.streams[0].asked, bytearray(4_000), b""
    for _ in range(7):
        asked["callback"](out, 1_000, None, None)
        played += bytes(out)
    assert played.rstrip(b"\0").startswith(cue_sound(Cue.LISTENING, 48_000)[:20_000])
    with pytest.raises(Library.CallbackStop):
        asked["callback"](out, 1_000, None, None)
    assert bytes(out) == bytes(4_000)
    asked["finished_callback"]()
    assert library.closed.wait(SOON_S)


def test_a_computer_without_a_loudspeaker_is_a_sentence(opened: Make) -> None:
    devices, library = opened()
    library.fault = True
    with pytest.raises(MicrophoneError, match="No sound can be played"):
        devices.play(short_sound(lambda _: b"")).result(SOON_S)


def test_the_servers_answer_is_read_into_one_view(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getpid", lambda: 77)
    output = SimpleNamespace

    class Pulse:
        def source_list(self) -> list[Any]:
            return [
                SimpleNamespace(
                    index=1,
                    name="mic",
                    description="",
                    channel_count=1,
                    mute=1,
                    monitor_of_sink=0xFFFFFFFF,
                ),
                SimpleNamespace(
                    index=2,
                    name="spk.monitor",
                    description="Monitor",
                    channel_count=2,
                    mute=0,
                    monitor_of_sink=0,
                ),
            ]

        def source_output_list(self) -> list[Any]:
            return [
                output(index=4, source=2, proplist={"application.process.id": "77"}),
                output(index=6, source=1, proplist={"application.process.id": "77"}),
                output(index=8, source=2, proplist={"application.process.id": "1"}),
            ]

        def server_info(self) -> Any:
            return SimpleNamespace(default_source_name=None)

    view = look(cast("Any", Pulse()))
    assert view == PulseView(
        sources=(
            PulseSource("mic", "mic", 1, is_monitor=False, is_muted=True),
            PulseSource("spk.monitor", "Monitor", 2, is_monitor=True, is_muted=False),
        ),
        default="",
        ours="mic",
        stream=6,
    )
    assert view.source("gone") is None
