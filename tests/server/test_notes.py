import re
from collections import Counter
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scribe_desktop.server.bundled import bundled_folder
from scribe_desktop.server.findings import allergies_in, follow_ups_in, vitals_in
from scribe_desktop.server.medications import medications_in
from scribe_desktop.server.notes import OTHER, FilledNote, fill, sections_of
from scribe_desktop.server.sentences import split
from scribe_desktop.server.templates import BUILT_IN, Shape, Template, described, section_for
from scribe_desktop.server.topics import Topic

VISIT = (
    "Fifty eight year old man with chest pain for two days. He denies nausea. Past history. "
    "Hypertension. Allergic to penicillin. On examination, no murmurs. BP 142/88. Impression. "
    "Angina. Plan. Start aspirin 81 mg daily. Not taking metoprolol. Follow up in two weeks."
)
CUSTOM = described("tpl_1", "Ward round", "# Concerns\n## Allergies\n## Findings\n## Plan\n")
MEDICAL = (bundled_folder() / "sample" / "01_htn.txt").read_text("utf-8")

# Pieces of which real dictations are made, and every kind of word that must not change.
PIECES = (
    "Plan.", "Impression:", "On examination", "past history", "Start", "Stop", "not", "No",
    "denies",
    "left", "right", "bilateral", "20 mg", "0.5 mg", "twenty milligrams", "1,000 units", "142/88",
    "one hundred forty two over eighty eight", "b.i.d.", "twice daily", "for 5 days", "metformin",
    "Lisinopril", "allergic to", "penicillin", "Blood pressure", "chest clear", "Dr. Smith", "39.2",
    "Follow up in", "two weeks", ".", ".", ".", "?", "!", "…", "\n", "(", ")", '"', "µg", "°C",
    "बुखार", "।", "#", "- ", "1.", "<b>", "  ", "",
)  # fmt: skip
transcripts = st.lists(
    st.one_of(st.sampled_from(PIECES), st.text(max_size=8)), min_size=1, max_size=40
).map(" ".join)
templates = st.sampled_from([*BUILT_IN.values(), CUSTOM])
placing = st.sampled_from([BUILT_IN["soap"], BUILT_IN["clinical_notes_template"], CUSTOM])


@given(placing, transcripts)
@example(BUILT_IN["soap"], MEDICAL)
@example(BUILT_IN["clinical_notes_template"], VISIT)
def test_every_sentence_stands_in_the_note_once_and_unchanged(
    template: Template, transcript: str
) -> None:
    placed = [
        sentence for _, sentences in sections_of(template, transcript) for sentence in sentences
    ]
    assert Counter(placed) == Counter(split(transcript))


@given(placing, transcripts)
@example(BUILT_IN["soap"], MEDICAL)
def test_the_written_note_holds_the_words_of_the_transcript_and_its_headings_only(
    template: Template, transcript: str
) -> None:
    note = fill(template, transcript)
    if note.status == "failure":
        assert not transcript.strip()
        return
    headings = Counter[str]()
    for section, sentences in sections_of(template, transcript):
        if sentences:
            headings.update(["##", *section.title.split()])
    assert Counter(note.markdown.split()) == Counter(transcript.split()) + headings
    if isinstance(note.data, dict):
        assert Counter(" ".join(map(str, note.data.values())).split()) == Counter(
            transcript.split()
        )


@given(placing, transcripts)
def test_sentences_keep_their_order_within_a_section(template: Template, transcript: str) -> None:
    in_order = split(transcript)
    for _, sentences in sections_of(template, transcript):
        rest = iter(in_order)
        assert all(sentence in rest for sentence in sentences)


@given(transcripts)
@example(VISIT)
def test_everything_extracted_is_a_piece_of_the_sentence_it_names(transcript: str) -> None:
    sentences = split(transcript)
    found: list[Any] = [
        *medications_in(sentences),
        *allergies_in(sentences),
        *vitals_in(sentences),
        *follow_ups_in(sentences),
    ]
    for each in found:
        values = asdict(each)
        assert values["sentence"] in sentences
        for value in values.values():
            assert not isinstance(value, str) or value in values["sentence"]


