"""Notes from a text that is typed, pasted or opened: in the window, and nothing typed is lost."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import DiskFull, ScribeError
from scribe_desktop.domain.order import Order, Patient, ServiceRef
from scribe_desktop.domain.results import Author, Results, ResultsVersion
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.wire import Wire
from scribe_desktop.ui.advice import advice_for
from scribe_desktop.ui.text_notes import TextNotes, read_text
from scribe_desktop.ui.view_state import caution_for, length_of, state_of
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from scribe_desktop.wiring.typed_text import TypedText
from tests.faults.real_service import TOKEN, RealService
from tests.server.conftest import Clock
from tests.services.deliveries import REMOTE, Desk
from tests.ui.fakes import NOW, OFFER, ScriptedLine, scripted_sessions
from tests.ui.places import FakeTypedText
from tests.ui.test_access import assert_named, clipped, focusable, tab_ring

SAID = "Blood pressure 120 over 80. Rest for a week."


@pytest.fixture
def take(workplace: Workplace) -> FakeTypedText:
    assert isinstance(workplace.typed_text, FakeTypedText)
    return workplace.typed_text


@pytest.fixture
def dialog(windows: Windows, take: FakeTypedText) -> TextNotes:
    windows.main.menu.from_text.trigger()
    (found,) = windows.main.findChildren(TextNotes)
    assert found.isVisible()
    return found


def test_a_text_is_typed_and_written(
    dialog: TextNotes, windows: Windows, take: FakeTypedText, qtbot: QtBot
) -> None:
    assert not dialog.write.isEnabled()
    QTest.keyClicks(dialog.text, SAID)
    assert dialog.words.text() == "9 words"
    dialog.boxes["soap"].click()
    assert not dialog.boxes["medications"].isEnabled(), "two are the most"
    dialog.patient.name.setText("Ann Example")
    take.gate.clear()
    dialog.write.click()
    assert dialog.progress.isVisible()
    assert not dialog.write.isEnabled()
    take.gate.set()
    qtbot.waitUntil(lambda: not dialog.isVisible())
    ((text, order),) = take.taken
    assert text == SAID
    assert order.templates == ("clinical_notes_template", "soap")
    assert order.patient == Patient(name="Ann Example")
    assert windows.main.results.shown is not None
    assert windows.main.results.shown.session.session_id == take.answer
    assert dialog.text.toPlainText() == ""
    assert dialog.patient.patient().is_empty, "the next one is another patient's"


def test_the_empty_window_offers_it(windows: Windows, take: FakeTypedText) -> None:
    pane = windows.main.results
    assert pane.welcome.from_text.isVisibleTo(pane)
    pane.welcome.from_text.click()
    assert windows.main.findChildren(TextNotes)[0].isVisible()


def test_closing_locking_and_refusing_take_no_word_away(
    dialog: TextNotes, windows: Windows, take: FakeTypedText, qtbot: QtBot
) -> None:
    dialog.text.setPlainText(SAID)
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()
    windows.main.menu.from_text.trigger()
    assert dialog.text.toPlainText() == SAID
    windows.lock()
    assert not dialog.isVisible()
    windows.unlock()
    windows.main.menu.from_text.trigger()
    take.refuse = DiskFull("The disk takes nothing.", "Free some space.")
    dialog.write.click()
    qtbot.waitUntil(lambda: dialog.strip.message == "The disk takes nothing.")
    assert dialog.text.toPlainText() == SAID
    assert dialog.write.isEnabled()


def test_the_patient_of_the_bar_is_taken_over(windows: Windows, take: FakeTypedText) -> None:
    windows.main.bar.show_patient(Patient(name="Ben Example"))
    windows.main.menu.from_text.trigger()
    (dialog,) = windows.main.findChildren(TextNotes)
    assert dialog.patient.patient() == Patient(name="Ben Example")


def test_a_service_that_cannot_says_so(
    windows: Windows, line: ScriptedLine, take: FakeTypedText
) -> None:
    line.offered = replace(OFFER, service="Clinic", dialect="spec")
    windows.main.menu.from_text.trigger()
    (dialog,) = windows.main.findChildren(TextNotes)
    dialog.text.setPlainText(SAID)
    assert "Clinic does not write notes from a text" in dialog.introduction.text()
    assert not dialog.write.isEnabled()


def test_by_ear_keyboard_and_at_every_size(dialog: TextNotes) -> None:
    assert_named(dialog)
    assert set(focusable(dialog)) <= tab_ring(dialog)
    for size in ((820, 640), (600, 340)):
        dialog.resize(*size)
        assert clipped(dialog) == []


# --- a file ---


def test_a_file_is_opened(
    dialog: TextNotes, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "visit.txt"
    path.write_bytes(b"\xef\xbb\xbfT 38.5 \xc2\xb0C, 5 \xc2\xb5g")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    dialog.text.setPlainText("Before.")
    dialog.open_file.click()
    qtbot.waitUntil(lambda: dialog.text.toPlainText() == "Before.\nT 38.5 °C, 5 µg")
    path.write_bytes(b"\x89PNG\0\0\xff")
    dialog.open_file.click()
    qtbot.waitUntil(lambda: dialog.strip.message == "That file is not plain text.")
    assert "Before." in dialog.text.toPlainText()


@pytest.mark.parametrize(
    ("raw", "words"),
    [("5 µg".encode("utf-16"), "5 µg"), (b"plain", "plain"), (b"", "")],
)
def test_what_is_read_is_exactly_what_is_there(tmp_path: Path, raw: bytes, words: str) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(raw)
    assert read_text(path) == words


@pytest.mark.parametrize("raw", [b"5 \xb5g", b"a\0b", b"\xff\xfe\0", b"a" * (4 * 1024 * 1024 + 1)])
def test_what_would_be_guessed_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(raw)
    with pytest.raises(ScribeError, match=r"not plain text|too long"):
        read_text(path)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ScribeError, match="could not be read"):
        read_text(tmp_path / "nowhere.txt")


# --- how it looks meanwhile ---


def typed(**changes: object) -> Session:
    order = Order(templates=("soap",), patient=Patient(name="Ann"))
    made = Session(SessionId("ses_typed"), NOW, order, capture=Capture.STOPPED, typed=True)
    return replace(made, **changes)  # type: ignore[arg-type]


def test_what_is_said_of_it_speaks_of_a_text() -> None:
    problem = scripted_sessions()[3].problem
    assert state_of(typed()).word == "Waiting to send"
    assert state_of(typed(delivery=Delivery.OPEN)).word == "Sending"
    assert length_of(typed()) == "Text"
    assert caution_for(typed(delivery=Delivery.RESOLVED)) == "", "nobody misheard it"
    advice = advice_for(typed(problem=problem), NOW)
    assert advice is not None
    assert advice.message == "The service could not be reached; your text is safe."


def test_the_text_is_shown_while_the_note_is_awaited(windows: Windows, line: ScriptedLine) -> None:
    waiting = typed()
    line.stored = {waiting.session_id: waiting}
    text = Results("completed", SAID)  # type: ignore[arg-type]
    line.results_of = {waiting.session_id: [ResultsVersion(1, Author.CLINICIAN, NOW, text)]}
    windows.main.refresh()
    windows.main.show_session(waiting.session_id)
    pane = windows.main.results
    assert pane.reader.toPlainText() == SAID
    pane.tab_bar.setCurrentIndex(1)
    assert pane.sentence.text() == "The note appears here once the text was sent."
    assert not pane.actions_row.play.isEnabled()


# --- through the real local service, over a socket ---


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    service = RealService(tmp_path, Clock())
    desk = Desk("", live=False)
    address = Address(f"http://127.0.0.1:{service.port}/voice/v1", "onprem", FixedToken(TOKEN))
    desk.rebuild(Wire(), lambda: address)
    yield desk
    desk.close()
    service.close()


def test_against_the_real_service(
    dialog: TextNotes, line: ScriptedLine, desk: Desk, qtbot: QtBot, windows: Windows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    class Kept:
        def add(self, session: Session, results: Results | None = None) -> None:
            assert results is not None
            desk.spool.kept[session.session_id] = line.stored[session.session_id] = session
            desk.spool.results[session.session_id] = results
            line.results_of[session.session_id] = [
                ResultsVersion(1, Author.CLINICIAN, NOW, results)
            ]

    prepared: list[ServiceRef] = []
    monkeypatch.setattr(dialog, "_take", TypedText(Kept(), prepared.append, lambda: NOW))
    usual = line.usual_order()
    monkeypatch.setattr(line, "usual_order", lambda: replace(usual, service=REMOTE))
    dialog.text.setPlainText(SAID)
    dialog.boxes["clinical_notes_template"].click()
    dialog.boxes["soap"].click()
    dialog.write.click()
    qtbot.waitUntil(lambda: not dialog.isVisible())
    shown = windows.main.results.shown
    assert shown is not None
    session_id = shown.session.session_id
    assert windows.main.results.state.word == "Waiting to send"
    desk.deliver(session_id)
    line.resolve(session_id, desk.spool.results[session_id])
    qtbot.waitUntil(lambda: windows.main.results.state.word == "Ready")
    windows.main.results.tab_bar.setCurrentIndex(1)
    qtbot.waitUntil(lambda: "120" in windows.main.results.reader.toPlainText())
    assert prepared == [REMOTE]
