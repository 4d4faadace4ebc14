"""A screen and a microphone that exist only for a check: Xvfb with a window manager, PulseAudio.

They stay outside of the root that is checked; the screen is reached through
its abstract socket, the sound through a folder that both can see.
"""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from console import SetUpError

# One of its own for each run, so that two runs do not meet.
DISPLAY = f":{100 + os.getpid() % 900}"
_PATIENCE_S = 120
_DICTATION_S = 600


@contextmanager
def screen() -> Iterator[None]:
    """A virtual screen with a window manager."""
    # The abstract socket has no file, so it reaches into the root by itself.
    command = ["Xvfb", DISPLAY, "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    with background(command):
        wait_until(
            lambda: _answers("xdpyinfo", "-display", DISPLAY),
            "Xvfb did not start.",
        )
        with background(["openbox"], DISPLAY=DISPLAY):
            yield


@contextmanager
def microphone(folder: Path) -> Iterator[None]:
    """A sound server in `folder`; what is played to `mouth` is heard by `microphone`."""
    # The server closes its own folder to others, so the socket lies beside it.
    own = folder / "server"
    own.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    modules = [
        f"load-module module-native-protocol-unix auth-anonymous=1 socket={folder}/native",
        "load-module module-null-sink sink_name=speaker rate=48000 channels=2",
        "load-module module-null-sink sink_name=mouth rate=48000 channels=1",
        "load-module module-remap-source source_name=microphone master=mouth.monitor channels=1",
        "set-default-sink speaker",
        "set-default-source microphone",
    ]
    script = folder / "pulse.pa"
    script.write_text("\n".join(modules) + "\n", "utf-8")
    quiet = ["-n", "-F", str(script), "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
    sound = {
        "XDG_RUNTIME_DIR": str(own),
        "PULSE_RUNTIME_PATH": str(own),
        "HOME": str(own),
        "PULSE_SERVER": f"unix:{folder}/native",
    }
    with background(["pulseaudio", *quiet], **sound):
        os.environ.update(sound)
        wait_until(
            lambda: _answers("pactl", "info"),
            "PulseAudio did not start.",
        )
        # An idle source wakes up a second late and would swallow the first words.
        with background(["parec", "-d", "microphone", "--latency-msec=10"], **sound):
            yield


def dictate(command: Sequence[str], recording: Path) -> str:
    """Run a `dictate --mic`, speak `recording` when it listens; return what it printed.

    Speaking earlier would lose the first words: a microphone takes a moment
    to open, longer on a busy computer. Raises SetUpError when it fails.
    """
    with (
        tempfile.TemporaryFile() as told,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=told
        ) as program,
    ):

        def said() -> str:
            # Read by position: the file's own place is where the program writes.
            return os.pread(told.fileno(), 1 << 20, 0).decode("utf-8", "replace")

        try:
            wait_until(
                lambda: "Listening" in said() or program.poll() is not None,
                "The program did not begin to listen.",
            )
        except SetUpError:
            program.kill()
            raise
        if program.poll() is None:
            subprocess.run(["paplay", "-d", "mouth", str(recording)], check=True)
        out = program.communicate(timeout=_DICTATION_S)[0].decode("utf-8", "replace")
        if program.returncode != 0:
            raise SetUpError(f"dictate --mic ended with {program.returncode}: {out}\n{said()}")
    return out


def windows(title: str = "Scribe") -> list[str]:
    """The windows of the program that are on the screen."""
    found = subprocess.run(
        ["xdotool", "search", "--onlyvisible", "--name", title],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "DISPLAY": DISPLAY},
    )
    return found.stdout.split()


def hand(*words: str) -> None:
    """What a hand does with mouse and keys, in xdotool's words."""
    environment = {**os.environ, "DISPLAY": DISPLAY}
    subprocess.run(["xdotool", *words], check=True, env=environment)


def photograph(window: str, file: Path) -> None:
    """A picture of a window, or of the whole screen (`root`)."""
    shoot = ["import", "-display", DISPLAY, "-window", window, "-depth", "8", str(file)]
    subprocess.run(shoot, check=True)


@contextmanager
def background(command: Sequence[str], **variables: str) -> Iterator[None]:
    """Run beside us; end it, and only it, afterwards."""
    process = subprocess.Popen(
        command,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_until(condition: Callable[[], bool], failure: str) -> None:
    """Wait for the condition. Raises SetUpError with `failure` when it does not come."""
    until = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            raise SetUpError(failure)
        time.sleep(0.05)


def _answers(*command: str) -> bool:
    return subprocess.run(command, check=False, capture_output=True).returncode == 0
