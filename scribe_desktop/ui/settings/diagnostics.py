"""Settings: how the program fares on this computer, and a bundle for support."""

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QFileDialog, QGridLayout, QLabel

from scribe_desktop.ui.pieces import Row, button, label, paragraph
from scribe_desktop.ui.settings.page import Page, Surroundings
from scribe_desktop.ui.theme import SPACE
from scribe_desktop.ui.workplace import Measurement

REFRESH_MS = 2000


class DiagnosticsPage(Page):
    """Measured latencies, the longest stall of the window, the support bundle."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(
            surroundings,
            "Diagnostics",
            "Measured on this computer since the program started. Nothing here is sent anywhere.",
        )
        group = self.group("Measurements")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(SPACE * 3)
        self._grid.setVerticalSpacing(SPACE)
        self._grid.setColumnStretch(0, 1)
        group.addLayout(self._grid)
        self._values: dict[str, QLabel] = {}
        row = Row()
        self.again = button("Measure again", "Measure the window again")
        self.again.clicked.connect(self._reset)
        row.addWidget(self.again)
        group.addLayout(row)
        support = self.group("Support")
        support.addWidget(
            paragraph(
                "A support bundle holds versions, settings and logs: no recording, no text, no"
                " patient, no password.",
                quiet=True,
            )
        )
        self.bundle = button("Write a support bundle…")
        self.bundle.setEnabled(self.workplace.diagnostics is not None)
        self.bundle.clicked.connect(self._write_bundle)
        line = Row()
        line.addWidget(self.bundle)
        support.addLayout(line)
        self._timer = QTimer(self)
        self._timer.setInterval(REFRESH_MS)
        self._timer.timeout.connect(self.measure)
        self._timer.start()
        self.finish()
        self.measure()

    def leave(self) -> None:
        """Measure no more."""
        self._timer.stop()

    def refresh(self) -> None:
        """Show what is in force, and measure while looked at."""
        super().refresh()
        self._timer.start()

    @Slot()
    def measure(self) -> None:
        """Ask for the figures, which may wait."""
        own = (
            Measurement("Window on screen after start", _ms(self.stalls.started_ms)),
            Measurement("Longest stall of the window", _ms(self.stalls.longest_ms)),
        )
        diagnostics = self.workplace.diagnostics
        if diagnostics is None:
            self._show(own)
        else:
            self.deeds.errands.run(
                diagnostics.measurements,
                lambda measured: self._show((*measured, *own)),
                self.deeds.tell_error,
            )

    def _show(self, measurements: tuple[Measurement, ...]) -> None:
        for one in measurements:
            if one.name not in self._values:
                value = label("", bold=True)
                value.setAccessibleName(one.name)
                row = self._grid.rowCount()
                self._grid.addWidget(label(one.name), row, 0)
                self._grid.addWidget(value, row, 1)
                self._values[one.name] = value
            self._values[one.name].setText(one.value)

    @Slot()
    def _reset(self) -> None:
        self.stalls.reset()
        self.measure()

    @Slot()
    def _write_bundle(self) -> None:
        diagnostics = self.workplace.diagnostics
        if diagnostics is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, "Support bundle", "scribe-support.zip")
        if path:
            self.deeds.errands.run(
                lambda: diagnostics.write_bundle(path),
                lambda _: self.bundle.setText("Written. Write another…"),
                self.deeds.tell_error,
            )


def _ms(duration_ms: float | None) -> str:
    return "not measured" if duration_ms is None else f"{duration_ms:.0f} ms"
