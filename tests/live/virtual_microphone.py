"""A sound server of our own with microphones that can be spoken into, muted and pulled out.

PulseAudio without a sound card, session bus or user: a null sink carries what
is "spoken", and a remapped source of its monitor is the microphone. A warm
reader on each keeps it awake: an idle one wakes with a block of two
seconds, and the beginning of the speech is lost before any program sees it.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

import numpy as np

RATE = 48_000
START_S = 10.0

_ALSA = """\
</usr/share/alsa/alsa.conf>
pcm.!default { type pulse hint.description "PulseAudio" }
ctl.!default { type pulse }
"""
_SERVER = """\
load-module module-native-protocol-unix auth-anonymous=1
load-module module-null-sink sink_name=speaker rate=48000 channels=2
set-default-sink speaker
"""


class VirtualMicrophone:
    """One private sound server. `environment` leads a program to it and to nothing else."""

    def __init__(self) -> None:
        # Short, because the path of a socket may have 107 bytes only.
        self.folder = Path(tempfile.mkdtemp(prefix="mic"))
        runtime = self.folder / "run"
        (runtime / "pulse").mkdir(parents=True, mode=0o700)
        runtime.chmod(0o700)
        (self.folder / "asound.conf").write_text(_ALSA, encoding="ascii")
        (self.folder / "server.pa").write_text(_SERVER, encoding="ascii")
        self.environment: Mapping[str, str] = {
            "HOME": str(self.folder),
            "XDG_RUNTIME_DIR": str(runtime),
            "PULSE_RUNTIME_PATH": str(runtime / "pulse"),
            "PULSE_SERVER": f"unix:{runtime}/pulse/native",
            "ALSA_CONFIG_PATH": str(self.folder / "asound.conf"),
        }
        self._environment = {**os.environ, **self.environment}
        self._modules: dict[str, str] = {}
        self._feeds: set[str] = set()
        self._speakers: list[subprocess.Popen[bytes]] = []
        self._logs: dict[str, Path] = {}
        self._readers: dict[str, subprocess.Popen[bytes]] = {}
        self._children: list[subprocess.Popen[bytes]] = []
        self._default = ""
        self._ticks = Event()
        self._server = self._serve()

    def __enter__(self) -> Self:
        try:
            self._await(lambda: self._pactl("info", check=False).returncode == 0)
        except AssertionError:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def plug(self, name: str, *, default: bool = False, awake: bool = True) -> None:
        """Connect a microphone of that name, and wait until it is `awake`."""
        if default:
            self._default = name
        feed = f"feed_{name}"
        if feed not in self._feeds:
            self._load("module-null-sink", f"sink_name={feed}", "rate=48000", "channels=1")
            self._feeds.add(feed)
        self._modules[name] = self._load(
            "module-remap-source",
            f"source_name={name}",
            f"master={feed}.monitor",
            "channels=1",
            f"source_properties=device.description={name.capitalize()}",
        )
        # The warm reader; the microphone is awake when it has read something.
        log = self._logs[name] = self.folder / f"{name}{len(self._children)}.raw"
        self._readers[name] = self._start(
            "parec", "-d", name, "--latency-msec=10", "--rate=48000", "--channels=1", str(log)
        )
        if default:
            self._pactl("set-default-source", name)
        if awake:
            self._await(lambda: log.exists() and log.stat().st_size > 0)

    def crash(self) -> float:
        """Kill the sound server and start it anew, without microphones; returns when it died."""
        self._server.kill()
        self._server.wait(3)
        died_at = time.monotonic()
        self._modules.clear()
        self._feeds.clear()
        self._readers.clear()
        self._server = self._serve()
        self._await(lambda: self._pactl("info", check=False).returncode == 0)
        return died_at

    def restore(self) -> None:
        """After a test: thawed, unmuted, quiet, and every microphone back in its socket."""
        self.thaw()
        while self._speakers:
            self._speakers.pop().terminate()
        for feed in sorted(self._feeds):
            name = feed.removeprefix("feed_")
            if name not in self._modules:
                self.plug(name)
            self.mute(name, muted=False)
        self._pactl("set-default-source", self._default)

    def unplug(self, name: str) -> float:
        """Pull a microphone out; returns when it was gone, by the monotonic clock."""
        self._pactl("unload-module", self._modules.pop(name))
        gone_at = time.monotonic()
        self._readers.pop(name).terminate()
        return gone_at

    def mute(self, name: str, *, muted: bool = True) -> None:
        self._pactl("set-source-mute", name, "1" if muted else "0")

    def speak(self, name: str, samples: np.ndarray, rate: int = RATE) -> subprocess.Popen[bytes]:
        """Speak mono samples between -1 and 1 into a microphone; wait() for the last word."""
        path = self.folder / f"speech{len(self._children)}.raw"
        path.write_bytes(samples.astype("<f4").tobytes())
        speaker = self._start(
            "pacat",
            "--playback",
            "-d",
            f"feed_{name}",
            "--format=float32le",
            f"--rate={rate}",
            "--channels=1",
            "--latency-msec=400",
            "--raw",
            str(path),
        )
        self._speakers.append(speaker)
        return speaker

    def heard_s(self, name: str) -> float:
        """How much its warm reader has heard since it was plugged in."""
        return self._logs[name].stat().st_size / 2 / RATE

    def all_heard(self, name: str) -> np.ndarray:
        """All of it, between -1 and 1."""
        whole = self._logs[name].stat().st_size // 2 * 2
        heard = np.frombuffer(self._logs[name].read_bytes()[:whole], "<i2")
        return heard.astype(np.float32) / 32768.0

    def freeze(self) -> float:
        """Stop the whole sound server; returns when."""
        self._server.send_signal(signal.SIGSTOP)
        return time.monotonic()

    def thaw(self) -> None:
        self._server.send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End everything that was started here, each by its process id."""
        for child in reversed(self._children):
            if child.poll() is None:
                child.send_signal(signal.SIGCONT)
                child.terminate()
                try:
                    child.wait(3)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait(3)
        with suppress(OSError):
            shutil.rmtree(self.folder)

    def _start(self, *command: str) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            command,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._children.append(child)
        return child

    def _serve(self) -> subprocess.Popen[bytes]:
        return self._start(
            "pulseaudio",
            "-n",
            "-F",
            str(self.folder / "server.pa"),
            "--daemonize=no",
            "--exit-idle-time=-1",
            "--disallow-exit=1",
            "--disable-shm=0",
        )

    def _await(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_S
        while not true():
            assert self._server.poll() is None, "the private sound server ended"
            assert time.monotonic() < deadline, "the private sound server is not ready"
            self._ticks.wait(0.02)

    def _load(self, module: str, *arguments: str) -> str:
        return self._pactl("load-module", module, *arguments).stdout.decode().strip()

    def _pactl(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["/usr/bin/env", "pactl", *command],
            env=self._environment,
            capture_output=True,
            check=check,
            timeout=10,
        )
