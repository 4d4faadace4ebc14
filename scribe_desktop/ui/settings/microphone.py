"""Settings: which microphone, and how it behaves."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QComboBox

from scribe_desktop.domain.notices import MicrophoneChoice
from scribe_desktop.ui.pieces import Row, button
from scribe_desktop.ui.settings.page import Page, Surroundings, select
from scribe_desktop.ui.sound_check import SoundCheck
from scribe_desktop.ui.theme import Colours


class MicrophonePage(Page):
    """Choice, test, cue sounds, readiness, silence."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(surroundings, "Microphone")
        self._check: SoundCheck | None = None
        group = self.group()
        self.microphone = QComboBox()
        self.microphone.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.microphone.setMinimumContentsLength(20)
        self.microphone.activated.connect(self._choose)
        self.row(
            group,
            "microphone",
            "Microphone",
            "It is remembered, also when it is unplugged and comes back.",
            self.microphone,
        )
        self.look_again = button("Look again", "Look for microphones again")
        self.look_again.clicked.connect(self.look)
        row = Row()
        row.addWidget(self.look_again)
        group.addLayout(row)
        self._add_check()
        behaviour = self.group("While dictating")
        self.cue = self.switch(
            behaviour,
            "cue_sounds",
            "Sounds",
            "A short sound when the microphone is really heard, and when it stops.",
        )
        self.ready = self.switch(
            behaviour,
            "keep_microphone_ready",
            "Keep the microphone ready",
            "The first word is never cut. The last seconds are held in memory only and thrown"
            " away unless you record.",
        )
        self.silence = self.number(
            behaviour,
            "ask_after_silence_s",
            "Ask after silence of",
            "A forgotten recording is paused, never thrown away.",
            bounds=(10, 3600),
            unit="seconds",
        )
        self.finish()
        self.look()

    def _add_check(self) -> None:
        test = self.workplace.microphone_test
        if test is None:
            return
        group = self.group("Try it")
        self._check = SoundCheck(test, self.workplace.speaker)
        group.addWidget(self._check)

    @property
    def check(self) -> SoundCheck | None:
        """The test, where there is one."""
        return self._check

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        super().use(colours)
        if self._check is not None:
            self._check.use(colours)

    def leave(self) -> None:
        """Close the microphone."""
        if self._check is not None:
            self._check.stop()

    @Slot()
    def look(self) -> None:
        """Ask for the microphones, which may take two seconds."""
        self.look_again.setEnabled(False)
        self.deeds.errands.run(self.line.microphones, self._show, self.deeds.tell_error)

    def _show(self, found: tuple[MicrophoneChoice, ...]) -> None:
        self.look_again.setEnabled(True)
        self.microphone.clear()
        self.microphone.addItem("Default microphone", "")
        for choice in found:
            self.microphone.addItem(choice.name, choice.identity)
        chosen = self.line.settings().microphone
        if chosen and self.microphone.findData(chosen) < 0:
            self.microphone.addItem("Chosen microphone (not connected)", chosen)
        select(self.microphone, chosen)
        if self._check is not None:
            self._check.try_microphone(chosen)

    @Slot(int)
    def _choose(self, place: int) -> None:
        identity = str(self.microphone.itemData(place))
        self.store("microphone", identity)
        if self._check is not None:
            self._check.try_microphone(identity)
