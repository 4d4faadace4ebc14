"""Makes the signed feed that installed programs ask for newer versions.

    python3 packaging/update_feed.py new-key KEYFILE       once; KEYFILE is secret
    python3 packaging/update_feed.py sign KEYFILE BASE_URL FILE...

`new-key` writes the secret key (owner-only) and `resources/update-key.txt`, which
is built into the program. `sign` writes `dist/feed.json` and `dist/feed.json.sig`
for the installers named; put all of them at BASE_URL.
"""

import base64
import hashlib
import json
import os
import sys
from pathlib import Path

from console import ROOT, say

PUBLIC = ROOT / "resources" / "update-key.txt"
# How the names of our installers tell the kind of computer.
SYSTEMS = {
    "_amd64.deb": "linux-x86_64",
    "_arm64.deb": "linux-aarch64",
    "-setup.exe": "windows-x86_64",
    "-arm64.dmg": "darwin-arm64",
}


def new_key(secret: Path) -> None:
    """Write a fresh pair; never over an old one, whose programs would be cut off."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.generate()
    handle = os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as out:
        out.write(base64.b64encode(key.private_bytes_raw()) + b"\n")
    PUBLIC.write_bytes(base64.b64encode(key.public_key().public_bytes_raw()) + b"\n")


def feed_for(version: str, base_url: str, files: list[Path]) -> bytes:
    """The feed's bytes; what is signed is exactly this."""
    entries = {}
    for path in files:
        system = next(name for suffix, name in SYSTEMS.items() if path.name.endswith(suffix))
        content = path.read_bytes()
        entries[system] = {
            "url": f"{base_url.rstrip('/')}/{path.name}",
            "size": len(content),
            "sha256": hashlib.sha256(content).hexdigest(),
        }
    return (json.dumps({"version": version, "files": entries}, indent=1) + "\n").encode()


def sign(content: bytes, secret: Path) -> bytes:
    """The detached signature, in base64."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(base64.b64decode(secret.read_bytes()))
    return base64.b64encode(key.sign(content)) + b"\n"


def main() -> int:
    """One of the two commands."""
    match sys.argv[1:]:
        case ["new-key", secret]:
            new_key(Path(secret))
            say(f"{PUBLIC.relative_to(ROOT)} is what the next build trusts.")
        case ["sign", secret, base_url, *files] if files:
            sys.path.insert(0, str(ROOT))
            from scribe_desktop import __version__

            content = feed_for(__version__, base_url, [Path(file) for file in files])
            out = ROOT / "dist" / "feed.json"
            out.parent.mkdir(exist_ok=True)
            out.write_bytes(content)
            out.with_name("feed.json.sig").write_bytes(sign(content, Path(secret)))
            say(f"Signed {out.relative_to(ROOT)} for version {__version__}.")
        case _:
            say(str(__doc__))
            return 2
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
