"""Builds what is installed: `python3 packaging/build.py [--installer] [--check]`.

The folder comes from `build.spec` by PyInstaller and lands in
`dist/scribe-desktop`; `--installer` packs it for the system this runs on;
`--check` (Linux, root) installs the package in an empty Debian and dictates
there. What identities the environment names sign it; with none, a plain word
says so.
"""

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import machine
import signing
import system_packages
from console import ROOT, SetUpError, run_logged, say
from environment import set_up

DIST = ROOT / "dist"
NAME = "scribe-desktop"


def main() -> int:
    """Build, pack, sign, list the checksums, and prove it."""
    parser = argparse.ArgumentParser(description="Build the installed program.")
    parser.add_argument("--installer", action="store_true", help="pack it for this system")
    parser.add_argument("--check", action="store_true", help="install and run it in a clean root")
    parser.add_argument("--measure", action="store_true", help="and measure it beside the source")
    parser.add_argument("--as-built", action="store_true", help="do not build the folder again")
    options = parser.parse_args()
    try:
        machine.architecture()
        python = set_up(tests=True)
        system_packages.ensure(system_packages.BUILD_CHECK if options.check else ())
        system_packages.ensure(system_packages.build_packages())
        # Icons, licences and models come from the environment: the rest runs inside it.
        if Path(sys.prefix).resolve() != python.parent.parent.resolve():
            return subprocess.run([str(python), __file__, *sys.argv[1:]], check=False).returncode
        if not options.as_built:
            build_folder(python)
        made = make_installers() if options.installer or options.check else []
        if made:
            write_checksums(made)
        if options.check:
            from linux.clean_root import check

            check(made[0], measures=options.measure)
    except SetUpError as error:
        say(str(error))
        return 1
    return 0


def build_folder(python: Path) -> None:
    """Run PyInstaller on `build.spec`."""
    say("Building the program (one to two minutes) …")
    # Compiled files differ from build to build unless the hash seed is fixed.
    fixed = {
        **os.environ,
        "PYTHONHASHSEED": "0",
        "QT_QPA_PLATFORM": "offscreen",
        "PYINSTALLER_CONFIG_DIR": str(ROOT / "build" / "pyinstaller-cache"),
    }
    run_logged(
        [
            *(str(python), "-m", "PyInstaller", "--noconfirm", "--log-level", "WARN"),
            *("--distpath", str(DIST), "--workpath", str(ROOT / "build" / "pyinstaller")),
            str(ROOT / "build.spec"),
        ],
        "PyInstaller could not build the program. What it said:",
        fixed,
    )
    signing.sign_folder(DIST / NAME)
    say(f"Built {DIST / NAME} ({_megabytes(DIST / NAME)} MB)")


def make_installers() -> list[Path]:
    """The installers of the system this runs on."""
    from scribe_desktop import __version__

    if sys.platform.startswith("linux"):
        from linux import deb

        made = [deb.build(DIST / NAME, ROOT / "build" / "icons", __version__, DIST)]
    elif sys.platform == "win32":
        from windows import installers

        made = installers.build(DIST / NAME, __version__, DIST)
    else:
        from macos import image

        made = [image.build(DIST / "Scribe Desktop.app", __version__, DIST)]
    for path in made:
        signing.sign_installer(path)
        say(f"Packed {path.name} ({path.stat().st_size / 1e6:.0f} MB)")
    return made


def write_checksums(made: list[Path]) -> None:
    """`SHA256SUMS` beside the installers, in the format that `sha256sum -c` reads."""
    lines = []
    for path in made:
        with path.open("rb") as stream:
            lines.append(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {path.name}\n")
    (DIST / "SHA256SUMS").write_text("".join(lines), "utf-8")


def _megabytes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*")) // 1_000_000


if __name__ == "__main__":
    raise SystemExit(main())
