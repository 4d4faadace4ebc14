"""What a service writes is text: no markup runs, nothing is loaded, no word changes."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QUrl
from PySide6.QtGui import QTextCharFormat
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import Retry
from scribe_desktop.domain.notices import Trouble
from scribe_desktop.domain.session import Problem
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.note_view import NoteView
from tests.ui.fakes import ScriptedLine, results, session

HOSTILE = (
    '<img src="http://192.0.2.1/a.png"><script>alert(1)</script><b>bold</b>\n\n'
    "![x](http://192.0.2.1/b.png) ![y](file:///etc/hostname) [press](http://192.0.2.1/c)\n\n"
    "<http://192.0.2.1/d> http://192.0.2.1/e\n"
)


def formats(view: NoteView) -> list[QTextCharFormat]:
    found = []
    block = view.document().begin()
    while block.isValid():
        span = block.begin()
        while not span.atEnd():
            found.append(span.fragment().charFormat())
            span += 1
        block = block.next()
    return found


@pytest.fixture
def view(qtbot: QtBot) -> NoteView:
    made = NoteView("Note")
    qtbot.addWidget(made)
    return made


def test_markup_of_a_note_is_text(view: NoteView) -> None:
    view.show_markdown(HOSTILE)
    text = view.toPlainText()
    assert "<script>alert(1)</script>" in text
    assert '<img src="http://192.0.2.1/a.png">' in text
    assert "press" in text
    assert not [form for form in formats(view) if form.isAnchor() or form.isImageFormat()]


def test_markup_of_a_transcript_is_text(view: NoteView) -> None:
    view.show_plain(HOSTILE)
    assert view.toPlainText() == HOSTILE


def test_nothing_is_ever_loaded(view: NoteView) -> None:
    for kind in (1, 2, 3):
        assert view.loadResource(kind, QUrl("file:///etc/hostname")) is None


@pytest.mark.parametrize(
    "said",
    [
        "Metformin 500 mg twice daily, no fever.",
        "BP 120/80, temperature 38.5 °C, 5 µg",
        "Left knee, not right; L4/L5",
        "# Plan\n\n- amlodipine 5 mg\n- no aspirin",
    ],
)
def test_words_and_figures_survive_the_drawing(view: NoteView, said: str) -> None:
    view.show_markdown(said)
    shown = view.toPlainText().split()
    assert [word for word in said.split() if word not in ("#", "-")] == shown


def test_hostile_names_and_problems_are_text_everywhere(
    window: MainWindow, line: ScriptedLine, qtbot: QtBot
) -> None:
    one = session(
        1, name="<b>Bold</b>", problem=Problem("<i>m</i>", "<a href='x'>r</a>", Retry.LATER)
    )
    line.stored = {one.session_id: one}
    line.results_of = {}
    window.refresh()
    window.show_session(one.session_id)
    assert window.results.patient.text() == "<b>Bold</b>"
    assert window.results.advice.message == "<i>m</i>"
    line.tell(Trouble("<u>t</u>"))
    qtbot.waitUntil(lambda: window.strip.message == "<u>t</u>")
    line.results_of[one.session_id] = []
    line.resolve(one.session_id, results("<b>not bold</b>"))
    qtbot.waitUntil(lambda: "not bold" in window.results.reader.toPlainText())
    window.results.tab_bar.setCurrentIndex(0)
    assert window.results.reader.toPlainText() == "<b>not bold</b>"


def test_growing_text_keeps_what_is_selected(view: NoteView) -> None:
    view.show_growing("one two")
    cursor = view.textCursor()
    cursor.setPosition(0)
    cursor.setPosition(3, cursor.MoveMode.KeepAnchor)
    view.setTextCursor(cursor)
    view.show_growing("one two three\nfour")
    assert view.toPlainText() == "one two three\nfour"
    assert view.textCursor().selectedText() == "one"
    view.show_growing("something else")
    assert view.toPlainText() == "something else"


@given(texts=st.lists(st.text(st.sampled_from("ab \n\r\U0001f600é"), max_size=12), max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_growing_text_ends_as_if_it_had_been_shown_at_once(
    view: NoteView, texts: list[str]
) -> None:
    for text in texts:
        view.show_growing(text)
        grown = view.toPlainText()
        view.setPlainText(text)
        assert grown == view.toPlainText()
