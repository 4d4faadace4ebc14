"""Settings: newer versions of the program, and which proxy leads out of this network.

What is shown is pulled several times a second while the page is looked at;
the search itself goes on in the background whether or not anybody looks.
"""

from dataclasses import dataclass

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QLineEdit, QProgressBar, QVBoxLayout

from scribe_desktop import __version__
from scribe_desktop.domain.errors import ScribeError, SettingsError
from scribe_desktop.domain.settings import Settings, with_value
from scribe_desktop.domain.updates import Progress, Stage
from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.pieces import Row, button, paragraph
from scribe_desktop.ui.settings.page import Page, Surroundings
from scribe_desktop.ui.view_state import Tone

PULL_MS = 250
_PER_MILLE = 1000
_FIELD_WIDTH = 300


@dataclass(frozen=True, slots=True)
class _Rule:
    """What an address looks like, and what is said of one that does not."""

    hint: str
    refusal: str


class UpdatesPage(Page):
    """What was found, how much of it is here, and a button that hands it to the system."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(
            surroundings,
            "Updates and network",
            f"This is version {__version__}. Only what the publisher signed is fetched, an older"
            " version never, and nothing is installed by itself.",
        )
        self._timer = QTimer(self)
        self._timer.setInterval(PULL_MS)
        self._timer.timeout.connect(self.pull)
        self._handing_over = False
        self._add_state()
        asked = self.group("Where to ask")
        self.daily = self.switch(
            asked,
            "check_for_updates",
            "Look once a day",
            "Asks the feed below, and nobody else. Nothing about you or this computer is sent.",
        )
        self.feed = self._address(
            asked,
            "update_feed",
            "Feed of the publisher",
            "An https address from your publisher or your IT department.",
            _Rule(
                "https://updates.example/feed.json",
                "The feed must be an address that begins with https://.",
            ),
        )
        network = self.group("Network")
        self.proxy = self._address(
            network,
            "proxy",
            "Proxy",
            "Empty is the proxy that the system names. In force from the next start on.",
            _Rule(
                "http://proxy.example:3128",
                "A proxy is given as http://name:port, without a password.",
            ),
        )
        self.finish()
        self.pull()

    def _add_state(self) -> None:
        group = self.group()
        self.sentence = paragraph("")
        self.remedy = paragraph("", quiet=True)
        self.bar = QProgressBar()
        self.bar.setRange(0, _PER_MILLE)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How much of the new version was fetched")
        self.look = button("Look now", "Look for a newer version now")
        self.look.clicked.connect(self._look)
        self.install = button("Install…", "Hand the new version to the installer of the system")
        self.install.clicked.connect(self._install)
        row = Row()
        for widget in (self.look, self.install):
            row.addWidget(widget)
        for part in (self.sentence, self.remedy, self.bar):
            group.addWidget(part)
        group.addLayout(row)

    def _address(
        self, group: QVBoxLayout, name: str, title: str, why: str, rule: _Rule
    ) -> QLineEdit:
        """A row with an address; one that cannot be is refused in words."""
        field = QLineEdit()
        field.setPlaceholderText(rule.hint)
        field.setFixedWidth(_FIELD_WIDTH)

        def show(settings: Settings) -> None:
            if not field.hasFocus():  # else somebody is typing
                field.setText(getattr(settings, name))

        def store() -> None:
            entered = field.text().strip()
            if entered == getattr(self.line.settings(), name):
                return
            try:
                with_value(self.line.settings(), name, entered)
            except SettingsError:
                self.deeds.told.emit(Telling(rule.refusal, f"For example {rule.hint}"))
                return
            self.store(name, entered)
            self.pull()

        field.editingFinished.connect(store)
        self.on_refresh(show)
        self.row(group, name, title, why, field)
        return field

    def leave(self) -> None:
        """Pull no more; the search goes on."""
        self._timer.stop()

    def refresh(self) -> None:
        """Show what is in force, and follow the search while looked at."""
        super().refresh()
        self._timer.start()
        self.pull()

    @Slot()
    def pull(self) -> None:
        """Show how far the search is."""
        updates = self.workplace.updates
        if updates is None:
            self._show(Progress(Stage.OFF, "Updates cannot be looked for here."), "")
        else:
            progress = updates.progress()
            ready = progress.stage is Stage.READY
            self._show(progress, updates.why_not_now() if ready else "")

    def _show(self, progress: Progress, not_now: str) -> None:
        self.sentence.setText(progress.sentence)
        fetching = progress.stage is Stage.FETCHING
        done, total = progress.done_bytes, progress.total_bytes
        remedy = not_now or progress.remedy
        if fetching:
            remedy = f"{done / 1e6:.0f} of {total / 1e6:.0f} MB"
            self.bar.setValue(_PER_MILLE * done // max(total, 1))
        self.remedy.setText(remedy)
        self.remedy.setVisible(bool(remedy))
        self.bar.setVisible(fetching)
        busy = progress.stage in {Stage.OFF, Stage.LOOKING, Stage.FETCHING}
        self.look.setEnabled(not busy)
        self.install.setVisible(progress.stage is Stage.READY)
        self.install.setEnabled(not not_now and not self._handing_over)

    @Slot()
    def _look(self) -> None:
        if self.workplace.updates is not None:
            self.workplace.updates.look_now()
            self.pull()

    @Slot()
    def _install(self) -> None:
        if self.workplace.updates is not None:
            self._handing_over = True
            self.deeds.errands.run(self.workplace.updates.install, self._given, self._not_given)
            self.pull()

    def _given(self, _: None) -> None:
        self._handing_over = False
        self.deeds.told.emit(
            Telling(
                "The installer of the system has the new version now.",
                "Close Scribe Desktop before you go on there. Your dictations stay.",
                Tone.QUIET,
            )
        )
        self.pull()

    def _not_given(self, error: ScribeError) -> None:
        self._handing_over = False
        self.deeds.tell_error(error)
        self.pull()
