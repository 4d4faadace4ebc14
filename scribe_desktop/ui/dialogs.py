"""The few questions that stop work until they are answered."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QMessageBox, QVBoxLayout, QWidget

from scribe_desktop.domain.notices import PartEnding, SilenceNoticed
from scribe_desktop.domain.order import Patient
from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.patient_form import PatientForm
from scribe_desktop.ui.pieces import label, paragraph
from scribe_desktop.ui.theme import SPACE
from scribe_desktop.ui.titles import TITLE
from scribe_desktop.ui.view_state import Tone, silence_sentence

SAFE_EITHER_WAY = "What was spoken so far is safe either way."
MAY_BE_LOST = "The disk of this computer has not taken all of it. What it does not take is lost."


def ask_to_close(parent: QWidget, stop_and_close: Callable[[], None], *, is_kept: bool) -> None:
    """Ask what is to become of the dictation that runs; Escape and Return go on recording."""
    more = SAFE_EITHER_WAY if is_kept else MAY_BE_LOST
    yes = "Stop, deliver and close" if is_kept else "Stop and close anyway"
    question = _question(parent, "A dictation is still being recorded.", more)
    _offer(question, yes, "Go on recording", stop_and_close)


def ask_to_lose(parent: QWidget, close: Callable[[], None]) -> None:
    """Ask before the program ends with something in memory only; Escape and Return stay."""
    question = _question(parent, "What you said or changed last is in memory only.", MAY_BE_LOST)
    _offer(question, "Close anyway", "Stay", close)


def _question(parent: QWidget, text: str, more: str) -> QMessageBox:
    question = QMessageBox(parent)
    question.setIcon(QMessageBox.Icon.Question)
    question.setWindowTitle(TITLE)
    question.setTextFormat(Qt.TextFormat.PlainText)
    question.setText(text)
    question.setInformativeText(more)
    question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    return question


def _offer(question: QMessageBox, yes: str, no: str, go: Callable[[], None]) -> None:
    """Two answers, of which Escape and Return give the one that changes nothing."""
    agree = question.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    stay = question.addButton(no, QMessageBox.ButtonRole.RejectRole)
    question.setDefaultButton(stay)
    question.setEscapeButton(stay)
    agree.clicked.connect(go)
    question.open()


def ask_to_delete(
    parent: QWidget, text: str, more: str, yes: str, delete: Callable[[], None]
) -> QMessageBox:
    """Ask before something goes for good; Escape and Return keep it."""
    question = QMessageBox(parent)
    question.setIcon(QMessageBox.Icon.Warning)
    question.setWindowTitle(TITLE)
    question.setTextFormat(Qt.TextFormat.PlainText)
    question.setText(text)
    question.setInformativeText(more)
    go = question.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
    keep = question.addButton("Keep it", QMessageBox.ButtonRole.RejectRole)
    question.setDefaultButton(keep)
    question.setEscapeButton(keep)
    question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    go.clicked.connect(delete)
    question.open()
    return question


def silence_telling(
    notice: SilenceNoticed, resume: Callable[[], None], still_here: Callable[[], None]
) -> Telling:
    """What is said of a recording that seems forgotten."""
    message, remedy = silence_sentence(notice.silent_s, notice.pauses_in_s)
    if notice.pauses_in_s > 0:
        return Telling(message, remedy, action="Still here", act=still_here)
    return Telling(message, remedy, action="Resume", act=resume)


def part_telling(notice: PartEnding) -> Telling:
    """What is said before a dictation goes on in a linked session; a warning only if it cannot."""
    tone = Tone.QUIET if notice.goes_on else Tone.WARNING
    return Telling(notice.message, notice.remedy, tone)


def ask_patient(parent: QWidget, patient: Patient, chosen: Callable[[Patient], None]) -> QDialog:
    """Ask whose visit a stored dictation is."""
    dialog = QDialog(parent)
    dialog.setWindowTitle(TITLE)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    form = PatientForm()
    form.show_patient(patient)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(SPACE * 3, SPACE * 3, SPACE * 3, SPACE * 2)
    column.setSpacing(SPACE * 2)
    column.addWidget(label("Whose dictation is this?", ratio=1.3, bold=True))
    column.addWidget(
        paragraph("The recording and its notes go to the patient you enter here.", quiet=True)
    )
    column.addWidget(form)
    buttons = QDialogButtonBox()
    give = buttons.addButton("Give to this patient", QDialogButtonBox.ButtonRole.AcceptRole)
    give.setProperty("kind", "primary")
    buttons.addButton("Leave as it is", QDialogButtonBox.ButtonRole.RejectRole)
    buttons.accepted.connect(dialog.accept)
    buttons.rejected.connect(dialog.reject)
    dialog.accepted.connect(lambda: chosen(form.patient()))
    column.addWidget(buttons)
    # Wide enough for all five fields, and as high as they are in a narrower one.
    dialog.resize(820, 0)
    dialog.resize(820, max(column.totalHeightForWidth(820), 240))
    dialog.open()
    form.take_focus()
    return dialog
