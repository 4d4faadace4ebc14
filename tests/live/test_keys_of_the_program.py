"""The keys of the running program, on a real screen, while another program has the focus."""

import json
from collections.abc import Iterator

import pytest

from scribe_desktop.desktop.actions import Action
from scribe_desktop.desktop.hotkeys.backend import Bound
from scribe_desktop.desktop.hotkeys.chord import Chord
from tests.live.desktop_stage import Stage, Xterm, wait_for
from tests.live.test_desktop_keys_x11 import Keys
from tests.live.test_desktop_whole import KEY, Program, microphone
from tests.live.virtual_microphone import VirtualMicrophone

pytestmark = pytest.mark.live

__all__ = ["microphone"]

SETTINGS = {"first_run_done": True, "key_pause": "MediaPlay", "key_show": "MouseBack"}


class Desk:
    """The program, and a terminal of another one that has the focus."""

    def __init__(self, stage: Stage, program: Program, other: Xterm) -> None:
        self.stage, self.program, self.other = stage, program, other

    def key(self, *moves: str) -> None:
        self.stage.keys(*moves)

    def wait(self, *wanted: str) -> None:
        """Until the newest dictation is in one of these states."""

        def newest() -> bool:
            return bool(self.program.statuses()) and self.program.statuses()[0] in wanted

        wait_for(newest, " or ".join(wanted))

    def is_over(self) -> bool:
        return not {"recording", "paused", "starting"} & set(self.program.statuses())


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, microphone: VirtualMicrophone) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("keys")
    home = folder / "home"
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.json").write_text(json.dumps(SETTINGS))
    with Stage(folder) as stage:
        # Another program has the key when ours starts.
        first = Keys(stage)
        (bound,) = first.backend.bind({Action.TOGGLE: Chord.parse("Ctrl+Shift+Space")}).values()
        assert isinstance(bound, Bound)
        program = Program(stage, microphone, home)
        other = stage.xterm()
        stage.keys("key", KEY)
        assert program.statuses() == []
        first.backend.stop()
        wait_for(lambda: "3 of 3 global keys work" in program.log(), "the key that was given back")
        yield Desk(stage, program, other)


@pytest.fixture(autouse=True)
def at_rest(desk: Desk) -> Iterator[None]:
    desk.stage.focus(desk.other.window)
    yield
    desk.stage.keys("keyup", "space", "keyup", "ctrl", "keyup", "shift")
    wait_for(desk.is_over, "the end of the recording")


def test_a_tap_starts_and_a_tap_stops(desk: Desk) -> None:
    desk.key("key", KEY)
    desk.wait("recording")
    desk.key("key", KEY)
    wait_for(desk.is_over, "the end")
    assert desk.other.typed() == ""


def test_a_stop_two_tenths_after_the_start_is_honoured(desk: Desk) -> None:
    before = len(desk.program.statuses())
    desk.key("key", KEY, "sleep", "0.2", "key", KEY)
    wait_for(lambda: len(desk.program.statuses()) > before, "the dictation")
    wait_for(desk.is_over, "its end")


def test_held_it_records_until_it_comes_up_and_no_modifier_stays(desk: Desk) -> None:
    desk.key("keydown", "ctrl", "keydown", "shift", "keydown", "space")
    desk.wait("recording")
    desk.key("sleep", "0.7", "keyup", "ctrl", "keyup", "shift", "keyup", "space")
    wait_for(desk.is_over, "the end at the release")
    desk.key("type", "a")
    desk.other.wait_typed("a")


@pytest.mark.parametrize("layout", ["de", "ru", "fr", "us"])
def test_on_another_layout(desk: Desk, layout: str) -> None:
    desk.stage.run("setxkbmap", layout)
    before = len(desk.program.statuses())

    def starts() -> bool:
        # The layout arrives by itself; until then a press may fall between.
        desk.key("key", KEY)
        return len(desk.program.statuses()) > before

    wait_for(starts, "a start")
    desk.wait("recording", "starting")
    desk.key("key", KEY)
    wait_for(desk.is_over, "the end")


def test_a_media_key_pauses_and_goes_on(desk: Desk) -> None:
    desk.key("key", KEY)
    desk.wait("recording")
    desk.key("key", "XF86AudioPlay")
    desk.wait("paused")
    desk.key("key", "XF86AudioPlay")
    desk.wait("recording")
    desk.key("key", KEY)


def test_a_mouse_button_shows_the_window(desk: Desk) -> None:
    ours = desk.stage.window("Scribe Desktop")
    desk.key("click", "8")
    wait_for(lambda: desk.stage.focused() == ours, "our window in front")
