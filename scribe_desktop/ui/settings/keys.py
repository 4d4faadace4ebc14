"""Settings: the keys that work everywhere, whether they work, and a pad to try them."""

from collections.abc import Callable

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QLabel, QVBoxLayout

from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui.crossing import Crossing
from scribe_desktop.ui.pieces import label, paragraph
from scribe_desktop.ui.settings.key_field import KeyField
from scribe_desktop.ui.settings.page import Page, Surroundings
from scribe_desktop.ui.theme import SPACE, Colours

REPORT_MS = 700
KEYS = (
    ("key_toggle", "Record or stop", "Tap it, or hold it while you speak."),
    ("key_pause", "Pause or go on", ""),
    ("key_cancel", "Cancel", "Can be undone for 7 days."),
    ("key_insert_last", "Insert the last text", ""),
    ("key_show", "Show or hide the window", ""),
)


class KeysPage(Page):
    """A row for each key, what the system said to it, and the test pad."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(
            surroundings,
            "Keys",
            "Press a field, then the keys. Escape leaves it, Backspace clears it.",
        )
        self._unwatch: Callable[[], None] | None = None
        self.fields: dict[str, KeyField] = {}
        self.reports: dict[str, QLabel] = {}
        group = self.group()
        for name, title, why in KEYS:
            self._add(group, name, title, why)
        where = self.group("Where they work")
        self.everywhere = self.switch(
            where,
            "global_keys",
            "In every program",
            "Off: only the first key, and only in this window.",
        )
        if self.workplace.keys is not None and self.workplace.keys.user_chooses:
            where.addWidget(paragraph("This desktop asks you itself which key to use.", quiet=True))
        self._add_pad()
        self._timer = QTimer(self)
        self._timer.setInterval(REPORT_MS)
        self._timer.timeout.connect(self.report)
        self._pressed = Crossing(self._show_pressed)
        self.finish()

    def _add(self, group: QVBoxLayout, name: str, title: str, why: str) -> None:
        field = KeyField(title)
        field.setAccessibleName(title)
        field.chosen.connect(lambda chord: self._choose(name, title, chord))
        field.capturing.connect(self._capture)
        self.on_refresh(lambda settings: field.show_chord(str(getattr(settings, name))))
        self.row(group, name, title, why, field)
        said = label("", quiet=True)
        said.setWordWrap(True)
        said.setVisible(False)
        said.setAccessibleName(f"State of {title}")
        group.addWidget(said)
        self.fields[name] = field
        self.reports[name] = said

    def _add_pad(self) -> None:
        group = self.group("Try it")
        self.pad = paragraph("Press one of your keys in any program; what arrives is shown here.")
        self.pad.setMinimumHeight(SPACE * 5)
        self.pad.setAccessibleName("Test pad")
        group.addWidget(self.pad)

    def refresh(self) -> None:
        """Show what is in force, and look at the keys while the page is open."""
        super().refresh()
        keys = self.workplace.keys
        if keys is not None:
            if self._unwatch is None:
                self._unwatch = keys.watch(self._pressed.send)
            self._timer.start()
            self.report()

    def leave(self) -> None:
        """Look at the keys no more."""
        self._timer.stop()
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        super().use(colours)
        self.report()

    @Slot()
    def report(self) -> None:
        """Say of each key whether it works."""
        keys = self.workplace.keys
        if keys is None:
            return
        for one in keys.report():
            if one.setting in self.reports:
                well = one.works and not one.sentence
                said = "" if not one.chord else ("Works." if well else one.sentence)
                self._say(one.setting, said, good=well)

    def _say(self, name: str, sentence: str, *, good: bool) -> None:
        said = self.reports[name]
        colour = self.colours.good if good else self.colours.warning
        said.setText(sentence)
        said.setStyleSheet(f"color: {colour}")
        said.setVisible(bool(sentence))

    @Slot(bool)
    def _capture(self, capturing: bool) -> None:  # noqa: FBT001  Qt's signal
        keys = self.workplace.keys
        if keys is None:
            return
        # A key that is held globally would never reach the field.
        if capturing:
            self._timer.stop()
            keys.hold()
        else:
            keys.release()

    def _choose(self, name: str, title: str, chord: str) -> None:
        refusal = self._refusal(name, chord)
        if refusal:
            self.fields[name].show_chord(str(getattr(self.line.settings(), name)))
            self._say(name, f"{title}: {refusal}", good=False)
            return
        self.store(name, chord)

    def _refusal(self, name: str, chord: str) -> str:
        settings: Settings = self.line.settings()
        if not chord:
            return ""
        for other, title, _ in KEYS:
            if other != name and getattr(settings, other) == chord:
                return f"{chord} is already used for “{title}”."
        keys = self.workplace.keys
        return keys.refusal(chord) if keys is not None else ""

    @Slot(str)
    def _show_pressed(self, name: str) -> None:
        title = next((words for one, words, _ in KEYS if one == name), name)
        self.pad.setText(f"Arrived: {title}")
