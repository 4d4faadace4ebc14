"""Whose visit it is: five optional fields, folded away until they are wanted."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QVBoxLayout, QWidget

from scribe_desktop.domain.order import Patient
from scribe_desktop.ui.pieces import Row, button, label
from scribe_desktop.ui.theme import SPACE

_SEXES = (("", "Not said"), ("F", "Female"), ("M", "Male"), ("O", "Other"))


class PatientForm(QWidget):
    """Name, id, age, sex, phone."""

    edited = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.name = _field("Name", 22)
        self.oid = _field("Id", 14)
        self.age = _field("Age", 5)
        self.sex = QComboBox()
        self.sex.setAccessibleName("Sex")
        for code, word in _SEXES:
            self.sex.addItem(word, code)
        self.mobile = _field("Phone", 14)
        self.clear = button("Clear", "Clear the patient", kind="flat")
        row = Row(self, space=SPACE * 2)
        for word, widget in (
            ("Name", self.name),
            ("Id", self.oid),
            ("Age", self.age),
            ("Sex", self.sex),
            ("Phone", self.mobile),
            (" ", self.clear),
        ):
            row.addWidget(_captioned(word, widget))
        for field in (self.name, self.oid, self.age, self.mobile):
            field.textEdited.connect(self.edited)
        self.sex.activated.connect(self.edited)
        self.clear.clicked.connect(self._clear)

    def take_focus(self) -> None:
        """Let the clinician type at once."""
        self.name.setFocus()

    def patient(self) -> Patient:
        """What the fields say."""
        return Patient(
            oid=self.oid.text().strip(),
            name=self.name.text().strip(),
            age=self.age.text().strip(),
            gender=str(self.sex.currentData()),
            mobile=self.mobile.text().strip(),
        )

    def show_patient(self, patient: Patient) -> None:
        """Fill the fields."""
        self.name.setText(patient.name)
        self.oid.setText(patient.oid)
        self.age.setText(patient.age)
        self.mobile.setText(patient.mobile)
        place = self.sex.findData(patient.gender)
        if place < 0:
            self.sex.addItem(patient.gender, patient.gender)
            place = self.sex.count() - 1
        self.sex.setCurrentIndex(place)

    def _clear(self) -> None:
        self.show_patient(Patient())
        self.edited.emit()


def _field(name: str, letters: int) -> QLineEdit:
    field = QLineEdit()
    field.setAccessibleName(f"Patient {name.lower()}")
    field.setMinimumWidth(field.fontMetrics().averageCharWidth() * letters + 24)
    field.setMaximumWidth(field.minimumWidth())
    return field


def _captioned(word: str, widget: QWidget) -> QWidget:
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    caption = label(word, ratio=0.9, quiet=True)
    caption.setBuddy(widget)
    column.addWidget(caption)
    column.addWidget(widget)
    return box
