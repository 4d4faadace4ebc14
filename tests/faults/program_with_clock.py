"""The real program on a computer whose clock is moved while it runs.

Run as a script: a file with the seconds by which the clock is wrong, then the
command line of the program; or before that `--microphone`, a file of speech and
a file that counts what the microphone gave of it (program_to_kill.py).
"""

import sys
import time
from pathlib import Path

MICROPHONE = "--microphone"


def main(wrong: Path, arguments: list[str]) -> int:
    real = time.time
    # Before the program is imported, which takes the clock where it finds it.
    time.time = lambda: real() + float(wrong.read_text())

    from scribe_desktop import cli
    from scribe_desktop.services import worker
    from tests.faults import program_to_kill

    # It looks at the clock again after half a minute; a test need not wait for that.
    worker.LONGEST_WAIT_S = 0.3
    if arguments[0] == MICROPHONE:
        return program_to_kill.main(Path(arguments[1]), Path(arguments[2]), arguments[3:])
    return cli.main(arguments)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
