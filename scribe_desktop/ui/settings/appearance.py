"""Settings: how the program looks, where it shows itself, and which languages are spoken."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QVBoxLayout

from scribe_desktop.domain.settings import Settings, Theme
from scribe_desktop.ui.languages import language_name
from scribe_desktop.ui.pieces import paragraph
from scribe_desktop.ui.settings.page import Page, Surroundings

_THEMES = (
    (Theme.SYSTEM, "As the system"),
    (Theme.LIGHT, "Light"),
    (Theme.DARK, "Dark"),
    (Theme.HIGH_CONTRAST, "High contrast"),
)


class AppearancePage(Page):
    """Look, mini recorder, start with the system, languages."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings, "Appearance and language")
        look = self.group("Appearance")
        self.theme = self.choice(look, "theme", "Colours", "", _THEMES)
        self.mini = self.switch(
            look,
            "mini_recorder",
            "Mini recorder",
            "A small pill above all windows while a dictation runs. It never takes the focus.",
        )
        self.autostart = self.switch(
            look,
            "start_with_system",
            "Start with the computer",
            "The key works as soon as you are signed in.",
        )
        spoken = self.group("Languages you speak")
        spoken.addWidget(
            paragraph("Choose more than one when you change between them in a visit.", quiet=True)
        )
        self.say_locked(spoken, "languages")
        self.languages: dict[str, QCheckBox] = {}
        self._offer_languages(spoken)
        written = self.group("Language of the text")
        offered = [(code, language_name(code)) for code in self._codes()]
        self.transcript_language = self.choice(
            written,
            "transcript_language",
            "Write the transcript in",
            "For services that translate.",
            [("", "The language that was spoken"), *offered],
        )
        self.finish()

    def _codes(self) -> tuple[str, ...]:
        offer, settings = self.line.offer(), self.line.settings()
        model = offer.model(settings.model)
        codes = (model.languages if model else ()) or offer.languages
        return tuple(dict.fromkeys((*codes, *settings.languages)))

    def _offer_languages(self, group: QVBoxLayout) -> None:
        for code in self._codes():
            box = QCheckBox(language_name(code))
            box.setAccessibleName(f"Spoken: {language_name(code)}")
            box.clicked.connect(self._store_languages)
            self.languages[code] = box
            group.addWidget(box)
        self.on_refresh(self._show_languages)

    def _show_languages(self, settings: Settings) -> None:
        locked = "languages" in self.line.locked_settings()
        for code, box in self.languages.items():
            box.setChecked(code in settings.languages)
            box.setEnabled(not locked)

    @Slot()
    def _store_languages(self) -> None:
        chosen = [code for code, box in self.languages.items() if box.isChecked()]
        self.store("languages", chosen)
