"""The long form of the fault harness: `python3 packaging/test.py --faults`.

Two hundred kills of the real program at random instants, three hours of speech
on a fast clock, one hour of real time in the real window, and every suite that
does something to network, service, disk, keys, power or clock. What each part
measured is kept in benchmarks/faults.json, so that `--only kills`, `endurance`,
`hour` or `suites` can be done apart, and benchmarks/FAULTS.md is written from all of it.
"""

import argparse
import datetime as dt
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.faults.kill_harness import Outcome, Trial  # noqa: E402  found through the line above
from tests.faults.program_to_kill import Phase  # noqa: E402
from tests.faults.report import COUNTED, broken, report  # noqa: E402

REPORT = ROOT / "benchmarks" / "FAULTS.md"
MEASURED = ROOT / "benchmarks" / "faults.json"
FAULTS = ROOT / "tests" / "faults"
KILLS = 200
SPEECH_S = 9.5
ENDURED_HOURS = 3.0
HOUR_MINUTES = 60.0
SIDE_BY_SIDE = ("--numprocesses=3", "--dist=loadfile", "--max-worker-restart=0")
"""Most of what they do is to wait."""

SUITES = {
    "Network and service": [
        "tests/faults/test_matrix.py",
        "tests/faults/test_lying_service.py",
        "tests/faults/test_dead_lines.py",
        "tests/faults/test_neighbours.py",
        "tests/faults/test_a_day_later.py",
        "tests/faults/test_offline_first.py",
        "tests/faults/test_unheard.py",
        "tests/services/test_waiting.py",
        "tests/services/test_cut_calls.py",
    ],
    "Disk, damage, keys, power": [
        "tests/services/test_spool_faults.py",
        "tests/services/test_spool_power.py",
        "tests/services/test_recorder_killed.py",
        "tests/faults/test_disk.py",
        "tests/faults/test_failing_disk.py",
        "tests/services/test_full_disk.py",
        "tests/services/test_slow_disk.py",
        "tests/wiring/test_presses_on_a_slow_disk.py",
        "tests/wiring/test_cancel_on_a_slow_disk.py",
        "tests/wiring/test_parting.py",
        "tests/faults/test_locked_keyring.py",
        "tests/services/test_bringing_home.py",
    ],
    "Leaving, sleep, clock, length, microphone": [
        "tests/faults/test_leaving.py",
        "tests/faults/test_signing_out.py",
        "tests/faults/test_service_killed.py",
        "tests/services/test_local_service.py",
        "tests/live/test_computer.py",
        "tests/wiring/test_computer.py",
        "tests/faults/test_moved_clock.py",
        "tests/faults/test_long.py",
        "tests/wiring/test_rolling_over.py",
        "tests/services/test_watched_microphone.py",
        "tests/live/test_microphone_live.py",
        "tests/live/test_unplugged_dictation.py",
    ],
    "Undo, retention, deleting": [
        "tests/faults/test_undo.py",
        "tests/services/test_time_travel.py",
        "tests/faults/test_delete.py",
        "tests/faults/test_really_deleted.py",
    ],
    "Privacy": [
        "tests/faults/test_canaries.py",
        "tests/faults/test_last_words.py",
        "tests/live/test_outside.py",
        "tests/command_line/test_custody.py",
    ],
    "Rules of the delivery": [
        "tests/domain/test_session_machine.py",
        "tests/domain/test_mutants.py",
    ],
}


def main() -> int:
    """Do what is asked, keep what it measured, write the report; 1 if anything was lost."""
    options = _options()
    parts: dict[str, Callable[[Path], Any]] = {
        "kills": lambda scratch: kill(scratch, options.kills),
        "endurance": lambda _: alone("endurance.py", str(options.hours)),
        "hour": lambda _: alone("window_hour.py", str(options.minutes)),
        "suites": lambda scratch: [run_suite(suite, scratch) for suite in SUITES],
    }
    for name in parts if options.only is None else options.only:
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="scribe-faults-") as scratch:
            found = parts[name](Path(scratch))
        keep(name, found, (time.monotonic() - began) / 60)
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    REPORT.write_text("\n".join(report(measured)) + "\n", encoding="utf-8")
    faults = broken(measured)
    print(f"{REPORT}: {len(faults)} broken", *faults, sep="\n")  # noqa: T201
    return 1 if faults else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="The long form of the fault harness.")
    parser.add_argument("--kills", type=int, default=KILLS, help="how many dictations are killed")
    parser.add_argument("--hours", type=float, default=ENDURED_HOURS, help="on the fast clock")
    parser.add_argument("--minutes", type=float, default=HOUR_MINUTES, help="in the real window")
    parser.add_argument(
        "--only",
        action="append",
        choices=("kills", "endurance", "hour", "suites", "report"),
        help="one part, and the report with what the others measured before",
    )
    options = parser.parse_args()
    if options.only is not None:
        # The report is written at the end of every run; alone it needs no part.
        options.only = [part for part in options.only if part != "report"]
    return options


