"""Opens microphones and plays sounds: the only module that touches PortAudio.

Every PortAudio call, even loading the library, can hang for as long as the
sound server does (PLATFORM.md §1), so all of them are made on one thread
(sound_thread.py). Whoever asks gets a future and decides how long to wait;
nobody else can be made to hang. PortAudio sees a second thread only when the
first one hangs in it, and then it is asked by another way where there is one.

The callback of a stream runs on PortAudio's own thread. It puts the bytes in
a queue and does nothing else: whatever it waited for would be lost sound.
"""

import atexit
import logging
import os
import sys
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from types import ModuleType
from typing import Any, Final, Protocol, TypeVar

from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.domain.notices import MicrophoneChoice
from scribe_desktop.services.choosing import choose
from scribe_desktop.services.input_stream import InputStream
from scribe_desktop.services.opening import Opened, Whereabouts
from scribe_desktop.services.playing import Sound
from scribe_desktop.services.pulse import PulseSource, PulseView, PulseWatch
from scribe_desktop.services.sound_thread import SoundThread
from scribe_desktop.services.source import Shape

PULSE: Final = "pulse:"
PULSE_RATE: Final = 48_000
"""The sound server does not tell a device's own rate (see pulse.py); almost all run at this."""

FIRST_LOOK_S: Final = 1.0

WINDOWS_WAYS: Final = ("Windows WASAPI", "Windows DirectSound", "MME")
"""The ways of Windows to a microphone, best first: the others when a driver hangs in one."""

log = logging.getLogger(__name__)
T = TypeVar("T")
S = TypeVar("S", bound=Sound)


class SoundServer(Protocol):
    """Tells what PortAudio cannot (pulse.py)."""

    def view(self, wait_s: float = 0.0) -> PulseView | None:
        """What was last seen."""

    def close(self) -> None:
        """Stop watching."""


def watch_sound_server(on_change: Callable[[], None]) -> SoundServer | None:
    """Watch the sound server where there is one to watch."""
    return PulseWatch(on_change) if sys.platform == "linux" else None


def load_portaudio() -> ModuleType:
    """Load the sound library; raises MicrophoneError where it is missing."""
    try:
        import sounddevice
    except OSError as error:
        raise MicrophoneError(
            "The sound library of this computer is missing, so nothing can be recorded.",
            "Install PortAudio (on Debian and Ubuntu: libportaudio2) and start again.",
        ) from error
    # Its own farewell would wait for a sound server that hangs, and the
    # program could not end.
    atexit.unregister(sounddevice._exit_handler)  # noqa: SLF001
    if not sounddevice._initialized:  # noqa: SLF001
        sounddevice._initialize()  # noqa: SLF001  another one of us let it go before
    library: ModuleType = sounddevice
    return library


