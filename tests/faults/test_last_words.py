"""Whatever fails inside the program, and wherever: its words, perhaps a patient's, stay there."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scribe_desktop.services.local_service import Health, LocalService
from scribe_desktop.services.logs import LINE_KEYS
from tests.command_line.conftest import environment
from tests.faults import faulty_program
from tests.live.desktop_stage import wait_for

MODULE = "tests.faults.faulty_program"


def lines(folder: Path) -> list[dict[str, object]]:
    """Every line of every log, each an object of known keys."""
    written = "".join(path.read_text() for path in folder.glob("*.log*"))
    read = [json.loads(line) for line in written.splitlines()]
    assert all(line.keys() <= LINE_KEYS for line in read)
    assert "Vogelsang" not in written
    return read


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [("main", "KeyError", 1), ("thread", "KeyError", 0), ("del", "ValueError", 0),
     ("warning", "RuntimeWarning", 0)],
)  # fmt: skip
def test_on_the_command_line(tmp_path: Path, fault: str, kind: str, code: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", MODULE, fault],
        env=environment(tmp_path / "home"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == code
    assert "Vogelsang" not in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
    told = fault in {"main", "thread"}
    assert ("Your recordings are safe" in ran.stderr) == told, ran.stderr
    assert (f"{kind} at " in ran.stderr) == told
    logged = [str(line["event"]) for line in lines(tmp_path / "home" / "logs")]
    place = "faulty_program.py:" if fault == "warning" else "__main__:"
    assert any(f"{kind} at {place}" in event for event in logged), logged


def test_in_the_local_service(tmp_path: Path) -> None:
    seen: list[Health] = []
    service = LocalService(
        tmp_path / "service",
        lambda: bytes(32),
        log_file=tmp_path / "logs" / "service.log",
        command=[sys.executable, "-m", MODULE, "host"],
        changed=seen.append,
    )
    service.start()
    service.address()
    # Its end is part of it: the main thread's own fault comes last.
    child = service._child
    assert child is not None
    assert child.stdin is not None
    child.stdin.close()
    wait_for(lambda: Health.RESTARTING in seen, "the end of the service")
    service.stop()
    logged = lines(tmp_path / "logs")
    events = [str(line["event"]) for line in logged]
    places = [f"{line.get('error')} {line.get('where')}" for line in logged]
    for expected in (
        "unforeseen KeyError at __main__:",
        "unforeseen ValueError at __main__:",
        "RuntimeWarning at faulty_program.py:",
        f"{len(faulty_program.WORDS)} characters that are not for a log",
    ):
        assert any(expected in event for event in events), (expected, events)
    threads = {line["thread"] for line in logged if "in in_main" in str(line["event"])}
    assert threads > {"MainThread"}, "the main thread's and another's"
    assert any("LookupError" in place and "in_a_task" in place for place in places), logged
    assert time.time() - float(str(logged[-1]["at"])) < 60
