"""Starts the window, ends it in order, and says so when something unforeseen happens.

This is the one place where the window is put together. Leaving is crash-only:
what was spoken is in the spool before anything here is asked to stop.
"""

import logging
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from types import TracebackType

from PySide6.QtCore import QEvent, QObject, QSettings, QSocketNotifier, Qt, Slot
from PySide6.QtGui import QFileOpenEvent, QGuiApplication, QSessionManager
from PySide6.QtWidgets import QApplication, QMessageBox

from scribe_desktop.domain.errors import ScribeError, place_of
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.crossing import Crossing
from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.pictures import program_icon
from scribe_desktop.ui.titles import TITLE
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import NOTHING_AROUND, Workplace

log = logging.getLogger(__name__)

RINGS_BY_EVENT = sys.platform == "darwin"
"""Elsewhere the doorbell would wait for Python's lock at every event and never ring."""


class WindowCommands(QObject):
    """What other threads may ask of the window; each call returns at once. Any thread."""

    def __init__(self, windows: Windows) -> None:
        super().__init__()
        self._windows = windows
        self._wanted = Crossing(self._obey)

    def show(self) -> None:
        """Bring the window to the front."""
        self._wanted.send(self._windows.bring_to_front)

    def show_or_hide(self) -> None:
        """Bring the window to the front, or put it away when it is there."""
        self._wanted.send(self._windows.show_or_hide)

    def cancel(self) -> None:
        """Set the running dictation aside, and offer to take that back."""
        self._wanted.send(self._windows.deeds.cancel)

    def insert_last(self) -> None:
        """Insert the text of the latest dictation."""
        self._wanted.send(self._windows.insert_last)

    def copy_last(self) -> None:
        """Copy the text of the latest dictation."""
        self._wanted.send(self._windows.copy_last)

    def play_or_pause(self) -> None:
        """Play the recording that is shown, or pause it."""
        self._wanted.send(self._windows.play_or_pause)

    def begin_skipping(self, direction: int) -> None:
        """Go back (-1) or forward (1) in it, and on until `end_skipping`."""
        self._wanted.send(partial(self._windows.begin_skipping, direction))

    def end_skipping(self) -> None:
        """The button or pedal came up."""
        self._wanted.send(self._windows.end_skipping)

    def bookmark(self) -> None:
        """Mark the place in it, or take the mark away."""
        self._wanted.send(self._windows.bookmark)

    def go_to_stop(self, direction: int) -> None:
        """To the next (1) or the last (-1) field or heading of the text."""
        self._wanted.send(partial(self._windows.go_to_stop, direction))

    def tell(self, message: str, remedy: str = "") -> None:
        """Show a sentence."""
        self._wanted.send(lambda: self._windows.main.strip.tell(Telling(message, remedy)))

    def lock(self) -> None:
        """Hide every text: the screen was locked, or the clinician walked away."""
        self._wanted.send(self._windows.lock)

    def microphones_changed(self) -> None:
        """A microphone was plugged in or out."""
        self._wanted.send(self._windows.main.refresh_microphones)

    def settings_changed(self) -> None:
        """A setting was changed by something else than the window."""
        self._wanted.send(self._windows.deeds.settings_changed.emit)

    def call(self, work: Callable[[], None]) -> None:
        """Have `work` done on the GUI thread, for what only Qt can do there."""
        self._wanted.send(work)

    def quit(self) -> None:
        """Leave without asking: what was spoken is in the spool."""
        self._wanted.send(self._windows.main.close_without_asking)

    @property
    def is_sent_away(self) -> bool:
        """Whether the system ends the program, not the person in front of it."""
        return self._windows.main.is_sent_away

    @Slot(object)
    def _obey(self, deed: Callable[[], None]) -> None:
        deed()


