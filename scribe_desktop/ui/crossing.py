"""Brings something from another thread to the window, also when the window is gone by then.

A signal that a thread emits while the GUI thread deletes its object reads memory
that was given back: a window that was closed just as an answer came ended the
program with a segmentation fault. So threads emit the signal of one object that
stays to the end, and whether anybody still waits is looked at on the GUI thread.
"""

import atexit
import functools
import threading
import weakref
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from shiboken6 import isValid


class Crossing:
    """Has `take`, a method of an object of Qt, called on the GUI thread; made on that thread.

    It keeps nothing alive: the last name of a widget must not be let go of by a thread.
    """

    def __init__(self, take: Callable[..., object]) -> None:
        self._take = weakref.WeakMethod(take)
        self._ferry = _ferry()

    def send(self, *values: object) -> None:
        """Have these values taken in, or dropped when nobody is left to do so. Any thread."""
        self._ferry.carry(self, values)

    def land(self, values: tuple[Any, ...]) -> None:
        """On the GUI thread."""
        take = self._take()
        if take is not None and isValid(getattr(take, "__self__", None)):
            take(*values)


class _Ferry(QObject):
    """The one object whose signal other threads emit."""

    _left = Signal(object, object)

    def __init__(self) -> None:
        super().__init__()
        # Held while Python may collect garbage, and what is collected may send, too.
        self._lock = threading.RLock()
        self._runs = True
        self._left.connect(self._land, Qt.ConnectionType.QueuedConnection)

    def carry(self, crossing: Crossing, values: tuple[Any, ...]) -> None:
        """Any thread."""
        with self._lock:
            if self._runs:
                self._left.emit(crossing, values)

    def stop(self) -> None:
        """Carry no more; whoever is on board arrives first."""
        with self._lock:
            self._runs = False

    @Slot(object, object)
    def _land(self, crossing: Crossing, values: tuple[Any, ...]) -> None:
        crossing.land(values)


@functools.cache
def _ferry() -> _Ferry:
    ferry = _Ferry()
    # The binding deletes all that is left of Qt when the program ends, while threads may still run.
    atexit.register(ferry.stop)
    return ferry
