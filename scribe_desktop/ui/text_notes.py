"""Has notes written from a text that is typed, pasted or opened, as from a dictation.

What was typed stays in the window until it is stored: closing the window,
locking it or a refusal takes nothing away.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QPlainTextEdit,
    QProgressBar,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.offer import Offer, TemplateOffer
from scribe_desktop.domain.order import MAX_TEMPLATES, Order, Patient
from scribe_desktop.domain.session import SessionId
from scribe_desktop.ui.accounts import account_of
from scribe_desktop.ui.deeds import Deeds, Telling
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.patient_form import PatientForm
from scribe_desktop.ui.pieces import Row, button, label, paragraph, picture
from scribe_desktop.ui.strip import Strip
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.titles import TITLE
from scribe_desktop.ui.view_state import count, named_in_a_sentence, service_name

LARGEST_FILE = 4 * 1024 * 1024

_INTRODUCTION = (
    "Type or paste what was said. The text is kept like a dictation, and {service} writes the note."
)
_NOT_HERE = "{service} does not write notes from a text. Choose another service in the settings."


class TextNotes(QDialog):
    """One text at a time; it is there again when the window is opened again."""

    written = Signal(str)

    def __init__(
        self,
        line: Line,
        deeds: Deeds,
        take: Callable[[str, Order], SessionId],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._line, self._deeds, self._take = line, deeds, take
        self._offer = Offer("")
        self._account = account_of(line.settings())
        self._begun: dict[str, tuple[str, Patient]] = {}
        self.setWindowTitle(TITLE)
        self.introduction = paragraph("", quiet=True)
        self.strip = Strip()
        self.text = QPlainTextEdit()
        self.text.setAccessibleName("Text")
        self.text.setPlaceholderText("Type or paste the text here")
        self.text.setTabChangesFocus(True)
        self.text.textChanged.connect(self._show_possible)
        self.words = label("", quiet=True)
        self.open_file = button("Open a text file…")
        self.open_file.clicked.connect(self._choose_file)
        self.patient = PatientForm()
        self.boxes: dict[str, QCheckBox] = {}
        self._templates = Row(space=SPACE * 2)
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Storing the text")
        self.progress.hide()
        self.write = button("Write the note", kind="primary")
        self.write.clicked.connect(self._write)
        self.leave = button("Close", "Close; the text stays here")
        self.leave.clicked.connect(self.reject)
        self._lay_out()
        self.resize(820, 640)

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(SPACE * 3, SPACE * 3, SPACE * 3, SPACE * 2)
        column.setSpacing(SPACE + 4)
        column.addWidget(label("Notes from a text", ratio=1.5, bold=True))
        column.addWidget(self.introduction)
        column.addWidget(self.strip)
        self.text.setMinimumHeight(self.text.fontMetrics().height() * 6)
        column.addWidget(self.text, 1)
        beside = QHBoxLayout()
        beside.addWidget(self.open_file)
        beside.addStretch(1)
        beside.addWidget(self.words)
        column.addLayout(beside)
        column.addWidget(label("What is written", bold=True))
        column.addLayout(self._templates)
        column.addWidget(label("Whose visit it is", bold=True))
        column.addWidget(self.patient)
        column.addWidget(self.progress)
        ends = QHBoxLayout()
        ends.addStretch(1)
        ends.addWidget(self.leave)
        ends.addWidget(self.write)
        column.addLayout(ends)
        scroll = QScrollArea()
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(inner)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scroll)

    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self.strip.use(colours)
        picture(self.open_file, "import", colours.text)

    def open_for(self, patient: Patient) -> None:
        """Show the window; a text that was begun is still there, with its own patient."""
        self._follow_account()
        if not self.text.toPlainText():
            self.patient.show_patient(patient)
        self._show_offer()
        self.show()
        self.raise_()
        self.activateWindow()
        self.text.setFocus()

    def _follow_account(self) -> None:
        """What another clinician began to type is put by, and is there for them again."""
        account = account_of(self._line.settings())
        if account != self._account:
            self._begun[self._account] = (self.text.toPlainText(), self.patient.patient())
            text, patient = self._begun.pop(account, ("", Patient()))
            self._account = account
            self.text.setPlainText(text)
            self.patient.show_patient(patient)

    def _show_offer(self) -> None:
        """What the chosen service can write, with the usual templates chosen."""
        self._offer = self._line.offer()
        usual = self._line.usual_order().templates
        chosen = self._chosen() or usual
        while self._templates.count():
            item = self._templates.takeAt(0)
            if item is not None and (widget := item.widget()) is not None:
                widget.deleteLater()
        self.boxes = {}
        for template in self._offer.templates or tuple(TemplateOffer(one, one) for one in usual):
            box = QCheckBox(template.name)
            box.setAccessibleName(template.name)
            box.setToolTip(template.description)
            box.setChecked(template.template_id in chosen)
            box.clicked.connect(self._show_possible)
            self._templates.addWidget(box)
            self.boxes[template.template_id] = box
        service = self._offer.service
        if self._can_write():
            said = _INTRODUCTION.format(service=named_in_a_sentence(service))
        else:
            said = _NOT_HERE.format(service=service_name(service))
        self.introduction.setText(said)
        self._show_possible()

    def _can_write(self) -> bool:
        """The plain specification has no such call (PROTOCOL.md §1.12)."""
        return self._offer.dialect != "spec"

    def _chosen(self) -> tuple[str, ...]:
        return tuple(one for one, box in self.boxes.items() if box.isChecked())

    @Slot()
    def _show_possible(self) -> None:
        words = len(self.text.toPlainText().split())
        self.words.setText(count(words, "word", "words"))
        chosen = self._chosen()
        for template_id, box in self.boxes.items():
            box.setEnabled(template_id in chosen or len(chosen) < MAX_TEMPLATES)
        busy = not self.progress.isHidden()
        self.write.setEnabled(bool(words and chosen) and self._can_write() and not busy)

    # --- a file ---
    @Slot()
    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(
            self, "Open a text file", "", "Plain text (*.txt *.md);;All files (*)"
        )
        if path:
            self.open_text(path)

    def open_text(self, path: str) -> None:
        """Put the text of a file after what is there."""
        self._deeds.errands.run(lambda: read_text(Path(path)), self._take_text, self._refuse)

    def _take_text(self, text: str) -> None:
        before = self.text.toPlainText()
        self.text.setPlainText(f"{before}\n{text}" if before.strip() else text)
        self.text.setFocus()

    # --- writing ---
    @Slot()
    def _write(self) -> None:
        text = self.text.toPlainText().strip()
        order = replace(
            self._line.usual_order(), templates=self._chosen(), patient=self.patient.patient()
        )
        self.progress.show()
        self._show_possible()
        self._deeds.errands.run(lambda: self._take(text, order), self._taken, self._refuse)

    def _taken(self, session_id: SessionId) -> None:
        self.progress.hide()
        self.text.clear()
        self.patient.show_patient(Patient())
        self.strip.put_away()
        self.hide()
        self.written.emit(session_id)

    def _refuse(self, error: ScribeError) -> None:
        self.progress.hide()
        self._show_possible()
        self.strip.tell(Telling(error.message, error.remedy))


def read_text(path: Path) -> str:
    """The words of a text file, exactly; raises ScribeError for what is not plain text.

    A file in an old code page is refused: guessing it wrong would change words.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ScribeError("That file is too long for one note.", "Choose a shorter one.")
        raw = path.read_bytes()
    except OSError as error:
        raise ScribeError("That file could not be read.", "Choose it again.") from error
    wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise _not_text() from error
    if "\0" in text:
        raise _not_text()
    return text


def _not_text() -> ScribeError:
    return ScribeError(
        "That file is not plain text.",
        "Save it as plain text in UTF-8, or copy the words and paste them here.",
    )
