"""The first minute: a microphone that hears, a service, a key, and a sentence to try.

Nothing here has to be answered: everything is chosen already, and every step
can be passed. What is chosen is stored at once.
"""

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QRadioButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.domain.notices import LiveText, MicrophoneChoice
from scribe_desktop.domain.order import THIS_COMPUTER
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.deeds import Deeds
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.note_view import NoteView
from scribe_desktop.ui.pictures import program_icon
from scribe_desktop.ui.pieces import button, label, paragraph
from scribe_desktop.ui.settings.key_field import KeyField
from scribe_desktop.ui.sound_check import SoundCheck
from scribe_desktop.ui.theme import LIGHT, SPACE, Colours
from scribe_desktop.ui.titles import TITLE
from scribe_desktop.ui.view_state import service_name
from scribe_desktop.ui.workplace import Workplace

SENTENCE = (
    "The patient has no fever, blood pressure is 128 over 76, and she takes metformin 500 mg."
)


class FirstRun(QDialog):
    """Three short steps and a sentence."""

    finished_all = Signal()

    def __init__(
        self, line: Line, deeds: Deeds, workplace: Workplace, bridge: Bridge, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._line = line
        self._deeds = deeds
        self._workplace = workplace
        self._colours = LIGHT
        self.check: SoundCheck | None = None
        self.setWindowTitle(TITLE)
        self.setWindowIcon(program_icon())
        self.pages = QStackedWidget()
        for page in (
            self._microphone_page(),
            self._service_page(),
            self._key_page(),
            self._sentence_page(),
        ):
            self.pages.addWidget(page)
        self.step = label("", quiet=True)
        self.back = button("Back")
        self.back.clicked.connect(self._go_back)
        self.next = button("Next", kind="primary")
        self.next.setDefault(True)
        self.next.clicked.connect(self._go_on)
        self.skip = button("Skip all", kind="flat")
        self.skip.clicked.connect(self._finish)
        buttons = QHBoxLayout()
        buttons.addWidget(self.step, 1)
        for widget in (self.skip, self.back, self.next):
            buttons.addWidget(widget)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 4, SPACE * 4, SPACE * 4, SPACE * 3)
        column.setSpacing(SPACE * 2)
        column.addWidget(self.pages, 1)
        column.addLayout(buttons)
        self.resize(620, 460)
        bridge.live_text_changed.connect(self._take_live_text)
        self._show_step()
        deeds.errands.run(line.microphones, self._show_microphones, deeds.tell_error)

    # --- the steps ---
    def _microphone_page(self) -> QWidget:
        page, column = _page("Which microphone?", "Speak a sentence and listen to it.")
        self.microphone = QComboBox()
        self.microphone.setAccessibleName("Microphone")
        self.microphone.addItem("Default microphone", "")
        self.microphone.activated.connect(self._choose_microphone)
        column.addWidget(self.microphone)
        test = self._workplace.microphone_test
        if test is not None:
            self.check = SoundCheck(test, self._workplace.speaker)
            column.addWidget(self.check)
        column.addStretch(1)
        return page

    def _service_page(self) -> QWidget:
        page, column = _page(
            "Who writes the text?",
            "This computer needs no account and no network. You can change it at any time.",
        )
        settings, locked = self._line.settings(), self._line.locked_settings()
        self.services: dict[str, QRadioButton] = {}
        for name in (THIS_COMPUTER, *(profile.name for profile in settings.profiles)):
            radio = QRadioButton(service_name(name))
            radio.setAccessibleName(f"Service: {service_name(name)}")
            radio.setChecked(name == settings.service)
            radio.setEnabled("service" not in locked)
            radio.clicked.connect(lambda _=False, one=name: self._choose_service(one))
            self.services[name] = radio
            column.addWidget(radio)
        self.service_hint = paragraph("", quiet=True)
        column.addWidget(self.service_hint)
        column.addStretch(1)
        return page

    def _key_page(self) -> QWidget:
        page, column = _page(
            "Which key?",
            "It starts and stops from any program. Hold it to speak only as long as you hold it.",
        )
        self.key = KeyField("Record or stop")
        self.key.show_chord(self._line.settings().key_toggle)
        self.key.chosen.connect(self._choose_key)
        self.key.setEnabled("key_toggle" not in self._line.locked_settings())
        self.key_refusal = paragraph("")
        self.key_refusal.setVisible(False)
        row = QHBoxLayout()
        row.addWidget(self.key)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self.key_refusal)
        column.addStretch(1)
        return page

    def _sentence_page(self) -> QWidget:
        page, column = _page("Try it", "Press Record, read this aloud, press Stop:")
        sentence = label(f"“{SENTENCE}”", ratio=1.15)
        sentence.setWordWrap(True)
        column.addWidget(sentence)
        self.record = button("Record", kind="primary")
        self.record.clicked.connect(self._deeds.toggle)
        self._deeds.running_changed.connect(self._show_running)
        row = QHBoxLayout()
        row.addWidget(self.record)
        row.addStretch(1)
        column.addLayout(row)
        self.text = NoteView("What was understood")
        column.addWidget(self.text, 1)
        return page

    # --- going through ---
    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        if self.check is not None:
            self.check.use(colours)

    def _show_step(self) -> None:
        number = self.pages.currentIndex()
        last = number == self.pages.count() - 1
        steps = self.pages.count() - 1
        self.step.setText("All set" if last else f"Step {number + 1} of {steps}")
        self.back.setEnabled(number > 0)
        self.next.setText("Begin" if last else "Next")
        self.next.setAccessibleName(self.next.text())
        self.skip.setVisible(not last)

    @Slot()
    def _go_on(self) -> None:
        if self.check is not None:
            self.check.stop()
        if self.pages.currentIndex() == self.pages.count() - 1:
            self._finish()
            return
        self.pages.setCurrentIndex(self.pages.currentIndex() + 1)
        self._show_step()

    @Slot()
    def _go_back(self) -> None:
        self.pages.setCurrentIndex(max(self.pages.currentIndex() - 1, 0))
        self._show_step()

    @Slot()
    def _finish(self) -> None:
        self._deeds.stop()
        self._deeds.set_setting("first_run_done", True)
        self.accept()
        self.finished_all.emit()

    def reject(self) -> None:
        """Escape passes everything; it is not asked again."""
        if self.check is not None:
            self.check.stop()
        self._finish()

    # --- choosing ---
    def _show_microphones(self, found: tuple[MicrophoneChoice, ...]) -> None:
        for choice in found:
            self.microphone.addItem(choice.name, choice.identity)
        place = self.microphone.findData(self._line.settings().microphone)
        self.microphone.setCurrentIndex(max(place, 0))
        self.microphone.setEnabled("microphone" not in self._line.locked_settings())

    @Slot(int)
    def _choose_microphone(self, place: int) -> None:
        identity = str(self.microphone.itemData(place))
        self._deeds.set_setting("microphone", identity)
        if self.check is not None:
            self.check.try_microphone(identity)

    def _choose_service(self, name: str) -> None:
        self._deeds.set_setting("service", name)
        self.service_hint.setText(
            "" if name == THIS_COMPUTER else "Sign in later under Services and accounts."
        )

    @Slot(str)
    def _choose_key(self, chord: str) -> None:
        keys = self._workplace.keys
        refusal = keys.refusal(chord) if keys is not None and chord else ""
        self.key_refusal.setText(refusal)
        self.key_refusal.setStyleSheet(f"color: {self._colours.warning}")
        self.key_refusal.setVisible(bool(refusal))
        if not refusal:
            self._deeds.set_setting("key_toggle", chord)
        self.key.show_chord(self._line.settings().key_toggle)

    @Slot()
    def _show_running(self) -> None:
        running = self._line.running() is not None
        self.record.setText("Stop" if running else "Record")
        self.record.setAccessibleName(self.record.text())

    @Slot(object)
    def _take_live_text(self, notice: LiveText) -> None:
        self.text.show_plain(notice.text)


def _page(title: str, why: str) -> tuple[QWidget, QVBoxLayout]:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(SPACE * 2)
    column.addWidget(label(title, ratio=1.6, bold=True))
    column.addWidget(paragraph(why, quiet=True))
    return page, column
