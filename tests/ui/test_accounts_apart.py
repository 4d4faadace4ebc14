"""Two clinicians on one login: whoever is chosen sees their own dictations and no other text."""

from dataclasses import asdict, replace

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.order import Order, Patient, ServiceRef
from scribe_desktop.domain.session import SessionId
from scribe_desktop.domain.settings import Profile
from scribe_desktop.ui.accounts import account_of, of_account, others_sentence
from scribe_desktop.ui.settings.services import ServicesPage
from scribe_desktop.ui.text_notes import TextNotes
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from tests.ui.fakes import ScriptedLine, results, session
from tests.ui.places import FakeInsertion

ADDRESS = "https://clinic.example/voice/v1"
ANNA, BEN = (Profile(f"Clinic ({name})", ADDRESS, "onprem", name) for name in ("anna", "ben"))
HERS, HIS = (SessionId(f"ses_{number:024x}") for number in (101, 102))


@pytest.fixture
def shared(windows: Windows, line: ScriptedLine) -> Windows:
    line.stored.clear()
    for session_id, profile, patient in ((HERS, ANNA, "Hers"), (HIS, BEN, "His")):
        service = ServiceRef(profile.name, profile.base_url, profile.dialect, profile.account)
        order = Order(service=service, patient=Patient(name=patient))
        line.stored[session_id] = replace(session(1, order=order), session_id=session_id)
    windows.deeds.set_setting("profiles", [asdict(ANNA), asdict(BEN)])
    windows.deeds.set_setting("service", ANNA.name)
    return windows


def listed(windows: Windows) -> list[str]:
    model = windows.main.list.model
    return [str(model.index(row).data()).split(",")[0] for row in range(model.rowCount())]


def test_each_account_lists_its_own(shared: Windows) -> None:
    assert listed(shared) == ["Hers"]
    others = shared.main.list.others
    assert others.isVisibleTo(shared.main.list)
    assert others.text().startswith("1 dictation of another account is not listed.")
    assert "His" not in others.text()
    shared.main.list.search.setText("his")
    assert listed(shared) == []
    shared.deeds.set_setting("service", BEN.name)
    assert listed(shared) == ["His"]
    assert shared.main.list.search.text() == "", "what was searched for is not for the next one"


def test_what_was_on_screen_goes_with_its_account(shared: Windows, line: ScriptedLine) -> None:
    main = shared.main
    main.show_session(HERS)
    assert main.results.patient.text() == "Hers"
    shared.deeds.set_setting("service", BEN.name)
    assert main.results.shown is None
    assert main.results.welcome.isVisible()


def test_the_last_text_is_not_inserted_for_another(
    shared: Windows, line: ScriptedLine, workplace: Workplace, qtbot: QtBot
) -> None:
    insertion = workplace.insertion
    assert isinstance(insertion, FakeInsertion)
    shared.deeds.toggle()
    line.heard()
    running = line.running()
    assert running is not None
    qtbot.waitUntil(lambda: "No patient" in listed(shared))
    shared.deeds.toggle()
    line.resolve(running.session_id, results())

    def is_inserted() -> bool:
        shared.insert_last()
        return bool(insertion.inserted)

    qtbot.waitUntil(is_inserted)
    before = len(insertion.inserted)
    shared.deeds.set_setting("service", BEN.name)
    shared.insert_last()
    shared.copy_last()
    assert len(insertion.inserted) == before
    assert shared.main.strip.message != "Copied."


def test_a_text_that_was_begun_waits_for_its_writer(shared: Windows, qtbot: QtBot) -> None:
    shared.main.menu.from_text.trigger()
    (dialog,) = shared.main.findChildren(TextNotes)
    dialog.text.setPlainText("Hers alone.")
    dialog.patient.name.setText("Hers")
    shared.deeds.set_setting("service", BEN.name)
    assert not dialog.isVisible()
    shared.main.menu.from_text.trigger()
    assert dialog.text.toPlainText() == ""
    assert dialog.patient.patient().is_empty
    shared.deeds.set_setting("service", ANNA.name)
    shared.main.menu.from_text.trigger()
    assert dialog.text.toPlainText() == "Hers alone."
    assert dialog.patient.patient().name == "Hers"


def test_an_account_is_added_in_the_settings(shared: Windows, line: ScriptedLine) -> None:
    page = shared.open_settings("services").page("services")
    assert isinstance(page, ServicesPage)
    QTest.keyClicks(page.new_name, "Clinic (cleo)")
    QTest.keyClicks(page.new_address, ADDRESS)
    QTest.keyClicks(page.new_account, "cleo")
    page.add.click()
    made = line.preferences.profile("Clinic (cleo)")
    assert made is not None
    assert made.account == "cleo"
    assert account_of(line.preferences) == "cleo"
    assert not page.new_account.text()
    assert listed(shared) == []


def test_nothing_is_said_where_there_is_one_account() -> None:
    assert others_sentence(0) == ""
    assert others_sentence(3).startswith("3 dictations of other accounts are not listed.")
    assert of_account([session(1)], "") == (session(1),)
