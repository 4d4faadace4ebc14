"""Auto-texts, replacements and spoken marks; and that none of them changes what was said."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import Phase, example, given
from hypothesis import strategies as st

from scribe_desktop.domain import protected as protected_module
from scribe_desktop.domain import text as text_module
from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.protected import protected, says_at_least, says_the_same
from scribe_desktop.domain.record import read_results, results_record
from scribe_desktop.domain.results import (
    TRANSCRIPT,
    Author,
    Note,
    NoteStatus,
    Outcome,
    Results,
    ResultsVersion,
)
from scribe_desktop.domain.rule_list import MOST_RULES, read_rules, written_rules
from scribe_desktop.domain.session import Session, SessionId
from scribe_desktop.domain.settings import Settings, read_settings, settings_record, with_value
from scribe_desktop.domain.shown_text import as_shown, shown_versions
from scribe_desktop.domain.spoken_marks import SPOKEN_MARKS, Joins, mark_written_as
from scribe_desktop.domain.text import (
    TextRules,
    _cut_between,
    fields,
    refusal_of_auto_text,
    refusal_of_replacement,
    words_of,
    write_out,
)
from tests.domain.text_rules import TextCore, check_examples, check_text, text_core, texts

SAMPLES = Path(__file__).parents[2] / "resources" / "sample"
ALL_MARKS = TextRules(languages=tuple(SPOKEN_MARKS))


def test_the_promises_of_the_text_rules() -> None:
    check_text(text_core({}), examples=400, phases=(Phase.explicit, Phase.generate, Phase.shrink))


def test_the_examples_hold_for_the_modules_that_the_program_uses() -> None:
    check_examples(TextCore(protected_module, text_module))
    nameless = TextRules(auto_texts=(("…", "dots"),), replacements=(("a", "b"),))
    assert write_out("a … c", nameless).text == "b … c"


@pytest.mark.parametrize(
    ("written", "joins", "begins"),
    [(".", Joins.BEFORE, True), (" , ", Joins.BEFORE, False), ("(", Joins.AFTER, False)],
)
def test_a_replacement_that_is_only_a_mark_sits_as_one(
    written: str, joins: Joins, *, begins: bool
) -> None:
    mark = mark_written_as(written)
    assert mark is not None
    assert (mark.joins, mark.begins_sentence) == (joins, begins)
    assert mark_written_as("dots") is None


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*.txt")), ids=lambda path: path.stem)
def test_a_whole_dictation_keeps_every_protected_word(sample: Path) -> None:
    heard = sample.read_text("utf-8")
    hostile = tuple(
        (word, "nothing of the kind") for word in dict.fromkeys(heard.split()) if words_of(word)
    )
    written = write_out(heard, TextRules(replacements=hostile, languages=("en",)))
    assert protected(written.text) == protected(heard)
    assert written.left_out
    swapped = TextRules(replacements=(("no", "some"), ("left", "right"), ("right", "left")))
    assert write_out(heard, swapped).text == heard


SENTENCE = (
    "The patient takes twenty milligrams of it every morning full stop she walks and sleeps well"
    " comma and has been feeling rather better since "
)


def test_an_hour_of_refused_rules_costs_little_more_than_reading_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One refusal in each sentence once meant reading the whole hour again for each of them."""
    heard = SENTENCE * 400
    read = [0]

    def counting(before: str, after: str) -> bool:
        read[0] += len(before)
        return says_the_same(before, after)

    monkeypatch.setattr(text_module, "says_the_same", counting)
    rules = TextRules(replacements=(("milligrams", "grams"),), languages=("en",))
    written = write_out(heard, rules)
    assert read[0] < 12 * len(heard)
    assert written.left_out == ("milligrams",)
    assert written.text.count("milligrams") == 400
    assert written.text.count("every morning. She walks and sleeps well, and has") == 400


def test_a_note_of_many_lines_does_not_push_the_transcript_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard = SENTENCE * 40
    rules = TextRules(languages=("en",))
    write_out(heard, rules)
    for number in range(400):
        write_out(f"Line {number} comma short", rules)
    monkeypatch.setattr(text_module, "_edits", lambda *_: pytest.fail("written out once more"))
    assert "full stop" not in write_out(heard, rules).text
    assert write_out("Line 7 comma short", rules).text == "Line 7, short"


@given(st.text())
@example("n't -½ b.i.d. …")
def test_any_text_can_be_written_out(text: str) -> None:
    assert write_out(text, TextRules()).text == text
    written = write_out(text, ALL_MARKS).text
    assert says_the_same(text, written)
    assert says_at_least(text, written)


@given(texts)
def test_the_same_text_and_rules_give_the_same(text: str) -> None:
    rules = TextRules(auto_texts=(("bp", "Blood pressure [ ]"),), languages=("en",))
    assert write_out(text, rules) == write_out(str(text), replace(rules))


def test_a_rule_that_would_change_what_was_said_is_named() -> None:
    rules = TextRules(replacements=(("not", "now"), ("fever", "temperature")))
    written = write_out("She does not have fever, not today", rules)
    assert written.text == "She does not have temperature, not today"
    assert written.left_out == ("not",)


def test_what_cannot_be_a_rule_says_why() -> None:
    assert "negation" in refusal_of_replacement("no pain", "pain")
    assert "one word" in refusal_of_replacement("…", "dots")
    assert "one word" in refusal_of_auto_text("!", "dots")
    assert "trigger" in refusal_of_auto_text("left knee", "The knee is stable.")
    assert refusal_of_auto_text("left knee", "The left knee is stable, 0 to 120 degrees.") == ""


