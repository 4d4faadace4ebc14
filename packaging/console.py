"""How the set-up speaks: short lines on stderr, a full log in a file, one sentence when it fails.

Standard output belongs to the program that is set up, so that its result can
be piped.
"""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOG = ROOT / "build" / "set-up.log"
_LINES_SHOWN = 12


class SetUpError(Exception):
    """The set-up cannot go on; the text says why and what to do."""


def say(line: str) -> None:
    """Tell the person at the terminal what takes time."""
    print(line, file=sys.stderr, flush=True)


def run_logged(
    command: Sequence[str], failure: str, environment: Mapping[str, str] | None = None
) -> None:
    """Run `command` quietly. Raises SetUpError with `failure` and the last lines it printed."""
    LOG.parent.mkdir(parents=True, exist_ok=True)
    with LOG.open("ab") as log:
        log.write(f"\n$ {' '.join(command)}\n".encode())
        log.flush()
        begins = log.tell()
        code = subprocess.run(
            command,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
        ).returncode
    if code != 0:
        with LOG.open("rb") as log:
            log.seek(begins)
            lines = log.read().decode("utf-8", "replace").strip().splitlines()
        raise SetUpError("\n".join([failure, *(f"  {line}" for line in lines[-_LINES_SHOWN:])]))
