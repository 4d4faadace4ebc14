"""Sets up and runs everything that CI runs: `python3 packaging/test.py`.

Format, lint, types, import rules; the installed program, built and tried in an
empty Debian (where this runs as root); then the tests, shared by a few processes,
with their coverage gates. `--quick` leaves out the slow kinds, `-k WORDS` chooses
tests by name, `--faults` runs the long form of the fault matrix (what follows it
goes there: `--faults --only kills --kills 50`). The tests see none of the user's
folders, screen, sound or keys.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console import ROOT, SetUpError, say
from disks import NEEDED, can_have_a_disk
from environment import set_up

PURE = "scribe_desktop/domain/*,scribe_desktop/protocol/*"
PURE_PERCENT, OVERALL_PERCENT = 100, 90

# A file stays in one process, because a sound server or an engine serves all of it; and the
# order stays that of the folders, in which what takes long comes early.
# A process that dies has failed the run: with another in its place the run never ended.
SIDE_BY_SIDE = ("--dist=loadfile", "--no-loadscope-reorder", "--max-worker-restart=0")
MOST_PROCESSES = 8

USERS_OWN = (
    "DISPLAY",
    "WAYLAND_DISPLAY",
    "DBUS_SESSION_BUS_ADDRESS",
    "PULSE_SERVER",
    "PULSE_RUNTIME_PATH",
    "SCRIBE_DESKTOP_TOKEN",
    "PYTHONPATH",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that must pass: a name to show and the command."""

    name: str
    command: tuple[str, ...]


def static_checks(python: Path) -> list[Check]:
    """What can be known without running the program."""
    tools = python.parent

    def tool(name: str, *arguments: str) -> tuple[str, ...]:
        return (str(tools / name), *arguments)

    return [
        Check("format", tool("ruff", "format", "--check", "--quiet", ".")),
        Check("lint", tool("ruff", "check", "--quiet", ".")),
        Check("types", tool("mypy", "--no-error-summary")),
        Check("import rules", tool("lint-imports", "--no-logo")),
    ]


