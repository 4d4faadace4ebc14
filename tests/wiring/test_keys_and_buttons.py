"""Keys, buttons and pedals become deeds, whichever thread they come on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from queue import Queue

import pytest

from scribe_desktop.desktop.actions import Action, ActionEvent, Edge
from scribe_desktop.desktop.dictation_devices import hub as hub_module
from scribe_desktop.desktop.dictation_devices.models import Interface
from scribe_desktop.desktop.hotkeys.backend import Binding, Bound, HotkeyTaken, OnKey, OnLost
from scribe_desktop.desktop.hotkeys.chord import Chord
from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.domain.notices import MicrophoneState
from scribe_desktop.domain.session import Capture
from scribe_desktop.domain.settings import Settings, with_value
from scribe_desktop.wiring.dictation_devices import WiredDevices
from scribe_desktop.wiring.global_keys import WiredKeys, wanted_keys
from scribe_desktop.wiring.obeying import SUPPORTED, Obeying
from tests.desktop.fake_devices import FakeDevice, FakeTransport
from tests.ui.fakes import ScriptedLine

WAIT_S = 5.0


@dataclass
class FakeWindow:
    done: list[str] = field(default_factory=list)

    def cancel(self) -> None:
        self.done.append("cancel")

    def insert_last(self) -> None:
        self.done.append("insert_last")

    def copy_last(self) -> None:
        self.done.append("copy_last")

    def show_or_hide(self) -> None:
        self.done.append("show_or_hide")

    def play_or_pause(self) -> None:
        self.done.append("play_or_pause")

    def begin_skipping(self, direction: int) -> None:
        self.done.append(f"begin_skipping {direction}")

    def end_skipping(self) -> None:
        self.done.append("end_skipping")

    def bookmark(self) -> None:
        self.done.append("bookmark")

    def go_to_stop(self, direction: int) -> None:
        self.done.append(f"go_to_stop {direction}")

    def tell(self, message: str, remedy: str = "") -> None:
        self.done.append(f"{message} {remedy}".strip())

    def settings_changed(self) -> None:
        self.done.append("settings_changed")


@pytest.fixture
def line() -> ScriptedLine:
    return ScriptedLine()


@pytest.fixture
def window() -> FakeWindow:
    return FakeWindow()


@pytest.fixture
def obeying(line: ScriptedLine, window: FakeWindow) -> Obeying:
    return Obeying(line, window)


def press(obeying: Obeying, action: Action, at_s: float, edge: Edge = Edge.DOWN) -> None:
    obeying.obey(ActionEvent(action, edge, at_s), "key")


def asked(line: ScriptedLine) -> list[str]:
    return [name for name, _ in line.asked]


# --- obeying ---


def test_a_tap_starts_and_a_tap_stops(obeying: Obeying, line: ScriptedLine) -> None:
    press(obeying, Action.TOGGLE, 0.0)
    press(obeying, Action.TOGGLE, 0.1, Edge.UP)
    press(obeying, Action.TOGGLE, 0.2)
    assert asked(line) == ["start", "stop"]


def test_a_held_key_stops_when_it_comes_up(obeying: Obeying, line: ScriptedLine) -> None:
    press(obeying, Action.TOGGLE, 0.0)
    press(obeying, Action.TOGGLE, 2.0, Edge.UP)
    assert asked(line) == ["start", "stop"]


def test_after_sleep_no_key_is_held(obeying: Obeying, line: ScriptedLine) -> None:
    press(obeying, Action.TOGGLE, 0.0)
    obeying.forget()
    press(obeying, Action.TOGGLE, 900.0, Edge.UP)
    assert asked(line) == ["start"]


def test_pause_goes_both_ways_and_waits_for_a_dictation(
    obeying: Obeying, line: ScriptedLine
) -> None:
    press(obeying, Action.PAUSE, 0.0)
    press(obeying, Action.START, 1.0)
    line.heard()
    press(obeying, Action.START, 1.5)
    press(obeying, Action.PAUSE, 2.0)
    press(obeying, Action.PAUSE, 2.1, Edge.UP)
    press(obeying, Action.PAUSE, 3.0)
    press(obeying, Action.FINISH, 4.0)
    assert asked(line) == ["start", "pause", "resume", "stop"]


def test_what_only_the_window_can_do_is_passed_on(obeying: Obeying, window: FakeWindow) -> None:
    for action in (Action.CANCEL, Action.INSERT_LAST, Action.COPY_LAST, Action.SHOW):
        press(obeying, action, 0.0)
    assert window.done == ["cancel", "insert_last", "copy_last", "show_or_hide"]


def test_a_pedal_that_is_held_goes_back_until_it_comes_up(
    obeying: Obeying, window: FakeWindow
) -> None:
    press(obeying, Action.BACK, 0.0)
    press(obeying, Action.BACK, 1.0, Edge.UP)
    press(obeying, Action.FORWARD, 2.0)
    press(obeying, Action.FORWARD, 2.1, Edge.UP)
    assert window.done == ["begin_skipping -1", "end_skipping", "begin_skipping 1", "end_skipping"]


def test_a_bookmark_is_set_in_what_is_spoken_or_in_what_is_heard(
    obeying: Obeying, line: ScriptedLine, window: FakeWindow
) -> None:
    press(obeying, Action.BOOKMARK, 0.0)
    press(obeying, Action.START, 1.0)
    press(obeying, Action.BOOKMARK, 2.0)
    assert window.done == ["bookmark", "This place is marked."]
    assert asked(line) == ["start", "bookmark_now"]


def test_sections_and_playing_are_the_window_s(obeying: Obeying, window: FakeWindow) -> None:
    for action in (Action.NEXT_SECTION, Action.PREVIOUS_SECTION, Action.PAUSE):
        press(obeying, action, 0.0)
        press(obeying, action, 0.1, Edge.UP)
    assert window.done == ["go_to_stop 1", "go_to_stop -1", "play_or_pause"]


def test_a_template_button_chooses_the_template(
    obeying: Obeying, line: ScriptedLine, window: FakeWindow
) -> None:
    press(obeying, Action.TEMPLATE_2, 0.0)
    assert line.preferences.templates == ("soap",)
    assert window.done == ["settings_changed", "Template: SOAP."]
    press(obeying, Action.TEMPLATE_4, 0.0)
    assert line.preferences.templates == ("soap",)


def test_a_failure_is_told_in_the_window(
    obeying: Obeying, line: ScriptedLine, window: FakeWindow
) -> None:
    line.refuse["start"] = MicrophoneError("There is no microphone.", "Plug one in.")
    press(obeying, Action.TOGGLE, 0.0)
    assert window.done == ["There is no microphone. Plug one in."]


# --- keys ---


class PlayedBackend:
    supports_release = True
    user_chooses_key = False

    def __init__(self) -> None:
        self.binds: Queue[Mapping[Action, Chord]] = Queue()
        self.answer: Binding = Bound("")

    def start(self, on_key: OnKey, on_lost: OnLost) -> None:
        self.on_key = on_key

    def bind(self, keys: Mapping[Action, Chord]) -> Mapping[Action, Binding]:
        self.binds.put(keys)
        return dict.fromkeys(keys, self.answer)

    def stop(self) -> None:
        pass


@dataclass
class Keyed:
    backend: PlayedBackend
    keys: WiredKeys
    seen: Queue[ActionEvent]
    settings: list[Settings]

    def set(self, name: str, value: object) -> None:
        self.settings.append(with_value(self.settings[-1], name, value))
        self.keys.follow()

    def bound(self) -> list[str]:
        return sorted(str(one) for one in self.backend.binds.get(timeout=WAIT_S).values())


@pytest.fixture
def keyed() -> Iterator[Keyed]:
    settings, seen = [Settings()], Queue[ActionEvent]()
    backend = PlayedBackend()
    keys = WiredKeys(backend, lambda: settings[-1], lambda event, _: seen.put(event))
    keys.start()
    made = Keyed(backend, keys, seen, settings)
    assert made.bound() == ["Ctrl+Shift+Space"]
    yield made
    keys.stop()


def test_the_keys_follow_the_settings(keyed: Keyed) -> None:
    keyed.set("key_pause", "F14")
    assert keyed.bound() == ["Ctrl+Shift+Space", "F14"]
    keyed.set("theme", "dark")
    keyed.set("global_keys", value=False)
    assert keyed.bound() == []


def test_a_key_that_is_captured_is_given_back_meanwhile(keyed: Keyed) -> None:
    keyed.keys.hold()
    assert keyed.bound() == []
    keyed.set("key_toggle", "F13")
    keyed.keys.release()
    assert keyed.bound() == ["F13"]


def test_each_key_is_reported(keyed: Keyed) -> None:
    taken = Chord.parse("F14")
    keyed.backend.answer = HotkeyTaken(taken)
    keyed.set("key_pause", "F14")
    keyed.bound()
    keyed.keys.stop()
    by_name = {one.setting: one for one in keyed.keys.report()}
    assert not by_name["key_pause"].works
    assert "taken by another program" in by_name["key_pause"].sentence
    assert by_name["key_show"].chord == ""
    keyed.set("global_keys", value=False)
    assert {one.sentence for one in keyed.keys.report() if one.chord} == {"Off in other programs."}


def test_a_key_the_desktop_chose_is_named(keyed: Keyed) -> None:
    keyed.backend.answer = Bound("Super+D")
    keyed.keys.refresh()
    keyed.bound()
    keyed.keys.stop()
    report = keyed.keys.report()[0]
    assert report.works
    assert report.sentence == "On this desktop it is Super+D."


def test_editing_keys_are_refused(keyed: Keyed) -> None:
    assert "editing" in keyed.keys.refusal("Ctrl+V")
    assert keyed.keys.refusal("F13") == ""
    assert wanted_keys(with_value(Settings(), "key_toggle", "Ctrl+V")) == {}


def test_a_press_is_obeyed_and_shown_on_the_test_pad(keyed: Keyed) -> None:
    shown: Queue[str] = Queue()
    end = keyed.keys.watch(shown.put)
    down = ActionEvent(Action.TOGGLE, Edge.DOWN, 1.0)
    keyed.backend.on_key(down)
    assert keyed.seen.get(timeout=WAIT_S) == down
    assert shown.get(timeout=WAIT_S) == "key_toggle"
    end()
    keyed.backend.on_key(down)
    assert shown.empty()


# --- devices ---

PEDAL = Interface(b"/pedal", 0x0911, 0x1844, 1, 4)


@dataclass
class Plugged:
    transport: FakeTransport
    devices: WiredDevices
    seen: Queue[ActionEvent]
    pressed: Queue[str]
    settings: list[Settings]
    pedal: FakeDevice


@pytest.fixture
def plugged(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plugged]:
    monkeypatch.setattr(hub_module, "SCAN_EVERY_S", 0.02)
    transport, pedal = FakeTransport(), FakeDevice()
    transport.plugged[PEDAL] = pedal
    settings, seen, pressed = [Settings()], Queue[ActionEvent](), Queue[str]()
    devices = WiredDevices(
        transport, lambda: settings[-1], lambda event, _: seen.put(event), lambda _m, _r: None
    )
    devices.watch(pressed.put)
    devices.start()
    yield Plugged(transport, devices, seen, pressed, settings, pedal)
    devices.stop()


def test_a_pedal_does_what_the_settings_say(plugged: Plugged) -> None:
    plugged.pedal.send(2)
    assert plugged.seen.get(timeout=WAIT_S).action is Action.TOGGLE
    key = plugged.pressed.get(timeout=WAIT_S)
    assert key == "foot/PLAY"
    plugged.settings.append(with_value(Settings(), "device_buttons", {key: "pause"}))
    plugged.devices.follow()
    plugged.pedal.send(0)
    assert plugged.seen.get(timeout=WAIT_S).edge is Edge.UP
    plugged.pedal.send(2)
    assert plugged.seen.get(timeout=WAIT_S).action is Action.PAUSE


def test_the_rows_of_the_settings(plugged: Plugged) -> None:
    plugged.pedal.send(2)
    plugged.pressed.get(timeout=WAIT_S)
    offered = {value for value, _ in plugged.devices.actions()}
    assert offered == {action.value for action in SUPPORTED}
    rows = plugged.devices.devices()
    assert [row.is_plugged for row in rows] == [False, False, True]
    for row in rows:
        assert row.buttons
        assert {one.default_action for one in row.buttons} <= offered
        assert len({one.name for one in row.buttons}) == len(row.buttons)


def test_the_lights_say_what_is_true(plugged: Plugged, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(plugged.devices._hub, "show", lambda light: shown.append(str(light)))
    for capture in (Capture.STARTING, Capture.RECORDING, Capture.RECORDING):
        plugged.devices.show_capture(capture)
    plugged.devices.show_microphone(MicrophoneState.LOST)
    plugged.devices.show_microphone(MicrophoneState.HEARD)
    plugged.devices.show_capture(Capture.STOPPED)
    assert shown == ["armed", "recording", "fault", "recording", "off"]


def test_the_light_does_not_come_back_with_a_pause_while_the_microphone_is_gone(
    plugged: Plugged, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(plugged.devices._hub, "show", lambda light: shown.append(str(light)))
    plugged.devices.show_microphone(MicrophoneState.LOST)
    for capture in (Capture.RECORDING, Capture.PAUSED, Capture.RECORDING, Capture.STOPPED):
        plugged.devices.show_capture(capture)
    plugged.devices.show_microphone(MicrophoneState.OPENING)
    plugged.devices.show_capture(Capture.STARTING)
    assert shown == ["off", "fault", "fault", "fault", "off", "off", "armed"]
