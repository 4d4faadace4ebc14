"""A pulse on the GUI thread, and what that thread did whenever the pulse came late.

Used inside the window's process and, for comparison, in a process with nothing
but Qt's event loop: on a busy computer both are late, and only the difference
is ours. Each late beat keeps how long the thread really worked (`cpu_ms`) and
how long it stood in the queue for a processor (`queued_ms`). What all threads did
during the worst ones lies beside the record, in a file that ends in `.stacks`.
"""

import faulthandler
import json
import sys
import threading
import time
import traceback
from dataclasses import asdict, dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Slot

BEAT_MS = 10
LATE_MS = 50.0
"""The budget of PRODUCT.md §5; what is later than this is kept one by one."""

KEPT_MS = LATE_MS / 2
"""Half of it is kept too, to tell what made the whole computer late from what only we were."""

LOOK_S = 0.02
REPORT_S = 5.0


@dataclass
class Stall:
    """One late beat, when by the computer's monotonic clock, and what the thread was found at."""

    at_s: float
    late_ms: float
    cpu_ms: float
    queued_ms: float
    found_in: list[str] = field(default_factory=list)


class Heartbeat(QObject):
    """Made on the GUI thread; a watcher of its own looks where that thread is when it is late."""

    def __init__(self, record: Path) -> None:
        super().__init__()
        self._record = record
        self._stacks = record.with_suffix(".stacks").open("w", encoding="utf-8")
        self._gui = threading.get_ident()
        self._schedule = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat")
        self._last = time.monotonic()
        self._cpu_s, self._queued_s = time.thread_time(), self._queued()
        self._beats = 0
        self._longest: Stall | None = None
        self._over = 0
        # In a file and not in memory, which is being measured too.
        self._late = record.with_suffix(".late").open("w", encoding="utf-8")
        self._found: list[str] = []
        self._ended = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="heartbeat", daemon=True)
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(BEAT_MS)
        self._timer.timeout.connect(self.beat)

    def start(self) -> None:
        """Begin to beat."""
        self._last = time.monotonic()
        self._timer.start()
        self._watcher.start()

    def stop(self) -> None:
        """Write the last of it and end."""
        self._timer.stop()
        faulthandler.cancel_dump_traceback_later()
        self._ended.set()
        self._watcher.join(1)
        self._write()
        self._late.close()

    @Slot()
    def beat(self) -> None:
        """Note how much later than due this beat is."""
        # Without the interpreter's lock, so that it also sees who holds that lock.
        faulthandler.dump_traceback_later(2 * LATE_MS / 1000, file=self._stacks)
        now = time.monotonic()
        cpu_s, queued_s = time.thread_time(), self._queued()
        late = Stall(
            at_s=now,
            late_ms=(now - self._last) * 1000 - BEAT_MS,
            cpu_ms=(cpu_s - self._cpu_s) * 1000,
            queued_ms=(queued_s - self._queued_s) * 1000,
            found_in=self._found,
        )
        self._beats += 1
        self._last, self._cpu_s, self._queued_s, self._found = now, cpu_s, queued_s, []
        if self._longest is None or late.late_ms > self._longest.late_ms:
            self._longest = late
        if late.late_ms > KEPT_MS:
            self._over += late.late_ms > LATE_MS
            self._late.write(json.dumps(asdict(late)) + "\n")

    def _queued(self) -> float:
        """Seconds in which this thread could have run and no processor was free."""
        return int(self._schedule.read_text().split()[1]) / 1e9

    # --- on the watcher's thread --------------------------------------------------------

    def _watch(self) -> None:
        written = time.monotonic()
        while not self._ended.wait(LOOK_S):
            now = time.monotonic()
            if (now - self._last) * 1000 > KEPT_MS and not self._found:
                frame = sys._current_frames().get(self._gui)
                self._found = [
                    f"{Path(one.filename).name}:{one.lineno} {one.name}"
                    for one in traceback.extract_stack(frame)[-6:]
                ]
            if now - written > REPORT_S:
                written = now
                self._write()

    def _write(self) -> None:
        told = {
            "beats": self._beats,
            "longest": asdict(self._longest) if self._longest else None,
            "over_50_ms": self._over,
        }
        self._late.flush()
        beside = self._record.with_suffix(".new")
        beside.write_text(json.dumps(told), encoding="utf-8")
        beside.replace(self._record)
