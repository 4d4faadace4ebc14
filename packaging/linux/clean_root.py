"""Installs the Debian package where nothing is installed, dictates there, and removes it again.

The root is an empty Debian made by debootstrap: no Python, no Qt, no sound
library but what the package asks for. The screen (Xvfb) and the virtual
microphone (PulseAudio) stay outside; their sockets reach in. Needs root. All
mounts live in a name space of this check and vanish with it.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from console import ROOT, SetUpError, say

from linux import hospital, measure
from linux.inside import CleanRoot, desktop_session, make, mounted
from linux.stage import background, dictate, microphone, photograph, screen, wait_until, windows

PLAYED = ROOT / "resources" / "sample" / "01_htn.flac"
INSIDE_SAMPLE = "/usr/lib/scribe-desktop/_internal/resources/sample/01_htn.flac"
USER, OTHER, MEASURED = "clinician", "locum", "stopwatch"
# Words of the sample that any usable recognition holds.
EXPECTED_WORDS = ("hypertension", "diabetes", "pressure")


def check(package: Path, *, measures: bool) -> None:
    """Install, run, remove. Raises SetUpError with what was seen when a step fails."""
    if os.geteuid() != 0:
        raise SetUpError("The check in a clean root needs root: it makes a root file system.")
    own = ["unshare", "--mount", "--propagation", "private", sys.executable]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "packaging")}
    words = [*own, __file__, str(package), *(["--measure"] if measures else [])]
    code = subprocess.run(words, check=False, env=environment).returncode
    if code != 0:
        raise SetUpError("The installed program did not pass in the clean root; see above.")


def main(package: Path, *, measures: bool) -> int:
    """Run inside the private mount name space."""
    scratch = Path(tempfile.mkdtemp(prefix="scribe-clean-"))
    # Those who look from outside, as the user inside, have to come this far.
    scratch.chmod(0o755)
    root = CleanRoot(scratch / "root")
    try:
        make(root)
        with mounted(root):
            _install(root, package)
            with screen(), microphone(root.path / "tmp" / "sound"):
                # Before anything else is installed: the package names all that it needs.
                _dictate_file(root, OTHER)
                if measures:
                    measure.beside_source(root, MEASURED)
                with desktop_session(root, USER):
                    _doctor(root)
                    _dictate_file(root, USER)
                    _dictate_microphone(root)
                    _open_window(root)
                    hospital.try_all(root, USER, OTHER)
            _remove(root)
    except SetUpError as error:
        say(str(error))
        return 1
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    record = ROOT / "dist" / "clean-root.json"
    record.write_text(json.dumps(root.figures, indent=1) + "\n", "utf-8")
    for name, value in root.figures.items():
        print(f"  {name:36} {value}")
    print("The package was installed, dictated and was removed in a clean root.", flush=True)
    return 0


def _install(root: CleanRoot, package: Path) -> None:
    shutil.copy(package, root.path / "tmp" / package.name)
    began = time.monotonic()
    root.run("apt-get", "update", "-q")
    root.run("apt-get", "install", "-qy", "--no-install-recommends", f"./tmp/{package.name}")
    root.figures["install with dependencies, s"] = round(time.monotonic() - began, 1)
    root.figures["package, MB"] = round(package.stat().st_size / 1e6)
    installed = root.run("dpkg-query", "-W", "-f", "${Installed-Size}", "scribe-desktop").stdout
    root.figures["installed, MB"] = round(int(installed) / 1024)
    if root.run("sh", "-c", "command -v python3 || true").stdout.strip():
        raise SetUpError("The clean root has a Python, so it proves nothing.")
    root.add_user(USER)
    root.add_user(OTHER)
    root.add_user(MEASURED)
    began = time.monotonic()
    root.run("scribe-desktop", "--version", user=USER)
    root.figures["--version, first start, s"] = round(time.monotonic() - began, 2)
    began = time.monotonic()
    root.run("scribe-desktop", "--version", user=USER)
    root.figures["--version, warm, s"] = round(time.monotonic() - began, 2)


def _doctor(root: CleanRoot) -> None:
    told = json.loads(root.run("scribe-desktop", "doctor", "--json", user=USER).stdout)
    root.figures["doctor"] = f"green, {len(told['checks'])} checks"


def _dictate_file(root: CleanRoot, user: str) -> None:
    began = time.monotonic()
    said = root.run(
        *("scribe-desktop", "dictate", "--file", INSIDE_SAMPLE),
        *("--template", "clinical_notes_template", "--json"),
        user=user,
    )
    root.figures[f"dictate --file (23 s of speech), {user}, s"] = round(time.monotonic() - began, 1)
    _expect_words(json.loads(said.stdout), notes=1)


def _dictate_microphone(root: CleanRoot) -> None:
    listen = root.command(
        *("scribe-desktop", "dictate", "--mic", "--seconds", "28", "--json"), user=USER
    )
    out = dictate(listen, PLAYED)
    _expect_words(json.loads(out), notes=0)
    root.figures["dictate --mic"] = "the words arrived"


def _expect_words(result: dict[str, object], *, notes: int) -> None:
    transcript = str(result["transcript"]).lower()
    missing = [word for word in EXPECTED_WORDS if word not in transcript]
    templates = result["templates"]
    if result["status"] != "completed" or missing or not isinstance(templates, list):
        raise SetUpError(f"status {result['status']}, words missing: {missing} in: {transcript}")
    if len(templates) < notes:
        raise SetUpError("The note is missing.")


def _open_window(root: CleanRoot) -> None:
    began = time.monotonic()
    with background(root.command("scribe-desktop", user=USER)):
        wait_until(lambda: bool(windows()), "The window did not open.")
        root.figures["window on screen, s"] = round(time.monotonic() - began, 2)
        root.run("scribe-desktop", "show", user=USER)
        picture = ROOT / "dist" / "clean-root-window.png"
        photograph("root", picture)
        root.figures["picture"] = str(picture.relative_to(ROOT))


def _remove(root: CleanRoot) -> None:
    root.run("apt-get", "remove", "-qy", "--purge", "scribe-desktop")
    left = root.run("find", "/usr", "/etc", "/opt", "-iname", "*scribe*desktop*").stdout
    if left.strip():
        raise SetUpError(f"Removing the package left behind:\n{left}")
    kept = root.run("sh", "-c", f"ls -d /home/{USER}/.local/share/*scribe*").stdout
    root.figures["after removal"] = f"recordings kept in {kept.strip()}"


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), measures="--measure" in sys.argv))