class SoundDevices:
    """Microphones and loudspeakers of this computer. Any thread may ask."""

    def __init__(
        self,
        on_change: Callable[[], None] = lambda: None,
        *,
        load: Callable[[], ModuleType] = load_portaudio,
        watch: Callable[[Callable[[], None]], SoundServer | None] = watch_sound_server,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._pulse = watch(on_change)
        self._library: ModuleType | None = None
        self._streams = 0
        self._rounds = 0
        self._playing: list[Any] = []
        self._through_pulse = False
        self._thread = SoundThread("sound devices", self._let_go, clock)

    def choices(self) -> "Future[tuple[MicrophoneChoice, ...]]":
        """The microphones there are now, the default one marked."""
        return self._ask(self._list)

    def open(
        self, wanted: str, avoid: Collection[str] = (), *, ready: bool = False
    ) -> "Future[Opened]":
        """Open the wanted microphone, or another if it is missing; `Opened` says which.

        With `ready` it only remembers the last two seconds until it is taken over.
        """
        return self._ask(lambda: self._open(wanted, avoid, ready=ready))

    def open_another_way(self, wanted: str, avoid: Collection[str] = ()) -> "Future[Opened] | None":
        """Open although an earlier call hangs; None while it does not, or when nothing is left.

        The earlier one stays asked: whichever comes back first is the microphone.
        """
        if not self._thread.leave_if_hung():
            return None
        self._rounds += 1
        log.warning("the sound system hangs; it is asked another way")
        return self.open(wanted, avoid)

    def whereabouts(self) -> Whereabouts | None:
        """Where the newest stream really is; None where nobody can tell."""
        view = self._pulse.view() if self._pulse and self._through_pulse else None
        source = view.source(view.ours) if view else None
        if view is None or source is None:
            return None
        return Whereabouts(
            choice=_choice(source, view),
            stream=view.stream,
            is_monitor=source.is_monitor,
            others=frozenset(PULSE + other.name for other in view.sources),
        )

    def play(
        self, sound: Callable[[int], S], on_end: Callable[[], None] = lambda: None
    ) -> "Future[S]":
        """Play a sound that is made for the loudspeaker's rate.

        `on_end` is called once, on the thread of the sound devices, when the
        last of it is out or it was stopped.
        """
        return self._ask(lambda: self._play(sound, on_end))

    def close(self, timeout_s: float = 2.0) -> bool:
        """Let the library go; False if it did not answer in time and was left behind."""
        if self._pulse:
            self._pulse.close()
        return self._thread.end(timeout_s)

    # --- on the thread of the sound devices ----------------------------------------------

    def _ask(self, call: Callable[[], T]) -> "Future[T]":
        future: Future[T] = Future()

        def answer() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(call())
            except Exception as error:  # noqa: BLE001  it reaches whoever asked
                future.set_exception(self._in_words(error))

        self._thread.put(answer)
        return future

    def _let_go(self) -> None:
        if self._library is not None:
            self._library._terminate()  # noqa: SLF001  sounddevice has no public way

    def _in_words(self, error: Exception) -> Exception:
        if self._library is None or not isinstance(error, self._library.PortAudioError):
            return error
        log.warning("sound system: %s", error)
        return MicrophoneError(
            "The sound system of this computer reports a fault.",
            "Connect the microphone again, or restart the computer.",
        )

    def _portaudio(self) -> ModuleType:
        if self._library is None:
            with self._thread.entering():
                self._library = self._load()
        return self._library

    def _list(self) -> tuple[MicrophoneChoice, ...]:
        view = self._pulse_view()
        if view is not None:
            return tuple(_choice(source, view) for source in view.sources if not source.is_monitor)
        return tuple(choice for choice, _ in self._portaudio_inputs())

    def _pulse_view(self) -> PulseView | None:
        view = self._pulse.view(FIRST_LOOK_S) if self._pulse else None
        return view if view is not None and self._pulse_device() is not None else None

    def _pulse_device(self) -> int | None:
        devices = self._portaudio().query_devices()
        named = [d["index"] for d in devices if d["name"] == "pulse" and d["max_input_channels"]]
        return named[0] if named else None

    def _portaudio_inputs(self) -> list[tuple[MicrophoneChoice, Any]]:
        library = self._portaudio()
        if self._streams == 0 and not self._thread.has_left_one_behind:
            # The list is as old as the library's start; a restart would kill open
            # streams, and pull the ground from under a call that hangs.
            with self._thread.entering():
                library._terminate()  # noqa: SLF001
                library._initialize()  # noqa: SLF001
        systems = library.query_hostapis()
        best = self._way(library, systems)
        default = systems[best]["default_input_device"] if systems else -1
        # The same identity by whichever way it is reached.
        named = WINDOWS_WAYS[0] if systems and systems[best]["name"] in WINDOWS_WAYS else ""
        return [
            (
                MicrophoneChoice(
                    f"{named or systems[best]['name']}:{device['name']}",
                    device["name"],
                    is_default=device["index"] == default,
                ),
                device,
            )
            for device in library.query_devices()
            if device["hostapi"] == best and device["max_input_channels"] > 0
        ]

    def _way(self, library: ModuleType, systems: Sequence[dict[str, Any]]) -> int:
        """Which of the library's sound systems to use: the next one after each hang."""
        names = [system["name"] for system in systems]
        ways = [names.index(name) for name in WINDOWS_WAYS if name in names]
        if not ways:
            return int(library.default.hostapi)
        return ways[self._rounds % len(ways)]

    def _open(self, wanted: str, avoid: Collection[str], *, ready: bool) -> Opened:
        view = self._pulse_view()
        self._through_pulse = view is not None
        if view is not None:
            choice = choose(self._list(), wanted, avoid)
            source = view.source(choice.identity.removeprefix(PULSE)) if choice else None
            if choice is None or source is None:
                raise _no_microphone()
            shape = Shape(PULSE_RATE, min(source.channels, 2), "float32")
            device = self._pulse_device()
            return Opened(self._start(device, shape, source.name, ready=ready), choice)
        inputs = self._portaudio_inputs()
        choice = choose([choice for choice, _ in inputs], wanted, avoid)
        if choice is None:
            raise _no_microphone()
        device = next(device for known, device in inputs if known is choice)
        shape = Shape(
            int(device["default_samplerate"]), min(device["max_input_channels"], 2), "float32"
        )
        return Opened(self._start(device["index"], shape, ready=ready), choice)

    def _start(
        self, device: int | None, shape: Shape, pulse_source: str = "", *, ready: bool
    ) -> InputStream:
        library = self._portaudio()
        stream = InputStream(shape, close=self._close_later)
        if ready:
            stream.keep_ready()
        if pulse_source:
            # The only way to name a source through ALSA; libpulse reads it while opening.
            os.environ["PULSE_SOURCE"] = pulse_source
        try:
            stream.start(library, device)
        except (library.PortAudioError, ValueError) as error:
            log.warning("microphone not opened: %s", error)
            raise MicrophoneError(
                "The microphone cannot be opened; another program may be using it.",
                "Close programs that record, or choose another microphone.",
            ) from error
        finally:
            os.environ.pop("PULSE_SOURCE", None)
        self._streams += 1
        return stream

    def _close_later(self, stream: Any) -> None:  # noqa: ANN401  sounddevice has no types
        """Close a stream when the library gets to it; nobody waits."""

        def close() -> None:
            # Abort, not stop: what was not fetched by now is not wanted.
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)
            self._streams -= 1

        self._thread.put(close)

    def _play(self, sound: Callable[[int], S], on_end: Callable[[], None]) -> S:
        library = self._portaudio()
        try:
            device = library.query_devices(kind="output")
            rate = PULSE_RATE if self._pulse_device() is not None else device["default_samplerate"]
            playing = sound(int(rate))
            stream = library.RawOutputStream(
                samplerate=int(rate),
                channels=1,
                dtype="float32",
                latency=playing.latency,
                callback=playing.fill(library),
                finished_callback=lambda: self._thread.put(
                    lambda: self._end_playing(stream, on_end)
                ),
            )
            # Held here while it sounds: otherwise only its own callbacks know the
            # stream, the garbage collector takes both, and PortAudio's thread
            # jumps into freed memory.
            self._playing.append(stream)
            stream.start()
        except (library.PortAudioError, ValueError) as error:
            log.warning("sound not played: %s", error)
            raise MicrophoneError(
                "No sound can be played on this computer.", "Check the loudspeaker."
            ) from error
        return playing

    def _end_playing(self, stream: Any, on_end: Callable[[], None]) -> None:  # noqa: ANN401  sounddevice has no types
        stream.close(ignore_errors=True)
        self._playing.remove(stream)
        on_end()


def _choice(source: PulseSource, view: PulseView) -> MicrophoneChoice:
    return MicrophoneChoice(
        PULSE + source.name, source.description, is_default=source.name == view.default
    )


def _no_microphone() -> MicrophoneError:
    return MicrophoneError(
        "There is no microphone on this computer.", "Connect one and start again."
    )
