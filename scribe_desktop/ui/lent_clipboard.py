"""Lends the clipboard to an insertion and gives it back as it was.

The text is handed out only when somebody asks for it, so it is known whether
the other program really took it: a paste that nobody fetched is not called
inserted. Runs on the GUI thread, because the window's library answers other
programs there.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

from PySide6.QtCore import QByteArray, QMimeData, QTimer
from PySide6.QtGui import QClipboard, QGuiApplication

from scribe_desktop.ui.clipboard import NOT_FOR_HISTORIES

_TEXT = ("text/plain;charset=utf-8", "text/plain")
_CLIPBOARD, _SELECTION = QClipboard.Mode.Clipboard, QClipboard.Mode.Selection
Result = TypeVar("Result")


class _Offered(QMimeData):
    """The text, and who asked for it."""

    def __init__(self, text: str, reader: Callable[[], int]) -> None:
        super().__init__()
        self._text = text
        self._reader = reader
        self.readers: list[int] = []

    def formats(self) -> list[str]:
        return [*_TEXT, *NOT_FOR_HISTORIES]

    def hasFormat(self, mimetype: str, /) -> bool:
        return mimetype in self.formats()

    def retrieveData(self, mimetype: str, _preferred: object, /) -> object:
        if mimetype in _TEXT:
            self.readers.append(self._reader())
            return self._text
        return QByteArray(NOT_FOR_HISTORIES.get(mimetype, b""))


@dataclass(frozen=True, slots=True)
class _Kept:
    formats: dict[QClipboard.Mode, dict[str, bytes]]


class LentClipboard:
    """The system's clipboard and, where there is one, the X selection. GUI thread.

    `reader` names the process that is fetching at this moment, 0 where the
    system does not tell.
    """

    def __init__(self, reader: Callable[[], int] = lambda: 0) -> None:
        self._reader = reader
        self._clipboard = QGuiApplication.clipboard()
        self._offered: dict[QClipboard.Mode, _Offered] = {}

    def keep(self) -> object:
        """Everything there is, in all formats."""
        modes = [_CLIPBOARD, *([_SELECTION] if self._clipboard.supportsSelection() else [])]
        return _Kept({mode: self._read(mode) for mode in modes})

    def offer(self, text: str, *, selection: bool) -> None:
        """Put text there, marked for no history to keep."""
        self._offered = {}
        modes = [_CLIPBOARD]
        if selection and self._clipboard.supportsSelection():
            modes.append(_SELECTION)
        for mode in modes:
            self._offered[mode] = _Offered(text, self._reader)
            self._clipboard.setMimeData(self._offered[mode], mode)

    def reads(self, pid: int) -> int:
        """How often this process, or one the system does not name, fetched the offered text."""
        readers = [reader for offered in self._offered.values() for reader in offered.readers]
        return sum(reader in (0, pid) for reader in readers)

    def still_ours(self) -> bool:
        """Whether nobody has copied anything since."""
        return _CLIPBOARD in self._offered and self._owns(_CLIPBOARD)

    def put_back(self, kept: object) -> None:
        """Restore what `keep` returned, wherever the offered text still is."""
        if not isinstance(kept, _Kept):
            raise TypeError("only what `keep` returned can be put back")
        for mode in self._offered:
            if self._owns(mode):
                self._write(mode, kept.formats.get(mode, {}))
        self._offered = {}

    def _owns(self, mode: QClipboard.Mode) -> bool:
        # Once another program has copied, this is another object.
        return self._clipboard.mimeData(mode) is self._offered.get(mode)

    def _read(self, mode: QClipboard.Mode) -> dict[str, bytes]:
        held = self._clipboard.mimeData(mode)
        return {name: bytes(held.data(name).data()) for name in held.formats()} if held else {}

    def _write(self, mode: QClipboard.Mode, formats: dict[str, bytes]) -> None:
        if not formats:
            self._clipboard.clear(mode)
            return
        carried = QMimeData()
        for name, value in formats.items():
            carried.setData(name, QByteArray(value))
        self._clipboard.setMimeData(carried, mode)


def run_steps(steps: Generator[float, None, Result], finished: Callable[[Result], None]) -> None:
    """Run steps that yield seconds to wait, on the GUI thread, without ever blocking it."""

    def go_on() -> None:
        try:
            wait_s = next(steps)
        except StopIteration as stop:
            finished(stop.value)
            return
        QTimer.singleShot(round(wait_s * 1000), go_on)

    go_on()
