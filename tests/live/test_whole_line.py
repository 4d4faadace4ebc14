"""A person presses Record, speaks, presses again, and reads the words: all of it real.

A microphone of a real sound server, the real window on a real screen, the
local service as a child process with its real engine, and a finger that
clicks where a screen reader says that the button is.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from tests.live.desktop_stage import Stage, wait_for
from tests.live.private_bus import private_bus
from tests.live.virtual_microphone import RATE, VirtualMicrophone

pytestmark = [pytest.mark.live, pytest.mark.engine]

ROOT = Path(__file__).resolve().parents[2]
SPEECH = ROOT / "tests" / "recordings" / "jfk.flac"
WORDS = ("what your country can do for you", "what you can do for your country")
LIMIT_S = 60


@pytest.fixture(scope="module")
def microphone() -> Iterator[VirtualMicrophone]:
    with VirtualMicrophone() as server:
        server.plug("headset", default=True)
        yield server


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    import av

    chain = av.AudioResampler("s16", "mono", RATE)
    with av.open(str(SPEECH)) as container:
        blocks = [
            part.to_ndarray()[0]
            for frame in container.decode(audio=0)
            for part in chain.resample(frame)
        ]
    return np.concatenate(blocks).astype(np.float32) / 32768.0


def environment(home: Path, microphone: VirtualMicrophone) -> dict[str, str]:
    return {
        **os.environ,
        **microphone.environment,
        "SCRIBE_DESKTOP_HOME": str(home),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PYTHONPATH": str(ROOT),
    }


def assert_heard(text: str) -> None:
    plain = text.lower().replace(",", "")
    for words in WORDS:
        assert words in plain


def test_dictate_hears_the_microphone(
    tmp_path: Path, microphone: VirtualMicrophone, speech: np.ndarray
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "scribe_desktop", "dictate", "--mic", "--json"],
        env=environment(tmp_path / "home", microphone),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    told = iter(process.stderr.readline, "")
    assert any("Listening" in line for line in told)
    microphone.speak("headset", speech).wait(LIMIT_S)
    out, _ = process.communicate("\n", timeout=LIMIT_S)
    record = json.loads(out)
    schema = ROOT / "tests" / "schemas" / "dictation.json"
    jsonschema.validate(record, json.loads(schema.read_text()))
    assert process.returncode == 0
    assert record["status"] == "completed"
    assert_heard(record["transcript"])
    assert record["audio_seconds"] >= len(speech) / RATE


class Window:
    """The program's window, a finger, and a screen reader."""

    def __init__(self, stage: Stage, bus: str) -> None:
        self._stage = stage
        self._stage.environment |= {"DBUS_SESSION_BUS_ADDRESS": bus}

    def click(self, role: str, name: str) -> None:
        """Click the control that a screen reader calls so."""
        x, y = wait_for(lambda: self._look("place", role, name), f"the {role} {name}").split()
        self._stage.keys("mousemove", x, y, "click", "1")

    def await_text(self, words: str) -> str:
        """Wait until the window shows these words; returns everything it shows."""

        def found() -> str:
            shown = self._look("texts")
            return shown if words in shown else ""

        return str(wait_for(found, f"“{words}” in the window", LIMIT_S))

    def _look(self, *arguments: str) -> str:
        reader = str(Path(__file__).with_name("screen_reader.py"))
        return self._stage.run("/usr/bin/python3", reader, *arguments).strip()


@pytest.fixture
def window(tmp_path: Path, microphone: VirtualMicrophone) -> Iterator[Window]:
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.json").write_text('{"first_run_done": true}')
    with private_bus() as bus, Stage(tmp_path) as stage:
        accessibility = {"DBUS_SESSION_BUS_ADDRESS": bus, **microphone.environment}
        stage.child(["/usr/libexec/at-spi-bus-launcher", "--launch-immediately"], accessibility)
        stage.child(
            [sys.executable, "-m", "scribe_desktop"],
            environment(home, microphone)
            | {
                "DISPLAY": stage.display,
                "DBUS_SESSION_BUS_ADDRESS": bus,
                "QT_QPA_PLATFORM": "xcb",
                "QT_LINUX_ACCESSIBILITY_ALWAYS_ON": "1",
            },
        )
        yield Window(stage, bus)


def test_a_click_some_speech_and_a_click_put_the_words_into_the_window(
    window: Window, microphone: VirtualMicrophone, speech: np.ndarray
) -> None:
    window.click("push button", "Record")
    window.await_text("Recording")
    microphone.speak("headset", speech).wait(LIMIT_S)
    window.click("push button", "Stop")
    window.await_text("Ready")
    shown = window.await_text("do for your country")
    assert_heard(shown)


def test_nothing_in_the_window_says_that_it_records_while_the_microphone_is_gone(
    window: Window, microphone: VirtualMicrophone
) -> None:
    window.click("push button", "Record")
    window.await_text("Recording")
    microphone.unplug("headset")
    window.await_text("The microphone is gone; what was spoken before is safe.")
    # Looked at anew: the first look takes a while, and may have begun before it was gone.
    shown = window.await_text("The microphone is gone")
    assert shown.count("Not recording") >= 3, "bar, row and result"
    assert "Recording" not in shown.replace("Microphone level", "")
    microphone.plug("headset", default=True)
    window.await_text("Recording")
    assert "Not recording" not in window.await_text("Recording")
    window.click("push button", "Stop")
    window.await_text("Ready")
