"""The Windows half of the Wine check: the program's own backends, told what to do line by line.

Runs under a real Windows Python. Every line on standard input is a command in
JSON, every line on standard output its answer. Notepad stands in for the
record system.
"""

import ctypes
import json
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from ctypes import wintypes
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from scribe_desktop.desktop.actions import Action, ActionEvent
from scribe_desktop.desktop.hotkeys.backend import Binding, Bound
from scribe_desktop.desktop.hotkeys.chord import Chord
from scribe_desktop.desktop.hotkeys.windows import WindowsHotkeys
from scribe_desktop.desktop.idle import idle_s
from scribe_desktop.desktop.insertion.insert import Inserted, Method, Outcome, insertion
from scribe_desktop.desktop.insertion.select import clipboard_reader, insertion_here
from scribe_desktop.desktop.insertion.target import Target
from scribe_desktop.desktop.lock import windows_is_locked
from scribe_desktop.desktop.power import KeepAwake
from scribe_desktop.ui.lent_clipboard import LentClipboard, run_steps

_WAIT_S = 20.0
_WM_GETTEXT, _WM_SETTEXT, _EM_SETSEL = 0x0D, 0x0C, 0xB1
_LONGEST_TEXT = 200_000


class Reader(QObject):
    """Carries the lines to the GUI thread."""

    arrived = Signal(str)

    def start(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in sys.stdin:
            self.arrived.emit(line)
        self.arrived.emit("")


class Commands(QObject):
    """What can be asked; one method each."""

    def __init__(self) -> None:
        super().__init__()
        self._user32: Any = ctypes.WinDLL("user32")  # type: ignore[attr-defined,unused-ignore]
        self._keys = WindowsHotkeys()
        self._rival = WindowsHotkeys()
        self._events: list[ActionEvent] = []
        tools = insertion_here(LentClipboard(clipboard_reader())).tools
        if tools is None:
            raise RuntimeError("no insertion on Windows")
        self._tools = tools
        self._remembered: Target | None = None
        self._notepads: list[subprocess.Popen[bytes]] = []
        self._keys.start(self._events.append, lambda _error: None)
        self._rival.start(lambda _event: None, lambda _error: None)

    @Slot(str)
    def obey(self, line: str) -> None:
        if not line:
            self._keys.stop()
            self._rival.stop()
            for notepad in self._notepads:
                notepad.terminate()
            QApplication.quit()
            return
        command = json.loads(line)
        try:
            answer = getattr(self, f"do_{command.pop('do')}")(**command)
        except Exception:  # noqa: BLE001  whatever it was, the other half must hear of it
            answer = {"raised": traceback.format_exc()}
        if answer is not None:
            _say(answer)

    def do_bind(self, keys: dict[str, str]) -> object:
        return _told(self._keys.bind({Action(a): Chord.parse(k) for a, k in keys.items()}))

    def do_rival(self, keys: dict[str, str]) -> object:
        return _told(self._rival.bind({Action(a): Chord.parse(k) for a, k in keys.items()}))

    def do_events(self) -> object:
        events, self._events[:] = list(self._events), []
        return [[event.action, event.edge, event.at_s] for event in events]

    def do_notepad(self) -> object:
        before = self._windows()
        self._notepads.append(subprocess.Popen(["notepad.exe"]))
        return next(iter(_wait_for(lambda: self._windows() - before)))

    def do_front(self, window: int) -> object:
        def in_front() -> bool:
            self._user32.SetForegroundWindow(wintypes.HWND(window))
            return self._tools.focus.current() is not None and self._front() == window

        return bool(_wait_for(in_front))

    def do_text(self, window: int) -> object:
        text = ctypes.create_unicode_buffer(_LONGEST_TEXT)
        self._send(self._edit(window), _WM_GETTEXT, _LONGEST_TEXT, text)
        return text.value

    def do_fill(self, window: int, text: str, cursor: int) -> object:
        edit = self._edit(window)
        self._send(edit, _WM_SETTEXT, 0, ctypes.c_wchar_p(text))
        self._send(edit, _EM_SETSEL, cursor, cursor)
        return True

    def do_copy(self, text: str) -> object:
        QGuiApplication.clipboard().setText(text)
        return True

    def do_clipboard(self) -> object:
        return QGuiApplication.clipboard().text()

    def do_formats(self) -> object:
        clipboard = self._tools.clipboard
        kept = clipboard.keep()
        clipboard.offer("text", selection=False)
        self._user32.OpenClipboard(None)
        names, number = [], 0
        while number := self._user32.EnumClipboardFormats(number):
            name = ctypes.create_unicode_buffer(100)
            self._user32.GetClipboardFormatNameW(number, name, 100)
            names.append(name.value or str(number))
        self._user32.CloseClipboard()
        clipboard.put_back(kept)
        return names

    def do_remember(self) -> object:
        self._remembered = self._tools.focus.current()
        return self._remembered.program if self._remembered else ""

    def do_insert(self, text: str, method: str) -> None:
        def tell(outcome: Outcome) -> None:
            if isinstance(outcome, Inserted):
                _say("inserted verified" if outcome.verified else "inserted")
            else:
                _say(f"refused {outcome.reason}")

        run_steps(insertion(text, self._remembered, self._tools, Method(method)), tell)

    def do_awake(self) -> object:
        told: list[bool] = []
        heard = threading.Event()

        def tell(active: bool) -> None:  # noqa: FBT001  as it is called
            told.append(active)
            heard.set()

        awake = KeepAwake(tell)
        awake.hold()
        heard.wait(_WAIT_S)
        awake.release()
        return told

    def do_locked(self) -> object:
        return windows_is_locked()

    def do_idle(self) -> object:
        return idle_s("win32")

    def _front(self) -> int:
        target = self._tools.focus.current()
        return target.window if target else 0

    def _windows(self) -> set[int]:
        found: set[int] = set()
        window = 0
        while window := self._find(0, window, "Notepad"):
            found.add(window)
        return found

    def _edit(self, window: int) -> int:
        return self._find(window, 0, "Edit") or self._find(window, 0, "RichEdit20W")

    def _find(self, parent: int, after: int, kind: str) -> int:
        find = self._user32.FindWindowExW
        find.restype = wintypes.HWND
        find.argtypes = [wintypes.HWND, wintypes.HWND, wintypes.LPCWSTR, wintypes.LPCWSTR]
        return int(find(parent, after, kind, None) or 0)

    def _send(self, window: int, message: int, first: int, second: object) -> None:
        send = self._user32.SendMessageW
        send.argtypes = [wintypes.HWND, wintypes.UINT, wintypes.WPARAM, ctypes.c_void_p]
        pointer = second if isinstance(second, int) else ctypes.cast(second, ctypes.c_void_p)  # type: ignore[arg-type]
        send(window, message, first, pointer)


def _told(bound: Any) -> dict[str, str]:
    def tell(binding: Binding) -> str:
        return binding.description if isinstance(binding, Bound) else str(binding)

    return {str(action): tell(binding) for action, binding in bound.items()}


def _wait_for(condition: Callable[[], Any]) -> Any:
    pause, deadline = threading.Event(), time.monotonic() + _WAIT_S
    while time.monotonic() < deadline:
        if value := condition():
            return value
        pause.wait(0.05)
        QApplication.processEvents()
    raise TimeoutError


def _say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    application = QApplication(["check"])
    reader, commands = Reader(), Commands()
    reader.arrived.connect(commands.obey, Qt.ConnectionType.QueuedConnection)
    reader.start()
    _say("ready")
    application.exec()


if __name__ == "__main__":
    main()
