"""Makes the folder `.venv` beside the program, with everything the program needs in it.

Runs on a Python with nothing installed, on Linux, macOS and Windows. Done once:
the second run compares two short texts and goes on. Two runs at the same time
wait for each other.
"""

import hashlib
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import IO

import system_packages
import weights
from console import ROOT, SetUpError, run_logged, say

VENV = ROOT / ".venv"
LOCK = ROOT / "packaging" / "requirements.lock"
TEST_PART = "# Below: what only the tests and the build need."
"""The line of the lock file that ends what the program itself needs."""

OLDEST, NEWEST = (3, 11), (3, 13)


def venv_python(venv: Path = VENV) -> Path:
    """The interpreter inside the environment."""
    if os.name == "nt":
        return venv / "Scripts" / "python.exe"
    return venv / "bin" / "python"


def set_up(*, tests: bool) -> Path:
    """Install whatever is missing and return the environment's interpreter.

    Raises SetUpError with a sentence a person can act on.
    """
    _check_python()
    with _one_at_a_time():
        libraries = system_packages.RUNTIME + (system_packages.TESTS if tests else ())
        system_packages.ensure(libraries + _packages_for_venv())
        _make_venv()
        _install_python_packages(tests=tests)
        weights.ensure(VENV, venv_python())
    return venv_python()


def requirements(lock_text: str, *, tests: bool) -> str:
    """The part of the lock file that is installed."""
    return lock_text if tests else lock_text.split(TEST_PART, 1)[0]


def _check_python() -> None:
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        raise SetUpError(
            f"This is Python {platform.python_version()}; Scribe Desktop needs Python 3.11, 3.12"
            " or 3.13. Install one of them and start this script with it,"
            " for example: python3.13 packaging/run.py"
        )


def _make_venv() -> None:
    if _works(venv_python()):
        return
    say("Setting up Scribe Desktop in .venv (once, a few minutes) …")
    if VENV.exists():
        # Left by a Python that is gone, or by a set-up that was stopped.
        shutil.rmtree(VENV)
    run_logged(
        [sys.executable, "-m", "venv", str(VENV)],
        "Python could not make the environment .venv. What it said:",
    )
    # The program runs in place: the environment only has to know where it is.
    _site_packages().joinpath("scribe-desktop.pth").write_text(f"{ROOT}\n", "utf-8")


def _packages_for_venv() -> tuple[str, ...]:
    """Debian ships Python without the part that makes environments."""
    if _works(venv_python()) or find_spec("ensurepip"):
        return ()
    major, minor = sys.version_info[:2]
    return (f"python{major}.{minor}-venv",)


def _works(python: Path) -> bool:
    if not python.is_file():
        return False
    try:
        answer = subprocess.run(
            [str(python), "-c", "import pip, sys; sys.exit(sys.prefix == sys.base_prefix)"],
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
        )
    except OSError:
        return False
    return answer.returncode == 0


def _site_packages() -> Path:
    found = [*VENV.glob("lib/python*/site-packages"), VENV / "Lib" / "site-packages"]
    return next(folder for folder in found if folder.is_dir())


def _install_python_packages(*, tests: bool) -> None:
    stamp = VENV / "scribe-desktop-installed.txt"
    wanted = [_mark("runtime")] + ([_mark("tests")] if tests else [])
    present = stamp.read_text("utf-8").split("\n") if stamp.is_file() else []
    if all(mark in present for mark in wanted):
        return
    say("Installing Python packages (about 400 MB; one to three minutes) …")
    # A stopped installation must not look like a finished one.
    stamp.unlink(missing_ok=True)
    chosen = VENV / "scribe-desktop-requirements.txt"
    chosen.write_text(requirements(LOCK.read_text("utf-8"), tests=tests), "utf-8")
    run_logged(
        [
            *(str(venv_python()), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
            *("--no-deps", "--require-hashes", "--requirement", str(chosen)),
        ],
        "The Python packages could not be installed. Check the network and run this again."
        " What pip said:",
    )
    stamp.write_text("\n".join(wanted), "utf-8")


def _mark(part: str) -> str:
    digest = hashlib.sha256(LOCK.read_bytes()).hexdigest()
    return f"{part} {digest} {_python_version()}"


def _python_version() -> str:
    for line in (VENV / "pyvenv.cfg").read_text("utf-8").splitlines():
        if line.startswith("version"):
            return line.partition("=")[2].strip()
    return "unknown"


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    place = ROOT / "build" / "set-up.lock"
    try:
        place.parent.mkdir(exist_ok=True)
        lock = place.open("a+b")
    except OSError as error:
        raise SetUpError(
            f"The folder of this program cannot be written ({error.strerror}), so nothing can be"
            " set up in it. Copy it to a folder of your own and start it there."
        ) from error
    with lock:
        if not _try_lock(lock):
            say("Another set-up is under way; waiting for it …")
            _wait_for_lock(lock)
        yield


if sys.platform == "win32":
    import msvcrt

    def _try_lock(lock: IO[bytes]) -> bool:
        lock.seek(0)
        try:
            msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _wait_for_lock(lock: IO[bytes]) -> None:
        # LK_LOCK gives up after ten seconds of its own; a set-up takes minutes.
        while not _try_lock(lock):
            try:
                msvcrt.locking(lock.fileno(), msvcrt.LK_LOCK, 1)
            except OSError:
                continue
            return

else:
    import fcntl

    def _try_lock(lock: IO[bytes]) -> bool:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _wait_for_lock(lock: IO[bytes]) -> None:
        fcntl.flock(lock, fcntl.LOCK_EX)
