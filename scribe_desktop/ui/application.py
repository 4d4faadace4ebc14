"""Starts the window, ends it in order, and says so when something unforeseen happens.

This is the one place where the window is put together. Leaving is crash-only:
what was spoken is in the spool before anything here is asked to stop.
"""

import logging
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from types import TracebackType

from PySide6.QtCore import QObject, QSocketNotifier, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QSessionManager
from PySide6.QtWidgets import QApplication, QMessageBox

from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.pictures import program_icon
from scribe_desktop.ui.theme import colours_for, dress
from scribe_desktop.ui.titles import TITLE
from scribe_desktop.ui.workplace import NOTHING_AROUND, Workplace

log = logging.getLogger(__name__)


class WindowCommands(QObject):
    """What other threads may ask of the window; each call returns at once."""

    _show_wanted = Signal()
    _hide_wanted = Signal()
    _quit_wanted = Signal()

    def __init__(self, window: MainWindow) -> None:
        super().__init__()
        self._window = window
        queued = Qt.ConnectionType.QueuedConnection
        self._show_wanted.connect(self._bring_to_front, queued)
        self._hide_wanted.connect(self._window.hide, queued)
        self._quit_wanted.connect(self._leave, queued)

    def show(self) -> None:
        """Bring the window to the front. Any thread."""
        self._show_wanted.emit()

    def hide(self) -> None:
        """Put the window away. Any thread."""
        self._hide_wanted.emit()

    def quit(self) -> None:
        """Leave without asking. Any thread."""
        self._quit_wanted.emit()

    @Slot()
    def _bring_to_front(self) -> None:
        window = self._window
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()

    @Slot()
    def _leave(self) -> None:
        self._window.close_without_asking()


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

    _failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._is_open = False
        self._before = sys.excepthook
        self._failed.connect(self._tell, Qt.ConnectionType.QueuedConnection)
        sys.excepthook = self._caught

    def close(self) -> None:
        """Give the hook back."""
        sys.excepthook = self._before

    def _caught(
        self, kind: type[BaseException], _bug: BaseException, trace: TracebackType | None
    ) -> None:
        """Any thread. Only where it happened is written down: the words may be a patient's."""
        place = "unknown place"
        while trace is not None:
            place = f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}"
            trace = trace.tb_next
        log.error("unforeseen %s at %s", kind.__name__, place)
        self._failed.emit(f"{kind.__name__} at {place}")

    @Slot(str)
    def _tell(self, where: str) -> None:
        if self._is_open:
            return
        self._is_open = True
        box = QMessageBox()
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(TITLE)
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText("Something went wrong inside the program. Your recordings are safe.")
        box.setInformativeText(f"You can go on. If it happens again, report this: {where}")
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.finished.connect(self._closed)
        box.open()

    @Slot()
    def _closed(self) -> None:
        self._is_open = False


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
    application.setDesktopFileName("scribe-desktop")
    application.setWindowIcon(program_icon())
    return application


def run_window(
    line: Line,
    workplace: Workplace = NOTHING_AROUND,
    *,
    ready: Callable[[WindowCommands], None] = lambda _commands: None,
) -> int:
    """Show the window until it is closed; returns the exit code.

    `ready` is called once on the GUI thread when the window is on screen.
    Everything that is started here is ended here; the line is the caller's.
    """
    began = time.monotonic()
    application = make_application()
    last_resort = LastResort()
    bridge = Bridge(line)
    window = MainWindow(line, bridge, workplace)
    look = Look(application, window, line)
    commands = WindowCommands(window)
    signals = SystemSignals(window.close_without_asking)
    application.commitDataRequest.connect(_Goodbye(window).before_the_session_ends)
    window.closed.connect(application.quit)
    look.apply()
    window.show()
    log.info("window shown after %.0f ms", (time.monotonic() - began) * 1000)
    ready(commands)
    try:
        return application.exec()
    finally:
        signals.close()
        bridge.close()
        last_resort.close()


class Look(QObject):
    """Keeps the colours what the setting and the desktop say."""

    def __init__(self, application: QApplication, window: MainWindow, line: Line) -> None:
        super().__init__()
        self._application = application
        self._window = window
        self._line = line
        application.styleHints().colorSchemeChanged.connect(self.apply)

    @Slot()
    def apply(self) -> None:
        """Dress everything anew."""
        colours = colours_for(self._line.settings().theme)
        dress(self._application, colours)
        self._window.use(colours)


class _Goodbye(QObject):
    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    @Slot(QSessionManager)
    def before_the_session_ends(self, _manager: QSessionManager) -> None:
        """The user signs out: leave at once, what was spoken is in the spool."""
        self._window.close_without_asking()