def test_fields_are_found_and_links_are_not() -> None:
    text = "Rate [ ] and side [left or right], see [page](x) [\n]"
    assert [text[a:b] for a, b in fields(text)] == ["[ ]", "[left or right]"]


def test_every_spoken_mark_can_be_said() -> None:
    for language, marks in SPOKEN_MARKS.items():
        for said, mark in marks.items():
            rules = TextRules(languages=(f"{language}-XX",))
            written = write_out(f"alpha {said} beta", rules).text
            assert mark.text.strip(" ") in written, said
            assert said not in written.casefold(), said
            assert write_out(f"alpha {said} beta", TextRules(languages=("xx",))).text == (
                f"alpha {said} beta"
            )


# --- settings ---


def test_rules_come_from_the_settings_and_are_checked_there() -> None:
    chosen = with_value(Settings(), "replacements", {"metforming": "metformin"})
    chosen = with_value(chosen, "auto_texts", {"bp": "BP {date}: [ ]"})
    chosen = with_value(chosen, "spoken_punctuation", value=True)
    rules = chosen.text_rules(("en",), datetime(2026, 11, 21, 9, 30))  # noqa: DTZ001  a wall clock
    assert write_out("metforming full stop bp", rules).text == "metformin. BP 2026-11-21: [ ]"
    assert read_settings(settings_record(chosen)) == (chosen, ())
    with pytest.raises(SettingsError, match="would no longer be what was said"):
        with_value(chosen, "replacements", {"left": "right"})
    with pytest.raises(SettingsError, match="cannot be a trigger"):
        with_value(chosen, "auto_texts", {"no pain": "Pain."})
    quiet = replace(chosen, spoken_punctuation=False)
    assert quiet.text_rules(("en",), datetime(2026, 11, 21)).languages == ()  # noqa: DTZ001


# --- results ---

HEARD = Results(
    Outcome.COMPLETED,
    "metforming new line no pain",
    (
        Note("md", NoteStatus.SUCCESS, "# metforming\n- takes metforming new line rest"),
        Note("tree", NoteStatus.SUCCESS, {"metforming": ["metforming", {"dose": "metforming"}, 5]}),
        Note("none", NoteStatus.FAILED, None),
    ),
)
RULES = TextRules(replacements=(("metforming", "metformin"),), languages=("en",))


def test_transcript_and_notes_are_written_but_not_headings_and_keys() -> None:
    shown = as_shown(HEARD, RULES)
    assert shown.transcript == "metformin\nNo pain"
    assert shown.notes[0].content == "# metforming\n- takes metformin  \nRest"
    assert shown.notes[1].content == {"metforming": ["metformin", {"dose": "metformin"}, 5]}
    assert shown.notes[2].content is None
    assert as_shown(HEARD, TextRules()) is HEARD
    assert as_shown(replace(HEARD, transcript=None), RULES).transcript is None


def test_what_the_clinician_wrote_is_left_alone() -> None:
    by_hand = replace(HEARD, edited=(TRANSCRIPT, "md"))
    shown = as_shown(by_hand, RULES)
    assert shown.transcript == HEARD.transcript
    assert shown.notes[0] == HEARD.notes[0]
    assert shown.notes[1] != HEARD.notes[1]
    assert read_results(results_record(by_hand)) == by_hand


def test_versions_are_shown_in_the_language_they_were_heard_in() -> None:
    session = Session(SessionId("ses_1"), 1_795_000_000.0, Order(languages=("de",)))
    stored = ResultsVersion(1, Author.SERVICE, 1.0, Results(Outcome.COMPLETED, "a neue Zeile b"))
    settings = Settings(spoken_punctuation=True)
    (shown,) = shown_versions((stored,), session, settings)
    assert shown.results.transcript == "a\nB"
    heard_in_english = replace(stored, results=replace(stored.results, languages=("en",)))
    assert shown_versions((heard_in_english,), session, settings) == (heard_in_english,)
    assert shown_versions((stored,), replace(session, typed=True), settings) == (stored,)


# --- lists of rules ---


@given(
    st.dictionaries(
        st.text("abc äß,;\"'", min_size=1).map(str.strip).filter(bool),
        st.text("abc \n,;\"'[]", min_size=1).map(str.strip).filter(bool),
        min_size=1,
    ),
    st.booleans(),
)
def test_a_list_comes_back_as_it_went(pairs: dict[str, str], as_json: bool) -> None:  # noqa: FBT001
    assert read_rules(written_rules(pairs, as_json=as_json)) == pairs


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffsay;write\nbp;blood pressure\n",
        "bp\tblood pressure",
        "bp,blood pressure,a remark\n\n",
        '[["bp", "blood pressure"]]',
        '[{"trigger": "bp", "text": "blood pressure"}]',
    ],
)
def test_lists_of_other_makes_are_read(text: str) -> None:
    assert read_rules(text) == {"bp": "blood pressure"}


@pytest.mark.parametrize(
    "text",
    [
        "", "{}", "[", "[1]", '{"a": 1}', '[["a"]]', "one column\nonly", '[{"a": "b"}]',
        "trigger,text", '"\x00', "[" * 100_000,
        "\n".join(f"w{n},x" for n in range(MOST_RULES + 1)), '"' + "a" * 140_000,
        '{"a": " "}',
    ],
    ids=range(14),
)  # fmt: skip
def test_what_is_no_list_is_said_to_be_none(text: str) -> None:
    with pytest.raises(SettingsError):
        read_rules(text)


def test_a_text_is_cut_behind_the_first_words_that_protect_nothing() -> None:
    text = "no pain in the left knee today and tomorrow"
    assert _cut_between(text, 0, len(text)) == text.index("today")
    assert _cut_between(text, 0, text.index("today")) is None
