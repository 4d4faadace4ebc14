"""What stands where a result would be before one is chosen: how to begin."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QVBoxLayout

from scribe_desktop.ui.pieces import button, label, paragraph
from scribe_desktop.ui.theme import SPACE


class Welcome(QFrame):
    """A sentence, the key, and the other way to a note."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("card", "true")
        heading = label("Press Record and speak.", ratio=1.5, bold=True)
        heading.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.more = paragraph("", quiet=True)
        self.more.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        self.from_text = button("Notes from a text…", "Have notes written from a text")
        self.from_text.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 4, SPACE * 4, SPACE * 4, SPACE * 4)
        column.addStretch(2)
        column.addWidget(heading)
        column.addSpacing(SPACE)
        column.addWidget(self.more)
        column.addSpacing(SPACE * 2)
        column.addWidget(self.from_text, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)

    def show_key(self, key: str, *, everywhere: bool) -> None:
        """Say how to begin."""
        where = "from any program" if everywhere else "in this window"
        self.more.setText(f"{key} starts and stops {where}. The text appears here while you speak.")
