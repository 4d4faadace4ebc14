"""Carries what happens on other threads to the window, one notice at a time.

The line calls from whatever thread it likes, and everything behind `_sort` runs
on the GUI thread.
"""

import threading
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, Signal, SignalInstance, Slot

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.notices import (
    ImportProgressed,
    LiveText,
    MicrophoneChanged,
    Notice,
    OfferChanged,
    PartEnding,
    RecordingsOpened,
    ResultsStored,
    SessionChanged,
    SettingChanged,
    SilenceNoticed,
    SpoolTrouble,
    Trouble,
)
from scribe_desktop.ui.crossing import Crossing
from scribe_desktop.ui.line import Line

T = TypeVar("T")


class Bridge(QObject):
    """The line's notices as Qt signals on the GUI thread.

    Signals carry the notice itself, but `session_changed` and `offer_changed`
    the snapshot in it, `results_stored` the id and `setting_changed` the name.
    """

    session_changed = Signal(object)
    results_stored = Signal(str)
    live_text_changed = Signal(object)
    microphone_changed = Signal(object)
    offer_changed = Signal(object)
    spool_troubled = Signal(object)
    troubled = Signal(object)
    import_progressed = Signal(object)
    silence_noticed = Signal(object)
    part_ending = Signal(object)
    setting_changed = Signal(str)
    recordings_opened = Signal()

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._whole: dict[type[Notice], SignalInstance] = {
            LiveText: self.live_text_changed,
            MicrophoneChanged: self.microphone_changed,
            ImportProgressed: self.import_progressed,
            SilenceNoticed: self.silence_noticed,
            PartEnding: self.part_ending,
            SpoolTrouble: self.spool_troubled,
            Trouble: self.troubled,
        }
        self._unsubscribe = line.subscribe(Crossing(self._sort).send)

    def close(self) -> None:
        """Hear no more; notices already queued still arrive."""
        self._unsubscribe()

    @Slot(object)
    def _sort(self, notice: Notice) -> None:
        match notice:
            case SessionChanged(session):
                self.session_changed.emit(session)
            case ResultsStored(session_id):
                self.results_stored.emit(session_id)
            case OfferChanged(offer):
                self.offer_changed.emit(offer)
            case SettingChanged(name):
                self.setting_changed.emit(name)
            case RecordingsOpened():
                self.recordings_opened.emit()
            case _:
                self._whole[type(notice)].emit(notice)


class Errands(QObject):
    """Runs what may wait (a device list, decoding, a sign-in) away from the GUI thread.

    Each errand has a thread of its own, because one that hangs in a driver
    must not hold up the next. What it brings back is handed over on the GUI
    thread.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._returned = Crossing(self._hand_over)

    def run(
        self,
        work: Callable[[], T],
        done: Callable[[T], None],
        failed: Callable[[ScribeError], None],
    ) -> None:
        """Call `work` elsewhere, then `done` or `failed` here, if the window is still there.

        Anything but a ScribeError is our bug and is raised here, for the
        last-resort handler.
        """
        returned = self._returned

        def errand() -> None:
            outcome: Callable[[], None]
            try:
                result = work()
            except ScribeError as error:
                outcome = _bound(failed, error)
            except Exception as bug:  # noqa: BLE001  carried to the GUI thread, not swallowed
                outcome = _raiser(bug)
            else:
                outcome = _bound(done, result)
            returned.send(outcome)

        threading.Thread(target=errand, name="errand", daemon=True).start()

    @Slot(object)
    def _hand_over(self, outcome: Callable[[], None]) -> None:
        outcome()


def _bound(call: Callable[[T], None], value: T) -> Callable[[], None]:
    return lambda: call(value)


def _raiser(bug: Exception) -> Callable[[], None]:
    def raise_it() -> None:
        raise bug

    return raise_it
