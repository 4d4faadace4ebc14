"""The bar on top: one big button to record, what the microphone does, and for whom.

The bar shows what the snapshots say and reports what was pressed; it starts
nothing itself. It is red only while the microphone is really heard.
"""

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import (
    QBoxLayout,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.domain.notices import MicrophoneChanged, MicrophoneChoice, MicrophoneState
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.order import MAX_TEMPLATES, Patient
from scribe_desktop.domain.reassurance import told_once
from scribe_desktop.domain.session import Session
from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui.languages import language_name
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.meter import Meter
from scribe_desktop.ui.patient_form import PatientForm
from scribe_desktop.ui.pieces import (
    Row,
    StateLabel,
    button,
    card,
    icon_button,
    label,
    picture,
    restyle,
)
from scribe_desktop.ui.theme import LIGHT, SPACE, Colours, sized, tone_colour
from scribe_desktop.ui.view_state import (
    RecordBarView,
    Tone,
    clock,
    patient_line,
    record_bar_view,
    service_name,
    service_state,
)

CLOCK_TICK_MS = 200
NARROW = 760
"""Below so many logical pixels words give way to drawings."""
TIGHT = 700
"""Below so many the longest word of state does not fit beside every button."""
_WELL = (MicrophoneState.HEARD, MicrophoneState.OPENING, MicrophoneState.CLOSED)


class RecordBar(QWidget):
    """Everything one needs to start a dictation."""

    record_pressed = Signal()
    pause_pressed = Signal()
    cancel_pressed = Signal()
    service_pressed = Signal()
    setting_chosen = Signal(str, object)
    patient_edited = Signal()

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line
        self._colours = LIGHT
        self._narrow = False
        self._view: RecordBarView = record_bar_view(None)
        self._clock_timer = QTimer(self)
        self._clock_timer.setInterval(CLOCK_TICK_MS)
        self._clock_timer.timeout.connect(self._show_clock)
        self._build_controls()
        self._build_choices()
        self._lay_out()

    # --- building ---
    def _build_controls(self) -> None:
        self.record = button("Record", "Record")
        self.record.setObjectName("record")
        sized(self.record, 1.25, bold=True)
        self.record.clicked.connect(self.record_pressed)
        self.state = StateLabel(ratio=1.0)
        self.clock = label("0:00", ratio=2.1)
        sized(self.clock, 2.1, figures=True)
        self.clock.setAccessibleName("Recorded time")
        self.meter = Meter(self._line.level)
        self.meter.setMaximumWidth(260)
        self.sentence = label("", quiet=True)
        self.sentence.setWordWrap(True)
        self.pause = button("Pause")
        self.pause.clicked.connect(self.pause_pressed)
        self.cancel = button("Cancel", "Cancel this dictation", kind="flat")
        self.cancel.setToolTip("Set this dictation aside; it can be restored for 7 days")
        self.cancel.clicked.connect(self.cancel_pressed)
        self.service = button("", "Service", kind="flat")
        self.service.clicked.connect(self.service_pressed)
        self.sessions = icon_button("Dictations")
        self.sessions.setCheckable(True)
        self.sessions.setVisible(False)
        self.menu = icon_button("Menu")
        self.menu.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)

    def _build_choices(self) -> None:
        self.microphone = QComboBox()
        self.microphone.setAccessibleName("Microphone")
        self.microphone.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.microphone.setMinimumContentsLength(18)
        self.microphone.activated.connect(self._choose_microphone)
        self.language = QComboBox()
        self.language.setAccessibleName("Spoken language")
        self.language.setMinimumContentsLength(9)
        self.language.activated.connect(self._choose_language)
        self.templates = QPushButton("Templates")
        self.templates.setProperty("menu", "true")
        self._template_menu = QMenu(self.templates)
        self.templates.setMenu(self._template_menu)
        self.patient = button("Patient", "Patient")
        self.patient.setCheckable(True)
        self.patient.toggled.connect(self._fold_patient)
        self.consent = QCheckBox("Patient agrees to the recording")
        self.consent.setAccessibleName("Patient agrees to the recording")
        self.consent.hide()
        self.form = PatientForm()
        self.form.edited.connect(self._patient_edited)
        self.form.setVisible(False)

    def _lay_out(self) -> None:
        band = card("band")
        self._band = column = QVBoxLayout(band)
        column.setContentsMargins(SPACE * 3, SPACE * 2, SPACE * 3, SPACE * 2)
        column.setSpacing(SPACE * 2)
        said = QWidget()
        words = QVBoxLayout(said)
        words.setContentsMargins(0, 0, 0, 0)
        words.setSpacing(2)
        words.addWidget(self.state)
        words.addWidget(self.meter)
        told, controls = QHBoxLayout(), QHBoxLayout()
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for part in (told, controls, self._top):
            part.setSpacing(SPACE * 2)
        told.addWidget(self.record)
        told.addWidget(self.clock)
        told.addWidget(said, 1)
        controls.addWidget(self.pause)
        controls.addWidget(self.cancel)
        controls.addStretch(1)
        controls.addWidget(self.sessions)
        controls.addWidget(self.menu)
        self._top.addLayout(told, 1)
        self._top.addLayout(controls)
        column.addLayout(self._top)
        column.addWidget(self.sentence)
        choices = QWidget()
        row = Row(choices)
        for widget in (
            self.microphone,
            self.language,
            self.templates,
            self.patient,
            self.consent,
            self.service,
        ):
            row.addWidget(widget)
        column.addWidget(choices)
        column.addWidget(self.form)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(band)

    # --- showing ---
    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        self.meter.use(colours)
        picture(self.pause, "pause", colours.text)
        picture(self.menu, "menu", colours.text, 20)
        picture(self.sessions, "list", colours.text, 20)
        picture(self.templates, "template", colours.muted)
        picture(self.patient, "patient", colours.muted)
        picture(self.service, "service", colours.muted)
        self._show_view(self._view)

    def fit(self, width: int) -> None:
        """Keep to drawings where words do not fit, and to two lines where those do not.

        The names of the drawings stay for the ear. `width` is that of the window,
        in logical pixels; the bar itself is never narrower than what is in it.
        """
        self._narrow = narrow = width < NARROW
        direction = QBoxLayout.Direction
        self._top.setDirection(direction.TopToBottom if width < TIGHT else direction.LeftToRight)
        self.sessions.setVisible(narrow)
        self._band.setContentsMargins(*((SPACE,) * 4 if narrow else (SPACE * 3, SPACE * 2) * 2))
        self._show_view(self._view)

    def show_running(self, running: Session | None, *, is_heard: bool) -> None:
        """Show the dictation that runs, or that none does."""
        view = record_bar_view(running, is_heard=is_heard)
        if view != self._view:
            self._show_view(view)
        if running is None:
            self._clock_timer.stop()
            self.sentence.clear()
            self.sentence.setVisible(False)
        else:
            self._clock_timer.start()
        self._show_clock()

    def _show_view(self, view: RecordBarView) -> None:
        self._view = view
        colours = self._colours
        self.state.show_state(view.word, tone_colour(view.tone, colours))
        running = view.record == "Stop"
        self.record.setText(view.record)
        self.record.setAccessibleName(view.record)
        live = view.tone is Tone.LIVE
        restyle(self.record, "light", "live" if live else "running" if running else "off")
        on = colours.on_recording if live else colours.on_accent
        picture(self.record, "stop" if running else "microphone", on, 22)
        self.pause.setText("" if self._narrow else view.pause)
        self.cancel.setText("" if self._narrow else "Cancel")
        self.pause.setAccessibleName(view.pause)
        picture(self.pause, "play" if view.pause == "Resume" else "pause", colours.text)
        picture(self.cancel, "cancel", colours.muted)
        self.pause.setEnabled(view.can_pause)
        self.pause.setVisible(running)
        self.cancel.setVisible(running)
        self.cancel.setEnabled(view.can_cancel)
        self.clock.setVisible(running)
        self.meter.set_live(view.meter_is_live)

    @Slot()
    def _show_clock(self) -> None:
        self.clock.setText(clock(self._line.recorded_s()))

    @Slot(object)
    def show_microphone_state(self, notice: MicrophoneChanged) -> None:
        """Say what is wrong with the microphone, or nothing when it is well."""
        well = notice.state in _WELL
        said = "" if well else told_once(notice.message, notice.remedy)
        self.sentence.setText(said)
        self.sentence.setVisible(bool(said))
        self.sentence.setStyleSheet(f"color: {self._colours.warning}")

    def show_offer(self, offer: Offer, settings: Settings, locked: frozenset[str]) -> None:
        """Offer what the service offers, and nothing else."""
        state = service_state(offer)
        self.service.setText(f"{service_name(offer.service)} · {state.word}")
        self.service.setAccessibleName(f"Service: {service_name(offer.service)}, {state.word}")
        self.service.setToolTip(offer.sentence or "Services and accounts")
        picture(self.service, "service", tone_colour(state.tone, self._colours))
        self._show_languages(offer, settings, locked)
        self._show_templates(offer, settings, locked)

    def _show_languages(self, offer: Offer, settings: Settings, locked: frozenset[str]) -> None:
        model = offer.model(settings.model)
        offered = (model.languages if model else ()) or offer.languages or settings.languages
        self.language.clear()
        if offer.auto_language:
            self.language.addItem("Detect language", ())
        for code in offered:
            self.language.addItem(language_name(code), (code,))
        place = next(
            (
                n
                for n in range(self.language.count())
                if self.language.itemData(n) == settings.languages
            ),
            -1,
        )
        if place < 0 and len(settings.languages) > 1:
            names = " + ".join(language_name(code) for code in settings.languages)
            self.language.insertItem(0, names, settings.languages)
            place = 0
        self.language.setCurrentIndex(max(place, 0))
        self.language.setEnabled("languages" not in locked)

    def _show_templates(self, offer: Offer, settings: Settings, locked: frozenset[str]) -> None:
        self._template_menu.clear()
        chosen = settings.templates
        for template in offer.templates:
            action = self._template_menu.addAction(template.name)
            action.setCheckable(True)
            action.setChecked(template.template_id in chosen)
            action.setEnabled(template.template_id in chosen or len(chosen) < MAX_TEMPLATES)
            action.setToolTip(template.description)
            action.triggered.connect(
                lambda on, one=template.template_id: self._choose_template(one, on=on)
            )
        if len(chosen) >= MAX_TEMPLATES:
            self._template_menu.addSeparator()
            self._template_menu.addAction("At most two at a time").setEnabled(False)
        names = [one.name for one in offer.templates if one.template_id in chosen]
        said = " + ".join(names) or "Transcript only"
        self.templates.setText(said)
        self.templates.setAccessibleName(f"Templates: {said}")
        self.templates.setEnabled(bool(offer.templates) and "templates" not in locked)
        self._chosen = chosen

    def show_microphones(
        self, choices: tuple[MicrophoneChoice, ...], settings: Settings, locked: frozenset[str]
    ) -> None:
        """List the microphones there are; a chosen one that is missing stays visible."""
        self.microphone.clear()
        self.microphone.addItem("Default microphone", "")
        for choice in choices:
            self.microphone.addItem(choice.name, choice.identity)
        place = self.microphone.findData(settings.microphone)
        if place < 0:
            self.microphone.addItem("Chosen microphone (not connected)", settings.microphone)
            place = self.microphone.count() - 1
        self.microphone.setCurrentIndex(place)
        self.microphone.setEnabled("microphone" not in locked)

    # --- choosing ---
    @Slot(int)
    def _choose_microphone(self, place: int) -> None:
        self.setting_chosen.emit("microphone", self.microphone.itemData(place))

    @Slot(int)
    def _choose_language(self, place: int) -> None:
        self.setting_chosen.emit("languages", list(self.language.itemData(place)))

    def _choose_template(self, template_id: str, *, on: bool) -> None:
        kept = [one for one in self._chosen if one != template_id]
        self.setting_chosen.emit("templates", [*kept, template_id] if on else kept)

    @Slot(bool)
    def _fold_patient(self, unfolded: bool) -> None:  # noqa: FBT001  Qt's signal
        self.form.setVisible(unfolded)
        if unfolded:
            self.form.take_focus()

    @Slot()
    def _patient_edited(self) -> None:
        self._name_patient()
        self.patient_edited.emit()

    def _name_patient(self) -> None:
        patient = self.form.patient()
        said = "Patient" if patient.is_empty else patient_line(patient)
        self.patient.setText(said.replace("&", "&&"))
        self.patient.setAccessibleName("Patient" if patient.is_empty else f"Patient: {said}")

    def chosen_patient(self) -> Patient:
        """Whom the next dictation is for."""
        return self.form.patient()

    def show_patient(self, patient: Patient) -> None:
        """Fill the form, or clear it after a dictation."""
        self.form.show_patient(patient)
        self._name_patient()
