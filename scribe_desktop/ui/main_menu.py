"""What is needed seldom: a recording from a file, notes from a text, settings, help, leaving."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from scribe_desktop.ui.help import show_about
from scribe_desktop.ui.pictures import icon
from scribe_desktop.ui.theme import Colours


class MainMenu(QMenu):
    """The menu behind the three lines; `window` says what its actions do."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self.open_recording = self.addAction("Open a recording…")
        self.open_recording.setShortcut(QKeySequence.StandardKey.Open)
        self.from_text = self.addAction("Notes from a text…")
        self.from_text.setShortcut(QKeySequence("Ctrl+T"))
        self.addSeparator()
        self.hide_text = self.addAction("Hide all text")
        self.hide_text.setShortcut(QKeySequence("Ctrl+L"))
        # Who is called away has the note or the settings in front as often as this window.
        self.hide_text.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
        self.settings = self.addAction("Settings…")
        self.settings.setShortcut(QKeySequence("Ctrl+,"))
        self.help = self.addAction("Help and keys")
        self.help.setShortcut(QKeySequence.StandardKey.HelpContents)
        self.about = self.addAction("About Scribe Desktop", lambda: show_about(window))
        self.addSeparator()
        self.leave = self.addAction("Quit", window.close)
        self.leave.setShortcut(QKeySequence.StandardKey.Quit)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        for action, name in (
            (self.open_recording, "import"),
            (self.from_text, "text"),
            (self.hide_text, "lock"),
            (self.settings, "settings"),
            (self.help, "keyboard"),
            (self.about, "notice"),
            (self.leave, "cancel"),
        ):
            action.setIcon(icon(name, colours.muted))
