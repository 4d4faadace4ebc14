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
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from console import ROOT, SetUpError, run_logged, say

from linux.stage import DISPLAY, background, dictate, microphone, screen, wait_until, windows

SUITE = "bookworm"
CACHE = ROOT / "build" / f"{SUITE}-minbase.tar"
PLAYED = ROOT / "resources" / "sample" / "01_htn.flac"
INSIDE_SAMPLE = "/usr/lib/scribe-desktop/_internal/resources/sample/01_htn.flac"
USER = "clinician"
# Words of the sample that any usable recognition holds.
EXPECTED_WORDS = ("hypertension", "diabetes", "pressure")
_LIMIT_S = 180


@dataclass
class CleanRoot:
    """An empty Debian and what is told about it."""

    path: Path
    figures: dict[str, float | int | str] = field(default_factory=dict)

    def run(
        self, *command: str, user: str = "root", codes: Sequence[int] = (0,)
    ) -> subprocess.CompletedProcess[str]:
        """Run inside, with nothing of the caller's environment."""
        done = subprocess.run(
            self.command(*command, user=user),
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=_LIMIT_S,
        )
        if done.returncode not in codes:
            raise SetUpError(
                f"In the clean root, “{' '.join(command)}” ended with {done.returncode}:\n"
                f"{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            )
        return done

    def command(self, *command: str, user: str = "root") -> list[str]:
        """The command line that runs `command` inside as `user`."""
        home = "/root" if user == "root" else f"/home/{user}"
        variables = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": home,
            "LANG": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive",
            "DISPLAY": DISPLAY,
            "PULSE_SERVER": "unix:/tmp/sound/native",
            "XDG_RUNTIME_DIR": f"/run/user-{user}",
        }
        pairs = [f"{name}={value}" for name, value in variables.items()]
        who = [] if user == "root" else [f"--userspec={user}:{user}"]
        return ["chroot", *who, str(self.path), "env", "-i", *pairs, *command]


def check(package: Path) -> None:
    """Install, run, remove. Raises SetUpError with what was seen when a step fails."""
    if os.geteuid() != 0:
        raise SetUpError("The check in a clean root needs root: it makes a root file system.")
    own = ["unshare", "--mount", "--propagation", "private", sys.executable]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "packaging")}
    code = subprocess.run([*own, __file__, str(package)], check=False, env=environment).returncode
    if code != 0:
        raise SetUpError("The installed program did not pass in the clean root; see above.")


def main(package: Path) -> int:
    """Run inside the private mount name space."""
    scratch = Path(tempfile.mkdtemp(prefix="scribe-clean-"))
    root = CleanRoot(scratch / "root")
    try:
        _make(root)
        with _mounted(root):
            _install(root, package)
            with screen(), microphone(root.path / "tmp" / "sound"):
                _doctor(root)
                _dictate_file(root)
                _dictate_microphone(root)
                _open_window(root)
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


def _make(root: CleanRoot) -> None:
    root.path.mkdir(parents=True)
    if not CACHE.exists():
        say("Making an empty Debian (half a minute) …")
        fresh = root.path.with_name("fresh")
        run_logged(
            ["debootstrap", "--variant=minbase", SUITE, str(fresh)],
            "debootstrap could not make an empty Debian. What it said:",
        )
        CACHE.parent.mkdir(exist_ok=True)
        run_logged(["tar", "-C", str(fresh), "-cf", str(CACHE), "."], "tar failed:")
        shutil.rmtree(fresh)
    run_logged(["tar", "-C", str(root.path), "-xf", str(CACHE)], "tar failed:")
    shutil.copy("/etc/resolv.conf", root.path / "etc" / "resolv.conf")


@contextmanager
def _mounted(root: CleanRoot) -> Iterator[None]:
    mounted = []
    try:
        for words, place in ((("-t", "proc", "proc"), "proc"), (("--rbind", "/dev"), "dev")):
            target = str(root.path / place)
            subprocess.run(["mount", *words, target], check=True)
            mounted.append(target)
        yield
    finally:
        for target in reversed(mounted):
            subprocess.run(["umount", "--recursive", "--lazy", target], check=False)


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
    root.run("useradd", "--create-home", USER)
    root.run("install", "-d", "-o", USER, "-m", "700", f"/run/user-{USER}")
    began = time.monotonic()
    root.run("scribe-desktop", "--version", user=USER)
    root.figures["--version, first start, s"] = round(time.monotonic() - began, 2)
    began = time.monotonic()
    root.run("scribe-desktop", "--version", user=USER)
    root.figures["--version, warm, s"] = round(time.monotonic() - began, 2)


def _doctor(root: CleanRoot) -> None:
    told = json.loads(
        root.run("scribe-desktop", "doctor", "--json", user=USER, codes=(0, 1)).stdout
    )
    root.figures["doctor"] = json.dumps(told)[:400]


def _dictate_file(root: CleanRoot) -> None:
    began = time.monotonic()
    said = root.run(
        *("scribe-desktop", "dictate", "--file", INSIDE_SAMPLE),
        *("--template", "clinical_notes_template", "--json"),
        user=USER,
    )
    root.figures["dictate --file (23 s of speech), s"] = round(time.monotonic() - began, 1)
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
        shoot = ["import", "-display", DISPLAY, "-window", "root", str(picture)]
        subprocess.run(shoot, check=True)
        root.figures["picture"] = str(picture.relative_to(ROOT))


def _remove(root: CleanRoot) -> None:
    root.run("apt-get", "remove", "-qy", "--purge", "scribe-desktop")
    left = root.run("find", "/usr", "/etc", "/opt", "-iname", "*scribe*desktop*").stdout
    if left.strip():
        raise SetUpError(f"Removing the package left behind:\n{left}")
    kept = root.run("sh", "-c", f"ls -d /home/{USER}/.local/share/*scribe*").stdout
    root.figures["after removal"] = f"recordings kept in {kept.strip()}"


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
