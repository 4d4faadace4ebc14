"""Rules about text in the window: set by keyboard, tried while typing, obeyed."""

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import SettingsError
from scribe_desktop.domain.settings import AfterStop, with_value
from scribe_desktop.ui.settings.pair_table import PairTable
from scribe_desktop.ui.settings.text import TextPage
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from tests.ui.fakes import TRANSCRIPT, ScriptedLine, results
from tests.ui.places import FakeRuleFiles
from tests.ui.writing import write_over


def text_page(windows: Windows) -> TextPage:
    made = windows.open_settings("text").page("text")
    assert isinstance(made, TextPage)
    return made


def is_at(table: PairTable, column: int) -> bool:
    focus = QApplication.focusWidget()
    inside = focus is not None and table.table.isAncestorOf(focus)
    return inside and table.table.currentColumn() == column


def write_row(qtbot: QtBot, table: PairTable, *sides: str) -> None:
    """As a hand would: Add, type, Tab, type, Tab."""
    table.add.click()
    for column, words in enumerate(sides):
        qtbot.waitUntil(partial(is_at, table, column))
        editor = QApplication.focusWidget()
        assert editor is not None
        for number, line in enumerate(words.split("\n")):
            if number:
                QTest.keyClick(editor, Qt.Key.Key_Return)
            QTest.keyClicks(editor, line)
        QTest.keyClick(editor, Qt.Key.Key_Tab)


