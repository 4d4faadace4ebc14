"""A screen of its own for one test: X server, window manager, other programs, fingers.

Everything is waited for by what it does (a window appears, a byte arrives),
never by the clock, and everything started here is ended here.
"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

# Long enough for a computer that does much else; nothing waits that long for success.
WAIT_S = 20.0
_VICTIM = Path(__file__).parent / "desktop_victim.py"


def wait_for(condition: Callable[[], Any], what: str, limit_s: float = WAIT_S) -> Any:
    """The first true value of a condition that another process will make true."""
    pause, deadline = threading.Event(), time.monotonic() + limit_s
    while time.monotonic() < deadline:
        if value := condition():
            return value
        pause.wait(0.02)
    raise AssertionError(f"waited in vain for {what}")


class Stage:
    """An Xvfb with a window manager, and whatever is started on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._children: list[subprocess.Popen[Any]] = []
        self.display = ""
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Self:
        try:
            self.display = self._start_server()
            hidden = ("WAYLAND", "QT_", "XDG", "DBUS")
            inherited = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
            self.environment = {**inherited, "DISPLAY": self.display}
            self.child(["openbox", "--sm-disable"], {})
            # The server will end before it: keys that were lent keep a window manager busy
            # for seconds, and without a server it has nothing more to do.
            self._children.reverse()
            manager = ("xprop", "-root", "_NET_SUPPORTING_WM_CHECK")
            wait_for(lambda: "window id" in self.run(*manager), "the window manager")
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End everything, last started first."""
        for child in reversed(self._children):
            child.terminate()
            try:
                child.wait(WAIT_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _start_server(self) -> str:
        reading, writing = os.pipe()
        command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x700x24"]
        self._children.append(
            subprocess.Popen(
                [*command, "-nolisten", "tcp", "-noreset"],
                pass_fds=(writing,),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        os.close(writing)
        # The number and the line's end come in two writes, and the server
        # dies if nobody takes the second.
        with os.fdopen(reading) as numbers:
            number = numbers.readline().strip()
        assert number, "Xvfb did not start"
        return f":{number}"

    def run(self, *command: str, stdin: str | None = None) -> str:
        """A command on this screen, to its end."""
        done = subprocess.run(
            command,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
        return done.stdout

    def run_bytes(self, *command: str) -> bytes:
        """What a command on this screen writes, as it is."""
        return subprocess.run(
            command, env=self.environment, capture_output=True, timeout=WAIT_S, check=False
        ).stdout

    def child_with_input(self, command: list[str], text: str) -> None:
        """Another program that reads this first."""
        reading, writing = os.pipe()
        self._children.append(
            subprocess.Popen(
                command,
                env=self.environment,
                stdin=reading,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        )
        os.close(reading)
        with os.fdopen(writing, "w", encoding="utf-8") as pipe:
            pipe.write(text)

    def xterm(self, name: str = "victim") -> "Xterm":
        """A terminal whose program writes every byte it gets into a file; it has the focus."""
        return Xterm(self, name)

    def field(self, name: str = "field", **environment: str) -> "Field":
        """A Qt window of another process with one text field; it has the focus."""
        return Field(self, name, environment)

    def child(self, command: list[str], environment: Mapping[str, str]) -> subprocess.Popen[Any]:
        """Another program, ended with the stage."""
        child = subprocess.Popen(
            command,
            env={**self.environment, **environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._children.append(child)
        return child

    def window(self, title: str) -> int:
        """The window of that title, once it is there."""
        search = ("xdotool", "search", "--onlyvisible", "--name", f"^{title}$")
        return int(wait_for(lambda: self.run(*search), title).split()[0])

    def focus(self, window: int) -> None:
        """Give the focus to a window and wait until it has it."""

        def focused() -> bool:
            self.run("xdotool", "windowactivate", str(window))
            return self.focused() == window

        wait_for(focused, "the focus")

    def focused(self) -> int:
        """The window that has the focus."""
        answer = self.run("xdotool", "getactivewindow").strip()
        return int(answer) if answer.isdigit() else 0

    def keys(self, *arguments: str) -> None:
        """Move keys with xdotool: `keys("key", "ctrl+alt+d")`."""
        self.run("xdotool", *arguments)


class Xterm:
    """A terminal that keeps what is typed into it."""

    def __init__(self, stage: Stage, name: str) -> None:
        self._file = stage.folder / f"{name}.typed"
        script = f"stty -echo raw; cat > '{self._file}'"
        stage.child(["xterm", "-T", name, "-e", "sh", "-c", script], {"LC_ALL": "C.UTF-8"})
        self.window = stage.window(name)
        stage.focus(self.window)
        # The shell has set the terminal up once its file is there.
        wait_for(self._file.exists, "the terminal's program")

    def typed(self) -> str:
        """Everything so far."""
        return self._file.read_text(encoding="utf-8", errors="replace")

    def wait_typed(self, wanted: str) -> None:
        """Wait until exactly this was typed."""
        wait_for(lambda: self.typed() == wanted, f"{wanted!r} in the terminal")


class Field:
    """A Qt text field of another process."""

    def __init__(self, stage: Stage, name: str, environment: dict[str, str]) -> None:
        self._file = stage.folder / f"{name}.text"
        root = str(Path(__file__).parents[2])
        command = [sys.executable, str(_VICTIM), name, str(self._file)]
        self.program = stage.child(command, {"PYTHONPATH": root, **environment})
        self.window = stage.window(name)
        stage.focus(self.window)
        wait_for(self._file.exists, "the field")

    def text(self) -> str:
        """What the field holds."""
        return self._file.read_text(encoding="utf-8")

    def wait_text(self, wanted: str) -> None:
        """Wait until the field holds exactly this."""
        wait_for(lambda: self.text() == wanted, "the text in the field")
