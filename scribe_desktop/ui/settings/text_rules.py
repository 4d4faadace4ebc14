"""Settings: how what was said is written, with a field in which to try it."""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFileDialog, QLineEdit, QVBoxLayout, QWidget

from scribe_desktop.domain.settings import Settings
from scribe_desktop.domain.spoken_marks import marks_of
from scribe_desktop.domain.text import Written, fields, write_out
from scribe_desktop.ui.deeds import Deeds, Telling
from scribe_desktop.ui.note_view import NoteView
from scribe_desktop.ui.pieces import button, paragraph
from scribe_desktop.ui.settings.pair_table import PairTable
from scribe_desktop.ui.theme import SPACE
from scribe_desktop.ui.view_state import Tone, count
from scribe_desktop.ui.workplace import RuleFiles

_FILES = "Lists (*.csv *.json *.txt)"
_WRITTEN_HEIGHT = 96
NEW_LINE = "\n"


class RuleTable(PairTable):
    """A table of rules that can also come from a file and go to one."""

    def __init__(
        self,
        name: str,
        sides: tuple[str, str],
        refusal: Callable[[str, str], str],
        deeds: Deeds,
        files: RuleFiles | None,
    ) -> None:
        super().__init__(name, *sides, refusal)
        self._name = name.lower()
        self._deeds = deeds
        self._files = files
        self.take = button("Import…", f"Import {self._name} from a file")
        self.take.clicked.connect(self._take)
        self.give = button("Export…", f"Export {self._name} to a file")
        self.give.clicked.connect(self._give)
        for one in (self.take, self.give):
            one.setVisible(files is not None)
            self.buttons.addWidget(one)

    @Slot()
    def _take(self) -> None:
        files = self._files
        path, _ = QFileDialog.getOpenFileName(self, f"Import {self._name}", "", _FILES)
        if path and files is not None:
            self._deeds.errands.run(lambda: files.read(path), self._take_in, self._deeds.tell_error)

    def _take_in(self, found: Mapping[str, str]) -> None:
        """Beside what is there; the same trigger is replaced, what is refused is left out."""
        good = {a: b for a, b in found.items() if not self._refusal(a, b)}
        self.changed.emit(self.pairs() | good)
        left = [self._refusal(a, b) for a, b in found.items() if a not in good]
        said = count(len(good), "rule was taken", "rules were taken")
        if left:
            said += f", {len(left)} left out"
        self._deeds.told.emit(Telling(f"{said}.", " ".join(left[:1]), Tone.GOOD))

    @Slot()
    def _give(self) -> None:
        files, pairs = self._files, self.pairs()
        proposed = str(Path.home() / f"{self._name}.csv")
        path, _ = QFileDialog.getSaveFileName(self, f"Export {self._name}", proposed, _FILES)
        if path and files is not None:
            self._deeds.errands.run(
                lambda: files.write(path, pairs),
                lambda _: self._deeds.told.emit(Telling("Exported.", tone=Tone.GOOD)),
                self._deeds.tell_error,
            )


class TryIt(QWidget):
    """Type as it would be heard, and see what would be written."""

    def __init__(self, settings: Callable[[], Settings]) -> None:
        super().__init__()
        self._settings = settings
        self.heard = QLineEdit()
        self.heard.setAccessibleName("Text as it is heard")
        self.heard.setPlaceholderText("Type a sentence as you would say it")
        self.heard.textChanged.connect(self.show_written)
        self.written = NoteView("What is written")
        self.written.setFixedHeight(_WRITTEN_HEIGHT)
        self.remark = paragraph("", quiet=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(SPACE)
        for part in (self.heard, self.written, self.remark):
            column.addWidget(part)
        self.show_written()

    @Slot()
    def show_written(self) -> None:
        """Write what was typed, with the rules in force now."""
        settings, heard = self._settings(), self.heard.text()
        rules = settings.text_rules(settings.languages, datetime.now().astimezone())
        done = write_out(heard, rules)
        if self.written.toPlainText() != done.text:
            self.written.show_plain(done.text)
        self.remark.setText(_remark(heard, done))


def sayable(languages: tuple[str, ...]) -> str:
    """The marks that can be said in the chosen languages, each with what is written."""
    marks = marks_of(languages).items()
    if not marks:
        return "There are no spoken marks for this language yet."
    shown = (f"{said} {mark.text.strip(' ').replace(NEW_LINE, '⏎')}" for said, mark in marks)
    return " · ".join(shown)


def _remark(heard: str, done: Written) -> str:
    if done.left_out:
        named = ", ".join(f"“{one}”" for one in done.left_out)
        return f"{named} stays as it is heard: the rule would change what was said here."
    if not heard:
        return "What is written appears as you type. The original is always kept."
    if done.text == heard:
        return "No rule applies."
    empty = len(fields(done.text))
    return count(empty, "field is to be filled.", "fields are to be filled.") if empty else ""
