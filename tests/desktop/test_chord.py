"""One way to write each combination, and a sentence for each that is refused."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.desktop.hotkeys.chord import (
    NAMED_KEYS,
    Chord,
    ChordError,
    Modifier,
)
from scribe_desktop.desktop.keysyms import keycode


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Ctrl+Shift+Space", "Ctrl+Shift+Space"),
        ("shift + control+ SPACEBAR", "Ctrl+Shift+Space"),
        ("Meta+Alt+d", "Alt+Super+D"),
        ("Cmd+Option+PgUp", "Alt+Super+PageUp"),
        ("f13", "F13"),
        ("F24", "F24"),
        ("mouseback", "MouseBack"),
        ("Ctrl+MouseMiddle", "Ctrl+MouseMiddle"),
        ("Media Play", "MediaPlay"),
        ("Ctrl++", "Ctrl+Plus"),
        ("Ctrl+é", "Ctrl+É"),
        ("Ctrl+ß", "Ctrl+ß"),
        ("Ctrl+Ф", "Ctrl+Ф"),
        ("Ctrl+Alt+V", "Ctrl+Alt+V"),
        ("Pause", "Pause"),
    ],
)
def test_every_usual_spelling_is_read(written: str, shown: str) -> None:
    assert str(Chord.parse(written)) == shown


@pytest.mark.parametrize("letter", "acfsvxyz")
def test_editing_combinations_are_refused_with_a_sentence(letter: str) -> None:
    for text in (f"Ctrl+{letter}", f"cmd+{letter}"):
        with pytest.raises(ChordError, match="used for editing"):
            Chord.parse(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Ctrl+Shift+V", "used for editing"),
        ("Shift+Insert", "used for editing"),
        ("a", "needed for typing"),
        ("Shift+A", "needed for typing"),
        ("Space", "needed for typing"),
        ("Escape", "needed for typing"),
        ("MouseMiddle", "needed for typing"),
        ("Ctrl", "modifier alone"),
        ("Ctrl+Shift", "modifier alone"),
        ("Ctrl+MouseLeft", "not known"),
        ("F25", "not known"),
        ("Ctrl+Nonsense", "not known"),
        ("", "not a key combination"),
        ("Ctrl+", "not a key combination"),
        ("Hyper+A", "not a key combination"),
    ],
)
def test_what_cannot_be_a_global_key_is_refused_with_a_sentence(text: str, reason: str) -> None:
    with pytest.raises(ChordError, match=reason) as caught:
        Chord.parse(text)
    assert caught.value.remedy


@given(
    st.frozensets(st.sampled_from(Modifier)),
    st.sampled_from(NAMED_KEYS) | st.characters(categories=("L", "N", "P", "S")),
)
def test_what_is_shown_is_read_back(modifiers: frozenset[Modifier], key: str) -> None:
    text = "+".join([*modifiers, key])
    try:
        chord = Chord.parse(text)
    except ChordError:
        return
    assert Chord.parse(str(chord)) == chord


@given(st.text(max_size=20))
def test_no_text_raises_anything_but_a_chord_error(text: str) -> None:
    with contextlib.suppress(ChordError):
        Chord.parse(text)


US = {24: (0x71, 0x51), 40: (0x64, 0x44), 17: (0x38, 0x2A), 191: (0x1008FF81,), 65: (0x20,)}
RUSSIAN = {40: (0x6D7, 0x6F7), 38: (0x6C6, 0x6E6), 65: (0x20,)}


def test_a_key_is_found_by_what_the_layout_calls_it() -> None:
    assert keycode("D", US) == 40
    assert keycode("*", US) == 17
    assert keycode("Space", US) == 65
    assert keycode("Ф", RUSSIAN) == 38


def test_a_latin_key_on_a_layout_without_it_is_the_key_under_the_same_finger() -> None:
    assert keycode("D", RUSSIAN) == 40


def test_f13_is_found_although_the_usual_layouts_call_it_otherwise() -> None:
    assert keycode("F13", US) == 191


def test_a_key_the_keyboard_does_not_have_is_none() -> None:
    assert keycode("F14", US) is None
    assert keycode("é", US) is None
