"""Installs the libraries of Debian and Ubuntu that Qt, PortAudio and the tests need.

Found by removing and adding packages in an empty Debian until the window
opened (each one is needed). Windows and macOS need none: their Python
packages bring everything.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from console import SetUpError, run_logged, say

RUNTIME = (
    "ca-certificates",
    "libegl1",
    "libgl1",
    "libglib2.0-0",
    "libfontconfig1",
    "libxkbcommon-x11-0",
    "libdbus-1-3",
    "libxcb-cursor0",
    "libxcb-icccm4",
    "libxcb-keysyms1",
    "libxcb-shape0",
    "libxcb-xtest0",
    "libportaudio2",
    "libasound2-plugins",
)

TESTS = (
    "xvfb",
    "openbox",
    "xdotool",
    "xclip",
    "xterm",
    "x11-utils",
    "x11-xkb-utils",
    "pulseaudio",
    "pulseaudio-utils",
    "espeak-ng",
    "sox",
    "gnome-keyring",
    "dbus",
    "dbus-x11",
    "ffmpeg",
    "imagemagick",
    "scrot",
    "wmctrl",
    "at-spi2-core",
    "python3-pyatspi",
    "strace",
)

BUILD_CHECK = ("debootstrap", "zstd")


def build_packages() -> tuple[str, ...]:
    """What PyInstaller needs: object tools, and Python as a shared library."""
    if sys.base_prefix != "/usr":
        return ("binutils",)
    major, minor = sys.version_info[:2]
    return ("binutils", f"libpython{major}.{minor}")


def ensure(names: Sequence[str]) -> None:
    """Install what is missing, or raise SetUpError with the command that would."""
    if not sys.platform.startswith("linux"):
        return
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        _say_what_other_systems_need()
        return
    missing = [name for name in names if name not in _installed()]
    if missing:
        _install(missing)


def _installed() -> set[str]:
    """Names of installed packages and of all they provide.

    Newer releases rename libraries (libglib2.0-0 is libglib2.0-0t64 in Debian
    13) and provide the old name.
    """
    listing = subprocess.run(
        ["/usr/bin/dpkg-query", "-W", "-f", "${db:Status-Status}\t${Package}\t${Provides}\n"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = set()
    for line in listing.splitlines():
        status, package, provides = line.split("\t")
        if status == "installed":
            names.add(package)
            names.update(entry.split()[0] for entry in provides.split(",") if entry.strip())
    return names


def _install(missing: Sequence[str]) -> None:
    prefix = _privilege()
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    if prefix is None:
        raise SetUpError(
            "Some system libraries are missing and only an administrator can install them."
            f" Run this once, then start again:\n  sudo apt-get update && sudo {' '.join(install)}"
        )
    say(f"Installing system packages ({len(missing)}; about a minute) …")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}
    wait = ["-o", "DPkg::Lock::Timeout=300", "-o", "Dpkg::Use-Pty=0", "-q"]
    # sudo drops the environment; `env` inside keeps the one setting that matters.
    asked = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *wait]
    failure = (
        "The system packages could not be installed. By hand:\n"
        f"  sudo apt-get update && sudo {' '.join(install)}\nWhat apt-get said:"
    )
    run_logged([*asked, "update"], failure, quiet)
    run_logged([*asked, *install[1:]], failure, quiet)


def _privilege() -> list[str] | None:
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    allowed = subprocess.run([sudo, "-n", "true"], check=False, capture_output=True)
    return [sudo, "-n"] if allowed.returncode == 0 else None


def _say_what_other_systems_need() -> None:
    import ctypes.util

    if ctypes.util.find_library("portaudio") is None:
        say(
            "PortAudio was not found, so there is no microphone. Install it with your system's"
            " package manager (its name is usually “portaudio”), with libEGL, fontconfig and"
            " xcb-util-cursor for the window."
        )
