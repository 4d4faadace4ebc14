"""A text that lacks speech says so itself, wherever it goes, and no word of it is changed."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scribe_desktop.domain.audio import SAMPLE_RATE, Gap
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import (
    TRANSCRIPT,
    Author,
    Json,
    Note,
    NoteStatus,
    Outcome,
    Results,
    ResultsVersion,
)
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.domain.settings import Settings
from scribe_desktop.domain.shown_text import heard_versions, shown_versions
from scribe_desktop.domain.speech_marks import (
    count_marks,
    mark_of,
    marked_note,
    marked_text,
    place_words,
)
from scribe_desktop.domain.text import fields
from scribe_desktop.domain.unheard import NOT_READ

UNPLUGGED = Gap(65 * SAMPLE_RATE, 12.0, "the microphone was unplugged")
UNHEARD = Gap(30 * SAMPLE_RATE, 9.5, NOT_READ, recorded=True)
LENGTH = 90 * SAMPLE_RATE
SESSION = Session(SessionId("a"), 1.0, Order(), frames=LENGTH, gaps=(UNPLUGGED,))


def version(results: Results) -> tuple[ResultsVersion, ...]:
    return (ResultsVersion(1, Author.SERVICE, 1.0, results),)


@pytest.mark.parametrize(
    ("gap", "before", "mark"),
    [
        (UNPLUGGED, 0, "[not recorded: 12 s at 1:05]"),
        (UNPLUGGED, 3600 * SAMPLE_RATE, "[not recorded: 12 s at 1:01:05]"),
        (UNHEARD, 0, "[recorded, but not heard by the service: 9.5 s at 0:30]"),
        (Gap(0, 0.0, "the file is damaged"), 0, "[not recorded: a part at 0:00]"),
    ],
)
def test_a_mark_says_what_is_missing_and_where(gap: Gap, before: int, mark: str) -> None:
    assert mark_of(gap, before) == mark
    assert count_marks(f"Go on. {mark} And on.") == 1
    assert fields(mark) == [(0, len(mark))], "so that F4 goes there"


def test_a_place_is_never_before_the_beginning() -> None:
    assert place_words(-1.0) == "0:00"


def test_a_field_to_be_filled_is_no_mark() -> None:
    assert count_marks("Side [left or right], [not recorded], [not recorded: x]") == 0


def test_a_mark_stands_above_the_text_and_at_its_end_where_the_end_is_missing() -> None:
    at_end = (Gap(LENGTH, 3.0, "unplugged"), Gap(80 * SAMPLE_RATE, 10.0, NOT_READ, recorded=True))
    text = marked_text("Go on.", (UNPLUGGED, *at_end), LENGTH)
    assert text.splitlines() == [
        "[not recorded: 12 s at 1:05]",
        "Go on.",
        "[not recorded: 3.0 s at 1:30]",
        "[recorded, but not heard by the service: 10 s at 1:20]",
    ]
    assert marked_text("", (UNPLUGGED,), LENGTH) == "", "nobody can rely on nothing"
    assert marked_text("Go on.", (), LENGTH) == "Go on."


@pytest.mark.parametrize(
    ("content", "marked"),
    [
        ("## Plan\n\nRest.", "[not recorded: 12 s at 1:05]\n\n## Plan\n\nRest."),
        (
            {"plan": "Rest."},
            {"missing_speech": ["[not recorded: 12 s at 1:05]"], "plan": "Rest."},
        ),
        (["Rest."], ["[not recorded: 12 s at 1:05]", "Rest."]),
        (7, 7),
        (None, None),
        ("", ""),
    ],
)
def test_a_note_of_any_shape_is_marked(content: Json, marked: Json) -> None:
    assert marked_note(content, (UNPLUGGED,)) == marked
    assert marked_note(content, ()) == content


def test_what_is_shown_is_marked_and_what_was_heard_too() -> None:
    note = Note("soap", NoteStatus.SUCCESS, "Rest.")
    results = Results(Outcome.COMPLETED, "comma go on", (note,))
    settings = Settings(spoken_punctuation=True)
    (shown,) = shown_versions(version(results), SESSION, settings, 60 * SAMPLE_RATE)
    mark = "[not recorded: 12 s at 2:05]"
    assert shown.results.transcript == f"{mark}\n, go on"
    assert shown.results.notes[0].content == f"{mark}\n\nRest."
    (heard,) = heard_versions(version(results), SESSION)
    assert heard.results.transcript == "[not recorded: 12 s at 1:05]\ncomma go on"
    silent = Results(Outcome.COMPLETED)
    assert shown_versions(version(silent), SESSION, settings)[0].results == silent


def test_what_the_clinician_wrote_or_typed_is_left_alone() -> None:
    note = Note("soap", NoteStatus.SUCCESS, "Rest.")
    edited = Results(Outcome.COMPLETED, "Go on.", (note,), edited=(TRANSCRIPT, "soap"))
    assert shown_versions(version(edited), SESSION, Settings())[0].results == edited
    typed = replace(SESSION, typed=True)
    plain = version(Results(Outcome.COMPLETED, "Go on."))
    assert heard_versions(plain, typed) == plain
    assert shown_versions(plain, typed, Settings()) == plain
    assert heard_versions(plain, replace(SESSION, gaps=())) == plain


@given(
    st.text("xz", min_size=1, max_size=60),
    st.lists(
        st.builds(
            Gap,
            st.integers(0, LENGTH * 2),
            st.floats(0, 5000),
            st.just("late"),
            recorded=st.booleans(),
        ),
        max_size=4,
    ),
)
def test_no_word_is_changed_and_every_gap_has_its_mark(text: str, gaps: list[Gap]) -> None:
    marked = marked_text(text, gaps, LENGTH)
    assert text in marked
    left = marked.replace(text, "", 1)
    assert sorted(left.split("\n") if gaps else []) == sorted(
        [*(mark_of(gap) for gap in gaps), *([""] if gaps else [])]
    )
