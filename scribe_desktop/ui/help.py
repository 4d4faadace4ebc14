"""Help on one page: how a dictation goes, and a sheet of keys."""

import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QGridLayout,
    QScrollArea,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop import __version__
from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui.pictures import program_icon
from scribe_desktop.ui.pieces import label, paragraph, rule
from scribe_desktop.ui.theme import SPACE
from scribe_desktop.ui.titles import TITLE

_HOW = """\
Press the key or Record and speak. Red means that the microphone hears you. Press again to stop. \
The text appears by itself; a recording that cannot be sent yet waits safely on this computer.
A cancelled dictation can be restored for 7 days: find it in the list and press Restore.
Always read a note before you use it. The recording can be played beside it.\
"""

_SET_KEYS = (
    ("key_toggle", "Record or stop; hold it to talk"),
    ("key_pause", "Pause or go on"),
    ("key_cancel", "Cancel the dictation"),
    ("key_insert_last", "Insert the last text"),
    ("key_show", "Show or hide the window"),
)
_KEYS = (
    ("Ctrl+F", "Find a dictation"),
    ("Ctrl+O", "Open a recording"),
    ("Ctrl+T", "Have notes written from a text"),
    ("Ctrl+,", "Settings"),
    ("Ctrl+L", "Hide all text until you are back"),
    ("F1", "This page"),
    ("F8", "Play the recording, or pause"),
    ("F7, F9", "Three seconds back or forward in the recording"),
    ("Ctrl+B", "Bookmark this place in the recording"),
    ("F4, Shift+F4", "To the next field [ ] or heading, and back"),
    ("Tab, Shift+Tab", "To the next control, and back"),
    ("Delete", "In the list: delete a dictation for good, after a question"),
    ("Arrows", "Move in lists and between transcript and notes"),
    ("Ctrl+Q", "Quit"),
)


def keys_in_force(settings: Settings) -> tuple[tuple[str, str], ...]:
    """The sheet of keys: those that were set, and those that are always so."""
    if not settings.global_keys:
        return ((settings.key_toggle, "Record or stop, in this window"), *_KEYS)
    chosen = ((getattr(settings, name), f"{words}, in any program") for name, words in _SET_KEYS)
    return (*((key, words) for key, words in chosen if key), *_KEYS)


def show_help(parent: QWidget, settings: Settings) -> QDialog:
    """Open the help page."""
    dialog, column = _page(parent, "Help")
    for sentence in _HOW.splitlines():
        column.addWidget(paragraph(sentence))
    column.addSpacing(SPACE)
    column.addWidget(rule())
    column.addWidget(label("Keys", ratio=1.15, bold=True))
    grid = QGridLayout()
    grid.setHorizontalSpacing(SPACE * 3)
    grid.setVerticalSpacing(SPACE)
    grid.setColumnStretch(1, 1)
    for number, (keys, words) in enumerate(keys_in_force(settings)):
        grid.addWidget(label(keys, bold=True), number, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(paragraph(words), number, 1)
    column.addLayout(grid)
    column.addStretch(1)
    dialog.resize(560, 560)
    dialog.open()
    return dialog


def licence_notices() -> str:
    """The parts and their licences: all of them as installed, the chapter on them in the source."""
    installed = getattr(sys, "_MEIPASS", None)
    source = Path(__file__).resolve().parents[2] / "packaging" / "licences" / "notice.md"
    file = Path(installed) / "licences" / "THIRD-PARTY.md" if installed else source
    try:
        return file.read_text("utf-8")
    except OSError:
        return "The list of licences is missing from this installation."


def show_about(parent: QWidget) -> QDialog:
    """Say what this program is, and on whose work it stands."""
    dialog, column = _page(parent, "Scribe Desktop")
    emblem = label("")
    emblem.setPixmap(program_icon().pixmap(64, 64))
    column.insertWidget(0, emblem)
    column.addWidget(paragraph(f"Version {__version__}. Dictation for clinicians, offline first."))
    column.addWidget(
        paragraph(
            "Free software under the MIT licence. Built with Qt (LGPL 3), PortAudio, FFmpeg,"
            " Whisper and others; their licences are installed with the program."
        )
    )
    notices = QTextBrowser()
    notices.setAccessibleName("Licences of what this program is made of")
    notices.setOpenLinks(False)
    notices.setMarkdown(licence_notices())
    column.addWidget(notices, 1)
    dialog.resize(640, 560)
    dialog.open()
    return dialog


def _page(parent: QWidget, heading: str) -> tuple[QDialog, QVBoxLayout]:
    dialog = QDialog(parent)
    dialog.setWindowTitle(TITLE)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    inner = QWidget()
    column = QVBoxLayout(inner)
    column.setContentsMargins(SPACE * 3, SPACE * 3, SPACE * 3, SPACE)
    column.setSpacing(SPACE + 4)
    column.addWidget(label(heading, ratio=1.5, bold=True))
    scroll = QScrollArea()
    scroll.setFrameShape(QFrame.Shape.NoFrame)
    scroll.setWidgetResizable(True)
    scroll.setWidget(inner)
    scroll.setAccessibleName(heading)
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
    buttons.rejected.connect(dialog.reject)
    outer = QVBoxLayout(dialog)
    outer.setContentsMargins(0, 0, SPACE * 2, SPACE * 2)
    outer.addWidget(scroll, 1)
    outer.addWidget(buttons)
    return dialog, column
