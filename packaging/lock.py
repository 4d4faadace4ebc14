"""Writes `requirements.lock`: every package, with hashes, for all systems, naming no host.

Run by hand after a change of `pyproject.toml`; needs uv. What the program needs
stands first, what only tests and builds need after it, so that one file
serves both.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from console import ROOT
from environment import LOCK, TEST_PART


def resolve(extra: list[str], uv: str) -> dict[str, str]:
    """Requirement line → that line with its hashes."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "lock.txt"
        # The old lock is the starting point: only what must change changes.
        if LOCK.exists() and "--upgrade" not in sys.argv:
            shutil.copy(LOCK, out)
        subprocess.run(
            [
                *(uv, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"),
                *("--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url"),
                *("--no-emit-find-links", *extra, "pyproject.toml", "--output-file", str(out)),
            ],
            cwd=ROOT,
            check=True,
        )
        text = out.read_text("utf-8")
    entries = re.split(r"\n(?=[A-Za-z0-9])", text.strip())
    return {entry.split("\\", 1)[0].strip(): entry for entry in entries}


def main() -> int:
    """Write the lock file; refuse one that names a host or a folder."""
    uv = shutil.which("uv")
    if uv is None:
        print("uv is needed to make the lock file: pip install uv", file=sys.stderr)
        return 1
    everything = resolve(["--extra", "test"], uv)
    names = {line.partition("==")[0] for line in resolve([], uv)}
    runtime = [text for line, text in everything.items() if line.partition("==")[0] in names]
    tests = [text for line, text in everything.items() if line.partition("==")[0] not in names]
    body = "\n".join([*runtime, TEST_PART, *tests]) + "\n"
    if "://" in body or re.search(r"^(-|--\w)", body, re.MULTILINE):
        print("the lock file would name a host; not written", file=sys.stderr)
        return 1
    LOCK.write_text(body, "utf-8")
    print(f"{LOCK.name}: {len(runtime)} packages for the program, {len(tests)} more for tests")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
