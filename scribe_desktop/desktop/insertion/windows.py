"""Focus and key strokes on Windows.

Windows drops key strokes that an ordinary program sends to one that runs as
administrator, and says nothing. So that is looked for before, and the text is
left on the clipboard with a word about it.
"""

import os
from typing import Protocol

from scribe_desktop.desktop.insertion.insert import NotAllowed, TypesAtOnce
from scribe_desktop.desktop.insertion.target import Target


class Front(Protocol):
    """The calls made of Windows; `win32.FrontCalls` is the real one."""

    def front(self) -> tuple[int, int]:
        """The window in front and its process."""

    def program(self, pid: int) -> str:
        """The file name of a process."""

    def is_elevated(self, pid: int) -> bool:
        """Whether it runs as administrator."""

    def modifiers_held(self) -> bool:
        """Whether a modifier is down."""

    def press_paste(self) -> None:
        """Ctrl+V. Raises OSError when Windows refuses."""

    def type(self, text: str) -> None:
        """Write characters. Raises OSError when Windows refuses."""


class WindowsFocus:
    """Asks Windows which window is in front."""

    def __init__(self, calls: Front, own_pid: int | None = None) -> None:
        self._calls = calls
        self._own_pid = os.getpid() if own_pid is None else own_pid

    def current(self) -> Target | None:
        """The window in front, unless it is our own."""
        window, pid = self._calls.front()
        if not window or pid in (0, self._own_pid):
            return None
        return Target(window, self._calls.program(pid), pid)


class WindowsKeyboard(TypesAtOnce):
    """Sends key strokes to the window in front."""

    def __init__(self, calls: Front, own_pid: int | None = None) -> None:
        self._calls = calls
        self._own_pid = os.getpid() if own_pid is None else own_pid

    def modifiers_held(self) -> bool:
        """Whether a modifier is physically down."""
        return self._calls.modifiers_held()

    def paste(self, target: Target) -> None:
        """Ctrl+V, which today's Windows terminals understand too."""
        self._refuse_where_strokes_are_lost(target.pid)
        try:
            self._calls.press_paste()
        except OSError as error:
            raise NotAllowed from error

    def type(self, text: str, /) -> None:
        """Write characters as they are."""
        _, pid = self._calls.front()
        self._refuse_where_strokes_are_lost(pid)
        try:
            self._calls.type(text)
        except OSError as error:
            raise NotAllowed from error

    def _refuse_where_strokes_are_lost(self, pid: int) -> None:
        if self._calls.is_elevated(pid) and not self._calls.is_elevated(self._own_pid):
            raise NotAllowed
