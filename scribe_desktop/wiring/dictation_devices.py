"""Lets dictation microphones and pedals work: buttons, lights, and their rows in the settings."""

import threading
from collections.abc import Callable

from scribe_desktop.desktop.actions import ACTION_NAMES, Action, ActionEvent
from scribe_desktop.desktop.dictation_devices.buttons import Button
from scribe_desktop.desktop.dictation_devices.hub import (
    DeviceNews,
    DictationDevices,
    Plugged,
    Trouble,
    Unplugged,
    Used,
)
from scribe_desktop.desktop.dictation_devices.leds import Light
from scribe_desktop.desktop.dictation_devices.mapping import (
    BUTTONS_OF,
    DEFAULT_ACTIONS,
    ButtonMap,
    setting_key,
)
from scribe_desktop.desktop.dictation_devices.models import Family, Model
from scribe_desktop.desktop.dictation_devices.presses import Pressed
from scribe_desktop.desktop.dictation_devices.transport import Transport
from scribe_desktop.domain.notices import DEAF, MicrophoneState
from scribe_desktop.domain.session import Capture
from scribe_desktop.domain.settings import Settings
from scribe_desktop.ui.workplace import DeviceButton, DictationDevice
from scribe_desktop.wiring.obeying import SUPPORTED

_FAMILIES = {
    Family.SPEECHMIKE: "Philips SpeechMike",
    Family.POWERMIC: "Nuance PowerMic",
    Family.FOOT: "Philips foot control",
}
_BUTTON_NAMES = {
    Button.RECORD: "Record",
    Button.STOP: "Stop",
    Button.PLAY: "Play",
    Button.REWIND: "Back",
    Button.FORWARD: "Forward",
    Button.EOL_PRIO: "End of letter",
    Button.INS_OVR: "Insert or overwrite",
    Button.INSTR: "Instruction",
    Button.F1_A: "F1",
    Button.F2_B: "F2",
    Button.F3_C: "F3",
    Button.F4_D: "F4",
    Button.COMMAND: "Button on the back",
    Button.TRANSCRIBE: "Transcribe",
    Button.TAB_BACKWARD: "Previous field",
    Button.TAB_FORWARD: "Next field",
    Button.CUSTOM_LEFT: "Left custom button",
    Button.CUSTOM_RIGHT: "Right custom button",
    Button.ENTER_SELECT: "Check mark",
}
_LIGHTS = {
    Capture.STARTING: Light.ARMED,
    Capture.RECORDING: Light.RECORDING,
    Capture.PAUSED: Light.ARMED,
    Capture.STOPPED: Light.OFF,
}


class WiredDevices:
    """`ui.workplace.Devices` over the hub. `obey` is called on the hub's thread."""

    def __init__(
        self,
        transport: Transport,
        settings: Callable[[], Settings],
        obey: Callable[[ActionEvent, str], None],
        tell: Callable[[str, str], None],
    ) -> None:
        self._settings = settings
        self._obey = obey
        self._tell = tell
        self._lock = threading.Lock()
        self._plugged: dict[int, Model] = {}
        self._watchers: list[Callable[[str], None]] = []
        self._map = ButtonMap(settings().device_buttons)
        self._capture = Capture.STOPPED
        self._microphone = MicrophoneState.CLOSED
        self._lights = threading.Lock()
        self._hub = DictationDevices(transport, self._take)

    def start(self) -> None:
        """Begin to look for devices."""
        self._hub.start()

    def stop(self) -> None:
        """Lights off, devices given back."""
        self._hub.stop()

    def follow(self) -> None:
        """Use the button map of the settings."""
        with self._lock:
            self._map = ButtonMap(self._settings().device_buttons)

    def show_capture(self, capture: Capture) -> None:
        """Make the lights say what is true of the recording. Any thread."""
        with self._lights:
            if capture is not self._capture:
                self._capture = capture
                self._show()

    def show_microphone(self, state: MicrophoneState) -> None:
        """A microphone that hears nothing is a fault, not a recording. Any thread."""
        with self._lights:
            self._microphone = state
            self._show()

    def _show(self) -> None:
        # Also after a pause: that it is gone is told once, and it may still be.
        is_deaf = self._microphone in DEAF and self._capture is not Capture.STOPPED
        self._hub.show(Light.FAULT if is_deaf else _LIGHTS[self._capture])

    # --- ui.workplace.Devices ---
    def actions(self) -> tuple[tuple[str, str], ...]:
        """What a button can do."""
        return tuple((action.value, ACTION_NAMES[action]) for action in SUPPORTED)

    def devices(self) -> tuple[DictationDevice, ...]:
        """One for each family; by its own name where one is plugged in."""
        with self._lock:
            plugged = {model.family: model.name for model in self._plugged.values()}
        return tuple(
            DictationDevice(plugged.get(family, name), family in plugged, _buttons_of(family))
            for family, name in _FAMILIES.items()
        )

    def watch(self, pressed: Callable[[str], None]) -> Callable[[], None]:
        """Tell `pressed` of each button that is used."""
        with self._lock:
            self._watchers.append(pressed)

        def end() -> None:
            with self._lock:
                self._watchers.remove(pressed)

        return end

    # --- from the hub's thread ---
    def _take(self, news: DeviceNews) -> None:
        match news:
            case Plugged(device, model):
                with self._lock:
                    self._plugged[device] = model
            case Unplugged(device, _):
                with self._lock:
                    self._plugged.pop(device, None)
            case Trouble(error):
                self._tell(error.message, error.remedy)
            case Used():
                self._use(news)

    def _use(self, used: Used) -> None:
        with self._lock:
            event = self._map.event(used.model.family, used.movement, used.at_s)
            watchers = tuple(self._watchers)
        if event is not None:
            self._obey(event, f"device {used.device} {event.action}")
        if isinstance(used.movement, Pressed):
            for watcher in watchers:
                watcher(setting_key(used.model.family, used.movement.button))


def _buttons_of(family: Family) -> tuple[DeviceButton, ...]:
    def default(button: Button) -> Action:
        action = DEFAULT_ACTIONS[family].get(button, Action.NOTHING)
        return action if action in SUPPORTED else Action.NOTHING

    return tuple(
        DeviceButton(
            setting_key(family, button),
            _BUTTON_NAMES.get(button, str(button.name)),
            default(button).value,
        )
        for button in BUTTONS_OF[family]
    )
