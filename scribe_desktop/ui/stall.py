"""Measures whether the window ever freezes: the longest gap between two ticks of a timer.

A window that stalls eats key presses and makes the meter lie, so the longest
stall is shown under Diagnostics (budget: 50 ms, PRODUCT.md §5).
"""

import time

from PySide6.QtCore import QObject, Qt, QTimer, Slot

TICK_MS = 50


class StallWatch(QObject):
    """Ticks on the GUI thread and remembers how late the latest tick was."""

    def __init__(self) -> None:
        super().__init__()
        self.started_ms: float | None = None
        self._longest_s: float | None = None
        self._last_s: float | None = None
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self.tick)

    @property
    def longest_ms(self) -> float | None:
        """The longest stall in milliseconds; None before the second tick."""
        return None if self._longest_s is None else self._longest_s * 1000

    def start(self) -> None:
        """Begin to watch."""
        self.reset()
        self._timer.start()

    def stop(self) -> None:
        """End watching."""
        self._timer.stop()

    def reset(self) -> None:
        """Forget what was measured."""
        self._longest_s = self._last_s = None

    @Slot()
    def tick(self) -> None:
        """Note how much later than due this tick is."""
        now = time.perf_counter()
        if self._last_s is not None:
            late = max(now - self._last_s - TICK_MS / 1000, 0.0)
            self._longest_s = max(late, self._longest_s or 0.0)
        self._last_s = now
