"""The row of buttons under a result: what can be done with the text and the recording."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QWidget

from scribe_desktop.domain.offer import TemplateOffer
from scribe_desktop.ui.pieces import Row, button, icon_button, picture
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.workplace import ExportFormat, Workplace


@dataclass(frozen=True, slots=True)
class Possible:
    """What makes sense for the dictation and the tab that are shown."""

    editing: bool = False
    has_text: bool = False
    is_stored: bool = False
    has_audio: bool = False
    is_stopped: bool = False
    has_consent: bool = False
    is_here: bool = True
    """Whether this computer has it; what only a service has can be read and heard."""


class ActionRow(QWidget):
    """Copy, insert, edit, play, export, another template, and what is needed seldom."""

    copy_pressed = Signal()
    insert_pressed = Signal()
    edit_pressed = Signal()
    keep_pressed = Signal()
    drop_pressed = Signal()
    play_pressed = Signal()
    export_pressed = Signal(object)
    template_pressed = Signal(str)
    patient_pressed = Signal()
    continue_pressed = Signal()
    consent_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._can: dict[QWidget, bool] = {}
        self._colours: Colours | None = None
        self._offered: tuple[TemplateOffer, ...] = ()
        self.copy = button("Copy", "Copy this text", kind="primary")
        self.insert = button("Insert", "Insert this text at the cursor of the other program")
        self.edit = button("Edit", "Edit this text")
        self.keep = button("Keep changes", kind="primary")
        self.drop = button("Drop changes")
        self.play = button("Play", "Play the recording")
        self.export, self.export_menu = _menu_button("Export", "Export this dictation")
        self.another, self.another_menu = _menu_button("Another template", "Run another template")
        self.more = icon_button("More")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more_menu = QMenu(self.more)
        self.more.setMenu(self.more_menu)
        self.go_on = self.more_menu.addAction("Continue this dictation", self.continue_pressed.emit)
        self.rename = self.more_menu.addAction(
            "Give to another patient…", self.patient_pressed.emit
        )
        self.consent = self.more_menu.addAction(
            "Note the patient's consent", self.consent_pressed.emit
        )
        self.consent.setVisible(False)
        for pressed, signal in (
            (self.copy, self.copy_pressed),
            (self.insert, self.insert_pressed),
            (self.edit, self.edit_pressed),
            (self.keep, self.keep_pressed),
            (self.drop, self.drop_pressed),
            (self.play, self.play_pressed),
        ):
            pressed.clicked.connect(signal)
        buttons = QWidget()
        row = Row(buttons)
        for widget in (
            self.copy, self.insert, self.edit, self.keep, self.drop,
            self.play, self.export, self.another,
        ):  # fmt: skip
            row.addWidget(widget)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, SPACE, 0, 0)
        outer.addWidget(buttons, 1)
        outer.addWidget(self.more, 0, Qt.AlignmentFlag.AlignTop)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self._colours = colours
        for widget, drawing, colour in (
            (self.copy, "copy", colours.on_accent),
            (self.insert, "insert", colours.text),
            (self.edit, "edit", colours.text),
            (self.play, "play", colours.text),
            (self.export, "export", colours.text),
            (self.another, "template", colours.text),
            (self.more, "more", colours.text),
        ):
            picture(widget, drawing, colour, disabled=colours.muted)

    def offer(self, workplace: Workplace) -> None:
        """Offer only what this computer can do."""
        exporter = workplace.exporter
        self._can = {
            self.insert: workplace.insertion is not None,
            self.play: workplace.speaker is not None,
            self.export: exporter is not None,
            self.another: workplace.run_template is not None,
        }
        self.go_on.setVisible(workplace.continue_session is not None)
        for form in exporter.formats() if exporter else ():
            self._add_format(form)

    def _add_format(self, form: ExportFormat) -> None:
        action = self.export_menu.addAction(form.name)
        action.triggered.connect(lambda: self.export_pressed.emit(form))

    def offer_consent(self, *, wanted: bool) -> None:
        """Let the patient's consent be noted, where that is done."""
        self.consent.setVisible(wanted)

    def offer_templates(self, templates: tuple[TemplateOffer, ...]) -> None:
        """List the templates that this dictation does not have yet."""
        if templates == self._offered:
            # Drawn with every chunk of a running dictation; a menu that is open stays as it is.
            return
        self._offered = templates
        self.another_menu.clear()
        for template in templates:
            action = self.another_menu.addAction(template.name)
            action.setToolTip(template.description)
            action.triggered.connect(
                lambda _=False, one=template.template_id: self.template_pressed.emit(one)
            )

    def show_possible(self, possible: Possible) -> None:
        """Show and enable what makes sense now."""
        reading = not possible.editing
        ours = reading and possible.is_here
        for widget, visible, enabled in (
            (self.copy, reading, possible.has_text),
            (self.insert, ours, possible.has_text),
            (self.edit, ours, possible.is_stored and possible.has_text),
            (self.keep, possible.editing, True),
            (self.drop, possible.editing, True),
            # What is on this computer has a player of its own above these buttons.
            (self.play, reading and not possible.is_here, possible.has_audio),
            (self.export, ours, possible.is_stored),
            (self.another, ours, possible.is_stored and bool(self.another_menu.actions())),
            (self.more, ours, True),
        ):
            widget.setVisible(visible and self._can.get(widget, True))
            widget.setEnabled(enabled)
        self.go_on.setEnabled(possible.is_stopped)
        self.consent.setText(
            "Take the patient's consent back"
            if possible.has_consent
            else "Note the patient's consent"
        )
        self.updateGeometry()

    def show_playing(self, playing: bool) -> None:  # noqa: FBT001  a Qt-like setter
        """Say on the button what pressing it would do."""
        self.play.setText("Stop playing" if playing else "Play")
        self.play.setAccessibleName("Stop playing" if playing else "Play the recording")
        if self._colours is not None:
            picture(self.play, "stop" if playing else "play", self._colours.text)


def _menu_button(text: str, name: str) -> tuple[QPushButton, QMenu]:
    made = button(text, name)
    made.setProperty("menu", "true")
    menu = QMenu(made)
    made.setMenu(menu)
    return made, menu
