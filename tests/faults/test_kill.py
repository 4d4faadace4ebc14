"""`kill -9` of the real program, twenty times; `packaging/test.py --faults` does two hundred."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.kill_harness import Outcome, Trial
from tests.faults.tally import Tally

KILLS = 20
AT_ONCE = 4


def test_a_killed_program_completes_its_dictation_by_itself(tmp_path: Path, tally: Tally) -> None:
    def trial(seed: int) -> Outcome:
        return Trial(tmp_path / str(seed), seed).run()

    with ThreadPoolExecutor(AT_ONCE) as trials:
        outcomes = list(trials.map(trial, range(KILLS)))
    tally.tried(sum(one.hits for one in outcomes))
    tally.compared(sum(one.compared_bytes for one in outcomes))
    tally.lost(sum(one.lost_bytes for one in outcomes))
    tally.completed(sum(not one.fault for one in outcomes))
    assert not [one for one in outcomes if one.fault or one.lost_bytes]
    # Otherwise the order of the chunks and the chunks beside a live microphone are not tried.
    assert sum(one.sealed_before > 1 for one in outcomes) > KILLS // 4
    assert sum(one.in_window for one in outcomes) >= KILLS // 5
