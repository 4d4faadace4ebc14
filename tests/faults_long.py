"""The long form of the fault harness: `python3 packaging/test.py --faults`.

Two hundred kills of the real program at random instants, the fault matrix of
the network and the service, power cuts, full disks and damage, leaving and
sleep, three hours of speech; then the report in benchmarks/FAULTS.md. `--kills N` for fewer.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.faults.kill_harness import Outcome, Trial  # noqa: E402  found through the line above

REPORT = ROOT / "benchmarks" / "FAULTS.md"
KILLS = 200
SPEECH_S = 4.0
ENDURED_HOURS = 3

SUITES = {
    "Network and service": ["tests/faults/test_matrix.py", "tests/faults/test_canaries.py"],
    "Disk, damage, keys, power": [
        "tests/services/test_spool_faults.py",
        "tests/services/test_spool_power.py",
        "tests/faults/test_disk.py",
    ],
    "Leaving, sleep, clock, length": [
        "tests/faults/test_leaving.py",
        "tests/live/test_computer.py",
        "tests/faults/test_moved_clock.py",
        "tests/faults/test_long.py",
    ],
    "Rules of the delivery": ["tests/domain/test_session_machine.py"],
}


@dataclass(frozen=True)
class Tried:
    """One test of a suite."""

    suite: str
    name: str
    passed: bool


def main() -> int:
    """Run everything and write the report; the exit code is 1 if anything was lost."""
    parser = argparse.ArgumentParser(description="The long form of the fault harness.")
    parser.add_argument("--kills", type=int, default=KILLS)
    options = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="scribe-faults-") as scratch:
        outcomes = list(kill(Path(scratch), options.kills))
        endured = endure(Path(scratch))
        tried = [one for suite in SUITES for one in run_suite(suite, Path(scratch))]
    minutes = (time.monotonic() - began) / 60
    REPORT.write_text("\n".join(report(outcomes, tried, endured, minutes)) + "\n", encoding="utf-8")
    if endured["given_frames"] != endured["decoded_frames"]:
        tried.append(Tried("", "three hours of speech", passed=False))
    failed = [one.fault for one in outcomes if one.fault] + [t.name for t in tried if not t.passed]
    print(f"{REPORT}: {len(outcomes)} kills, {len(tried)} faults, {len(failed)} failed")  # noqa: T201
    return 1 if failed else 0


def kill(folder: Path, count: int) -> Iterator[Outcome]:
    """The trials, as many at once as there are processors."""

    def trial(seed: int) -> Outcome:
        return Trial(folder / f"kill-{seed}", seed, speech_s=SPEECH_S).run()

    with ThreadPoolExecutor(max(2, os.cpu_count() or 2)) as trials:
        for number, outcome in enumerate(trials.map(trial, range(count)), start=1):
            said = outcome.fault or "completed"
            print(f"kill {number} of {count}: {outcome.state}: {said}", flush=True)  # noqa: T201
            yield outcome


def run_suite(suite: str, folder: Path) -> Iterator[Tried]:
    """Each test of a suite, from pytest's own record."""
    record = folder / "record.xml"
    command = [sys.executable, "-m", "pytest", "-q", f"--junit-xml={record}", *SUITES[suite]]
    subprocess.run(command, cwd=ROOT, check=False)
    for case in ET.parse(record).iter("testcase"):  # noqa: S314  pytest wrote it a moment ago
        bad = any(case.find(word) is not None for word in ("failure", "error", "skipped"))
        yield Tried(suite, case.get("name", ""), not bad)


def endure(folder: Path) -> dict[str, float]:
    """Three hours of speech on a clock that runs faster, in a process of its own."""
    command = [sys.executable, str(ROOT / "tests" / "faults" / "endurance.py"), str(ENDURED_HOURS)]
    environment = os.environ | {"TMPDIR": str(folder)}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE)
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def report(
    outcomes: Sequence[Outcome],
    tried: Sequence[Tried],
    endured: Mapping[str, float],
    minutes: float,
) -> Iterator[str]:
    """The report, for someone who decides whether to trust the program."""
    yield "# What was done to the program, and what was lost"
    yield ""
    yield "Written by `python3 packaging/test.py --faults`; not edited by hand."
    yield ""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    yield f"{system}, {os.cpu_count()} processors, {minutes:.0f} minutes."
    yield ""
    yield from _kills(outcomes)
    yield from _endured(endured)
    yield from _suites(tried)


def _kills(outcomes: Sequence[Outcome]) -> Iterator[str]:
    good = [one for one in outcomes if not one.fault]
    missing = sorted(one.missing_s for one in outcomes) or [0.0]
    ratios = [one.worst_snr_db for one in outcomes if one.worst_snr_db != float("inf")]
    yield f"## `kill -9` of the real program: {len(outcomes)} dictations"
    yield ""
    yield "| | |"
    yield "|---|---|"
    yield f"| kills, restarts included | {sum(one.kills for one in outcomes)} |"
    yield f"| completed by themselves after the restart | {len(good)} of {len(outcomes)} |"
    yield f"| sealed chunks compared with the service's own store | {sum(o.chunks for o in good)} |"
    if len(good) == len(outcomes):
        yield "| bytes lost of what was on disk | 0 |"
    yield f"| speech missing at the end: median | {missing[len(missing) // 2]:.2f} s |"
    yield f"| speech missing at the end: worst | {missing[-1]:.2f} s |"
    if ratios:
        yield f"| worst signal to noise ratio of a chunk | {min(ratios):.1f} dB |"
    yield ""
    yield "| killed while (capture/delivery) | times | completed |"
    yield "|---|---|---|"
    times, completed = Counter(o.state for o in outcomes), Counter(o.state for o in good)
    for state in sorted(times):
        yield f"| {state} | {times[state]} | {completed[state]} |"
    yield ""
    for one in outcomes:
        if one.fault:
            yield f"- seed {one.seed}, killed after {one.killed_at_s:.2f} s: {one.fault}"
    yield ""


def _endured(measured: Mapping[str, float]) -> Iterator[str]:
    yield f"## {ENDURED_HOURS} hours of speech without a pause and without a network"
    yield ""
    yield "| | |"
    yield "|---|---|"
    lost = measured["given_frames"] - measured["decoded_frames"]
    yield f"| samples spoken | {measured['given_frames']:.0f} |"
    yield f"| samples lost | {lost:.0f} |"
    yield f"| chunks | {measured['chunks']:.0f} |"
    yield f"| memory at most | {measured['resident_mb']:.0f} MB |"
    yield f"| growth after the first quarter | {measured['growth_mb']:.1f} MB |"
    yield ""


def _suites(tried: Sequence[Tried]) -> Iterator[str]:
    for suite in SUITES:
        mine = [one for one in tried if one.suite == suite]
        yield f"## {suite}: {sum(one.passed for one in mine)} of {len(mine)} as promised"
        yield ""
        yield "| fault | outcome |"
        yield "|---|---|"
        for one in mine:
            name = one.name.removeprefix("test_").replace("_", " ").replace("|", "·")
            yield f"| {name} | {'as promised' if one.passed else '**broken**'} |"
        yield ""


if __name__ == "__main__":
    raise SystemExit(main())
