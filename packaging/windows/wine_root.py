"""A Debian root with Wine in it, in which Windows programs are built and tried."""

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from console import SetUpError, run_logged, say
from linux.stage import DISPLAY

SUITE = "trixie"
INSIDE_PACKAGES = ("wine", "wine64", "wine32:i386", "libpulse0")
LIMIT_S = 2400


@dataclass
class Wine:
    """A Debian root with Wine in it; `shared` is drive Z: of both worlds, under /work."""

    folder: Path
    rows: list[tuple[str, str]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """The Debian root."""
        return self.folder / SUITE

    @property
    def shared(self) -> Path:
        """What the root sees as /work, and Windows on drive Z:."""
        return self.folder / "shared"

    def command(self, *words: str) -> list[str]:
        """The command line that runs a Windows program."""
        variables = {
            "PATH": "/usr/lib/wine:/usr/bin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "WINEPREFIX": "/wine",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": "mscoree,mshtml=",
            "DISPLAY": DISPLAY,
            "PULSE_SERVER": "unix:/work/sound/native",
            "XDG_RUNTIME_DIR": "/run",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        pairs = [f"{name}={value}" for name, value in variables.items()]
        return ["chroot", str(self.root), "env", "-i", *pairs, "wine", *words]

    def run(self, *words: str, limit_s: float = LIMIT_S) -> str:
        """Run a Windows program; return what it printed. Raises SetUpError when it fails."""
        done = subprocess.run(
            self.command(*words),
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=limit_s,
        )
        out = done.stdout.decode("utf-8", "replace")
        if done.returncode != 0:
            told = (out + done.stderr.decode("utf-8", "replace"))[-1500:]
            raise SetUpError(f"In Wine, “{' '.join(words)}” ended with {done.returncode}:\n{told}")
        return out

    def code(self, *words: str, limit_s: float = LIMIT_S) -> int:
        """Run a Windows program; what it ended with. Raises SetUpError when it hangs."""
        try:
            return subprocess.run(
                self.command(*words),
                check=False,
                capture_output=True,
                stdin=subprocess.DEVNULL,
                timeout=limit_s,
            ).returncode
        except subprocess.TimeoutExpired as error:
            raise SetUpError(f"In Wine, “{' '.join(words)}” did not end.") from error

    def note(self, what: str, seen: str) -> None:
        """One row of the report."""
        say(f"  {what}: {seen}")
        self.rows.append((what, seen))


def make_root(wine: Wine) -> None:
    """Make what is not there yet, and mount into it what both worlds share."""
    wine.shared.mkdir(parents=True, exist_ok=True)
    if not (wine.root / "etc" / "debian_version").exists():
        say("Making a Debian 13 with Wine (two minutes) …")
        run_logged(
            ["debootstrap", "--variant=minbase", SUITE, str(wine.root)], "debootstrap failed:"
        )
    shutil.copy("/etc/resolv.conf", wine.root / "etc")
    (wine.root / "work").mkdir(exist_ok=True)
    for words in (
        ["-t", "proc", "proc", str(wine.root / "proc")],
        ["--rbind", "/dev", str(wine.root / "dev")],
        ["--bind", str(wine.shared), str(wine.root / "work")],
    ):
        run_logged(["mount", *words], "A mount failed:")
    if (wine.root / "usr" / "bin" / "wine").exists():
        return
    inside = ["chroot", str(wine.root), "env", "DEBIAN_FRONTEND=noninteractive"]
    for command in (
        ["dpkg", "--add-architecture", "i386"],
        ["apt-get", "update", "-q"],
        ["apt-get", "install", "-qy", "--no-install-recommends", *INSIDE_PACKAGES],
    ):
        run_logged([*inside, *command], "Wine could not be installed:")
