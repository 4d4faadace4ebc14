"""The player in the window: by mouse, by key and by pedal, with gaps and bookmarks on its line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from scribe_desktop.desktop.actions import ActionEvent, Edge
from scribe_desktop.desktop.dictation_devices import hub as hub_module
from scribe_desktop.desktop.dictation_devices.models import Interface
from scribe_desktop.domain.audio import SAMPLE_RATE, Gap
from scribe_desktop.domain.errors import MicrophoneError
from scribe_desktop.domain.results import Note, NoteStatus
from scribe_desktop.domain.session import SessionId
from scribe_desktop.domain.settings import with_value
from scribe_desktop.ui.application import WindowCommands
from scribe_desktop.ui.player import PlayerBar
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from scribe_desktop.wiring.dictation_devices import WiredDevices
from scribe_desktop.wiring.obeying import Obeying
from tests.desktop.fake_devices import FakeDevice, FakeTransport
from tests.ui.fakes import ScriptedLine, results
from tests.ui.places import FakePlayer

LENGTH_S = 134.0


@pytest.fixture
def player(workplace: Workplace) -> FakePlayer:
    assert isinstance(workplace.player, FakePlayer)
    return workplace.player


@pytest.fixture
def shown(line: ScriptedLine, windows: Windows) -> SessionId:
    session_id = next(iter(line.stored))
    windows.main.show_session(session_id)
    return session_id


@pytest.fixture
def bar(windows: Windows, shown: SessionId) -> PlayerBar:
    return windows.main.results.player


def played(player: FakePlayer) -> list[str]:
    return [name for name, _ in player.asked]


def play(bar: PlayerBar, player: FakePlayer, qtbot: QtBot) -> None:
    before = len(player.asked)
    bar.toggle_button.click()
    qtbot.waitUntil(lambda: played(player)[before:][:3] == ["play", "seek", "speed"])


def test_it_plays_pauses_and_goes_on_from_there(
    bar: PlayerBar, player: FakePlayer, shown: SessionId, qtbot: QtBot
) -> None:
    assert bar.isVisible()
    assert bar.clock.text() == "0:00 / 2:14"
    play(bar, player, qtbot)
    assert player.asked[0] == ("play", ((shown,), 0.0, 1.0))
    assert bar.toggle_button.accessibleName() == "Pause"
    player.at_s = 12.0
    qtbot.waitUntil(lambda: bar.clock.text() == "0:12 / 2:14")
    assert bar.slider.accessibleDescription() == "0:12 of 2:14"
    bar.toggle_button.click()
    assert played(player)[-1] == "stop"
    assert bar.toggle_button.accessibleName() == "Play the recording"
    play(bar, player, qtbot)
    assert ("play", ((shown,), 12.0, 1.0)) in player.asked
    player.at_s = LENGTH_S
    player.on_end()
    qtbot.waitUntil(lambda: not bar.is_playing)
    assert bar.place_s == LENGTH_S
    play(bar, player, qtbot)
    assert player.asked[-3] == ("play", ((shown,), 0.0, 1.0))


def test_a_pause_before_the_loudspeaker_is_open_holds(
    bar: PlayerBar, player: FakePlayer, qtbot: QtBot
) -> None:
    bar.play()
    bar.pause()
    qtbot.waitUntil(lambda: len(player.asked) == 3)
    assert sorted(played(player)) == ["play", "stop", "stop"]
    assert played(player)[-1] == "stop"
    assert not bar.is_playing


def test_back_forward_and_faster(bar: PlayerBar, player: FakePlayer, qtbot: QtBot) -> None:
    bar.forward.click()
    bar.forward.click()
    bar.back.click()
    assert bar.place_s == 3.0
    assert player.asked == []
    play(bar, player, qtbot)
    player.at_s = 60.0
    bar.back.click()
    assert player.asked[-1] == ("seek", 57.0)
    bar.speed.setCurrentIndex(bar.speed.findData(1.5))
    assert player.asked[-1] == ("speed", 1.5)
    for _ in range(30):
        bar.back.click()
    assert bar.place_s == 0.0


def test_a_click_on_the_line_goes_there(bar: PlayerBar, player: FakePlayer, qtbot: QtBot) -> None:
    play(bar, player, qtbot)
    slider = bar.slider
    QTest.mouseClick(
        slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2)
    )
    assert player.asked[-1][0] == "seek"
    assert player.asked[-1][1] == pytest.approx(LENGTH_S / 2, abs=1.0)
    QTest.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(1, 5))
    QTest.mouseMove(slider, QPoint(slider.width() - 1, 5))
    QTest.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() - 1, 5))
    assert player.asked[-1] == ("seek", LENGTH_S)


def test_the_line_works_by_key(bar: PlayerBar, qtbot: QtBot) -> None:
    bar.slider.setFocus()
    QTest.keyClick(bar.slider, Qt.Key.Key_Right)
    assert bar.place_s == 3.0
    QTest.keyClick(bar.slider, Qt.Key.Key_PageUp)
    assert bar.place_s == 33.0
    QTest.keyClick(bar.slider, Qt.Key.Key_Left)
    assert bar.place_s == 30.0
    QTest.keyClick(bar.slider, Qt.Key.Key_End)
    assert bar.place_s == LENGTH_S


def test_everything_works_by_key_while_the_text_is_edited(
    windows: Windows, bar: PlayerBar, player: FakePlayer, line: ScriptedLine, qtbot: QtBot
) -> None:
    pane = windows.main.results
    pane.actions_row.edit.click()
    qtbot.waitUntil(pane.editor.hasFocus)
    QTest.keyClick(pane.editor, Qt.Key.Key_F9)
    QTest.keyClick(pane.editor, Qt.Key.Key_F9)
    QTest.keyClick(pane.editor, Qt.Key.Key_F7)
    assert bar.place_s == 3.0
    QTest.keyClick(pane.editor, Qt.Key.Key_F8)
    qtbot.waitUntil(lambda: "play" in played(player))
    QTest.keyClick(pane.editor, Qt.Key.Key_B, Qt.KeyboardModifier.ControlModifier)
    assert line.asked[-1][0] == "bookmark"
    assert pane.is_editing


def test_a_bookmark_is_kept_shown_reached_and_removed(
    bar: PlayerBar, line: ScriptedLine, shown: SessionId, qtbot: QtBot
) -> None:
    bar.seek(30.0)
    bar.mark.click()
    assert line.stored[shown].bookmarks == (30 * SAMPLE_RATE,)
    qtbot.waitUntil(lambda: bar.mark.accessibleName() == "Remove the bookmark here")
    bar.seek(90.0)
    assert bar.mark.accessibleName() == "Bookmark this place"
    (entry,) = bar.marks_menu.actions()
    assert entry.text() == "0:30  Bookmark"
    entry.trigger()
    assert bar.place_s == 30.0
    bar.mark.click()
    assert line.stored[shown].bookmarks == ()
    qtbot.waitUntil(lambda: not bar.marks.isEnabled())


def test_missing_speech_is_on_the_line_and_said(
    windows: Windows, line: ScriptedLine, shown: SessionId, qtbot: QtBot
) -> None:
    gap = Gap(67 * SAMPLE_RATE, 3.2, "the microphone was unplugged")
    line.stored[shown] = replace(line.stored[shown], gaps=(gap,), bookmarks=(SAMPLE_RATE,))
    windows.main.refresh()
    windows.main.show_session(shown)
    bar = windows.main.results.player
    words = [action.text() for action in bar.marks_menu.actions()]
    assert words == ["0:01  Bookmark", "1:07  3.2 s missing: the microphone was unplugged"]
    slider = bar.slider
    middle = QPoint(slider.width() // 2, slider.height() // 2)
    help_wanted = QHelpEvent(QEvent.Type.ToolTip, middle, slider.mapToGlobal(middle))
    QApplication.sendEvent(slider, help_wanted)
    qtbot.waitUntil(lambda: "1:07  3.2 s missing" in QToolTip.text())
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=middle)
    assert bar.place_s == 67.0
    QToolTip.hideText()
    assert QPointF(middle).x() > 0


def test_a_recording_that_cannot_be_played_is_said(
    windows: Windows, bar: PlayerBar, player: FakePlayer, qtbot: QtBot
) -> None:
    player.refuse = MicrophoneError("No sound can be played on this computer.", "Check it.")
    bar.toggle_button.click()
    qtbot.waitUntil(lambda: windows.main.strip.message.startswith("No sound can be played"))
    assert not bar.is_playing


def test_it_is_silent_while_somebody_records_or_the_text_is_hidden(
    windows: Windows, bar: PlayerBar, player: FakePlayer, line: ScriptedLine, qtbot: QtBot
) -> None:
    play(bar, player, qtbot)
    windows.lock()
    assert not bar.is_playing
    windows.play_or_pause()
    windows.begin_skipping(1)
    windows.bookmark()
    windows.go_to_stop(1)
    assert not bar.is_playing
    assert bar.place_s == 0.0
    windows.unlock()
    play(bar, player, qtbot)
    line.start()
    qtbot.waitUntil(lambda: not bar.is_playing)
    assert not bar.toggle_button.isEnabled()


def test_another_dictation_begins_at_its_beginning(
    windows: Windows, bar: PlayerBar, player: FakePlayer, line: ScriptedLine, qtbot: QtBot
) -> None:
    play(bar, player, qtbot)
    player.at_s = 20.0
    windows.main.show_session(list(line.stored)[1])
    assert not bar.is_playing
    assert bar.place_s == 0.0


# --- fields and headings ---


def test_fields_and_headings_are_reached_one_after_another(
    windows: Windows, line: ScriptedLine, shown: SessionId, qtbot: QtBot
) -> None:
    note = "## Heart\n\nRate [ ] per minute.\n\n## Knee\n\nSide [side]."
    line.results_of[shown][-1] = replace(
        line.results_of[shown][-1],
        results=replace(results(), notes=(Note("soap", NoteStatus.SUCCESS, note),)),
    )
    windows.main.show_session(shown)
    pane = windows.main.results
    pane.tab_bar.setCurrentIndex(pane.tab_bar.count() - 2)
    pane.actions_row.edit.click()
    qtbot.waitUntil(pane.editor.hasFocus)

    def reached() -> str:
        cursor = pane.editor.textCursor()
        return cursor.selectedText() or cursor.block().text()

    visited = []
    for _ in range(4):
        QTest.keyClick(pane.editor, Qt.Key.Key_F4)
        visited.append(reached())
    assert visited == ["[ ]", "Knee", "[side]", "Heart"]
    QTest.keyClick(pane.editor, Qt.Key.Key_F4, Qt.KeyboardModifier.ShiftModifier)
    assert reached() == "[side]"
    QTest.keyClicks(pane.editor, "left")
    assert pane.editor.toPlainText().endswith("Side left.")


# --- from the device to the player ---

VECTORS = json.loads((Path(__file__).parents[1] / "desktop/dictation_vectors.json").read_text())
PREMIUM_TOUCH = {
    0x83: bytes([0x83, 0, 0, 0, 1, 0, 50, 1, 149]),
    0x8B: bytes([0x8B, 0, 0, 0, 0, 0, *(3700).to_bytes(2), 0]),
}
DEVICES = {
    "FOOT": (Interface(b"/pedal", 0x0911, 0x1844, 1, 4), {}),
    "SM_HID": (Interface(b"/mic", 0x0911, 0x0C1C, 0xFFA0, 1), PREMIUM_TOUCH),
}
BUTTONS = {"foot/PLAY": "pause", "foot/EOL_PRIO": "bookmark"}


@dataclass
class Hand:
    """Presses the buttons of one real kind of device, by the reports that it sends."""

    device: FakeDevice
    wire: str
    qtbot: QtBot
    seen: list[ActionEvent]

    def _kind(self) -> dict[str, Any]:
        kinds: list[dict[str, Any]] = VECTORS["press_release"]
        return next(one for one in kinds if one["device_class"] == self.wire)

    def press(self, button: str) -> None:
        case = next(one for one in self._kind()["cases"] if one["event"] == button)
        self.device.send(*case["report"])

    def let_go(self) -> None:
        """And wait until it counts: what comes sooner is a bounce."""
        before = len(self.seen)
        self.device.send(*self._kind()["release"])
        self.qtbot.waitUntil(lambda: Edge.UP in [one.edge for one in self.seen[before:]])


@pytest.fixture(params=sorted(DEVICES))
def hand(
    request: pytest.FixtureRequest,
    windows: Windows,
    line: ScriptedLine,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Hand]:
    monkeypatch.setattr(hub_module, "SCAN_EVERY_S", 0.02)
    line.preferences = with_value(line.preferences, "device_buttons", BUTTONS)
    commands = WindowCommands(windows)
    obeying = Obeying(line, commands)
    interface, answers = DEVICES[request.param]
    transport, device = FakeTransport(), FakeDevice(answers)
    transport.plugged[interface] = device
    seen: list[ActionEvent] = []

    def obey(event: ActionEvent, source: str) -> None:
        seen.append(event)
        obeying.obey(event, source)

    devices = WiredDevices(transport, line.settings, obey, commands.tell)
    devices.start()
    # What is held down while a microphone is still being asked what it is counts as no press.
    qtbot.waitUntil(lambda: any(row.is_plugged for row in devices.devices()))
    yield Hand(device, request.param, qtbot, seen)
    devices.stop()


def test_the_buttons_of_a_device_work_the_player(
    windows: Windows,
    bar: PlayerBar,
    player: FakePlayer,
    line: ScriptedLine,
    hand: Hand,
    qtbot: QtBot,
) -> None:
    bar.seek(30.0)
    hand.press("REWIND")
    qtbot.waitUntil(lambda: bar.place_s <= 24.0)
    hand.let_go()
    hand.press("PLAY")
    qtbot.waitUntil(lambda: played(player) == ["play", "seek", "speed"])
    assert 0 < bar.place_s <= 24.0
    here = bar.place_s
    hand.let_go()
    hand.press("EOL_PRIO" if hand.wire == "FOOT" else "INSTR")
    qtbot.waitUntil(lambda: "bookmark" in [name for name, _ in line.asked])
    hand.let_go()
    hand.press("FORWARD")
    qtbot.waitUntil(lambda: bar.place_s > here)
    hand.let_go()
    hand.press("PLAY")
    qtbot.waitUntil(lambda: played(player)[-1] == "stop")
    assert not bar.is_playing
    assert line.running() is None
