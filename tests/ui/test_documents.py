"""Documents that a service keeps of a dictation: read, edited, saved and deleted in the window."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.results import Author, ResultsVersion
from scribe_desktop.domain.session import Delivery, Session, SessionId
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.wire import Wire
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.documents_panel import NONE_THERE, DocumentsPanel
from scribe_desktop.ui.editing import with_document
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.service_screens import ServiceScreens
from scribe_desktop.ui.service_shelf import StoredDocument
from scribe_desktop.ui.theme import LIGHT
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from scribe_desktop.wiring.service_shelf import ServiceDocuments
from tests.faults.real_service import TOKEN, RealService
from tests.faults.story import WavSpool
from tests.server.conftest import Clock
from tests.services.deliveries import Desk, an_order
from tests.ui.fakes import NOTE, NOW, ScriptedLine, results, session
from tests.ui.places import FakeDocuments
from tests.ui.writing import write_over

FIRST = SessionId(f"ses_{1:024x}")
AWAY = ServiceError("The service could not be reached.", "Try again later.", retry=Retry.LATER)


@pytest.fixture
def there(workplace: Workplace) -> FakeDocuments:
    assert isinstance(workplace.documents, FakeDocuments)
    fake = workplace.documents
    fake.documents = [
        StoredDocument(FIRST, "doc_note", "clinical_notes_template", "", "success", NOW),
        StoredDocument(FIRST, "doc_letter", "", "Letter", "success", NOW - 3600),
    ]
    fake.texts = {"doc_note": "# Theirs", "doc_letter": "Dear <b>colleague</b>"}
    return fake


@pytest.fixture
def main(windows: Windows, there: FakeDocuments) -> MainWindow:
    windows.main.show_session(FIRST)
    return windows.main


@pytest.fixture
def panel(main: MainWindow, qtbot: QtBot) -> DocumentsPanel:
    open_documents(main)
    panel = main.results.documents
    qtbot.waitUntil(panel.copy.isEnabled)
    return panel


def open_documents(main: MainWindow) -> None:
    tabs = main.results.tab_bar
    assert tabs.tabText(tabs.count() - 1) == "Documents"
    tabs.setCurrentIndex(tabs.count() - 1)


def question(main: MainWindow) -> QMessageBox:
    (found,) = main.findChildren(QMessageBox)
    return found


def press(asked: QMessageBox, word: str) -> None:
    next(one for one in asked.buttons() if one.text() == word).click()


def test_they_are_listed_and_read(panel: DocumentsPanel, main: MainWindow, qtbot: QtBot) -> None:
    rows = [panel.list.item(row).text() for row in range(panel.list.count())]
    assert [row.split(" · ")[:2] for row in rows] == [
        ["Clinical note", "Ready"],
        ["Letter", "Ready"],
    ]
    assert panel.reader.toPlainText() == "Theirs"
    assert not main.results.actions_row.isVisible()
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Down)
    qtbot.waitUntil(lambda: "colleague" in panel.reader.toPlainText())
    assert "<b>" in panel.reader.toPlainText(), "markup of a service is text"
    panel.copy.click()
    assert main.strip.message == "Copied."


def test_nothing_is_asked_before_somebody_looks(main: MainWindow, there: FakeDocuments) -> None:
    assert there.asked == []


def test_what_the_service_does_not_have_yet_has_no_documents(
    main: MainWindow, line: ScriptedLine
) -> None:
    unsent = next(one for one in line.stored.values() if one.remote is None)
    main.show_session(unsent.session_id)
    tabs = main.results.tab_bar
    assert "Documents" not in [tabs.tabText(place) for place in range(tabs.count())]


def test_an_edit_is_saved_there_and_one_more_version_here(
    panel: DocumentsPanel, main: MainWindow, there: FakeDocuments, line: ScriptedLine, qtbot: QtBot
) -> None:
    panel.edit.click()
    assert panel.editor.hasFocus()
    write_over(panel.editor, "# Mine")
    panel.keep.setFocus()
    panel.keep.click()
    assert main.strip.message == "Saving on the service…"
    qtbot.waitUntil(lambda: main.strip.message == "Saved on the service.")
    assert there.texts["doc_note"] == "# Mine"
    first, second = line.results_of[FIRST]
    assert first.results.notes[0].content == NOTE
    assert second.author is Author.CLINICIAN
    assert second.results.notes[0].content == "# Mine"
    assert not panel.is_editing
    assert panel.edit.hasFocus(), "and not Record, which comes next in the window"


def test_a_network_that_is_away_costs_no_word(
    panel: DocumentsPanel, main: MainWindow, there: FakeDocuments, line: ScriptedLine, qtbot: QtBot
) -> None:
    there.refuse["save"] = AWAY
    panel.edit.click()
    write_over(panel.editor, "# Mine")
    panel.keep.click()
    qtbot.waitUntil(lambda: "kept on this computer" in main.strip.message)
    assert line.results_of[FIRST][-1].results.notes[0].content == "# Mine"
    assert panel.is_editing
    assert panel.editor.text() == "# Mine"
    there.refuse.clear()
    panel.keep.click()
    panel.edit.click()
    write_over(panel.editor, "# Mine again")
    panel.keep.click()
    qtbot.waitUntil(lambda: there.texts["doc_note"] == "# Mine again")


def test_going_to_another_dictation_keeps_and_saves_the_edit(
    panel: DocumentsPanel, main: MainWindow, there: FakeDocuments, line: ScriptedLine, qtbot: QtBot
) -> None:
    panel.edit.click()
    write_over(panel.editor, "# Mine")
    main.show_session(SessionId(f"ses_{27:024x}"))
    assert line.results_of[FIRST][-1].results.notes[0].content == "# Mine"
    qtbot.waitUntil(lambda: there.texts["doc_note"] == "# Mine")


def test_changes_can_be_dropped(panel: DocumentsPanel, there: FakeDocuments) -> None:
    panel.edit.click()
    write_over(panel.editor, "# Mine")
    panel.drop.click()
    assert panel.reader.toPlainText() == "Theirs"
    assert not [asked for asked in there.asked if asked.startswith("save")]


def test_the_version_of_this_computer_can_go_there(
    panel: DocumentsPanel, there: FakeDocuments, line: ScriptedLine, qtbot: QtBot
) -> None:
    assert "something else" in panel.sentence.text()
    panel.use_mine.click()
    assert panel.editor.text() == NOTE
    panel.keep.click()
    qtbot.waitUntil(lambda: there.texts["doc_note"] == NOTE)
    assert len(line.results_of[FIRST]) == 1, "nothing changed here"


def test_deleting_asks_first(
    panel: DocumentsPanel, main: MainWindow, there: FakeDocuments, line: ScriptedLine, qtbot: QtBot
) -> None:
    panel.delete.click()
    asked = question(main)
    assert asked.text() == "Delete “Clinical note” on the service (This computer)?"
    assert "stays" in asked.informativeText()
    assert asked.textFormat() is Qt.TextFormat.PlainText
    assert asked.defaultButton() is not None
    assert asked.defaultButton().text() == "Keep it"
    press(asked, "Keep it")
    assert len(there.documents) == 2
    qtbot.waitUntil(lambda: not main.findChildren(QMessageBox))
    panel.delete.click()
    press(question(main), "Delete there")
    qtbot.waitUntil(lambda: panel.list.count() == 1)
    assert main.strip.message == "Deleted on the service."
    assert line.results_of[FIRST][-1].results.notes, "what is here stays"


def test_refusals_and_nothing_are_sentences(
    main: MainWindow, there: FakeDocuments, qtbot: QtBot
) -> None:
    there.refuse["listed"] = AWAY
    panel = main.results.documents
    open_documents(main)
    qtbot.waitUntil(lambda: panel.sentence.text() == str(AWAY))
    there.refuse = {"text": AWAY}
    panel.again.click()
    qtbot.waitUntil(lambda: panel.list.count() == 2 and panel.sentence.text() == str(AWAY))
    assert not panel.edit.isEnabled()
    there.documents = []
    panel.again.click()
    qtbot.waitUntil(lambda: panel.sentence.text() == NONE_THERE)
    assert not panel.delete.isEnabled()


def test_a_document_that_is_no_note_here_becomes_one() -> None:
    before = results()
    letter = StoredDocument(FIRST, "doc_9", "", "Letter")
    after = with_document(before, letter, "Letter", "Dear colleague")
    assert [note.template_id for note in after.notes] == ["Letter", "clinical_notes_template"]
    again = with_document(after, letter, "Letter", "Dear all")
    assert [note.content for note in again.notes] == ["Dear all", NOTE]
    assert with_document(again, letter, "Letter", "Dear all") is again


# --- against the real local service, over a socket ---


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    service = RealService(tmp_path, Clock())
    desk = Desk("", live=False)
    desk.spool = WavSpool()
    address = Address(f"http://127.0.0.1:{service.port}/voice/v1", "onprem", FixedToken(TOKEN))
    desk.rebuild(Wire(), lambda: address)
    yield desk
    desk.close()
    service.close()


def test_against_the_real_service(
    desk: Desk, line: ScriptedLine, bridge: Bridge, workplace: Workplace, qtbot: QtBot
) -> None:
    ours = desk.deliver(desk.spool.speak(chunks=2, order=an_order(templates=("soap",))))
    line.stored = {ours.session_id: ours}
    answer = desk.spool.results[ours.session_id]
    line.results_of = {ours.session_id: [ResultsVersion(1, Author.SERVICE, NOW, answer)]}
    deeds: list[tuple[str, str]] = []
    there = ServiceDocuments(
        line, lambda _session: desk.client, lambda deed, sid, _what: deeds.append((deed, sid))
    )
    place = replace(workplace, documents=there)
    main = MainWindow(line, bridge, place)
    screens = ServiceScreens(main, line, place)
    qtbot.addWidget(main, before_close_func=lambda one: one.close_without_asking())
    main.use(LIGHT)
    screens.use(LIGHT)
    main.show()
    main.show_session(ours.session_id)
    open_documents(main)
    panel = main.results.documents
    qtbot.waitUntil(panel.edit.isEnabled)
    assert "zero one" in panel.reader.toPlainText()
    panel.edit.click()
    write_over(panel.editor, "# Plan\n\nRest.")
    panel.keep.click()
    qtbot.waitUntil(lambda: main.strip.message == "Saved on the service.")
    panel.again.click()
    qtbot.waitUntil(lambda: panel.edit.isEnabled() and "Rest." in panel.reader.toPlainText())
    panel.delete.click()
    press(question(main), "Delete there")
    qtbot.waitUntil(lambda: panel.sentence.text() == NONE_THERE)
    assert deeds == [
        ("document saved", ours.session_id),
        ("document deleted", ours.session_id),
    ]
    assert line.results_of[ours.session_id][-1].results.notes[0].content == "# Plan\n\nRest."


def test_an_unsent_session_has_none(desk: Desk, line: ScriptedLine) -> None:
    unsent: Session = session(7, delivery=Delivery.UNSENT)
    line.stored = {unsent.session_id: unsent}
    there = ServiceDocuments(line, lambda _session: desk.client, lambda *_: None)
    assert there.listed(unsent.session_id) == ()
    assert unsent.order == Order(templates=("clinical_notes_template",))
