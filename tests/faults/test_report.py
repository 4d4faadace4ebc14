"""The report of the long form says what was lost, and never says "nothing" when something was."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests import faults_long
from tests.faults.kill_harness import Outcome
from tests.faults.program_to_kill import Phase
from tests.faults.report import broken, report
from tests.faults_long import MEASURED, REPORT

GOOD = Outcome(
    0, "2.00 s", "recording/open", tuple(Phase), 0.1, 20.0, chunks=2, hits=100, compared_bytes=9
)
BAD = Outcome(1, "ending", "stopped/open", lost_bytes=7, fault="the service has other bytes")
HOUR = {
    "minutes": 60.0,
    "lost_s": 0.02,
    "gaps": [],
    "outcome": "completed",
    "own_memory_10_min_mb": 100.0,
    "own_memory_end_mb": 104.0,
    "own_memory_most_mb": 104.0,
    "own_over_50_ms": 0,
    "own_longest_ms": 0.0,
}
HOURS = {"given_frames": 100, "decoded_frames": 100, "chunks": 3, "growth_mb": 1.8}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(faults_long, "MEASURED", tmp_path / "faults.json")
    monkeypatch.setattr(faults_long, "REPORT", tmp_path / "FAULTS.md")
    return tmp_path


def measured(files: Path) -> dict[str, object]:
    kept: dict[str, object] = json.loads((files / "faults.json").read_text())
    return kept


def test_parts_that_ran_apart_make_one_report(files: Path) -> None:
    faults_long.keep("kills", faults_long.summed([GOOD, GOOD]), 12.0)
    faults_long.keep("suites", [{"suite": "Network", "faults": {}}], 3.0)
    lines = list(report(measured(files)))
    assert "**Nothing was lost.**" in lines
    assert "| completed by themselves after the restart | 2 of 2 |" in lines
    assert "| sealing | 2 | 2 |" in lines
    assert "| kills that hit a living program | 200 |" in lines
    assert "| bytes compared: tails, chunks here, chunks at the service | 18 |" in lines
    assert any(line.startswith("| kills | ") and "processors" in line for line in lines)
    assert "| endurance | not yet | | |" in lines


def test_what_was_lost_comes_first(files: Path) -> None:
    faults_long.keep("kills", faults_long.summed([GOOD, GOOD, BAD]), 12.0)
    lines = list(report(measured(files)))
    assert "**Promises that were broken: 2.**" in lines
    assert f"- seed 1, aimed at ending: {BAD.fault}" in lines
    assert "- 7 bytes that were on the disk were lost by kills" in lines
    assert "| bytes lost of what was on disk | 7 |" in lines


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        ([GOOD], "only 100 kills hit a living program"),
        ([replace(GOOD, died_in=("ending",))] * 2, "no kill came while it was sealing"),
    ],
)
def test_kills_that_missed_prove_nothing(outcomes: list[Outcome], said: str) -> None:
    assert said in broken({"kills": {"found": faults_long.summed(outcomes)}})


@pytest.mark.parametrize(
    "change",
    [
        {"lost_s": 0.3},
        {"gaps": [[1.0, 2.0, "x"]]},
        {"outcome": ""},
        {"own_memory_end_mb": 106.0},
        {"own_memory_most_mb": 201.0},
        {"own_over_50_ms": 1, "own_longest_ms": 51.0},
        {"minutes": 59.9},
    ],
)
def test_an_hour_that_lost_something_is_broken(change: dict[str, object]) -> None:
    assert broken({"hour": {"found": HOUR}}) == []
    assert len(broken({"hour": {"found": HOUR | change}})) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"decoded_frames": 99},
        {"growth_mb": 5.1},
        {"delivered": 2},
        {"completed": False},
        {"lapsed": 1},
    ],
)
def test_hours_that_lost_something_or_grew_are_broken(change: dict[str, object]) -> None:
    assert broken({"endurance": {"found": HOURS}}) == []
    assert len(broken({"endurance": {"found": HOURS | change}})) == 1


def test_the_report_is_what_the_parts_measured() -> None:
    kept = json.loads(MEASURED.read_text(encoding="utf-8"))
    assert REPORT.read_text(encoding="utf-8").splitlines() == list(report(kept))


def test_how_often_each_fault_was_tried_comes_from_the_tests_themselves(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = files / "test_some_faults.py"
    suite.write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('place', ['create', 'end'])\n"
        "def test_it_fails(place, record_property):\n"
        "    record_property('tried', 6)\n"
        "    record_property('compared_bytes', 100)\n"
        "    record_property('lost_bytes', 0)\n"
        "    record_property('another', 'word')\n"
        "    assert place == 'create'\n"
    )
    monkeypatch.setitem(faults_long.SUITES, "Some", ["-p", "no:cacheprovider", str(suite)])
    found = faults_long.run_suite("Some", files)
    assert found["faults"]["it fails"] == {
        "cases": 2,
        "tried": 12,
        "passed": 1,
        "compared_bytes": 200,
        "lost_bytes": 0,
        "broken": ["end"],
    }
    assert broken({"suites": {"found": [found]}}) == ["Some: it fails: end"]
    lines = list(report({"suites": faults_part(found)}))
    assert "| it fails | 2 | 12 | 200 | 0 |  | **broken** |" in lines
    found["faults"]["it fails"]["lost_bytes"] = 7
    assert "Some: it fails: 7 bytes were lost" in broken({"suites": {"found": [found]}})


def faults_part(*found: dict[str, object]) -> dict[str, object]:
    return {"at": "now", "machine": "one", "minutes": 1.0, "found": list(found)}


def test_hours_that_were_delivered_say_so_and_those_that_were_not_do_not(files: Path) -> None:
    hours = HOURS | {"resident_mb": 120.0}
    faults_long.keep("endurance", hours, 10.0)
    lines = list(report(measured(files)))
    assert "| of these in the service's own store | not looked at |" in lines
    more = {"delivered": 3, "linked_sessions": 4, "worst_snr_db": 28.14, "completed": True}
    faults_long.keep("endurance", hours | more, 10.0)
    lines = list(report(measured(files)))
    assert "| of these in the service's own store | 3 |" in lines
    assert "| linked sessions | 4 |" in lines
    assert "| worst signal to noise ratio of those compared | 28.1 dB |" in lines
