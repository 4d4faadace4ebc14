"""What all pages of the settings share: rows of a title, a reason and a control.

A row reads its setting and writes it at once; there is no "apply". A setting
that a policy fixes is shown with a lock and cannot be changed. A value that
is refused is told, and the control shows again what is in force.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui.deeds import Deeds
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.pictures import drawing
from scribe_desktop.ui.pieces import card, label, paragraph
from scribe_desktop.ui.stall import StallWatch
from scribe_desktop.ui.theme import LIGHT, SPACE, Colours
from scribe_desktop.ui.workplace import Workplace

LOCKED = "Set by your organisation"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a page works with."""

    line: Line
    deeds: Deeds
    workplace: Workplace
    stalls: StallWatch


@dataclass(frozen=True, slots=True)
class _Lock:
    """A control, and what is shown beside it where a policy fixes its setting."""

    name: str
    control: QWidget
    mark: QLabel
    said: QLabel


class Page(QWidget):
    """A page: a heading, groups, and rows in the groups."""

    def __init__(self, surroundings: Surroundings, title: str, introduction: str = "") -> None:
        super().__init__()
        self.line = surroundings.line
        self.deeds = surroundings.deeds
        self.workplace = surroundings.workplace
        self.stalls = surroundings.stalls
        self.colours = LIGHT
        self._readers: list[Callable[[Settings], None]] = []
        self._locks: list[_Lock] = []
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(SPACE * 3, SPACE * 3, SPACE * 3, SPACE * 3)
        self.column.setSpacing(SPACE * 2)
        self.column.addWidget(label(title, ratio=1.5, bold=True))
        if introduction:
            self.column.addWidget(paragraph(introduction, quiet=True))

    # --- for whoever shows the page ---
    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        self.colours = colours
        for lock in self._locks:
            lock.mark.setPixmap(drawing("lock", colours.muted, 16, self.devicePixelRatioF()))

    @Slot()
    def refresh(self) -> None:
        """Show what is in force."""
        settings, locked = self.line.settings(), self.line.locked_settings()
        for read in self._readers:
            read(settings)
        for lock in self._locks:
            lock.control.setEnabled(lock.name not in locked)
            lock.mark.setVisible(lock.name in locked)
            lock.said.setVisible(lock.name in locked)

    def leave(self) -> None:
        """The page is no longer looked at: end what it began."""

    # --- for the pages ---
    def store(self, name: str, value: Any) -> None:  # noqa: ANN401  JSON
        """Change a setting; every page and the window then show what is in force."""
        self.deeds.set_setting(name, value)

    def on_refresh(self, read: Callable[[Settings], None]) -> None:
        """Call `read` whenever the settings may have changed."""
        self._readers.append(read)

    def group(self, title: str = "") -> QVBoxLayout:
        """A card for rows that belong together."""
        if title:
            heading = label(title, ratio=1.1, bold=True)
            self.column.addWidget(heading)
        made = card()
        column = QVBoxLayout(made)
        column.setContentsMargins(SPACE * 2, SPACE * 2, SPACE * 2, SPACE * 2)
        column.setSpacing(SPACE * 2)
        self.column.addWidget(made)
        return column

    def finish(self) -> None:
        """Push the groups to the top, and show what is in force."""
        self.column.addStretch(1)
        self.refresh()

    def row(self, group: QVBoxLayout, name: str, title: str, why: str, control: QWidget) -> None:
        """A title with its reason on one side, its control on the other."""
        if not control.accessibleName():
            control.setAccessibleName(title)
        control.setAccessibleDescription(why)
        words = QVBoxLayout()
        words.setSpacing(2)
        caption = label(title)
        caption.setWordWrap(True)
        caption.setBuddy(control)
        words.addWidget(caption)
        if why:
            words.addWidget(paragraph(why, quiet=True))
        # In words and as a drawing: neither a tool tip nor a colour has to be found.
        said = label(LOCKED, quiet=True, bold=True)
        mark = QLabel()
        for sign in (said, mark):
            sign.setVisible(False)
        words.addWidget(said)
        line = QHBoxLayout()
        line.setSpacing(SPACE * 2)
        line.addLayout(words, 1)
        line.addWidget(mark)
        line.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)
        group.addLayout(line)
        if name:
            self._locks.append(_Lock(name, control, mark, said))

    def say_locked(self, group: QVBoxLayout, name: str) -> None:
        """Say so where a policy fixes what a whole group chooses."""
        said = label(LOCKED, quiet=True)
        self.on_refresh(lambda _: said.setVisible(name in self.line.locked_settings()))
        group.addWidget(said)

    def switch(self, group: QVBoxLayout, name: str, title: str, why: str = "") -> QCheckBox:
        """A row that is on or off."""
        control = QCheckBox()
        control.clicked.connect(lambda on: self.store(name, bool(on)))
        self.on_refresh(lambda settings: control.setChecked(bool(getattr(settings, name))))
        self.row(group, name, title, why, control)
        return control

    def choice(
        self,
        group: QVBoxLayout,
        name: str,
        title: str,
        why: str,
        options: Sequence[tuple[str, str]],
    ) -> QComboBox:
        """A row with a few values, given as (value, words)."""
        control = QComboBox()
        for value, words in options:
            control.addItem(words, value)
        control.activated.connect(lambda place: self.store(name, control.itemData(place)))
        self.on_refresh(lambda settings: select(control, str(getattr(settings, name))))
        self.row(group, name, title, why, control)
        return control

    def number(
        self,
        group: QVBoxLayout,
        name: str,
        title: str,
        why: str,
        *,
        bounds: tuple[int, int],
        unit: str,
        zero: str = "",
    ) -> QSpinBox:
        """A row with a whole number; `zero` says what 0 means."""
        control = number_field(bounds, unit)
        control.setSpecialValueText(zero)
        control.editingFinished.connect(lambda: self._store_number(name, control.value()))
        self.on_refresh(lambda settings: control.setValue(int(getattr(settings, name))))
        self.row(group, name, title, why, control)
        return control

    def _store_number(self, name: str, value: int) -> None:
        if value != getattr(self.line.settings(), name):
            self.store(name, value)


def number_field(bounds: tuple[int, int], unit: str) -> QSpinBox:
    """A field for a whole number, with its unit."""
    made = QSpinBox()
    made.setRange(*bounds)
    made.setSuffix(f" {unit}")
    one = f" {unit.removesuffix('s')}"
    made.valueChanged.connect(lambda number: made.setSuffix(one if number == 1 else f" {unit}"))
    made.setMinimumWidth(130)
    # The style sheet gives the text the whole width, so the space beside it is its own.
    made.lineEdit().setTextMargins(SPACE, 0, SPACE, 0)
    return made


def select(control: QComboBox, value: str) -> None:
    """Show `value`; one that is not on offer is shown as it is."""
    place = control.findData(value)
    if place < 0:
        control.addItem(value, value)
        place = control.count() - 1
    control.setCurrentIndex(place)
