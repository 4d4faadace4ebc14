"""How soon the window is on the screen and what it weighs, beside an empty Qt window.

    python benchmarks/window_start.py [--times N]

Both are started N times in turn on an X server of this benchmark's own (Xvfb
and xdotool must be there). Prints medians of the time from the command to a
visible window, of the memory of the process then and ten seconds later, when
everything that waits has begun to wait, and the ratios.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 30.0
SETTLED_S = 10.0
TITLE = "^Scribe Desktop$"
EMPTY = (
    "from PySide6.QtWidgets import QApplication, QWidget; a = QApplication([]); w = QWidget();"
    "w.setWindowTitle('Scribe Desktop'); w.show(); a.exec()"
)


def until_visible(command: list[str], environment: dict[str, str]) -> tuple[float, float, float]:
    """Seconds until the window is visible, and megabytes of the process then and when settled."""
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    pause = threading.Event()
    search = [
        shutil.which("xdotool") or "xdotool",
        "search",
        "--onlyvisible",
        "--name",
        "^Scribe Desktop$",
    ]
    try:
        while not _output(search, environment):
            if time.monotonic() - began > LIMIT_S or process.poll() is not None:
                sys.exit("The window did not come.")
            pause.wait(0.005)
        took = time.monotonic() - began
        at_once = _megabytes(process.pid)
        pause.wait(SETTLED_S)
        return took, at_once, _megabytes(process.pid)
    finally:
        process.terminate()
        process.wait(LIMIT_S)


def _output(command: list[str], environment: dict[str, str]) -> bytes:
    return subprocess.run(command, env=environment, capture_output=True, check=False).stdout


def _megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _display() -> tuple[subprocess.Popen[bytes], str]:
    reading, writing = os.pipe()
    server = subprocess.Popen(
        [
            shutil.which("Xvfb") or "Xvfb",
            "-displayfd",
            str(writing),
            "-screen",
            "0",
            "1400x950x24",
            "-nolisten",
            "tcp",
        ],
        pass_fds=(writing,),
        stderr=subprocess.DEVNULL,
    )
    os.close(writing)
    with os.fdopen(reading) as numbers:
        return server, f":{numbers.readline().strip()}"


def main() -> int:
    """Measure in turn and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=5)
    times = parser.parse_args().times
    server, display = _display()
    ours, empty = [], []
    try:
        with tempfile.TemporaryDirectory() as home:
            (Path(home) / "config").mkdir()
            settings = Path(home) / "config" / "settings.json"
            settings.write_text('{"first_run_done": true}', "utf-8")
            environment = os.environ | {
                "DISPLAY": display,
                "QT_QPA_PLATFORM": "xcb",
                "SCRIBE_DESKTOP_HOME": home,
                "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
                "PYTHONPATH": str(ROOT),
            }
            for _ in range(times):
                empty.append(until_visible([sys.executable, "-c", EMPTY], environment))
                ours.append(until_visible([sys.executable, "-m", "scribe_desktop"], environment))
    finally:
        server.terminate()
        server.wait(LIMIT_S)
    for name, place, unit in (
        ("visible after", 0, "s"),
        ("memory then", 1, "MB"),
        ("memory settled", 2, "MB"),
    ):
        program, bare = (median(run[place] for run in runs) for runs in (ours, empty))
        print(f"{name:14} {program:7.2f} {unit}   empty window {bare:7.2f} {unit}", end="   ")
        print(f"ratio {program / bare:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
