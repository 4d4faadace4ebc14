"""Settings: what becomes of the text, and the clinician's own words."""

from collections.abc import Callable

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QPlainTextEdit

from scribe_desktop.domain.settings import TYPING_RATE_BOUNDS, AfterStop, Settings
from scribe_desktop.domain.text import refusal_of_auto_text, refusal_of_replacement
from scribe_desktop.ui.pieces import paragraph
from scribe_desktop.ui.settings.page import Page, Surroundings
from scribe_desktop.ui.settings.pair_table import PairTable
from scribe_desktop.ui.settings.text_rules import RuleTable, TryIt, sayable

_AFTER_STOP = (
    (AfterStop.SHOW, "Show it in this window"),
    (AfterStop.COPY, "Copy it to the clipboard"),
    (AfterStop.INSERT, "Insert it where the cursor was"),
)
_WAYS = ("paste", "type", "ask")
TYPING_PAUSE_MS = 600


class TextPage(Page):
    """After stop, rules about text, a field to try them, vocabulary, programs."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings, "Text")
        after = self.group("When the text is ready")
        self.after_stop = self.choice(after, "after_stop", "What happens with it", "", _AFTER_STOP)
        marks = self.group("Spoken marks")
        self.punctuation = self.switch(
            marks,
            "spoken_punctuation",
            "Obey spoken marks",
            "In the language of the dictation, and never inside a number. “period” and “colon” are"
            " medical words too: add them to the replacements if you never mean those.",
        )
        self.said_marks = paragraph("", quiet=True)
        self.on_refresh(lambda settings: self.said_marks.setText(sayable(settings.languages)))
        marks.addWidget(self.said_marks)
        self.auto_texts = self._rules(
            "auto_texts",
            "Auto-texts",
            "Say the short form; the long one is written. [ ] is a field to fill, {date} and"
            " {time} are those of the dictation.",
            ("Say", "Write"),
            refusal_of_auto_text,
        )
        self.auto_texts.write_long_texts()
        self.replacements = self._rules(
            "replacements",
            "Replacements",
            "Written instead of what was heard. A number, dose, unit, side or negation is never"
            " replaced.",
            ("Heard", "Written"),
            refusal_of_replacement,
        )
        trial = self.group("Try it")
        self.trial = TryIt(self.line.settings)
        trial.addWidget(self.trial)
        self.on_refresh(lambda _: self.trial.show_written())
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
            ("Program", "How"),
            _refusal_of_way,
        )
        typing = self.group("Typing into programs")
        if self.workplace.insertion is not None and self.workplace.insertion.could_ask_the_desktop:
            self.portal = self.switch(
                typing,
                "portal_insertion",
                "Let the desktop insert text",
                "This desktop (Wayland) asks you for permission. Text goes where the cursor is when"
                " you ask for it, and never by itself.",
            )
        self.typing_rate = self.number(
            typing,
            "typing_rate",
            "Typing speed",
            "Where text is typed and not pasted, as into remote desktops. Slower, if letters are"
            " lost there.",
            bounds=TYPING_RATE_BOUNDS,
            unit="characters a second",
        )
        self.finish()

    def leave(self) -> None:
        """Store what was typed last."""
        if self._pause.isActive():
            self._pause.stop()
            self._store_vocabulary()

    def _rules(
        self,
        name: str,
        title: str,
        why: str,
        sides: tuple[str, str],
        refusal: Callable[[str, str], str],
    ) -> RuleTable:
        table = RuleTable(title, sides, refusal, self.deeds, self.workplace.rule_files)
        self._place(name, title, why, table)
        return table

    def _pairs(
        self,
        name: str,
        title: str,
        why: str,
        sides: tuple[str, str],
        refusal: Callable[[str, str], str],
    ) -> PairTable:
        table = PairTable(title, *sides, refusal)
        self._place(name, title, why, table)
        return table

    def _place(self, name: str, title: str, why: str, table: PairTable) -> None:
        group = self.group(title)
        group.addWidget(paragraph(why, quiet=True))
        table.changed.connect(lambda pairs: self.store(name, pairs))
        self.say_locked(group, name)
        group.addWidget(table)

        def show(settings: Settings) -> None:
            table.show_pairs(getattr(settings, name))
            table.setEnabled(name not in self.line.locked_settings())

        self.on_refresh(show)

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


def _refusal_of_way(program: str, how: str) -> str:
    """Any other word would be kept and mean paste, without a sign of it."""
    if how.strip().casefold() in _WAYS:
        return ""
    return f"“{how}” is no way to put text into {program}: write paste, type or ask."
