"""`kill -9` of the real program, twenty times; `packaging/test.py --faults` does two hundred."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.faults.kill_harness import Trial

KILLS = 20
AT_ONCE = 4


def test_a_killed_program_completes_its_dictation_by_itself(tmp_path: Path) -> None:
    def trial(seed: int) -> str:
        outcome = Trial(tmp_path / str(seed), seed, speech_s=1.5).run()
        return outcome.fault and f"{seed}: {outcome}"

    with ThreadPoolExecutor(AT_ONCE) as trials:
        faults = [fault for fault in trials.map(trial, range(KILLS)) if fault]
    assert not faults
