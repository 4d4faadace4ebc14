"""A patient, a phrase, a token and a file name go through the program; none may be found outside.

Every byte that it wrote is searched, the encrypted stores included; what it
said on stderr; and the command line and environment of its children. What the
caller asked to be printed, and what is on the caller's own command line, is
the caller's.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scribe_desktop.services.places import HOME_VARIABLE
from scribe_desktop.services.support import write_bundle
from tests.faults import program_to_kill
from tests.faults.counting_host import PHRASE
from tests.faults.kill_harness import ROOT, SAMPLE

NAME, TOKEN, FILE = "Kanaria Vogelsang", "kanarientoken-0815", "Kanarienakte"
CANARIES = (NAME, "Vogelsang", PHRASE, TOKEN, FILE)
PATIENT = json.dumps({"oid": "7", "name": NAME, "mobile": "0815-4711"})
UNREACHABLE = 4


@dataclass
class Ran:
    """One finished command and what could be seen of its children meanwhile."""

    code: int
    out: bytes
    err: bytes
    children: set[bytes] = field(default_factory=set)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("home", "tmp", "work", "asked"):
        (tmp_path / name).mkdir()
    shutil.copy(SAMPLE, tmp_path / "asked" / f"{FILE}.flac")
    (tmp_path / "asked" / f"{FILE}.txt").write_text(NAME)
    return tmp_path


def run(
    folder: Path, *arguments: str, text: str = "", token: str = "", kill_after_s: float = 0.0
) -> Ran:
    environment = {
        **os.environ,
        HOME_VARIABLE: str(folder / "home"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
        "PYTHONPATH": str(ROOT),
        "TMPDIR": str(folder / "tmp"),
    }
    if token:
        environment["SCRIBE_DESKTOP_TOKEN"] = token
    files = (str(SAMPLE), str(folder / "count"))
    process = subprocess.Popen(
        [sys.executable, program_to_kill.__file__, *files, *arguments],
        env=environment,
        cwd=folder / "work",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    seen: set[bytes] = set()
    over = threading.Event()
    watch = threading.Thread(target=watch_children, args=(process.pid, seen, over))
    watch.start()
    try:
        out, err = process.communicate(text.encode(), timeout=kill_after_s or 120)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
    over.set()
    watch.join()
    return Ran(process.returncode, out, err, seen)


def watch_children(pid: int, seen: set[bytes], over: threading.Event) -> None:
    ours = Path(f"/proc/{pid}/cmdline").read_bytes()
    while not over.wait(0.05):
        for child in descendants(pid):
            with contextlib.suppress(OSError):
                command, environment = (
                    Path(f"/proc/{child}/{what}").read_bytes() for what in ("cmdline", "environ")
                )
                # Between its fork and its exec a child still is the caller's command.
                if command != ours:
                    seen.update((command, environment))


def descendants(pid: int) -> Iterator[int]:
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, task.read_text().split()):
                yield child
                yield from descendants(child)


def found(content: bytes) -> list[str]:
    return [
        canary
        for canary in CANARIES
        for encoding in ("utf-8", "utf-16-le")
        if canary.encode(encoding) in content
    ]


def test_no_canary_leaves_the_encrypted_stores(folder: Path) -> None:
    audio = str(folder / "asked" / f"{FILE}.flac")
    text = str(folder / "asked" / f"{FILE}.txt")
    soap = ("--template", "soap", "--json")
    away = ("--service", "http://127.0.0.1:1/voice/v1")
    patient = ("--patient-json", "-")

    dictated = run(folder, "dictate", "--file", audio, *patient, *soap, text=PATIENT)
    assert dictated.code == 0, dictated.err
    assert PHRASE.encode() in dictated.out, "the canary never flew"
    ran = [
        dictated,
        run(folder, "dictate", "--file", text, *soap),
        run(folder, "dictate", "--patient-json", "-", text=f"{{{NAME}"),
        run(folder, "dictate", "--mic", "any", *patient, *soap, text=PATIENT, kill_after_s=3.0),
        run(folder, "deliver", "--json"),
        run(folder, "sessions", "--json"),
        run(folder, "doctor", "--json"),
        run(folder, "export", "last", "--format", "markdown"),
    ]
    remote = ("dictate", "--file", audio, *patient, *soap, *away)
    unsent = run(folder, *remote, text=PATIENT, token=TOKEN)
    assert unsent.code == UNREACHABLE, unsent.err
    deleted = run(folder, "delete", json.loads(dictated.out)["session_id"])
    assert (deleted.code, b"holds nothing of it" in deleted.out) == (0, True), deleted.err
    ran += [unsent, deleted]
    write_bundle(folder / "home" / "bundle.zip", folder / "home" / "logs", {}, {})

    assert any(b"counting_host" in seen for seen in dictated.children), "no child was seen"
    for number, one in enumerate(ran):
        assert found(one.err) == [], (number, one.err)
        assert TOKEN.encode() not in one.out
        assert b"Traceback" not in one.err, one.err
        for seen in one.children:
            assert found(seen) == [], number
    ours = [path for part in ("home", "tmp", "work") for path in (folder / part).rglob("*")]
    written = [path for path in ours if path.is_file()]
    assert len(written) > 5
    for path in written:
        assert found(path.read_bytes()) == [], path
        assert found(path.name.encode()) == [], path
        assert path.stat().st_mode & 0o077 == 0, path
