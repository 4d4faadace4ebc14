"""Describes a template of the clinic: its name, and the headings and words that it asks for."""

from collections.abc import Callable

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.ui.deeds import Deeds, Telling
from scribe_desktop.ui.dialogs import ask_to_delete
from scribe_desktop.ui.pieces import button, label
from scribe_desktop.ui.service_shelf import OwnTemplate
from scribe_desktop.ui.strip import Strip
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.titles import TITLE

_HINT = "## Reason for the visit\n\n## Findings\n\n## Plan"


class TemplateEditor(QDialog):
    """Stays open until the service has taken what was written, or somebody drops it."""

    def __init__(
        self,
        template: OwnTemplate,
        deeds: Deeds,
        save: Callable[[OwnTemplate], None],
        saved: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._template, self._deeds = template, deeds
        self._save_it, self._saved = save, saved
        self.setWindowTitle(TITLE)
        self.name = QLineEdit(template.name)
        self.name.setAccessibleName("Name of the template")
        self.name.textChanged.connect(self._show_possible)
        self.instructions = QPlainTextEdit(template.instructions)
        self.instructions.setAccessibleName("Headings and instructions")
        self.instructions.setPlaceholderText(_HINT)
        self.instructions.setTabChangesFocus(True)
        self.strip = Strip()
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Saving the template")
        self.progress.hide()
        self.keep = button("Save", "Save this template on the service", kind="primary")
        self.keep.clicked.connect(self._save)
        self.drop = button("Cancel")
        self.drop.clicked.connect(self.reject)
        self._lay_out()
        self._show_possible()
        self.resize(560, 480)

    def _lay_out(self) -> None:
        title = "Change a template" if self._template.template_id else "New template"
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE * 3, SPACE * 3, SPACE * 3, SPACE * 2)
        column.setSpacing(SPACE)
        column.addWidget(label(title, ratio=1.3, bold=True))
        column.addWidget(self.strip)
        for words, field in (
            ("Name", self.name),
            ("Headings, one a line, with what belongs under each", self.instructions),
        ):
            caption = label(words, quiet=True)
            caption.setBuddy(field)
            column.addWidget(caption)
            column.addWidget(field)
        column.addWidget(self.progress)
        ends = QHBoxLayout()
        ends.addStretch(1)
        ends.addWidget(self.drop)
        ends.addWidget(self.keep)
        column.addLayout(ends)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self.strip.use(colours)

    def written(self) -> OwnTemplate:
        """What stands in the fields."""
        return OwnTemplate(
            self._template.template_id, self.name.text(), self.instructions.toPlainText()
        )

    @Slot()
    def _show_possible(self) -> None:
        busy = not self.progress.isHidden()
        self.keep.setEnabled(bool(self.name.text().strip()) and not busy)

    @Slot()
    def _save(self) -> None:
        template = self.written()
        self.progress.show()
        self._show_possible()
        self._deeds.errands.run(lambda: self._save_it(template), self._taken, self._refused)

    def _taken(self, _: None) -> None:
        self._template = self.written()
        self._saved()
        self.accept()

    def _refused(self, error: ScribeError) -> None:
        self.progress.hide()
        self._show_possible()
        self.strip.tell(Telling(error.message, error.remedy))

    def reject(self) -> None:
        """Escape asks before it drops what was written."""
        if self.written() == self._template:
            super().reject()
            return
        ask_to_delete(
            self,
            "Drop what you wrote?",
            "The template stays as it was on the service.",
            "Drop it",
            # Not the slot: that is this method again.
            lambda: QDialog.reject(self),
        )
