"""Where speech is missing is drawn on the line of time, said in words and marked in the text."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.audio import SAMPLE_RATE, Gap
from scribe_desktop.domain.events import GapNoted
from scribe_desktop.domain.results import Outcome, Results
from scribe_desktop.domain.session import SessionId
from scribe_desktop.domain.settings import AfterStop, Theme
from scribe_desktop.domain.speech_marks import mark_of
from scribe_desktop.domain.unheard import NOT_READ
from scribe_desktop.ui.advice import advice_for
from scribe_desktop.ui.as_one import whole
from scribe_desktop.ui.note_text import plain_text
from scribe_desktop.ui.theme import colours_for
from scribe_desktop.ui.time_line import TimeLineSlider
from scribe_desktop.ui.view_state import unfilled
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from tests.ui.fakes import NOTE, NOW, TRANSCRIPT, ScriptedLine, results, session
from tests.ui.places import FakeInsertion
from tests.ui.test_windows import dictate

HALF = 67 * SAMPLE_RATE
"""Of the 134 s that a scripted session has."""

STALL = Gap(HALF, 2.0, "the computer was busy")
LOST = Gap(HALF, 3.2, "the microphone was unplugged")
UNHEARD = Gap(HALF, 20.0, NOT_READ, recorded=True)
KINDS = pytest.mark.parametrize("gap", [STALL, LOST, UNHEARD], ids=["stall", "lost", "refused"])


@pytest.fixture
def shown(line: ScriptedLine) -> SessionId:
    return next(iter(line.stored))


def show(windows: Windows, line: ScriptedLine, session_id: SessionId, *gaps: Gap) -> None:
    line.stored[session_id] = replace(line.stored[session_id], gaps=gaps)
    windows.main.refresh()
    windows.main.show_session(session_id)


def share_of(image: QImage, rect: QRect, colour: str) -> float:
    """Which part of a stretch of a picture has exactly this colour."""
    part = image.copy(rect).convertToFormat(QImage.Format.Format_RGB32)
    pixels = memoryview(part.constBits()).cast("I").tolist()
    return sum(f"#{pixel & 0xFFFFFF:06x}" == colour for pixel in pixels) / len(pixels)


def stretch(slider: TimeLineSlider, begin_s: float, end_s: float) -> QRect:
    """The groove between two times, without the knob's own height."""
    begin, end = round(slider._x_of(begin_s)), round(slider._x_of(end_s))
    middle = slider.height() // 2
    return QRect(QPoint(begin, middle - 2), QPoint(end, middle + 1))


@KINDS
@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_a_gap_is_drawn_at_its_place_and_nowhere_else(
    windows: Windows, line: ScriptedLine, shown: SessionId, gap: Gap, theme: Theme
) -> None:
    windows.deeds.set_setting("theme", theme)
    warning = colours_for(theme).warning
    slider = windows.main.results.player.slider
    show(windows, line, shown)
    before = slider.grab().toImage()
    show(windows, line, shown, gap)
    drawn = slider.grab().toImage()
    assert before.size() == slider.size()
    diamond = stretch(slider, 66.5, 67.5)
    assert share_of(before, diamond, warning) == 0.0
    assert share_of(drawn, diamond, warning) > 0.5
    behind = stretch(slider, 75.0, 86.0)
    assert (share_of(drawn, behind, warning) > 0.9) == gap.recorded, "the recording has it there"
    for elsewhere in (stretch(slider, 10.0, 60.0), stretch(slider, 92.0, 130.0)):
        assert share_of(drawn, elsewhere, warning) == 0.0


@KINDS
def test_a_gap_is_said_with_the_dictation(gap: Gap) -> None:
    advice = advice_for(session(1, gaps=(gap,)), NOW)
    assert advice is not None
    if gap.recorded:
        assert advice.message == "About 20 s were recorded, but not heard by the service."
        assert advice.remedy.startswith("The recording has it")
    else:
        assert advice.message.endswith(f"could not be recorded: {gap.reason}.")


