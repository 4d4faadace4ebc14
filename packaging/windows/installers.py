"""Packs the Windows folder as a set-up program (NSIS) and, where wixl is, as an MSI."""

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path, PureWindowsPath

import signing
from console import ROOT, SetUpError, run_logged, say

HERE = Path(__file__).resolve().parent

Run = Callable[[Sequence[str], str], None]
"""Runs a tool; the second word is what to say when it fails."""


def build(folder: Path, version: str, out: Path, run: Run = run_logged) -> list[Path]:
    """Make the installers that the tools found here can make."""
    made = [nsis(folder, version, out, run)]
    if shutil.which("wixl"):
        made.append(msi(folder, version, out, run))
    else:
        say("No MSI: wixl was not found (Debian's package wixl makes it from the same folder).")
    return made


def nsis(folder: Path, version: str, out: Path, run: Run = run_logged) -> Path:
    """The set-up program. SCRIBE_NSIS_COMPRESSION=zlib is four times as fast and larger."""
    made = out / f"ScribeDesktop-{version}-setup.exe"
    values = {
        "VERSION": version,
        "FOLDER": str(folder),
        "OUT": str(made),
        "ICON": str(ROOT / "build" / "icons" / "scribe-desktop.ico"),
        "COMPRESSION": os.environ.get("SCRIBE_NSIS_COMPRESSION", "lzma"),
    }
    sign = "/D" if isinstance(folder, PureWindowsPath) else "-D"
    defined = [f"{sign}{name}={value}" for name, value in values.items()]
    quiet = "/V2" if sign == "/D" else "-V2"
    run(
        ["makensis", quiet, *defined, str(HERE / "installer.nsi")],
        "The set-up program could not be made. What makensis said:",
    )
    return made


def msi(folder: Path, version: str, out: Path, run: Run = run_logged) -> Path:
    """The MSI: wixl-heat lists the files, wixl packs them."""
    made = out / f"ScribeDesktop-{version}.msi"
    # wixl only finds files beside the description, so that is where it goes for the moment.
    source, files = folder.with_name("product.wxs"), folder.with_name("files.wxs")
    listing = "\n".join(
        str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()
    )
    heat = ["wixl-heat", "--prefix", "", "--directory-ref", "INSTALLDIR", "--win64"]
    done = subprocess.run(
        [*heat, "--component-group", "Files", "--var", "var.SOURCE"],
        check=False,
        input=listing,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise SetUpError(f"The files of the MSI could not be listed: {done.stderr[-500:]}")
    files.write_text(done.stdout, "utf-8")
    shutil.copy(HERE / "product.wxs", source)
    defined = ["-D", f"VERSION={version}", "-D", f"SOURCE={folder.name}", "-D", "Win64=yes"]
    run(
        ["wixl", "-a", "x64", *defined, "-o", str(made), str(source), str(files)],
        "The MSI could not be made. What wixl said:",
    )
    source.unlink()
    files.unlink()
    return made


def main() -> int:
    """`python3 -m windows.installers FOLDER OUT`: the MSI alone, of a folder made on Windows."""
    import sys

    from scribe_desktop import __version__

    folder, out = (Path(argument).resolve() for argument in sys.argv[1:3])
    try:
        made = msi(folder, __version__, out)
        signing.sign_installer(made)
    except SetUpError as error:
        say(str(error))
        return 1
    say(f"Packed {made.name} ({made.stat().st_size / 1e6:.0f} MB)")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
