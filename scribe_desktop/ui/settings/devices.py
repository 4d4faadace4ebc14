"""Settings: what each button of a dictation microphone or pedal does."""

from collections.abc import Callable

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QComboBox, QLabel, QVBoxLayout

from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui.crossing import Crossing
from scribe_desktop.ui.pieces import paragraph
from scribe_desktop.ui.settings.page import Page, Surroundings, select
from scribe_desktop.ui.workplace import DeviceButton, Devices

PRESSED_MS = 1500


class DevicesPage(Page):
    """One group for each device, one row for each button; a pressed one says so."""

    def __init__(self, surroundings: Surroundings) -> None:
        super().__init__(
            surroundings,
            "Dictation devices",
            "Philips and Nuance microphones and foot pedals work at once. Press a button on the"
            " device to find its row. Pedals that act as a keyboard are set under Keys.",
        )
        self._unwatch: Callable[[], None] | None = None
        self.choices: dict[str, QComboBox] = {}
        self.marks: dict[str, QLabel] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PRESSED_MS)
        self._timer.timeout.connect(self._forget_pressed)
        self._pressed = Crossing(self._show_pressed)
        devices = self.workplace.devices
        if devices is None:
            self.group().addWidget(paragraph("Dictation devices cannot be used on this computer."))
        else:
            self._add_devices(devices)
        self.finish()

    def _add_devices(self, devices: Devices) -> None:
        actions = devices.actions()
        for device in devices.devices():
            group = self.group(device.name)
            group.addWidget(
                paragraph("Connected." if device.is_plugged else "Not connected.", quiet=True)
            )
            for one in device.buttons:
                self._add_button(group, one, actions)

    def _add_button(
        self, group: QVBoxLayout, one: DeviceButton, actions: tuple[tuple[str, str], ...]
    ) -> None:
        control = QComboBox()
        control.setMinimumContentsLength(22)
        for value, words in actions:
            control.addItem(words, value)
        control.activated.connect(lambda place: self._choose(one, str(control.itemData(place))))

        def show(settings: Settings) -> None:
            select(control, settings.device_buttons.get(one.key, one.default_action))

        self.on_refresh(show)
        mark = paragraph("")
        self.row(group, "device_buttons", one.name, "", control)
        group.addWidget(mark)
        mark.setVisible(False)
        self.choices[one.key] = control
        self.marks[one.key] = mark

    def refresh(self) -> None:
        """Show what is in force, and listen to the devices while the page is open."""
        super().refresh()
        devices = self.workplace.devices
        if devices is not None and self._unwatch is None:
            self._unwatch = devices.watch(self._pressed.send)

    def leave(self) -> None:
        """Listen no more."""
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def _choose(self, one: DeviceButton, action: str) -> None:
        chosen = dict(self.line.settings().device_buttons)
        chosen.pop(one.key, None)
        if action != one.default_action:
            chosen[one.key] = action
        self.store("device_buttons", chosen)

    @Slot(str)
    def _show_pressed(self, key: str) -> None:
        self._forget_pressed()
        mark = self.marks.get(key)
        if mark is not None:
            mark.setText("Pressed just now")
            mark.setStyleSheet(f"color: {self.colours.good}")
            mark.setVisible(True)
            self._timer.start()

    @Slot()
    def _forget_pressed(self) -> None:
        for mark in self.marks.values():
            mark.setVisible(False)
