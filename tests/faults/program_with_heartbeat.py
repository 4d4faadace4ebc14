"""The real window with a heartbeat inside and a count of what the microphone gave; or Qt alone.

Run as a script: the file for the heartbeat, the file for the count, then the
program's command line; or the file for the heartbeat and `--bare`, which is an
event loop and nothing else, for comparison.
"""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from scribe_desktop import cli, window
from scribe_desktop.services.input_stream import InputStream
from scribe_desktop.ui import application
from tests.faults.heartbeat import Heartbeat

COUNT_EVERY_BLOCKS = 50


def bare(record: Path) -> int:
    """An event loop with the same heartbeat, until it is told to end."""
    loop = QApplication([])
    heart = Heartbeat(record)
    # Python hears a signal only while it runs, and the heartbeat makes it run.
    signal.signal(signal.SIGTERM, lambda *_: loop.quit())
    QTimer.singleShot(0, heart.start)
    code = loop.exec()
    heart.stop()
    return code


def whole(record: Path, count: Path, arguments: list[str]) -> int:
    """The program as it is, looked at from inside."""
    _count_blocks(count)
    run = application.run_window
    hearts: list[Heartbeat] = []

    def run_watched(*parts: Any, ready: Callable[[Any], None], **options: Any) -> int:
        def ready_and_beating(commands: Any) -> None:
            ready(commands)
            heart = Heartbeat(record)
            hearts.append(heart)
            # From the first turn of the event loop on: what comes before it is the start.
            QTimer.singleShot(0, heart.start)

        try:
            return run(*parts, ready=ready_and_beating, **options)
        finally:
            for heart in hearts:
                heart.stop()

    setattr(window, "run_window", run_watched)  # noqa: B010  its type is none of ours
    return cli.main(arguments)


def _count_blocks(count: Path) -> None:
    """Count what PortAudio hands over and what the recorder takes, in the device's frames."""
    arrive, take = InputStream._arrived, InputStream.take
    counted = {"given": 0, "taken": 0, "rate": 0, "blocks": 0}

    def arrived(self: InputStream, pcm: Any, frames: int, at: object, status: object) -> None:
        counted["given"] += frames
        counted["blocks"] += 1
        counted["rate"] = self.shape.rate
        arrive(self, pcm, frames, at, status)

    def taken(self: InputStream, timeout_s: float) -> list[tuple[float, bytes]]:
        blocks = take(self, timeout_s)
        counted["taken"] += sum(len(pcm) for _, pcm in blocks) // self.shape.frame_bytes
        if blocks and counted["blocks"] % COUNT_EVERY_BLOCKS < len(blocks):
            count.write_text(json.dumps(counted), encoding="ascii")
        return blocks

    def closed(self: InputStream) -> None:
        close(self)
        count.write_text(json.dumps(counted), encoding="ascii")

    close = InputStream.close
    setattr(InputStream, "_arrived", arrived)  # noqa: B010  what it does is done as before
    setattr(InputStream, "take", taken)  # noqa: B010
    setattr(InputStream, "close", closed)  # noqa: B010


if __name__ == "__main__":
    if sys.argv[2] == "--bare":
        sys.exit(bare(Path(sys.argv[1])))
    sys.exit(whole(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:]))