def keep(name: str, found: object, minutes: float) -> None:
    """Put what one part measured beside what the others did."""
    kept = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.exists() else {}
    kept[name] = {
        "at": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"{os.cpu_count()} processors",
        "minutes": round(minutes, 1),
        "found": found,
    }
    MEASURED.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")


# --- kills ------------------------------------------------------------------------------


def kill(folder: Path, count: int) -> dict[str, Any]:
    """The trials, as many at once as there are processors."""

    def trial(seed: int) -> Outcome:
        return Trial(folder / f"kill-{seed}", seed, speech_s=SPEECH_S).run()

    outcomes = []
    with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as trials:
        for number, outcome in enumerate(trials.map(trial, range(count)), start=1):
            said = outcome.fault or "completed"
            print(f"kill {number} of {count}: {', '.join(outcome.died_in)}: {said}", flush=True)  # noqa: T201
            outcomes.append(outcome)
    return summed(outcomes)


def summed(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """What all trials together showed."""
    good = [one for one in outcomes if not one.fault]
    missing = sorted(one.missing_s for one in outcomes) or [0.0]
    ratios = [one.worst_snr_db for one in outcomes if one.worst_snr_db != float("inf")]
    times: Counter[str] = Counter(dict.fromkeys(Phase, 0))
    times.update(phase for one in outcomes for phase in one.died_in)
    completed = Counter(phase for one in good for phase in one.died_in)
    return {
        "dictations": len(outcomes),
        "in_window": sum(one.in_window for one in outcomes),
        "kills": sum(one.kills for one in outcomes),
        "hits": sum(one.hits for one in outcomes),
        "completed": len(good),
        "chunks": sum(one.chunks for one in good),
        "sealed_before": sum(one.sealed_before for one in outcomes),
        "compared_bytes": sum(one.compared_bytes for one in outcomes),
        "lost_bytes": sum(one.lost_bytes for one in outcomes),
        "ends": sum(one.ends for one in outcomes),
        "missing_median_s": round(missing[len(missing) // 2], 2),
        "missing_worst_s": round(missing[-1], 2),
        "worst_snr_db": round(min(ratios), 1) if ratios else None,
        "died_in": {phase: [times[phase], completed[phase]] for phase in sorted(times)},
        "faults": [
            f"seed {one.seed}, aimed at {one.aim}: {one.fault}" for one in outcomes if one.fault
        ],
    }


# --- what runs in a process of its own -------------------------------------------------------


def alone(script: str, *arguments: str) -> dict[str, Any]:
    """What a script of this folder measured; it prints one JSON object."""
    command = [sys.executable, str(FAULTS / script), *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured


def run_suite(suite: str, folder: Path) -> dict[str, Any]:
    """Each fault of a suite: how often it was tried, and whether all went as promised."""
    record = folder / "record.xml"
    command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={record}", *SIDE_BY_SIDE]
    command += SUITES[suite]
    long_form = {**os.environ, "SCRIBE_FAULTS_LONG": "1"}
    subprocess.run(command, cwd=ROOT, check=False, env=long_form)
    faults: dict[str, dict[str, Any]] = {}
    for case in ET.parse(record).iter("testcase"):  # noqa: S314  pytest wrote it a moment ago
        name, _, kind = case.get("name", "").removeprefix("test_").partition("[")
        fault = faults.setdefault(name.replace("_", " "), {"cases": 0, "tried": 0, "passed": 0})
        bad = any(case.find(word) is not None for word in ("failure", "error", "skipped"))
        noted = dict(_noted(case))
        fault["cases"] += 1
        fault["tried"] += noted.pop("tried", 1)
        for word, count in noted.items():
            fault[word] = fault.get(word, 0) + count
        fault["passed"] += not bad
        if bad:
            fault.setdefault("broken", []).append(kind.removesuffix("]") or name)
    return {"suite": suite, "faults": faults}


def _noted(case: ET.Element) -> Iterator[tuple[str, int]]:
    """What the test itself said about how much it tried and found."""
    for noted in case.iter("property"):
        if (name := noted.get("name", "")) in ("tried", *COUNTED):
            yield name, int(noted.get("value", 0))


if __name__ == "__main__":
    raise SystemExit(main())
