"""A note is edited as it is read, and what was not edited is stored sign for sign as it was."""

import re

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QKeySequence, QTextCursor
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from scribe_desktop.ui.marked_line import read_line, written
from scribe_desktop.ui.note_editor import NoteEditor
from scribe_desktop.ui.note_text import plain_text
from scribe_desktop.ui.note_view import NoteView
from scribe_desktop.ui.stops import stops
from tests.ui.writing import go_to, type_into, write_over

NOTE = (
    "# SOAP note #\n\n**Chief complaint:** Cough  \n\n## Plan\n\n- Amlodipine __5 mg__ daily\n"
    "- Follow-up in [ ] weeks\n"
)

SIGNS = ["#", "## ", "### Plan", "**", "__", "*", "- ", "1. ", "`", "|", "\\\\", "<b>", "&amp;"]
SPACES = ["  ", "\n", "\r\n", "\t", "\x0b", "\x00", "\u00a0", "\u2028", "\u2029", "\ufdd0"]
PIECES = st.sampled_from([*SIGNS, *SPACES, "word", "5 mg", "[ ]", "😀", "\u0301"])
SERVICE_TEXT = st.lists(PIECES | st.text(max_size=6), max_size=24).map("".join)
WORD = st.text("abcdefgh", min_size=1, max_size=6)
GOOD_LINE = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "# ", "## ", "   ### ", "- ", "1. "]),
    WORD,
    st.sampled_from(["", " **bold words** and", " __5 mg__ of", " [ ]"]),
    st.sampled_from([" end", " end  ", " end\r"]),
)

quickly = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def editor(qtbot: QtBot) -> NoteEditor:
    made = NoteEditor("Edit the text")
    qtbot.addWidget(made)
    made.show()
    return made


@quickly
@example("# \n#\n##x\n## **\n** **\n____\n**a** **b****c**")
@given(text=SERVICE_TEXT)
@pytest.mark.parametrize("is_markdown", [True, False])
def test_what_nobody_touched_is_stored_as_it_was(
    editor: NoteEditor, text: str, *, is_markdown: bool
) -> None:
    editor.open_text(text, is_markdown=is_markdown)
    assert editor.text() == text


@quickly
@given(lines=st.lists(GOOD_LINE, min_size=1, max_size=6), which=st.integers(0), at=st.integers(0))
def test_an_edit_changes_its_own_line_and_no_sign_of_it(
    editor: NoteEditor, lines: list[str], which: int, at: int
) -> None:
    editor.open_text("\n".join(lines), is_markdown=True)
    number = which % len(lines)
    read = editor.document().findBlockByNumber(number).text()
    assert read == plain_text(lines[number]).strip("\r")
    place = at % (len(read) + 1)
    go_to(editor, number, place)
    type_into(editor, "X")
    stored = editor.text().split("\n")
    assert [*stored[:number], *stored[number + 1 :]] == [*lines[:number], *lines[number + 1 :]]
    edited = stored[number]
    assert edited.replace("X", "") == lines[number]
    assert plain_text(edited).strip("\r") == f"{read[:place]}X{read[place:]}".rstrip()
    editor.undo()
    assert editor.text() == "\n".join(lines)


@given(source=SERVICE_TEXT.filter(lambda text: "\n" not in text))
@quickly
def test_no_word_of_a_line_is_hidden_or_lost(source: str) -> None:
    line = read_line(source, is_markdown=True)
    again = written(line.runs, before=line.before, after=line.after)
    letters = re.sub(r"[\W_]", "", source)
    assert re.sub(r"[\W_]", "", line.words) == letters
    assert re.sub(r"[\W_]", "", again) == letters


def test_no_sign_is_seen_and_headings_look_like_headings(editor: NoteEditor) -> None:
    editor.open_text(NOTE, is_markdown=True)
    assert editor.toPlainText() == (
        "SOAP note\n\nChief complaint: Cough\n\nPlan\n\n- Amlodipine 5 mg daily\n"
        "- Follow-up in [ ] weeks\n"
    )
    levels = [
        editor.document().findBlockByNumber(number).blockFormat().headingLevel()
        for number in range(editor.document().blockCount())
    ]
    assert levels == [1, 0, 0, 0, 2, 0, 0, 0, 0]
    reader = NoteView("Note")
    reader.show_markdown(NOTE)
    for words in ("SOAP note", "Plan", "Chief complaint", "Cough"):
        look = [_look(view, words) for view in (reader, editor)]
        assert look[0] == look[1], words
    reader.deleteLater()


