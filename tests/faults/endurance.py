"""Dictates for hours in minutes with the whole program, and measures what it kept and took.

`python tests/faults/endurance.py HOURS` prints one JSON object; three hours
are the long form of the test beside it. The clock of the program and of its
service runs with the speech, so sessions grow old and the house is kept.
"""

import json
import os
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

LONGEST_SESSION_S = 3600
"""What the local service takes in one session; shorter where less than two hours are spoken."""


def main(speech_s: float, home: Path) -> None:
    from scribe_desktop.services import boot_clock
    from tests.faults.speech_clock import SpeechClock

    os.environ["SCRIBE_DESKTOP_HOME"] = str(home)
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    clock_file = home / "clock"
    clock = SpeechClock(clock_file)
    # Before the program is imported, which takes the clocks where it finds them.
    time.time, boot_clock.since_boot = clock.wall, clock.since_boot

    from tests.faults.long_run import LongRun

    longest_s = min(LONGEST_SESSION_S, round(speech_s / 2))
    print(json.dumps(LongRun(speech_s, longest_s, clock, clock_file).endure()))  # noqa: T201  its answer


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="scribe-endurance-") as folder:
        main(float(sys.argv[1]) * 3600, Path(folder))
