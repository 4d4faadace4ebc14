"""Settings: which templates a dictation fills by itself."""

from PySide6.QtWidgets import QCheckBox, QVBoxLayout

from scribe_desktop.domain.order import MAX_TEMPLATES
from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui.pieces import paragraph
from scribe_desktop.ui.settings.page import Page, Surroundings


class TemplatesPage(Page):
    """The service's templates, at most two of them chosen."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(
            surroundings,
            "Templates",
            "Up to two are filled by themselves. Others can be run later from the result.",
        )
        group = self.group()
        self.say_locked(group, "templates")
        self.boxes: dict[str, QCheckBox] = {}
        for template in self.line.offer().templates:
            box = QCheckBox(template.name)
            box.setAccessibleName(template.name)
            box.setAccessibleDescription(template.description)
            box.clicked.connect(lambda on, one=template.template_id: self._choose(one, on=bool(on)))
            together = QVBoxLayout()
            together.setSpacing(0)
            together.addWidget(box)
            if template.description:
                together.addWidget(paragraph(template.description, quiet=True))
            group.addLayout(together)
            self.boxes[template.template_id] = box
        if not self.boxes:
            group.addWidget(paragraph("The service has not said yet which templates it has."))
        self.on_refresh(self._show)
        self.finish()

    def _show(self, settings: Settings) -> None:
        locked = "templates" in self.line.locked_settings()
        full = len(settings.templates) >= MAX_TEMPLATES
        for template_id, box in self.boxes.items():
            chosen = template_id in settings.templates
            box.setChecked(chosen)
            box.setEnabled(not locked and (chosen or not full))

    def _choose(self, template_id: str, *, on: bool) -> None:
        kept = [one for one in self.line.settings().templates if one != template_id]
        self.store("templates", [*kept, template_id] if on else kept)
