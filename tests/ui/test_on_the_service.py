"""What the service remembers, in the window: looked through, opened, heard, never changed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.order import Patient, ServiceRef
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from scribe_desktop.services.wire import Wire
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.lists import HERE, ON_SERVICE
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.past_rows import past_rows
from scribe_desktop.ui.service_screens import ServiceScreens
from scribe_desktop.ui.service_shelf import PastDictation
from scribe_desktop.ui.theme import LIGHT
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from scribe_desktop.wiring.service_shelf import PastSessions
from tests.faults.real_service import TOKEN, RealService
from tests.faults.story import WavSpool
from tests.peers.spec import KEY, SpecPeer
from tests.server.conftest import Clock
from tests.services.deliveries import Desk, an_order
from tests.ui.fakes import NOW, ScriptedLine, results
from tests.ui.places import FakeHistory, FakeSpeaker

AWAY = ServiceError("The service could not be reached.", "Try again later.", retry=Retry.LATER)


def past(number: int, name: str, status: str = "success", remote_id: str = "") -> PastDictation:
    patient = Patient(oid=f"oid-{number}", name=name)
    at = NOW - number * 3600
    remote_id = remote_id or f"ses_far_{number}"
    return PastDictation(ServiceRef(), remote_id, patient, "dictation", status, at)


@pytest.fixture
def history(workplace: Workplace) -> FakeHistory:
    assert isinstance(workplace.history, FakeHistory)
    workplace.history.sessions = [
        past(1, "Elsewhere Ann"),
        past(2, "Elsewhere Bob", "in-progress"),
        past(3, "", "system_failure"),
    ]
    workplace.history.results = {"ses_far_1": results("Said on another computer.")}
    return workplace.history


@pytest.fixture
def main(windows: Windows, history: FakeHistory) -> MainWindow:
    return windows.main


def look(main: MainWindow, qtbot: QtBot, rows: int = 3) -> None:
    main.lists.tabs.setCurrentIndex(ON_SERVICE)
    qtbot.waitUntil(lambda: main.past.model.rowCount() == rows)


def spoken(main: MainWindow) -> list[str]:
    model = main.past.model
    return [str(model.index(row).data()) for row in range(model.rowCount())]


def choose(main: MainWindow, row: int) -> None:
    main.past.view.setCurrentIndex(main.past.model.index(row))


def test_the_service_is_asked_when_its_list_is_looked_at(
    main: MainWindow, history: FakeHistory, qtbot: QtBot
) -> None:
    assert history.asked == []
    history.gate.clear()
    main.lists.tabs.setCurrentIndex(ON_SERVICE)
    assert main.past.progress.isVisibleTo(main.past)
    assert main.past.sentence.text() == "Asking this computer…"
    history.gate.set()
    qtbot.waitUntil(lambda: main.past.model.rowCount() == 3)
    assert not main.past.progress.isVisibleTo(main.past)
    assert not main.past.sentence.isVisibleTo(main.past)
    assert "Elsewhere Ann" in spoken(main)[0]
    assert spoken(main)[0].endswith("Ready")
    assert spoken(main)[1].endswith("Processing")
    assert spoken(main)[2].startswith("oid-3")
    assert spoken(main)[2].endswith("Failed")


def test_one_from_another_computer_is_read_and_heard_but_not_changed(
    main: MainWindow, history: FakeHistory, workplace: Workplace, qtbot: QtBot
) -> None:
    look(main, qtbot)
    choose(main, 0)
    assert main.results.sentence.text() == "The text is being fetched."
    qtbot.waitUntil(lambda: main.results.tab_bar.count() == 2)
    main.results.tab_bar.setCurrentIndex(0)
    assert main.results.reader.toPlainText() == "Said on another computer."
    assert main.results.patient.text() == "Elsewhere Ann"
    assert (
        "only on the service of this computer, not to be changed here" in main.results.facts.text()
    )
    row = main.results.actions_row
    shown = [one for one in (row.copy, row.play, row.insert, row.edit, row.export, row.another,
                             row.more) if one.isVisibleTo(row)]  # fmt: skip
    assert shown == [row.copy, row.play]
    row.play.click()
    speaker = workplace.speaker
    assert isinstance(speaker, FakeSpeaker)
    qtbot.waitUntil(lambda: bool(speaker.played))
    assert speaker.played == [b"\1\0" * 160]
    speaker.on_end()
    qtbot.waitUntil(lambda: row.play.text() == "Play")
    choose(main, 1)
    choose(main, 0)
    assert history.asked.count("result ses_far_1") == 1, "it is fetched once"


def test_what_is_still_written_or_refused_is_a_sentence(
    main: MainWindow, history: FakeHistory, qtbot: QtBot
) -> None:
    look(main, qtbot)
    choose(main, 1)
    qtbot.waitUntil(lambda: "still writing" in main.results.sentence.text())
    assert main.results.state.word == "Processing"
    history.refuse = AWAY
    choose(main, 2)
    qtbot.waitUntil(lambda: main.results.sentence.text() == str(AWAY))


def test_one_of_ours_opens_as_ours(
    main: MainWindow, history: FakeHistory, line: ScriptedLine, qtbot: QtBot
) -> None:
    ours = next(iter(line.stored.values()))
    assert ours.remote is not None
    history.sessions.insert(0, past(9, "Maria Lindqvist", remote_id=ours.remote.remote_id))
    look(main, qtbot, rows=4)
    assert "Also here" in spoken(main)[0]
    choose(main, 0)
    assert main.results.shown is not None
    assert main.results.shown.session.order.service == ours.order.service
    assert main.results.actions_row.edit.isVisibleTo(main.results)
    assert not [asked for asked in history.asked if asked.startswith("result")]


def test_going_back_shows_our_own_again(main: MainWindow, line: ScriptedLine, qtbot: QtBot) -> None:
    mine = next(iter(line.stored))
    main.show_session(mine)
    look(main, qtbot)
    choose(main, 0)
    assert main.results.patient.text() == "Elsewhere Ann"
    main.lists.tabs.setCurrentIndex(HERE)
    assert main.results.shown is not None
    assert main.results.shown.session.session_id == mine


def test_without_a_network_it_is_said_and_the_old_list_stays(
    main: MainWindow, history: FakeHistory, qtbot: QtBot
) -> None:
    history.refuse = AWAY
    main.lists.tabs.setCurrentIndex(ON_SERVICE)
    qtbot.waitUntil(lambda: main.past.sentence.text() == str(AWAY))
    history.refuse = None
    main.past.again.click()
    qtbot.waitUntil(lambda: main.past.model.rowCount() == 3)
    history.refuse = AWAY
    main.past.again.click()
    qtbot.waitUntil(lambda: "What is listed is from before." in main.past.sentence.text())
    assert main.past.model.rowCount() == 3


def test_nothing_there_is_no_error(main: MainWindow, history: FakeHistory, qtbot: QtBot) -> None:
    history.sessions = []
    main.lists.tabs.setCurrentIndex(ON_SERVICE)
    nothing = "This computer remembers no dictations."
    qtbot.waitUntil(lambda: main.past.sentence.text() == nothing)
    assert not main.strip.isVisible()


def test_it_is_searched_here_and_there(
    main: MainWindow, history: FakeHistory, qtbot: QtBot
) -> None:
    look(main, qtbot)
    QTest.keyClicks(main.past.search, "bob")
    assert [row.split(",")[0] for row in spoken(main)] == ["Elsewhere Bob"]
    main.past.search.setText("oid-3")
    QTest.keyClick(main.past.search, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: history.asked[-1] == "past oid-3")
    qtbot.waitUntil(lambda: not main.past.progress.isVisibleTo(main.past))
    assert main.past.model.rowCount() == 1
    main.past.search.setText("nobody")
    assert "Press Return" in main.past.sentence.text()


def test_an_answer_that_comes_too_late_is_not_shown(
    main: MainWindow, history: FakeHistory, qtbot: QtBot
) -> None:
    look(main, qtbot)
    history.gate.clear()
    choose(main, 0)
    qtbot.waitUntil(lambda: history.asked[-1] == "result ses_far_1")
    choose(main, 1)
    history.gate.set()
    qtbot.waitUntil(lambda: "still writing" in main.results.sentence.text())
    assert main.results.patient.text() == "Elsewhere Bob"


def test_another_service_is_asked_anew(
    main: MainWindow, windows: Windows, history: FakeHistory, line: ScriptedLine, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    look(main, qtbot)
    usual = line.usual_order()
    other = ServiceRef("Clinic", "https://clinic.example/voice/v1", "onprem")
    monkeypatch.setattr(line, "usual_order", lambda: replace(usual, service=other))
    history.gate.clear()
    windows.deeds.settings_changed.emit()
    assert main.past.sentence.text() == "Asking Clinic…"
    assert main.past.model.rowCount() == 0
    history.gate.set()
    qtbot.waitUntil(lambda: main.past.model.rowCount() == 3)


def answer(main: MainWindow, word: str) -> None:
    asked = next(one for one in main.findChildren(QMessageBox) if one.isVisible())
    next(one for one in asked.buttons() if one.text() == word).click()


def test_one_is_taken_out_of_the_list_after_a_question(
    main: MainWindow, history: FakeHistory, qtbot: QtBot
) -> None:
    look(main, qtbot)
    choose(main, 0)
    qtbot.waitUntil(lambda: main.results.tab_bar.count() == 2)
    menu = main.past.menu()
    menu.actions()[0].trigger()
    answer(main, "Keep it")
    assert len(history.sessions) == 3
    main.past.delete_key.activated.emit()
    answer(main, "Take it out")
    qtbot.waitUntil(lambda: main.past.model.rowCount() == 2)
    assert main.strip.message == "Taken out of the service's list."
    assert main.results.shown is None
    history.refuse = AWAY
    choose(main, 1)
    main.past.delete_key.activated.emit()
    answer(main, "Take it out")
    qtbot.waitUntil(lambda: main.strip.message == AWAY.message)
    menu.deleteLater()


def test_a_dictation_without_a_time_has_a_row() -> None:
    (row,) = past_rows([PastDictation(ServiceRef(), "ses_x")], {}, "", NOW)
    assert row.spoken == "No patient, On the service"


# --- against the real local service, over a socket ---


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Desk]:
    """Another computer that delivers to the same service."""
    service = RealService(tmp_path, Clock())
    desk = Desk("", live=False)
    desk.spool = WavSpool()
    address = Address(f"http://127.0.0.1:{service.port}/voice/v1", "onprem", FixedToken(TOKEN))
    desk.rebuild(Wire(), lambda: address)
    yield desk
    desk.close()
    service.close()


def test_against_the_real_service(
    far: Desk, line: ScriptedLine, bridge: Bridge, workplace: Workplace, qtbot: QtBot
) -> None:
    deeds: list[tuple[str, str, str]] = []
    history = PastSessions(line, lambda _service: far.client, lambda *deed: deeds.append(deed))
    place = replace(workplace, history=history)
    main = MainWindow(line, bridge, place)
    screens = ServiceScreens(main, line, place)
    qtbot.addWidget(main, before_close_func=lambda one: one.close_without_asking())
    main.use(LIGHT)
    screens.use(LIGHT)
    main.show()
    main.lists.tabs.setCurrentIndex(ON_SERVICE)
    nothing = "This computer remembers no dictations."
    qtbot.waitUntil(lambda: main.past.sentence.text() == nothing)
    order = replace(
        an_order(templates=("soap",)), patient=Patient(oid="far-7", name="Far Away", age="61")
    )
    far.deliver(far.spool.speak(chunks=2, order=order))
    main.past.again.click()
    qtbot.waitUntil(lambda: main.past.model.rowCount() == 1)
    assert spoken(main)[0].startswith("Far Away")
    choose(main, 0)
    qtbot.waitUntil(lambda: main.results.tab_bar.count() == 2)
    main.results.tab_bar.setCurrentIndex(0)
    assert "zero one" in main.results.reader.toPlainText()
    main.results.actions_row.play.click()
    speaker = workplace.speaker
    assert isinstance(speaker, FakeSpeaker)
    qtbot.waitUntil(lambda: bool(speaker.played) or main.strip.isVisible())
    assert not main.strip.message
    assert len(speaker.played[0]) >= 2 * 1600 * 2, "MP3 adds a little silence"
    main.past.delete_key.activated.emit()
    answer(main, "Take it out")
    qtbot.waitUntil(lambda: main.past.sentence.text() == nothing)
    assert [deed[0] for deed in deeds] == ["taken out of the history"]


def test_a_service_without_such_a_call_says_so(line: ScriptedLine) -> None:
    with SpecPeer() as peer:
        address = Address(peer.base_url, "spec", FixedToken(KEY))
        client = Client("spec", lambda: address, wire=Wire())
        history = PastSessions(line, lambda _service: client)
        with pytest.raises(ServiceError, match="does not let you take"):
            history.take_out(past(1, "Ann"))
        with pytest.raises(ServiceError, match="does not hand out the recording"):
            history.recording(past(1, "Ann"))
        assert history.past() == ()
        client.close()
