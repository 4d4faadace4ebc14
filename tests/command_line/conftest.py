"""The command line as other programs use it: a process, its output, its exit code."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "resources" / "sample" / "01_htn.flac"
SCHEMAS = Path(__file__).resolve().parents[1] / "schemas"
LIMIT_S = 120


@dataclass(frozen=True)
class Ran:
    """One finished command."""

    exit_code: int
    out: str
    err: str

    def record(self, schema: str) -> Any:
        """What it printed, checked against the schema that other programs rely on."""
        record = json.loads(self.out)
        jsonschema.validate(record, json.loads((SCHEMAS / f"{schema}.json").read_text()))
        return record


def environment(home: Path) -> dict[str, str]:
    """This environment with a home of its own and no keyring of the user's."""
    return os.environ | {
        "SCRIBE_DESKTOP_HOME": str(home),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PYTHONPATH": str(ROOT),
    }


def start(home: Path, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
    """Start the program; the caller waits for it."""
    return subprocess.Popen(
        [sys.executable, "-m", "scribe_desktop", *arguments],
        stdin=options.pop("stdin", subprocess.DEVNULL),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(home) | options.pop("env", {}),
        **options,
    )


def finish(process: "subprocess.Popen[str]", text: str | None = None) -> Ran:
    """Wait for it and return what it said."""
    out, err = process.communicate(text, timeout=LIMIT_S)
    return Ran(process.returncode, out, err)


Scribe = Callable[..., Ran]


@pytest.fixture
def scribe(tmp_path: Path) -> Scribe:
    """Runs one command in a home of this test's own."""

    def run(*arguments: str, text: str | None = None, **options: Any) -> Ran:
        stdin = subprocess.PIPE if text is not None else subprocess.DEVNULL
        return finish(start(tmp_path / "home", *arguments, stdin=stdin, **options), text)

    return run
