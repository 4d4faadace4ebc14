"""Settings: how long recordings and notes are kept, when text is hidden, and the key."""

from PySide6.QtCore import Slot

from scribe_desktop.domain.settings import ShowAgain
from scribe_desktop.ui.new_pin import NewPin
from scribe_desktop.ui.pieces import Row, button, paragraph
from scribe_desktop.ui.settings.key_backup import KeyBackup
from scribe_desktop.ui.settings.page import Page, Surroundings
from scribe_desktop.ui.theme import Colours

_A_YEAR_OF_HOURS = 24 * 365
_TEN_YEARS_OF_DAYS = 3650
_A_DAY_OF_MINUTES = 24 * 60


class PrivacyPage(Page):
    """Retention and lock."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(
            surroundings,
            "Privacy",
            "Everything is encrypted on this computer. A recording is never deleted before its"
            " text is stored here.",
        )
        kept = self.group("What is kept")
        self.audio = self.number(
            kept,
            "keep_audio_hours",
            "Keep recordings",
            "Counted from when the text arrived.",
            bounds=(0, _A_YEAR_OF_HOURS),
            unit="hours",
            zero="Delete at once",
        )
        self.notes = self.number(
            kept,
            "keep_notes_days",
            "Keep transcripts and notes",
            "Counted from when the text arrived.",
            bounds=(0, _TEN_YEARS_OF_DAYS),
            unit="days",
            zero="Delete at once",
        )
        agreed = self.group("Consent")
        self.consent = self.switch(
            agreed,
            "note_consent",
            "Note the patient's consent to the recording",
            "A dictation without it says so. The recording never waits for it.",
        )
        hidden = self.group("While you are away")
        self.lock = self.number(
            hidden,
            "lock_after_minutes",
            "Hide text after",
            "Recording goes on behind the lock.",
            bounds=(0, _A_DAY_OF_MINUTES),
            unit="minutes",
            zero="Never",
        )
        self.show_again = self.choice(
            hidden,
            "show_again_with",
            "Show it again with",
            "Signing in to the computer needs no PIN; where this desktop does not tell of its"
            " lock screen, the PIN is asked for.",
            ((ShowAgain.PIN, "The PIN"), (ShowAgain.COMPUTER, "The sign-in of this computer")),
        )
        self._add_pin()
        self.key: KeyBackup | None = None
        if self.workplace.custody is not None:
            self.key = KeyBackup(self.deeds, self.workplace.custody)
            self.group("The key of the recordings").addWidget(self.key)
        self.finish()

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        super().use(colours)
        if self.key is not None:
            self.key.use(colours)

    def _add_pin(self) -> None:
        lock = self.workplace.lock
        if lock is None:
            return
        group = self.group("PIN")
        self.pin_state = paragraph("", quiet=True)
        group.addWidget(self.pin_state)
        self.new_pin = NewPin()
        self.new_pin.chosen.connect(self._store_pin)
        group.addWidget(self.new_pin)
        self.drop_pin = button("Remove PIN")
        self.drop_pin.clicked.connect(self._drop_pin)
        row = Row()
        row.addWidget(self.drop_pin)
        group.addLayout(row)
        self.require = self.switch(
            group,
            "require_pin",
            "Always ask for a PIN",
            "Without one, text stays hidden until one is chosen.",
        )
        self.on_refresh(lambda _: self._show_pin())

    @Slot(str)
    def _store_pin(self, pin: str) -> None:
        lock = self.workplace.lock
        if lock is not None:
            self.deeds.errands.run(
                lambda: lock.set_pin(pin), lambda _: self._show_pin(), self.deeds.tell_error
            )

    @Slot()
    def _drop_pin(self) -> None:
        lock = self.workplace.lock
        if lock is not None:
            self.deeds.errands.run(
                lambda: lock.set_pin(""), lambda _: self._show_pin(), self.deeds.tell_error
            )

    def _show_pin(self) -> None:
        lock = self.workplace.lock
        is_set = lock is not None and lock.is_set()
        self.pin_state.setText(
            "A PIN is set; it is asked for when text was hidden."
            if is_set
            else "Without a PIN, one press shows the text again."
        )
        self.drop_pin.setEnabled(is_set and not self.line.settings().require_pin)
