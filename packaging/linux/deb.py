"""Packs the built folder as a Debian package that `apt` installs, updates and removes.

Removing it leaves the clinician's recordings alone: they are in the home
folders, and a package must not touch those.
"""

import gzip
import re
import shutil
import subprocess
import sys
from pathlib import Path

import machine
from bundle.icons import SIZES
from console import ROOT, say

HERE = Path(__file__).resolve().parent
NAME = "scribe-desktop"
IDENTIFIER = "org.scribe_desktop.ScribeDesktop"
ARCHITECTURES = {"x86_64": "amd64", "arm64": "arm64"}

# What the bundle leaves to the system, because drivers and sound plug-ins must match it.
DEPENDS = (
    "libstdc++6",
    "libgcc-s1",
    "libegl1",
    "libgl1",
    "libxcb1",
    "libxcb-xtest0",
    "libxkbcommon-x11-0",
    "libfontconfig1",
    "fonts-dejavu-core | fonts-liberation | fonts-noto-core",
    "libdbus-1-3",
    "libglib2.0-0 | libglib2.0-0t64",
    "libasound2 | libasound2t64",
    "libasound2-plugins",
    "libpulse0",
    "ca-certificates",
)
RECOMMENDS = (
    "gnome-keyring | kwalletmanager",
    "pipewire-pulse | pulseaudio",
    "libhidapi-hidraw0",
    "xdg-utils",
)


_GLIBC = re.compile(rb"GLIBC_2\.(\d+)")


def architecture() -> str:
    """Debian's word for this machine."""
    return ARCHITECTURES[machine.architecture()]


def needed_glibc(folder: Path) -> str:
    """The oldest C library that every program and library in `folder` runs with.

    What was linked where it was built decides it: a package that names less
    would install on an older system and not start there.
    """
    minor = 0
    for path in folder.rglob("*"):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as stream:
            if stream.read(4) != b"\x7fELF":
                continue
            found = _GLIBC.findall(stream.read())
        minor = max([minor, *(int(number) for number in found)])
    return f"2.{minor}"


def build(folder: Path, icons: Path, version: str, out: Path) -> Path:
    """Make the package from the built `folder`; return its path in `out`."""
    tree = ROOT / "build" / "deb"
    shutil.rmtree(tree, ignore_errors=True)
    _lay_out(tree, folder, icons)
    control = tree / "DEBIAN"
    control.mkdir()
    (control / "control").write_text(_control(tree, version), "utf-8")
    (control / "conffiles").write_text(f"/etc/xdg/autostart/{NAME}.desktop\n", "utf-8")
    package = out / f"{NAME}_{version}_{architecture()}.deb"
    out.mkdir(parents=True, exist_ok=True)
    pack = [_dpkg_deb(), "--root-owner-group", "-Zzstd", "--build", str(tree), str(package)]
    subprocess.run(pack, check=True, stdout=subprocess.DEVNULL)
    shutil.rmtree(tree)
    return package


def _dpkg_deb() -> str:
    found = shutil.which("dpkg-deb")
    if found is None:
        say("dpkg-deb was not found: a Debian package is built on Debian or Ubuntu.")
        sys.exit(1)
    return found


def _lay_out(tree: Path, folder: Path, icons: Path) -> None:
    share = tree / "usr" / "share"
    shutil.copytree(folder, tree / "usr" / "lib" / NAME, symlinks=True)
    programs = tree / "usr" / "bin"
    programs.mkdir(parents=True)
    (programs / NAME).symlink_to(f"../lib/{NAME}/{NAME}")
    _copy(HERE / f"{IDENTIFIER}.desktop", share / "applications")
    _copy(HERE / f"{IDENTIFIER}.metainfo.xml", share / "metainfo")
    _copy(HERE / "autostart.desktop", tree / "etc/xdg/autostart", f"{NAME}.desktop")
    _copy(HERE / "70-scribe-desktop.rules", tree / "usr/lib/udev/rules.d")
    hicolor = share / "icons" / "hicolor"
    for size in SIZES:
        _copy(icons / f"{NAME}-{size}.png", hicolor / f"{size}x{size}" / "apps", f"{NAME}.png")
    _copy(ROOT / "resources" / f"{NAME}.svg", hicolor / "scalable" / "apps")
    documents = share / "doc" / NAME
    licences = folder / "_internal" / "licences"
    _copy(licences / "THIRD-PARTY.md", documents, "copyright")
    (documents / "changelog.gz").write_bytes(
        gzip.compress((ROOT / "CHANGELOG.md").read_bytes(), mtime=0)
    )


def _copy(source: Path, folder: Path, name: str = "") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / (name or source.name)
    shutil.copyfile(source, target)
    target.chmod(0o644)


def _control(tree: Path, version: str) -> str:
    kilobytes = sum(path.lstat().st_size for path in tree.rglob("*")) // 1024
    return (
        f"Package: {NAME}\n"
        f"Version: {version}\n"
        f"Architecture: {architecture()}\n"
        "Maintainer: Scribe Desktop contributors <scribe-desktop@users.noreply.github.com>\n"
        "Section: utils\n"
        "Priority: optional\n"
        f"Installed-Size: {kilobytes}\n"
        f"Depends: {', '.join((f'libc6 (>= {needed_glibc(tree)})', *DEPENDS))}\n"
        f"Recommends: {', '.join(RECOMMENDS)}\n"
        "Description: dictation for clinicians, with the note\n"
        " Press a key, speak, press it again: transcript and note appear. Speech is stored\n"
        " encrypted within a second, recognised on this computer, or delivered to a scribe\n"
        " service that speaks the MedScribe Alliance session protocol.\n"
    )
