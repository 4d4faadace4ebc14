"""Settings: which templates a dictation fills by itself, and those the clinic describes."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.offer import TemplateOffer
from scribe_desktop.domain.order import MAX_TEMPLATES
from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.dialogs import ask_to_delete
from scribe_desktop.ui.pieces import button, label, paragraph, picture
from scribe_desktop.ui.service_shelf import OwnTemplate
from scribe_desktop.ui.settings.page import Page, Surroundings
from scribe_desktop.ui.settings.template_editor import TemplateEditor
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.view_state import Tone

BESIDE_THE_TICK = 35
"""Where the words of a check box begin."""

_NOT_SAID = "The service has not said yet which templates it has."


class TemplatesPage(Page):
    """The service's templates, at most two of them chosen; one's own can be described here."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(
            surroundings,
            "Templates",
            "Up to two are filled by themselves. Others can be run later from the result.",
        )
        group = self.group()
        self.say_locked(group, "templates")
        self.boxes: dict[str, QCheckBox] = {}
        self._listed: tuple[TemplateOffer, ...] | None = None
        self._list = QVBoxLayout()
        self._list.setSpacing(SPACE * 2)
        group.addLayout(self._list)
        self._own: dict[str, OwnTemplate] = {}
        self._own_of: str | None = None
        self._add_own()
        self.on_refresh(self._show)
        self.finish()

    # --- which are filled ---
    def _show(self, settings: Settings) -> None:
        offered = self.line.offer().templates
        if offered != self._listed:
            self._list_anew(offered)
        locked = self._is_locked()
        full = len(settings.templates) >= MAX_TEMPLATES
        for template_id, box in self.boxes.items():
            chosen = template_id in settings.templates
            box.setChecked(chosen)
            box.setEnabled(not locked and (chosen or not full))
        self._show_own()

    def _list_anew(self, offered: tuple[TemplateOffer, ...]) -> None:
        self._listed = offered
        clear(self._list)
        self.boxes = {}
        for template in offered:
            box = QCheckBox(template.name)
            box.setAccessibleName(template.name)
            box.setAccessibleDescription(template.description)
            box.clicked.connect(lambda on, one=template.template_id: self._choose(one, on=bool(on)))
            together = QVBoxLayout()
            together.setSpacing(0)
            together.addWidget(box)
            if template.description:
                words = paragraph(first_line(template.description), quiet=True)
                words.setContentsMargins(BESIDE_THE_TICK, 0, 0, 0)
                together.addWidget(words)
            self._list.addLayout(together)
            self.boxes[template.template_id] = box
        if not offered:
            self._list.addWidget(paragraph(_NOT_SAID))

    def _choose(self, template_id: str, *, on: bool) -> None:
        kept = [one for one in self.line.settings().templates if one != template_id]
        self.store("templates", [*kept, template_id] if on else kept)

    def _is_locked(self) -> bool:
        return "templates" in self.line.locked_settings()

    # --- one's own ---
    def _add_own(self) -> None:
        if self.workplace.own_templates is None:
            return
        group = self.group("Your own")
        self.own_sentence = paragraph("", quiet=True)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Asking for your templates")
        self._own_list = QVBoxLayout()
        self._own_list.setSpacing(SPACE)
        self.new = button("New template…", "Describe a new template")
        self.new.clicked.connect(lambda: self._edit(OwnTemplate()))
        group.addWidget(self.progress)
        group.addWidget(self.own_sentence)
        group.addLayout(self._own_list)
        row = QHBoxLayout()
        row.addWidget(self.new)
        row.addStretch(1)
        group.addLayout(row)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        super().use(colours)
        if self.workplace.own_templates is not None:
            picture(self.new, "add", colours.text, disabled=colours.muted)

    def _show_own(self) -> None:
        """Ask once for each service; what is shown changes only when it answers."""
        service = self.line.usual_order().service
        name = f"{service.name} {service.base_url} {service.account}"
        if self.workplace.own_templates is not None and name != self._own_of:
            self._own_of = name
            self.ask_own()

    @Slot()
    def ask_own(self) -> None:
        """Ask the service which templates are one's own."""
        templates, name = self.workplace.own_templates, self._own_of
        if templates is None:
            return
        self.progress.show()
        self.own_sentence.hide()
        self.new.setEnabled(False)
        self.deeds.errands.run(
            templates.own, partial(self._take_own, name), partial(self._take_refusal, name)
        )

    def _take_own(self, name: str | None, own: tuple[OwnTemplate, ...]) -> None:
        if name == self._own_of:
            self._list_own(own)
            self._say_own("" if own else "You have described none at this service.")
            self.new.setEnabled(not self._is_locked())

    def _take_refusal(self, name: str | None, error: ScribeError) -> None:
        if name == self._own_of:
            # Asked again when the page is looked at the next time.
            self._own_of = None
            self._list_own(())
            self._say_own(str(error))

    def _say_own(self, sentence: str) -> None:
        self.progress.hide()
        self.own_sentence.setText(sentence)
        self.own_sentence.setVisible(bool(sentence))

    def _list_own(self, own: tuple[OwnTemplate, ...]) -> None:
        clear(self._own_list)
        self._own = {one.template_id: one for one in own}
        for template in own:
            row = QHBoxLayout()
            words = label(template.name)
            words.setWordWrap(True)
            row.addWidget(words, 1)
            for text, press in (("Edit…", self._edit), ("Delete…", self._ask_to_delete)):
                pressed = button(text, f"{text.removesuffix('…')} {template.name}")
                pressed.setEnabled(not self._is_locked())
                pressed.clicked.connect(_with(press, template))
                row.addWidget(pressed)
            self._own_list.addLayout(row)

    def _edit(self, template: OwnTemplate) -> None:
        templates = self.workplace.own_templates
        if templates is not None:
            editor = TemplateEditor(template, self.deeds, templates.save, self._saved, self)
            editor.use(self.colours)
            editor.open()
            editor.name.setFocus()

    def _saved(self) -> None:
        self.deeds.told.emit(Telling("The template is saved.", tone=Tone.GOOD))
        self.ask_own()

    def _ask_to_delete(self, template: OwnTemplate) -> None:
        ask_to_delete(
            self,
            f"Delete the template “{template.name}” on the service?",
            "It is gone there for everybody who uses it. Notes made with it stay.",
            "Delete it",
            lambda: self._delete(template),
        )

    def _delete(self, template: OwnTemplate) -> None:
        templates = self.workplace.own_templates
        if templates is not None:
            self.deeds.errands.run(
                lambda: templates.delete(template.template_id),
                lambda _: self._deleted(template),
                self.deeds.tell_error,
            )

    def _deleted(self, template: OwnTemplate) -> None:
        if template.template_id in self.line.settings().templates:
            self._choose(template.template_id, on=False)
        self.deeds.told.emit(Telling("The template is deleted.", tone=Tone.GOOD))
        self.ask_own()


def first_line(description: str) -> str:
    """What fits under a name: of instructions only how they begin."""
    lines = [line.strip("# ") for line in description.splitlines() if line.strip("# ")]
    return " · ".join(lines[:4])


def clear(layout: QVBoxLayout | QHBoxLayout) -> None:
    """Take everything out of a layout, and out of sight at once."""
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            _take_away(widget)
        elif isinstance(inner, QVBoxLayout | QHBoxLayout):
            clear(inner)
            inner.deleteLater()


def _take_away(widget: QWidget) -> None:
    widget.hide()
    widget.setParent(None)
    widget.deleteLater()


def _with(press: Callable[[OwnTemplate], None], template: OwnTemplate) -> Callable[[], None]:
    return lambda: press(template)