def isolated(environment: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """An environment in which nothing of the user's is in reach."""
    kept = {name: value for name, value in environment.items() if name not in USERS_OWN}
    folders = {
        "HOME": "home",
        "USERPROFILE": "home",
        "SCRIBE_DESKTOP_HOME": "scribe",
        "XDG_CONFIG_HOME": "config",
        "XDG_DATA_HOME": "data",
        "XDG_CACHE_HOME": "cache",
        "XDG_STATE_HOME": "state",
        "XDG_RUNTIME_DIR": "runtime",
        "APPDATA": "roaming",
        "LOCALAPPDATA": "local",
    }
    for variable, name in folders.items():
        folder = scratch / name
        folder.mkdir(mode=0o700, exist_ok=True)
        kept[variable] = str(folder)
    kept.setdefault("QT_QPA_PLATFORM", "offscreen")
    kept["HF_HUB_OFFLINE"] = "1"
    return kept


def main() -> int:
    """Run what was asked; the last line is pytest's own."""
    options = _options()
    try:
        python = set_up(tests=True)
    except SetUpError as error:
        say(str(error))
        return 1
    os.chdir(ROOT)
    if options.faults is not None:
        return _run_faults(python, options.faults)
    if not options.k and not _checks_pass(python, options):
        return 1
    with tempfile.TemporaryDirectory(prefix="scribe-tests-") as scratch:
        return _run_tests(python, options, isolated(os.environ, Path(scratch)))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Set up and run everything that CI runs.")
    parser.add_argument("--quick", action="store_true", help="leave out engine, live, keyring")
    parser.add_argument(
        "--faults",
        nargs=argparse.REMAINDER,
        metavar="OPTION",
        help="the long form of the fault matrix; options after it are its own",
    )
    parser.add_argument("-k", metavar="WORDS", help="only tests whose names match")
    parser.add_argument("paths", nargs="*", help="only these tests")
    return parser.parse_args()


def _checks_pass(python: Path, options: argparse.Namespace) -> bool:
    """All that is not pytest; every static check speaks before the first failure ends the run."""
    failed = [check.name for check in static_checks(python) if not _passes(check)]
    if failed or options.quick or options.paths:
        return not failed
    if not can_have_a_disk():
        print(f"disks that fail      not run: {NEEDED}", flush=True)
    if not can_make_a_root():
        print("installed program    not run: it needs root on Debian or Ubuntu", flush=True)
        return True
    build = (str(python), str(ROOT / "packaging" / "build.py"), "--check")
    return _passes(Check("installed program", build))


def can_make_a_root() -> bool:
    """Whether the package can be installed in an empty Debian here."""
    return os.name == "posix" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _passes(check: Check) -> bool:
    began = time.monotonic()
    done = subprocess.run(check.command, check=False, capture_output=True, text=True)
    word = "ok" if done.returncode == 0 else "FAILED"
    print(f"{check.name:20} {word:8} {time.monotonic() - began:5.1f} s", flush=True)
    if done.returncode != 0:
        print(done.stdout + done.stderr, flush=True)
    return done.returncode == 0


def _run_tests(python: Path, options: argparse.Namespace, environment: dict[str, str]) -> int:
    command = [str(python), *pytest_arguments(options, processes())]
    if sys.stdout.isatty():
        command.append("--color=yes")
    code, summary = _stream(command, environment)
    if code < 0:
        print(f"the tests were ended by signal {-code}", flush=True)
        return 1
    if code or not _is_whole(options):
        return code
    gates = _coverage_gates(python)
    # The gates spoke after the tests; the tests keep the last word.
    print(summary, flush=True)
    return gates


def _is_whole(options: argparse.Namespace) -> bool:
    return not (options.k or options.quick or options.paths)


def pytest_arguments(options: argparse.Namespace, at_once: int) -> list[str]:
    """Chosen tests run one after another, where a person can follow; the many side by side."""
    arguments = ["-m", "pytest", "-q", *options.paths]
    if options.k:
        arguments += ["-k", options.k]
    if options.quick:
        arguments += ["-m", "not engine and not live and not keyring"]
    if not (options.k or options.paths):
        arguments += [f"--numprocesses={at_once}", *SIDE_BY_SIDE]
    if _is_whole(options):
        arguments += ["--cov", "--cov-report=", "--durations=15"]
    return arguments


def processes() -> int:
    """Two more than can compute at once: speech has its own speed, so the slow tests wait."""
    return min((os.cpu_count() or 1) + 2, MOST_PROCESSES)


def _stream(command: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    """Run and show; return the exit code and the last line that was printed."""
    last = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
        assert child.stdout is not None  # noqa: S101 - a pipe was asked for
        for raw in child.stdout:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            print(line, flush=True)
            last = line if line.strip() else last
    return child.returncode, last


def _coverage_gates(python: Path) -> int:
    """The core is covered branch for branch, the whole to nine tenths."""
    coverage = [str(python), "-m", "coverage"]
    missing = ["--show-missing", "--skip-covered", "--skip-empty"]
    gates = [
        ("the core", [f"--include={PURE}", f"--fail-under={PURE_PERCENT}", *missing]),
        ("everything", [f"--fail-under={OVERALL_PERCENT}", "--skip-covered", "--sort=cover"]),
    ]
    worst = 0
    for name, arguments in gates:
        done = subprocess.run(
            [*coverage, "report", *arguments], check=False, capture_output=True, text=True
        )
        total = next(
            (line.split()[-1] for line in done.stdout.splitlines() if line.startswith("TOTAL")), "?"
        )
        word = "ok" if done.returncode == 0 else "FAILED"
        print(f"coverage of {name}: {total} {word}", flush=True)
        if done.returncode != 0:
            print(done.stdout + done.stderr, flush=True)
            worst = 1
    return worst


def _run_faults(python: Path, options: Sequence[str]) -> int:
    harness = ROOT / "tests" / "faults_long.py"
    if not harness.is_file():
        say("This checkout holds no long fault harness (tests/faults_long.py).")
        return 1
    scratch = Path(tempfile.mkdtemp(prefix="scribe-faults-"))
    try:
        return subprocess.run(
            [str(python), str(harness), *options],
            check=False,
            env=isolated(os.environ, scratch),
        ).returncode
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
