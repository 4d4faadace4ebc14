"""The real window whose session manager says that the user signs out, when a file appears.

Run as a script: speech, count and the file to wait for, then the command line.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import SIGNAL, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from scribe_desktop import window
from scribe_desktop.ui import application
from tests.faults import program_to_kill

LOOK_MS = 20


def main(speech: Path, count: Path, signs_out: Path, arguments: list[str]) -> int:
    run, goodbye = application.run_window, application._Goodbye
    goodbyes: list[Any] = []

    def remembered(windows: Any) -> Any:
        goodbyes.append(goodbye(windows))
        return goodbyes[0]

    setattr(application, "_Goodbye", remembered)  # noqa: B010  as below

    def run_and_sign_out(*parts: Any, ready: Callable[[Any], None], **options: Any) -> int:
        def ready_and_watching(commands: Any) -> None:
            ready(commands)
            timer = QTimer(QApplication.instance())
            timer.timeout.connect(look)
            timer.start(LOOK_MS)

        return run(*parts, ready=ready_and_watching, **options)

    def look() -> None:
        running = QApplication.instance()
        if signs_out.exists() and isinstance(running, QGuiApplication):
            signs_out.unlink()
            # Nobody but Qt can make the session manager that its signal carries, so the one
            # who hears that signal is asked directly, after a look that somebody does hear it.
            assert running.receivers(SIGNAL("commitDataRequest(QSessionManager&)")) == 1
            goodbyes[0].before_the_session_ends(None)

    setattr(window, "run_window", run_and_sign_out)  # noqa: B010  its type is none of ours
    return program_to_kill.main(speech, count, arguments)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:]))