class SystemSignals(QObject):
    """Turns SIGTERM, SIGINT and SIGHUP into an orderly end.

    A Python signal handler runs only when the interpreter does; the wake-up
    descriptor makes Qt's loop notice at once, without a timer.
    """

    def __init__(self, leave: Callable[[], None]) -> None:
        super().__init__()
        self._leave = leave
        self._far, self._near = socket.socketpair()
        self._far.setblocking(False)
        self._near.setblocking(False)
        self._before = signal.set_wakeup_fd(self._far.fileno(), warn_on_full_buffer=False)
        self._handlers = {
            number: signal.signal(number, lambda *_: None)
            for number in (getattr(signal, name, None) for name in ("SIGTERM", "SIGINT", "SIGHUP"))
            if number is not None
        }
        self._notifier = QSocketNotifier(self._near.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._heard)

    @Slot()
    def _heard(self) -> None:
        self._near.recv(64)
        self._leave()

    def close(self) -> None:
        """Give the signals back."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._before)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._near.close()
        self._far.close()


class LastResort(QObject):
    """Says that something unforeseen happened, without a word of what was dictated."""

    def __init__(self) -> None:
        super().__init__()
        self._box: QMessageBox | None = None
        self._before = sys.excepthook, threading.excepthook
        self._failed = Crossing(self._tell)
        sys.excepthook = self._caught
        threading.excepthook = self._caught_in_thread

    def close(self) -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook = self._before

    def _caught_in_thread(self, caught: threading.ExceptHookArgs) -> None:
        # As Python itself has it: this is how a thread may end.
        if not issubclass(caught.exc_type, SystemExit):
            self._failed.send(_noted(caught.exc_type, caught.exc_traceback))

    def _caught(
        self, kind: type[BaseException], _bug: BaseException, trace: TracebackType | None
    ) -> None:
        """Any thread."""
        self._failed.send(_noted(kind, trace))

    @Slot(str)
    def _tell(self, where: str) -> None:
        if self._box is not None:
            return
        # Kept: a window without a parent goes with the last name it has.
        self._box = box = QMessageBox()
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(TITLE)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText("Something went wrong inside the program. Your recordings are safe.")
        box.setInformativeText(f"You can go on. If it happens again, report this: {where}")
        box.finished.connect(self._closed)
        box.open()

    @Slot()
    def _closed(self) -> None:
        if self._box is not None:
            self._box.deleteLater()
        self._box = None


def _noted(kind: type[BaseException], trace: TracebackType | None) -> str:
    """Write down where it happened, and only that: the words may be a patient's."""
    fault = f"{kind.__name__} at {place_of(trace)}"
    log.error("unforeseen %s", fault)
    return fault


def tell_without_window(words: ScribeError) -> None:
    """Say why there is no window, or what the disk did not take of it; waits until it is read."""
    make_application()
    box = QMessageBox(
        QMessageBox.Icon.Warning, TITLE, words.message, QMessageBox.StandardButton.Close
    )
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setInformativeText(words.remedy)
    box.exec()


def has_the_focus() -> bool:
    """Whether one of our own windows gets the keys."""
    return QGuiApplication.focusWindow() is not None


def make_application(arguments: Sequence[str] = ()) -> QApplication:
    """The one QApplication, named so that desktops and settings find it."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    QGuiApplication.setHighDpiScaleFactorRoundingPolicy(
        Qt.HighDpiScaleFactorRoundingPolicy.PassThrough
    )
    application = QApplication([TITLE, *arguments])
    application.setApplicationName("scribe-desktop")
    application.setApplicationDisplayName(TITLE)
    # Under Wayland this is how a desktop finds our entry: icon, name, one group of windows.
    application.setDesktopFileName("org.scribe_desktop.ScribeDesktop")
    application.setWindowIcon(program_icon())
    return application


def run_window(
    line: Line,
    workplace: Workplace = NOTHING_AROUND,
    *,
    ready: Callable[[WindowCommands], None] = lambda _commands: None,
    places_file: str = "",
    hidden: bool = False,
) -> int:
    """Show the window until it is closed; returns the exit code.

    `ready` is called once on the GUI thread when the window is on screen.
    `places_file` keeps where windows were; without it they are forgotten.
    `hidden` starts in the tray, or minimised where there is none. Everything that is started
    here is ended here; the line is the caller's.
    """
    began = time.monotonic()
    application = make_application()
    application.setQuitOnLastWindowClosed(False)
    last_resort = LastResort()
    bridge = Bridge(line)
    windows = Windows(application, line, bridge, workplace, _places(places_file))
    commands = WindowCommands(windows)
    signals = SystemSignals(windows.main.close_without_asking)
    goodbye = _Goodbye(windows)
    doorbell = _Doorbell(windows)
    if RINGS_BY_EVENT:
        application.installEventFilter(doorbell)
    application.commitDataRequest.connect(goodbye.before_the_session_ends)
    windows.main.closed.connect(application.quit)
    windows.open(hidden=hidden)
    windows.stalls.started_ms = (time.monotonic() - began) * 1000
    log.info("window shown after %.0f ms", windows.stalls.started_ms)
    ready(commands)
    try:
        return application.exec()
    finally:
        application.removeEventFilter(doorbell)
        windows.close()
        signals.close()
        bridge.close()
        last_resort.close()


def _places(path: str) -> QSettings:
    if path:
        return QSettings(path, QSettings.Format.IniFormat)
    return QSettings("", QSettings.Format.IniFormat)


class _Doorbell(QObject):
    """macOS hands a double-clicked recording or a link to the running program, as an event."""

    def __init__(self, windows: Windows) -> None:
        super().__init__()
        self._windows = windows

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Import a recording. A link only shows the window: any web page can offer one."""
        if not isinstance(event, QFileOpenEvent):
            return super().eventFilter(watched, event)
        self._windows.bring_to_front()
        if event.url().isLocalFile():
            self._windows.deeds.import_file(event.file())
        return True


class _Goodbye(QObject):
    def __init__(self, windows: Windows) -> None:
        super().__init__()
        self._windows = windows

    @Slot(QSessionManager)
    def before_the_session_ends(self, _manager: QSessionManager) -> None:
        """The user signs out: leave at once, what was spoken is in the spool."""
        self._windows.main.close_without_asking()
