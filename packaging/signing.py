"""Signs what was built with the identity that the environment names, or says that it did not.

    SCRIBE_MAC_IDENTITY         Developer ID for codesign
    SCRIBE_MAC_NOTARY_PROFILE   keychain profile for notarytool
    SCRIBE_MAC_NOTARY_KEYCHAIN  the keychain that holds it, if it is not the login's
    SCRIBE_WINDOWS_CERTIFICATE  a .pfx file for signtool or osslsigncode
    SCRIBE_WINDOWS_PASSWORD_FILE  the file that holds its password
    SCRIBE_GPG_KEY              key id for a detached signature of a .deb

No secret is ever on a command line: other users of the machine can read those.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from console import SetUpError, run_logged, say

TIMESTAMP = "http://timestamp.digicert.com"


def sign_folder(folder: Path) -> None:
    """Sign the programs of a built folder, where the system wants that."""
    if sys.platform == "win32":
        for program in sorted(folder.glob("*.exe")):
            sign_windows(program)
    elif sys.platform == "darwin" and not os.environ.get("SCRIBE_MAC_IDENTITY"):
        say("Not signed: SCRIBE_MAC_IDENTITY names no identity.")


def sign_installer(path: Path) -> None:
    """Sign one installer by its kind."""
    if path.suffix in {".exe", ".msi"}:
        sign_windows(path)
    elif path.suffix == ".dmg":
        _notarise(path)
    elif path.suffix == ".deb":
        _sign_detached(path)


def sign_windows(path: Path) -> None:
    """Authenticode by osslsigncode, which runs on every system."""
    certificate = os.environ.get("SCRIBE_WINDOWS_CERTIFICATE")
    if not certificate:
        say(f"{path.name} is not signed: SCRIBE_WINDOWS_CERTIFICATE names no certificate.")
        return
    tool = _tool("osslsigncode")
    signed = path.with_name(f"{path.name}.signed")
    run_logged(
        [
            *(tool, "sign", "-pkcs12", certificate),
            *("-readpass", os.environ.get("SCRIBE_WINDOWS_PASSWORD_FILE", os.devnull)),
            *("-n", "Scribe Desktop", "-h", "sha256"),
            *(() if os.environ.get("SCRIBE_NO_TIMESTAMP") else ("-ts", TIMESTAMP)),
            *("-in", str(path), "-out", str(signed)),
        ],
        f"{path.name} could not be signed. What osslsigncode said:",
    )
    signed.replace(path)


def _notarise(path: Path) -> None:
    profile = os.environ.get("SCRIBE_MAC_NOTARY_PROFILE")
    if not profile:
        say(f"{path.name} is not notarised: SCRIBE_MAC_NOTARY_PROFILE names no profile.")
        return
    xcrun = _tool("xcrun")
    submit = ["notarytool", "submit", str(path), "--keychain-profile", profile, "--wait"]
    keychain = os.environ.get("SCRIBE_MAC_NOTARY_KEYCHAIN")
    submit += ["--keychain", keychain] if keychain else []
    run_logged([xcrun, *submit], "Apple did not notarise the image. What it said:")
    run_logged([xcrun, "stapler", "staple", str(path)], "The ticket could not be attached:")


def _sign_detached(path: Path) -> None:
    key = os.environ.get("SCRIBE_GPG_KEY")
    if not key:
        say(f"{path.name} is not signed: SCRIBE_GPG_KEY names no key.")
        return
    detach = ["--batch", "--yes", "--local-user", key, "--armor", "--detach-sign", str(path)]
    subprocess.run([_tool("gpg"), *detach], check=True)


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SetUpError(f"“{name}” is needed to sign and was not found.")
    return found