def _look(view: NoteView | NoteEditor, words: str) -> tuple[bool, float]:
    """Whether these words are bold, and how large they are."""
    cursor = view.document().find(words)
    form = cursor.charFormat()
    size = form.fontPointSize() or view.font().pointSizeF()
    return form.fontWeight() > 500, round(size, 1)


def test_f4_goes_to_headings_and_fields(editor: NoteEditor) -> None:
    editor.open_text(NOTE, is_markdown=True)
    text = editor.toPlainText()
    assert [text[stop.begin :][:4] for stop in stops(editor)] == ["SOAP", "Plan", "[ ] "]


def test_what_is_below_a_heading_is_none(editor: NoteEditor) -> None:
    editor.open_text("## Plan\nRest.", is_markdown=True)
    go_to(editor, 0, 4)
    type_into(editor, "\nFluids.")
    assert editor.text() == "## Plan\nFluids.\nRest."
    go_to(editor, 0, 0)
    type_into(editor, "\n")
    assert editor.text() == "\n## Plan\nFluids.\nRest."
    go_to(editor, 1, 2)
    type_into(editor, "\n")
    assert editor.text() == "\n## Pl\nan\nFluids.\nRest."
    for _ in range(9):
        editor.undo()
    assert editor.text() == "## Plan\nRest."


def test_bold_words_stay_bold_when_their_line_is_broken(editor: NoteEditor) -> None:
    editor.open_text("Take **5 mg 😀 daily** now  ", is_markdown=True)
    go_to(editor, 0, 9)
    type_into(editor, "\n")
    assert editor.text() == "Take **5 mg**  \n **😀 daily** now"


def test_a_text_that_is_pasted_brings_no_look_and_makes_no_heading(editor: NoteEditor) -> None:
    editor.open_text("## Plan\nRest.", is_markdown=True)
    go_to(editor, 0, 4)
    pasted = QMimeData()
    pasted.setText(" today\r\nWalk.\u2029Drink")
    pasted.setHtml("<h1>loud</h1>")
    editor.insertFromMimeData(pasted)
    assert editor.text() == "## Plan today\nWalk.\nDrink\nRest."


def test_what_is_written_over_everything_is_no_heading(editor: NoteEditor) -> None:
    editor.open_text(NOTE, is_markdown=True)
    write_over(editor, "Mine")
    assert editor.text() == "Mine"
    editor.open_text(NOTE, is_markdown=True)
    editor.selectAll()
    pasted = QMimeData()
    pasted.setText("Mine\ntoo")
    editor.insertFromMimeData(pasted)
    assert editor.text() == "Mine\ntoo"
    editor.undo()
    assert editor.text() == NOTE
    go_to(editor, 4)
    cursor = editor.textCursor()
    cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock, QTextCursor.MoveMode.KeepAnchor)
    editor.setTextCursor(cursor)
    type_into(editor, "Next")
    assert editor.text() == NOTE.replace("Plan", "Next"), "one heading renamed stays one"


def test_a_heading_without_words_leaves_no_sign_behind(editor: NoteEditor) -> None:
    editor.open_text("## Plan\nRest.", is_markdown=True)
    go_to(editor, 0, 4)
    for _ in range(4):
        QTest.keyClick(editor, Qt.Key.Key_Backspace)
    assert editor.text() == "\nRest."


def test_undo_reaches_back_to_the_beginning_and_no_further(editor: NoteEditor) -> None:
    editor.open_text("An earlier note", is_markdown=True)
    editor.open_text(NOTE, is_markdown=True)
    type_into(editor, "My ")
    assert editor.text() == NOTE.replace("# SOAP", "# My SOAP")
    for _ in range(5):
        QTest.keySequence(editor, QKeySequence(QKeySequence.StandardKey.Undo))
    assert editor.text() == NOTE
