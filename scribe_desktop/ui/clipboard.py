"""Puts text on the clipboard, and keeps it out of clipboard histories.

Clipboard histories and cloud clipboards keep what they see; a note about a
patient must not be kept there. Each system has its own mark for that
(PLATFORM.md §4), and a mark that a system does not know does no harm.
"""

from PySide6.QtCore import QByteArray, QMimeData
from PySide6.QtGui import QGuiApplication

# Qt registers a Windows format under exactly the name it is given when it
# writes; the name with a prefix, as Qt shows formats when it reads, was seen
# under Wine to arrive with the prefix and to mean nothing to a history.
_ZERO = b"\x00\x00\x00\x00"
NOT_FOR_HISTORIES = {
    "ExcludeClipboardContentFromMonitorProcessing": _ZERO,
    "CanIncludeInClipboardHistory": _ZERO,
    "CanUploadToCloudClipboard": _ZERO,
    "x-kde-passwordManagerHint": b"secret",
    "org.nspasteboard.ConcealedType": b"",
}


def copy_text(text: str) -> None:
    """Put `text` on the clipboard. GUI thread."""
    carried = QMimeData()
    carried.setText(text)
    for name, value in NOT_FOR_HISTORIES.items():
        carried.setData(name, QByteArray(value))
    QGuiApplication.clipboard().setMimeData(carried)


def read_all() -> dict[str, bytes]:
    """Everything on the clipboard, in all its formats. GUI thread."""
    held = QGuiApplication.clipboard().mimeData()
    return {name: bytes(held.data(name).data()) for name in held.formats()} if held else {}


def read_text() -> str:
    """The text on the clipboard. GUI thread."""
    return QGuiApplication.clipboard().text()


def write_all(formats: dict[str, bytes]) -> None:
    """Put back what `read_all` returned. GUI thread."""
    if not formats:
        QGuiApplication.clipboard().clear()
        return
    carried = QMimeData()
    for name, value in formats.items():
        carried.setData(name, QByteArray(value))
    QGuiApplication.clipboard().setMimeData(carried)
