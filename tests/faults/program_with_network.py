"""The real window whose network comes back when a file appears.

Run as a script: speech, count and the file to wait for, then the command line.
"""

import sys
from pathlib import Path

from PySide6.QtCore import QTimer

from scribe_desktop import window
from scribe_desktop.ui.network import NetworkNews, Reachability
from tests.faults import program_to_kill

LOOK_MS = 20


def main(speech: Path, count: Path, is_back: Path, arguments: list[str]) -> int:
    class ToldNews(NetworkNews):
        """Hears of the network from the test instead of the system."""

        def start(self) -> bool:
            timer = QTimer(self)
            timer.timeout.connect(self._look)
            timer.start(LOOK_MS)
            return True

        def _look(self) -> None:
            if is_back.exists():
                is_back.unlink()
                self.judge(Reachability.Disconnected)
                self.judge(Reachability.Online)

    setattr(window, "NetworkNews", ToldNews)  # noqa: B010  its type is none of ours
    return program_to_kill.main(speech, count, arguments)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]))