def test_an_auto_text_of_two_lines_is_written_by_keyboard(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    page = text_page(windows)
    write_row(qtbot, page.auto_texts, "normal heart", "Heart sounds normal.\nRate [ ]")
    assert dict(line.preferences.auto_texts) == {"normal heart": "Heart sounds normal.\nRate [ ]"}
    QTest.keyClicks(page.trial.heard, "normal heart")
    assert page.trial.written.toPlainText() == "Heart sounds normal.\nRate [ ]"
    assert page.trial.remark.text() == "1 field is to be filled."
    page.auto_texts.table.setCurrentCell(0, 0)
    page.auto_texts.table.setFocus()
    QTest.keyClick(page.auto_texts.table, Qt.Key.Key_Delete)
    assert dict(line.preferences.auto_texts) == {}
    assert page.trial.remark.text() == "No rule applies."


def test_a_dangerous_row_says_why_and_is_not_used(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    page = text_page(windows)
    write_row(qtbot, page.replacements, "left", "right")
    assert "side" in page.replacements.refused.text()
    assert page.replacements.refused.isVisible()
    write_row(qtbot, page.replacements, "metforming", "metformin")
    assert dict(line.preferences.replacements) == {"metforming": "metformin"}
    assert page.replacements.table.rowCount() == 2
    QTest.keyClicks(page.trial.heard, "metforming left")
    assert page.trial.written.toPlainText() == "metformin left"


def test_the_trial_follows_the_switch_and_says_what_is_left_out(
    windows: Windows, line: ScriptedLine
) -> None:
    page = text_page(windows)
    page.trial.heard.setText("pain comma fever")
    assert page.trial.written.toPlainText() == "pain comma fever"
    page.punctuation.click()
    assert line.preferences.spoken_punctuation
    assert page.trial.written.toPlainText() == "pain, fever"
    line.preferences = with_value(line.preferences, "replacements", {"hyphen": "-"})
    page.trial.heard.setText("minus hyphen 5")
    assert "“hyphen” stays as it is heard" in page.trial.remark.text()
    page.trial.heard.setText("")
    assert "original is always kept" in page.trial.remark.text()


def test_what_is_shown_copied_and_inserted_follows_the_rules(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    session_id = next(iter(line.stored))
    pane = windows.main.results
    windows.main.show_session(session_id)
    pane.tab_bar.setCurrentIndex(0)
    assert not pane.as_heard.isVisible()
    windows.deeds.set_setting("replacements", {"amlodipine": "Amlodipine"})
    windows.main.show_session(session_id)
    written = TRANSCRIPT.replace("amlodipine", "Amlodipine")
    assert pane.reader.toPlainText() == written
    pane.actions_row.copy.click()
    assert QApplication.clipboard().text() == written
    assert windows.main.strip.message == "Copied."
    QTest.mouseClick(pane.as_heard, Qt.MouseButton.LeftButton)
    assert pane.reader.toPlainText() == TRANSCRIPT
    pane.actions_row.copy.click()
    assert QApplication.clipboard().text() == TRANSCRIPT
    windows.main.show_session(list(line.stored)[6])
    assert not pane.as_heard.isChecked()


def test_what_can_be_said_is_listed_in_the_chosen_language(
    windows: Windows, line: ScriptedLine
) -> None:
    page = text_page(windows)
    assert "comma , · " in page.said_marks.text()
    assert "new paragraph ⏎⏎" in page.said_marks.text()
    windows.deeds.set_setting("languages", ["de"])
    assert "Klammer" not in page.said_marks.text()
    assert "klammer auf (" in page.said_marks.text()
    windows.deeds.set_setting("languages", ["xx"])
    assert "no spoken marks" in page.said_marks.text()


def test_fields_that_are_still_empty_are_said_when_a_text_goes_out(
    windows: Windows, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(windows.deeds.told) as told:
        windows.deeds.copy("Rate [ ], side [left or right].")
    assert told.args is not None
    telling = told.args[0]
    assert telling.message == "Copied."
    assert "2 places in brackets still to be filled" in telling.remedy


def test_the_text_after_stop_follows_the_rules(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    line.preferences = with_value(line.preferences, "after_stop", AfterStop.COPY)
    line.preferences = with_value(line.preferences, "replacements", {"cough": "coughing"})
    session_id = line.start()
    line.heard()
    qtbot.waitUntil(windows.main.bar.pause.isEnabled)
    line.stop()
    line.resolve(session_id, results("A cough.", note=""))
    qtbot.waitUntil(lambda: QApplication.clipboard().text() == "A coughing.")


def test_an_edit_begins_with_what_is_read_and_stays_as_it_was_written(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    line.preferences = with_value(line.preferences, "replacements", {"amlodipine": "Amlodipine"})
    session_id = next(iter(line.stored))
    windows.main.show_session(session_id)
    pane = windows.main.results
    pane.tab_bar.setCurrentIndex(0)
    pane.actions_row.edit.click()
    assert "Amlodipine 5 mg" in pane.editor.toPlainText()
    write_over(pane.editor, TRANSCRIPT)
    pane.actions_row.keep.click()
    assert line.versions(session_id)[-1].results.transcript == TRANSCRIPT
    qtbot.waitUntil(lambda: pane.reader.toPlainText() == TRANSCRIPT)


def test_a_list_is_taken_in_beside_what_is_there(
    windows: Windows,
    workplace: Workplace,
    line: ScriptedLine,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    files = workplace.rule_files
    assert isinstance(files, FakeRuleFiles)
    page = text_page(windows)
    windows.deeds.set_setting("replacements", {"a b": "old", "c": "d"})
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("list.csv", ""))
    files.found = {"a b": "new", "e": "f", "left": "right"}
    page.replacements.take.click()
    qtbot.waitUntil(lambda: "e" in line.preferences.replacements)
    assert dict(line.preferences.replacements) == {"a b": "new", "c": "d", "e": "f"}
    strip = windows.open_settings("text").strip
    assert "2 rules were taken, 1 left out." in strip.message
    files.refuse = SettingsError("The file holds no rules.")
    page.replacements.take.click()
    qtbot.waitUntil(lambda: strip.message == "The file holds no rules.")
    path = str(tmp_path / "out.csv")
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (path, ""))
    page.replacements.give.click()
    qtbot.waitUntil(lambda: files.written == [(path, {"a b": "new", "c": "d", "e": "f"})])


def test_a_policy_locks_the_tables(windows: Windows, line: ScriptedLine) -> None:
    line.locked = frozenset({"auto_texts", "replacements", "spoken_punctuation"})
    page = text_page(windows)
    assert not page.auto_texts.isEnabled()
    assert not page.replacements.isEnabled()
    assert not page.punctuation.isEnabled()
    assert page.trial.isEnabled()
