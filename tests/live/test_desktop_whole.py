"""The whole program on a screen: a key in another program, a sentence, the text in its field."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from tests.live.desktop_stage import Stage, wait_for
from tests.live.virtual_microphone import RATE, VirtualMicrophone

pytestmark = [pytest.mark.live, pytest.mark.engine]

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample" / "01_htn.flac"
SPOKEN_S = 5.0
PATIENCE_S = 60.0  # the speech engine on a busy computer
KEY = "ctrl+shift+space"


class Program:
    """The program in a home of its own, its window open."""

    def __init__(
        self,
        stage: Stage,
        microphone: VirtualMicrophone,
        home: Path,
        *arguments: str,
        bus: str = "",
    ) -> None:
        self._environment = {
            **stage.environment,
            **microphone.environment,
            "SCRIBE_DESKTOP_HOME": str(home),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            "PYTHONPATH": str(ROOT),
            "QT_QPA_PLATFORM": "xcb",
            **({"DBUS_SESSION_BUS_ADDRESS": bus} if bus else {}),
        }
        self._home = home
        command = [sys.executable, "-m", "scribe_desktop", *arguments]
        self.window = stage.child(command, self._environment)
        wait_for(lambda: "global keys work" in self.log(), "the global keys", PATIENCE_S)

    def command(self, *arguments: str) -> str:
        """What another process of the program says."""
        return subprocess.run(
            [sys.executable, "-m", "scribe_desktop", *arguments],
            env=self._environment,
            capture_output=True,
            check=True,
            timeout=20,
            text=True,
        ).stdout

    def statuses(self) -> list[str]:
        sessions = json.loads(self.command("sessions", "--json"))
        return [session["status"] for session in sessions]

    def wait_status(self, wanted: str) -> None:
        wait_for(lambda: self.statuses() == [wanted], f"a session that is {wanted}", PATIENCE_S)

    def log(self) -> str:
        """All it wrote down."""
        return "".join(path.read_text() for path in (self._home / "logs").glob("*.log"))


@pytest.fixture(scope="module")
def microphone() -> Iterator[VirtualMicrophone]:
    with VirtualMicrophone() as microphone:
        microphone.plug("desk", default=True)
        yield microphone


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as stage:
        yield stage


def test_a_key_in_another_program_and_the_text_in_its_field(
    stage: Stage, microphone: VirtualMicrophone, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    (home / "config").mkdir(parents=True)
    settings = {"first_run_done": True, "after_stop": "insert"}
    (home / "config" / "settings.json").write_text(json.dumps(settings))
    program = Program(stage, microphone, home)
    asked = ("xclip", "-o", "-selection", "clipboard")
    stage.child_with_input(["xclip", "-quiet", "-selection", "clipboard"], "copied before")
    wait_for(lambda: stage.run(*asked) == "copied before", "the clipboard of another program")
    field = stage.field()
    stage.keys("key", KEY)
    program.wait_status("recording")
    assert stage.focused() == field.window
    microphone.speak("desk", spoken()).wait(20)
    stage.keys("key", KEY)
    program.wait_status("completed")

    def inserted() -> str:
        return field.text().removeprefix("BEFORE|").removesuffix("AFTER")

    text = wait_for(inserted, "the text", PATIENCE_S)
    assert {"patient", "male", "history"} <= set(text.lower().replace(",", "").split()), text
    wait_for(lambda: stage.run(*asked) == "copied before", "the clipboard as it was before")


def spoken() -> np.ndarray:
    """The first seconds of the recording that comes with the program."""
    with av.open(str(SAMPLE)) as recording:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        blocks = [
            block.to_ndarray()[0]
            for frame in recording.decode(audio=0)
            for block in resampler.resample(frame)
        ]
    return np.concatenate(blocks)[: int(SPOKEN_S * RATE)]