@given(templates, transcripts)
def test_no_transcript_breaks_a_template(template: Template, transcript: str) -> None:
    note = fill(template, transcript)
    assert note.status == ("success" if transcript.strip() else "failure")
    assert bool(note.errors) == (note.status == "failure")


@pytest.mark.parametrize("template", BUILT_IN.values(), ids=lambda template: template.id)
def test_a_very_long_sentence_takes_no_longer_than_its_length(template: Template) -> None:
    words = "patient was given one hundred forty two and not twenty over the left at in "
    assert fill(template, words * 400).status == "success"


def test_soap_puts_each_sentence_under_its_letter() -> None:
    assert fill(BUILT_IN["soap"], VISIT).data == {
        "subjective": "Fifty eight year old man with chest pain for two days. He denies nausea. "
        "Past history. Hypertension. Allergic to penicillin.",
        "objective": "On examination, no murmurs. BP 142/88.",
        "assessment": "Impression. Angina.",
        "plan": "Plan. Start aspirin 81 mg daily. Not taking metoprolol. Follow up in two weeks.",
    }


def test_a_clinical_note_has_only_the_headings_it_needs() -> None:
    text = fill(BUILT_IN["clinical_notes_template"], VISIT).markdown
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == [
        "History of present illness",
        "Past history",
        "Allergies",
        "Vitals",
        "Examination",
        "Assessment",
        "Plan",
        "Follow-up",
    ]


def test_what_fits_nowhere_is_kept_under_other() -> None:
    note = fill(BUILT_IN["soap"], "The weather was nice.")
    assert isinstance(note.data, dict)
    assert note.data["other"] == "The weather was nice."


def test_the_transcript_template_is_the_transcript() -> None:
    assert fill(BUILT_IN["transcript_template"], VISIT) == FilledNote("success", VISIT, VISIT)


def test_medications_are_a_list_with_their_sentences() -> None:
    data = fill(BUILT_IN["medications"], VISIT).data
    assert isinstance(data, list)
    assert data[0] == {
        "name": "aspirin",
        "dose": "81 mg",
        "route": "",
        "frequency": "daily",
        "duration": "",
        "action": "Start",
        "listed": True,
        "sentence": "Start aspirin 81 mg daily.",
    }


def test_key_facts_have_all_four_lists() -> None:
    note = fill(BUILT_IN["key_facts"], VISIT)
    assert isinstance(note.data, dict)
    assert [len(rows) for rows in note.data.values() if isinstance(rows, list)] == [2, 1, 1, 1]
    assert "(denied)" in fill(BUILT_IN["key_facts"], "No known drug allergies.").markdown


def test_silence_gives_no_note() -> None:
    note = fill(BUILT_IN["soap"], " \n")
    assert (note.status, note.data, len(note.errors)) == ("failure", None, 1)


@pytest.mark.parametrize(
    ("desc", "titles"),
    [
        ("# One\ntext\n### Two ##\n", ["One", "Two"]),
        ("Write:\n- One: what hurts\n- Two\n", ["One", "Two"]),
        ("One:\nTwo:\n", ["One", "Two"]),
        ("# One\n# One\n", ["One"]),
        ("Write it nicely.", []),
        ("", []),
    ],
)
def test_a_description_gives_the_headings(desc: str, titles: list[str]) -> None:
    assert [section.title for section in described("t", "T", desc).sections] == titles


def test_a_described_note_is_markdown_with_its_own_headings() -> None:
    text = fill(CUSTOM, VISIT).markdown
    assert CUSTOM.shape == Shape.MARKDOWN
    assert "## Allergies\n\nAllergic to penicillin." in text
    assert text.index("## Findings") < text.index("## Plan") < text.index("## Other")


def test_a_heading_of_its_own_wins_over_a_wide_one() -> None:
    template = described("t", "T", "# Subjective\n# Allergies\n")
    section = section_for(template, Topic.ALLERGIES)
    assert section is not None
    assert section.title == "Allergies"
    wide = section_for(template, Topic.FAMILY)
    assert wide is not None
    assert wide.title == "Subjective"
    assert section_for(template, Topic.PLAN) is None
    assert OTHER.title == "Other"
