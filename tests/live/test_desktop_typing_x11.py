"""Typed into other programs, every character is the right one, and the keyboard is as before."""

import signal

import pytest

from scribe_desktop.desktop.xcb import Display
from tests.live.desktop_stage import Stage, wait_for
from tests.live.test_desktop_insertion_x11 import (
    THREE_ALPHABETS,
    Inserter,
    clipboard,
    copy,
    inserter,
    stage,
)

pytestmark = pytest.mark.live

__all__ = ["inserter", "stage"]

AS_TYPED = THREE_ALPHABETS.replace("\t", " ")
# More characters than there are keys to lend: each part waits for the one before.
MANY = "".join(map(chr, [*range(0x410, 0x42F), *range(0x3B1, 0x3BF)])) * 2


def keyboard(stage: Stage) -> dict[int, tuple[int, ...]]:
    """What every key means, as the server tells it; how wide its table is may change."""
    display = Display(stage.display)
    try:
        return {code: row for code, row in display.symbols().items() if any(row)}
    finally:
        display.close()


def test_three_alphabets_into_a_field_on_any_layout(stage: Stage, inserter: Inserter) -> None:
    copy(stage, "copied before")
    field, expected = stage.field(), ""
    assert inserter.remember()
    for layout in ("us", "de", "ru", "us(dvorak)", "fr", "us,ru"):
        stage.run("setxkbmap", "-layout", layout, "-option", "grp:shifts_toggle")
        if "," in layout:  # its second alphabet
            stage.keys("keydown", "Shift_L", "key", "Shift_R", "keyup", "Shift_L")
        before = keyboard(stage)
        assert inserter.insert(THREE_ALPHABETS, "type") == "inserted unverified", layout
        expected += AS_TYPED
        field.wait_text(f"BEFORE|{expected}AFTER")
        assert keyboard(stage) == before
    assert clipboard(stage) == "copied before"


def test_into_a_terminal_that_answers_no_pings(stage: Stage, inserter: Inserter) -> None:
    terminal, before = stage.xterm(), keyboard(stage)
    assert inserter.remember() == "xterm"
    assert inserter.insert(THREE_ALPHABETS, "type") == "inserted unverified"
    assert inserter.insert(MANY, "type") == "inserted unverified"
    terminal.wait_typed(AS_TYPED + MANY)
    assert keyboard(stage) == before


def test_more_characters_than_keys(stage: Stage, inserter: Inserter) -> None:
    field, before = stage.field(), keyboard(stage)
    inserter.remember()
    assert inserter.insert(MANY, "type") == "inserted unverified"
    field.wait_text(f"BEFORE|{MANY}AFTER")
    assert keyboard(stage) == before


def test_caps_lock_changes_no_letter_and_stays_on(stage: Stage, inserter: Inserter) -> None:
    field = stage.field()
    inserter.remember()
    stage.keys("key", "Caps_Lock")
    assert inserter.insert("Größe µg АБв", "type") == "inserted unverified"
    field.wait_text("BEFORE|Größe µg АБвAFTER")
    stage.keys("key", "a")
    field.wait_text("BEFORE|Größe µg АБвAAFTER")


def test_a_window_that_takes_the_focus_stops_it_at_once(stage: Stage, inserter: Inserter) -> None:
    field, thief = stage.field("record"), stage.field("thief")
    stage.focus(field.window)
    before = keyboard(stage)
    inserter.remember()
    text = "Пациент жалуется на боль. " * 20
    inserter.send(text, "type", 60)
    wait_for(lambda: len(field.text()) > len("BEFORE|AFTER") + 40, "the first words")
    stage.focus(thief.window)
    refused, reason, typed = inserter.answer().split()
    assert (refused, reason) == ("refused", "target_changed")
    assert 40 < int(typed) < len(text)
    field.wait_text(f"BEFORE|{text[: int(typed)]}AFTER")
    assert thief.text() == "BEFORE|AFTER"
    assert keyboard(stage) == before


def test_a_program_that_hangs_gets_every_letter_when_it_wakes(
    stage: Stage, inserter: Inserter
) -> None:
    field, before = stage.field(), keyboard(stage)
    inserter.remember()
    field.program.send_signal(signal.SIGSTOP)
    inserter.send("µg → АБВ", "type")
    wait_for(lambda: keyboard(stage) != before, "keys that are lent")
    field.program.send_signal(signal.SIGCONT)
    assert inserter.answer() == "inserted unverified"
    field.wait_text("BEFORE|µg → АБВAFTER")
    assert keyboard(stage) == before


def test_a_remote_desktop_gets_only_what_its_keys_can_say(stage: Stage, inserter: Inserter) -> None:
    # A viewer that sends the numbers of keys would turn a lent one into nothing.
    remote = stage.field("xfreerdp")
    assert inserter.remember() == "xfreerdp"
    assert inserter.insert("RR 140/90 → normal", "type") == "refused not_on_keyboard"
    assert inserter.insert("RR 140/90 (normal)", "type") == "inserted unverified"
    remote.wait_text("BEFORE|RR 140/90 (normal)AFTER")


def test_another_layout_in_the_middle_stops_it_before_a_wrong_letter(
    stage: Stage, inserter: Inserter
) -> None:
    field = stage.field()
    inserter.remember()
    text = "Zyklus µg → Größe " * 30
    inserter.send(text, "type", 60)
    wait_for(lambda: len(field.text()) > len("BEFORE|AFTER") + 10, "the first words")
    stage.run("setxkbmap", "-layout", "de")
    refused, reason, typed = inserter.answer().split()
    assert (refused, reason) == ("refused", "keyboard_changed")
    field.wait_text(f"BEFORE|{text[: int(typed)]}AFTER")
