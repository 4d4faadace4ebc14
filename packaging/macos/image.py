"""Packs the program for macOS as a disk image: drag it into Applications.

Not run yet: hdiutil and codesign exist only on a Mac.
"""

import os
import shutil
from pathlib import Path

import machine
from console import ROOT, run_logged, say

ENTITLEMENTS = Path(__file__).resolve().parent / "entitlements.plist"


def build(app: Path, version: str, out: Path) -> Path:
    """Sign the app where an identity is given, and make the image in `out`."""
    _sign(app)
    stage = ROOT / "build" / "image"
    shutil.rmtree(stage, ignore_errors=True)
    stage.mkdir(parents=True)
    shutil.copytree(app, stage / app.name, symlinks=True)
    (stage / "Applications").symlink_to("/Applications")
    image = out / f"ScribeDesktop-{version}-{machine.architecture()}.dmg"
    pack = ["-volname", "Scribe Desktop", "-srcfolder", str(stage), "-format", "ULFO", "-ov"]
    run_logged(["hdiutil", "create", *pack, str(image)], "hdiutil could not make the image:")
    return image


def _sign(app: Path) -> None:
    identity = os.environ.get("SCRIBE_MAC_IDENTITY")
    if not identity:
        say("Not signed: SCRIBE_MAC_IDENTITY names no identity; Gatekeeper will ask.")
        return
    # The libraries inside were signed one by one while the bundle was made; this seals the whole.
    seal = ["--force", "--options", "runtime", "--timestamp", "--sign", identity]
    run_logged(
        ["codesign", *seal, "--entitlements", str(ENTITLEMENTS), str(app)],
        "codesign did not sign the app:",
    )
    run_logged(["codesign", "--verify", "--deep", "--strict", str(app)], "The signature is broken:")
