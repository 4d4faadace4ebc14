"""Who has the focus, what is held and what is pressed, asked of a real X server in this process."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scribe_desktop.desktop.insertion.insert import KeyboardChanged
from scribe_desktop.desktop.insertion.select import insertion_here
from scribe_desktop.desktop.insertion.target import Target
from scribe_desktop.desktop.insertion.x11 import X11Focus, X11Keyboard
from scribe_desktop.desktop.xcb import Display
from tests.desktop.test_insertion_systems import NoClipboard
from tests.live.desktop_stage import Stage, wait_for

pytestmark = pytest.mark.live


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with Stage(tmp_path) as stage:
        yield stage


@pytest.fixture
def display(stage: Stage) -> Iterator[Display]:
    display = Display(stage.display)
    yield display
    display.close()


def test_the_program_that_has_the_focus(stage: Stage, display: Display) -> None:
    focus = X11Focus(display)
    terminal = stage.xterm("one")
    first = focus.current()
    assert first is not None
    assert first.program == "xterm"
    assert first.window == terminal.window
    field = stage.field("two")
    second = focus.current()
    assert second is not None
    assert (second.window, second.pid) == (field.window, field.program.pid)
    stage.focus(terminal.window)
    assert focus.current() == first


def test_no_window_is_no_target(stage: Stage, display: Display) -> None:
    assert X11Focus(display).current() is None


@pytest.mark.parametrize("modifier", ["ctrl", "shift", "alt", "super"])
def test_a_modifier_that_is_down_is_seen(stage: Stage, display: Display, modifier: str) -> None:
    keyboard = X11Keyboard(display)
    assert not keyboard.modifiers_held()
    stage.keys("keydown", modifier)
    assert keyboard.modifiers_held()
    stage.keys("keyup", modifier)
    assert not keyboard.modifiers_held()


def test_each_kind_of_program_gets_its_paste_keys(stage: Stage, display: Display) -> None:
    keyboard = X11Keyboard(display)
    terminal = stage.xterm()
    keyboard.paste(Target(terminal.window, "a record system"))
    # Ctrl+V arrives in a terminal as the control character it is.
    wait_for(lambda: terminal.typed() == "\x16", "Ctrl+V")
    keyboard.paste(Target(terminal.window, "konsole"))
    wait_for(lambda: terminal.typed() == "\x16\x16", "Ctrl+Shift+V")
    # What no key was made ready for is not guessed.
    with pytest.raises(KeyboardChanged):
        keyboard.type("µ")


def test_what_is_offered_on_x11_and_inside_wayland(stage: Stage) -> None:
    here = insertion_here(NoClipboard(), "linux", {"DISPLAY": stage.display})
    assert here.tools is not None
    assert here.plain_word == ""
    mixed = {"DISPLAY": stage.display, "WAYLAND_DISPLAY": "wayland-0"}
    here = insertion_here(NoClipboard(), "linux", mixed)
    assert here.tools is not None
    assert "X11" in here.plain_word
