"""Settings: what becomes of the text, and the clinician's own words."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QPlainTextEdit

from scribe_desktop.domain.settings import AfterStop, Settings
from scribe_desktop.ui.pieces import paragraph
from scribe_desktop.ui.settings.page import Page, Surroundings
from scribe_desktop.ui.settings.pair_table import PairTable

_AFTER_STOP = (
    (AfterStop.SHOW, "Show it in this window"),
    (AfterStop.COPY, "Copy it to the clipboard"),
    (AfterStop.INSERT, "Insert it where the cursor was"),
)
TYPING_PAUSE_MS = 600


class TextPage(Page):
    """After stop, vocabulary, programs."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings, "Text")
        after = self.group("When the text is ready")
        self.after_stop = self.choice(after, "after_stop", "What happens with it", "", _AFTER_STOP)
        words = self.group("Vocabulary")
        words.addWidget(
            paragraph(
                "Names and terms you use, one a line. They are recognised better.", quiet=True
            )
        )
        self.vocabulary = QPlainTextEdit()
        self.vocabulary.setAccessibleName("Vocabulary")
        self.vocabulary.setTabChangesFocus(True)
        self.vocabulary.setFixedHeight(110)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self._store_vocabulary)
        self.vocabulary.textChanged.connect(self._pause.start)
        self.on_refresh(self._show_vocabulary)
        self.say_locked(words, "vocabulary")
        words.addWidget(self.vocabulary)
        self.programs = self._pairs(
            "insertion_by_program",
            "Insertion by program",
            "How text goes into a program: paste, type or ask.",
            "Program",
            "How",
        )
        self.finish()

    def leave(self) -> None:
        """Store what was typed last."""
        if self._pause.isActive():
            self._pause.stop()
            self._store_vocabulary()

    def _pairs(self, name: str, title: str, why: str, first: str, second: str) -> PairTable:
        group = self.group(title)
        group.addWidget(paragraph(why, quiet=True))
        table = PairTable(title, first, second)
        table.changed.connect(lambda pairs: self.store(name, pairs))
        self.say_locked(group, name)
        group.addWidget(table)

        def show(settings: Settings) -> None:
            table.show_pairs(getattr(settings, name))
            table.setEnabled(name not in self.line.locked_settings())

        self.on_refresh(show)
        return table

    def _words(self) -> list[str]:
        return [line.strip() for line in self.vocabulary.toPlainText().splitlines() if line.strip()]

    def _show_vocabulary(self, settings: Settings) -> None:
        self.vocabulary.setEnabled("vocabulary" not in self.line.locked_settings())
        if not self._pause.isActive() and tuple(self._words()) != settings.vocabulary:
            self.vocabulary.setPlainText("\n".join(settings.vocabulary))
            self._pause.stop()

    @Slot()
    def _store_vocabulary(self) -> None:
        self.store("vocabulary", self._words())