def test_what_the_service_counted_otherwise_is_said_with_the_dictation(
    line: ScriptedLine, shown: SessionId
) -> None:
    sent = line.stored[shown]
    assert advice_for(replace(sent, received=7), NOW) is None
    advice = advice_for(replace(sent, received=6, gaps=(LOST,)), NOW)
    assert advice is not None
    assert "About 3 s could not be recorded" in advice.message
    assert "sent in 7 parts, but the service says that it has 6." in advice.message
    last = replace(sent, session_id=SessionId("ses_last"), follows=shown, received=5)
    both = advice_for(whole((replace(sent, received=7), last)), NOW)
    assert both is not None
    assert "sent in 14 parts, but the service says that it has 12." in both.message
    good = whole((replace(sent, received=7), replace(last, received=7)))
    assert advice_for(good, NOW) is None


@KINDS
def test_the_text_is_marked_as_it_is_shown_copied_and_edited(
    windows: Windows, line: ScriptedLine, shown: SessionId, gap: Gap, qtbot: QtBot
) -> None:
    show(windows, line, shown, gap)
    pane, mark = windows.main.results, mark_of(gap)
    pane.tab_bar.setCurrentIndex(0)
    assert pane.reader.toPlainText() == f"{mark}\n{TRANSCRIPT}"
    assert not pane.as_heard.isVisible(), "a mark is no rule about text"
    with qtbot.waitSignal(windows.deeds.told) as told:
        pane.actions_row.copy.click()
    assert told.args is not None
    assert told.args[0].remedy.startswith("Speech is missing at 1 place;")
    assert QApplication.clipboard().text() == f"{mark}\n{TRANSCRIPT}"
    pane.tab_bar.setCurrentIndex(1)
    assert pane.reader.toPlainText().startswith(mark)
    pane.actions_row.copy.click()
    assert QApplication.clipboard().text() == f"{mark}\n\n{plain_text(NOTE)}"
    pane.tab_bar.setCurrentIndex(0)
    pane.actions_row.edit.click()
    pane.editor.setPlainText(f"{TRANSCRIPT} He also coughs.")
    pane.actions_row.keep.click()
    windows.main.show_session(shown)
    assert pane.reader.toPlainText() == f"{TRANSCRIPT} He also coughs.", "the mark was seen to"


def test_as_it_was_heard_is_marked_too(
    windows: Windows, line: ScriptedLine, shown: SessionId
) -> None:
    windows.deeds.set_setting("replacements", {"amlodipine": "Amlodipine"})
    show(windows, line, shown, LOST)
    pane = windows.main.results
    pane.tab_bar.setCurrentIndex(0)
    pane.as_heard.click()
    assert pane.reader.toPlainText() == f"{mark_of(LOST)}\n{TRANSCRIPT}"


@KINDS
@pytest.mark.parametrize("after", [AfterStop.COPY, AfterStop.INSERT])
def test_what_goes_out_by_itself_is_marked(
    windows: Windows, workplace: Workplace, line: ScriptedLine, qtbot: QtBot, after: AfterStop,
    gap: Gap,
) -> None:  # fmt: skip
    insertion = workplace.insertion
    assert isinstance(insertion, FakeInsertion)
    QApplication.clipboard().clear()
    line.preferences = replace(line.preferences, after_stop=after)
    session_id = dictate(windows, line, qtbot)
    line.happen(session_id, GapNoted(replace(gap, at_frame=0)))
    windows.deeds.toggle()
    line.resolve(session_id, Results(Outcome.COMPLETED, "Good morning"))
    wanted = f"{mark_of(replace(gap, at_frame=0))}\nGood morning"
    if gap.recorded:
        # Longer than the nine seconds that were spoken here: it is the end that is missing.
        wanted = "Good morning\n" + mark_of(replace(gap, at_frame=0))
    if after is AfterStop.INSERT:
        qtbot.waitUntil(lambda: insertion.inserted == [(wanted, session_id)])
    else:
        qtbot.waitUntil(lambda: QApplication.clipboard().text() == wanted)
    windows.insert_last()
    qtbot.waitUntil(lambda: (wanted, "front") in insertion.inserted)


def test_marks_and_fields_are_told_apart_when_a_text_goes_out() -> None:
    marked = f"{mark_of(LOST)}\n{mark_of(UNHEARD)}\nGood morning"
    assert unfilled(marked) == "Speech is missing at 2 places; a mark in the text says where."
    both = unfilled(f"{marked} [ ]")
    assert both.endswith("1 place in brackets still to be filled; F4 goes there.")
    assert both.startswith("Speech is missing at 2 places")
    assert unfilled(results().transcript or "") == ""
