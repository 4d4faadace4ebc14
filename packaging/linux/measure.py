"""Measures size and start of the installed program beside the same program from source.

Both in one run on one machine, so that the ratio means something: cold with
the files of each taken out of the memory of the system, warm as the median of
five.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from console import ROOT
from environment import LOCK, requirements

from linux.inside import CleanRoot
from linux.stage import DISPLAY, background, wait_until, windows

SAMPLE = ROOT / "resources" / "sample" / "01_htn.flac"
INSIDE_SAMPLE = "/usr/lib/scribe-desktop/_internal/resources/sample/01_htn.flac"
_WARM = 5
_SETTINGS = '{"first_run_done": true}'
_SETTINGS_FILE = ".config/scribe-desktop/settings.json"

Command = Callable[..., Sequence[str]]
"""Words of the program → the whole command line."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One of the two: its files, its command line, and where it finds the sample."""

    folder: Path
    command: Command
    sample: str


def beside_source(root: CleanRoot, user: str) -> None:
    """Put a line for each thing measured into the figures: installed, from source, ratio."""
    installed = root.path / "usr" / "lib" / "scribe-desktop"
    begin = f"mkdir -p $HOME/.config/scribe-desktop && echo '{_SETTINGS}' > $HOME/{_SETTINGS_FILE}"
    root.run("sh", "-c", begin, user=user)
    with tempfile.TemporaryDirectory() as scratch:
        ours = Subject(
            installed,
            lambda *words: root.command("scribe-desktop", *words, user=user),
            INSIDE_SAMPLE,
        )
        theirs = Subject(Path(sys.prefix), _from_source(Path(scratch)), str(SAMPLE))
        pairs = _starts(ours, theirs)
    pairs["on disk, MB"] = (
        _megabytes(path for path in installed.rglob("*") if path.is_file()),
        _megabytes(_files_of_the_environment()),
    )
    for what, (own, source) in pairs.items():
        root.figures[f"beside source: {what}"] = (
            f"{own:.2f} installed, {source:.2f} from source, ratio {own / source:.2f}"
        )


def _from_source(scratch: Path) -> Command:
    (scratch / "config").mkdir()
    (scratch / "config" / "settings.json").write_text(_SETTINGS, "utf-8")
    variables = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(scratch),
        "LANG": "C.UTF-8",
        "DISPLAY": DISPLAY,
        "PULSE_SERVER": os.environ["PULSE_SERVER"],
        "SCRIBE_DESKTOP_HOME": str(scratch),
        "PYTHONPATH": str(ROOT),
    }
    pairs = [f"{name}={value}" for name, value in variables.items()]
    return lambda *words: ["env", "-i", *pairs, sys.executable, "-m", "scribe_desktop", *words]


def _starts(*subjects: Subject) -> dict[str, tuple[float, ...]]:
    """Each thing cold and warm; the subjects by turns, so that a busy minute meets both."""
    starts: dict[str, Callable[[Subject], float]] = {
        "--version, s": lambda one: _timed(one.command("--version")),
        "sessions, s": lambda one: _timed(one.command("sessions", "--json")),
        "dictate --file (23 s of speech), s": lambda one: _timed(
            one.command("dictate", "--file", one.sample, "--json")
        ),
        "window on screen, s": lambda one: _window(one.command()),
    }
    seen: dict[str, tuple[float, ...]] = {}
    for what, start in starts.items():
        for one in subjects:
            _forget(one.folder)
        seen[f"{what}, cold"] = tuple(start(one) for one in subjects)
        rounds = [tuple(start(one) for one in subjects) for _ in range(_WARM)]
        seen[f"{what}, warm"] = tuple(
            statistics.median(times) for times in zip(*rounds, strict=True)
        )
    return seen


def _timed(command: Sequence[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return time.monotonic() - began


def _window(command: Sequence[str]) -> float:
    began = time.monotonic()
    with background(command):
        wait_until(lambda: bool(windows()), "The window did not open.")
        took = time.monotonic() - began
    wait_until(lambda: not windows(), "The window did not close.")
    return took


def _forget(folder: Path) -> None:
    """Take the files of a folder out of the system's memory, as after starting the computer."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            with _opened(path) as handle:
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDONLY)
    try:
        yield handle
    finally:
        os.close(handle)


def _files_of_the_environment() -> Iterator[Path]:
    """What the packages that the program needs have installed, and its models."""
    wanted = requirements(LOCK.read_text("utf-8"), tests=False)
    for name in re.findall(r"^([A-Za-z0-9_.-]+)==", wanted, re.MULTILINE):
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue  # for another system
        for file in found.files or ():
            path = Path(str(found.locate_file(file)))
            if path.is_file():
                yield path
    models = Path(sys.prefix) / "share" / "scribe-desktop"
    yield from (path for path in models.rglob("*") if path.is_file())


def _megabytes(files: Iterator[Path]) -> float:
    return sum(path.lstat().st_size for path in set(files)) / 1e6
