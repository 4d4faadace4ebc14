"""Templates in the settings: which are filled, and those that a clinic describes itself."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import Retry, ServiceError
from scribe_desktop.domain.offer import TemplateOffer
from scribe_desktop.domain.order import Order
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from scribe_desktop.services.wire import Wire
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.service_shelf import OwnTemplate
from scribe_desktop.ui.settings.page import Surroundings
from scribe_desktop.ui.settings.template_editor import TemplateEditor
from scribe_desktop.ui.settings.templates import TemplatesPage, first_line
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from scribe_desktop.wiring.service_shelf import OwnTemplates
from tests.faults.real_service import TOKEN, RealService
from tests.peers.eka import EkaPeer
from tests.peers.spec import KEY, SpecPeer
from tests.server.conftest import Clock
from tests.ui.fakes import OFFER, ScriptedLine
from tests.ui.places import FakeTemplates
from tests.ui.test_access import assert_named, focusable, tab_ring

REFUSED = ServiceError("The service refused this template.", "Ask them.", retry=Retry.NEVER)
LETTER = OwnTemplate("own-1", "Letter", "## Dear colleague\n## Yours")


@pytest.fixture
def shelf(workplace: Workplace) -> FakeTemplates:
    assert isinstance(workplace.own_templates, FakeTemplates)
    workplace.own_templates.shelf = {"own-1": LETTER}
    return workplace.own_templates


@pytest.fixture
def page(windows: Windows, shelf: FakeTemplates, qtbot: QtBot) -> TemplatesPage:
    made = windows.open_settings("templates").page("templates")
    assert isinstance(made, TemplatesPage)
    qtbot.waitUntil(made.progress.isHidden)
    return made


def pressed(page: TemplatesPage, name: str) -> QPushButton:
    return next(one for one in page.findChildren(QPushButton) if one.accessibleName() == name)


def editor(page: TemplatesPage) -> TemplateEditor:
    return next(one for one in page.findChildren(TemplateEditor) if one.isVisible())


def answer(page: TemplatesPage, word: str) -> None:
    found = next(one for one in page.window().findChildren(QMessageBox) if one.isVisible())
    next(one for one in found.buttons() if one.text() == word).click()


def test_two_at_most_are_filled_by_themselves(page: TemplatesPage, line: ScriptedLine) -> None:
    page.boxes["soap"].click()
    assert line.preferences.templates == ("clinical_notes_template", "soap")
    assert not page.boxes["medications"].isEnabled()


def test_a_new_one_is_described(page: TemplatesPage, shelf: FakeTemplates, qtbot: QtBot) -> None:
    page.new.click()
    made = editor(page)
    assert not made.keep.isEnabled()
    QTest.keyClicks(made.name, "Discharge")
    made.instructions.setPlainText("## Course\n## Plan")
    made.keep.click()
    qtbot.waitUntil(lambda: len(shelf.shelf) == 2)
    assert shelf.shelf["own-1"] == LETTER
    qtbot.waitUntil(lambda: "Edit Discharge" in names(page))
    assert shelf.asked.count("own") == 2


def names(page: TemplatesPage) -> list[str]:
    return [one.accessibleName() for one in page.findChildren(QPushButton)]


def test_one_is_changed(page: TemplatesPage, shelf: FakeTemplates, qtbot: QtBot) -> None:
    pressed(page, "Edit Letter").click()
    made = editor(page)
    assert made.name.text() == "Letter"
    assert made.instructions.toPlainText() == LETTER.instructions
    made.name.setText("Long letter")
    made.keep.click()
    qtbot.waitUntil(lambda: shelf.shelf["own-1"].name == "Long letter")


def test_a_refusal_is_said_and_the_words_stay(
    page: TemplatesPage, shelf: FakeTemplates, qtbot: QtBot
) -> None:
    shelf.refuse["save"] = REFUSED
    page.new.click()
    made = editor(page)
    made.name.setText("Discharge")
    made.keep.click()
    qtbot.waitUntil(lambda: made.strip.message == REFUSED.message)
    assert made.isVisible()
    assert made.name.text() == "Discharge"
    QTest.keyClick(made, Qt.Key.Key_Escape)
    assert made.isVisible(), "Escape asks first"
    answer(page, "Keep it")
    assert made.isVisible()
    QTest.keyClick(made, Qt.Key.Key_Escape)
    answer(page, "Drop it")
    qtbot.waitUntil(lambda: not made.isVisible())
    page.new.click()
    QTest.keyClick(editor(page), Qt.Key.Key_Escape)
    assert not [one for one in page.findChildren(TemplateEditor) if one.isVisible()]


def test_deleting_asks_and_takes_it_out_of_the_choice(
    page: TemplatesPage, shelf: FakeTemplates, line: ScriptedLine, qtbot: QtBot
) -> None:
    line.preferences = replace(line.preferences, templates=("own-1", "soap"))
    pressed(page, "Delete Letter").click()
    answer(page, "Keep it")
    assert shelf.shelf
    pressed(page, "Delete Letter").click()
    answer(page, "Delete it")
    qtbot.waitUntil(lambda: line.preferences.templates == ("soap",))
    assert not shelf.shelf
    qtbot.waitUntil(lambda: page.own_sentence.text() == "You have described none at this service.")


def test_what_a_policy_fixes_cannot_be_described(
    windows: Windows, shelf: FakeTemplates, line: ScriptedLine, qtbot: QtBot
) -> None:
    line.locked = frozenset({"templates"})
    page = cast("TemplatesPage", windows.open_settings("templates").page("templates"))
    qtbot.waitUntil(lambda: "Edit Letter" in names(page))
    assert not page.new.isEnabled()
    assert not pressed(page, "Edit Letter").isEnabled()
    assert not pressed(page, "Delete Letter").isEnabled()
    assert not page.boxes["soap"].isEnabled()


def test_a_service_without_such_a_thing_says_so_and_is_asked_again_later(
    windows: Windows, shelf: FakeTemplates, qtbot: QtBot
) -> None:
    shelf.refuse["own"] = ServiceError("This service does not.", retry=Retry.NEVER)
    page = cast("TemplatesPage", windows.open_settings("templates").page("templates"))
    qtbot.waitUntil(lambda: page.own_sentence.text() == "This service does not.")
    assert not page.new.isEnabled()
    shelf.refuse.clear()
    windows.open_settings("templates")
    qtbot.waitUntil(page.new.isEnabled)


def test_a_list_that_changed_is_shown_anew(
    page: TemplatesPage, line: ScriptedLine, qtbot: QtBot
) -> None:
    line.change_offer(
        replace(OFFER, templates=(TemplateOffer("letter", "Letter", "## A\n\n## B"),))
    )
    qtbot.waitUntil(lambda: list(page.boxes) == ["letter"])
    assert first_line("## A\n\n## B") == "A · B"


def test_by_ear_and_keyboard(page: TemplatesPage) -> None:
    page.new.click()
    made = editor(page)
    assert_named(made)
    assert set(focusable(made)) <= tab_ring(made)


# --- against real services, over a socket ---


@dataclass
class Chosen:
    """A line whose service is the one at hand."""

    prepared: int = 0

    def usual_order(self) -> Order:
        return Order()

    def prepare(self) -> None:
        self.prepared += 1


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    service = RealService(tmp_path, Clock())
    address = Address(f"http://127.0.0.1:{service.port}/voice/v1", "onprem", FixedToken(TOKEN))
    client = Client("here", lambda: address, wire=Wire())
    yield client
    client.close()
    service.close()


def test_against_the_real_service(
    client: Client, windows: Windows, line: ScriptedLine, workplace: Workplace, bridge: Bridge,
    qtbot: QtBot,
) -> None:  # fmt: skip
    chosen = Chosen()
    there = OwnTemplates(chosen, lambda _service: client)
    page = TemplatesPage(
        Surroundings(line, windows.deeds, replace(workplace, own_templates=there), windows.stalls)
    )
    qtbot.addWidget(page)
    page.show()
    qtbot.waitUntil(lambda: page.own_sentence.text() == "You have described none at this service.")
    page.new.click()
    made = editor(page)
    made.name.setText("Letter")
    made.instructions.setPlainText("## Dear colleague")
    made.keep.click()
    qtbot.waitUntil(lambda: "Edit Letter" in names(page))
    pressed(page, "Edit Letter").click()
    made = editor(page)
    assert made.instructions.toPlainText() == "## Dear colleague"
    made.name.setText("Long letter")
    made.keep.click()
    qtbot.waitUntil(lambda: "Delete Long letter" in names(page))
    pressed(page, "Delete Long letter").click()
    answer(page, "Delete it")
    qtbot.waitUntil(lambda: "Delete Long letter" not in names(page))
    assert chosen.prepared == 3
    assert there.own() == ()


def test_a_template_of_the_services_own_is_refused_in_a_sentence(client: Client) -> None:
    there = OwnTemplates(Chosen(), lambda _service: client)
    with pytest.raises(ServiceError, match="refused this template") as error:
        there.save(OwnTemplate("soap", "Mine", ""))
    assert "recording" not in str(error.value)
    there.delete("no-such-template")


def test_what_other_services_say() -> None:
    with EkaPeer() as peer:
        address = Address(peer.base_url, "eka", FixedToken("canary-eka-token"))
        eka = Client("eka", lambda: address, wire=Wire())
        there = OwnTemplates(Chosen(), lambda _service: eka)
        there.save(LETTER_NEW)
        assert [one.name for one in there.own()] == ["Letter"]
        peer.token = "another"
        with pytest.raises(ServiceError, match="asks you to sign in"):
            there.own()
        eka.close()
    with SpecPeer() as spec_peer:
        address_2 = Address(spec_peer.base_url, "spec", FixedToken(KEY))
        spec = Client("spec", lambda: address_2, wire=Wire())
        with pytest.raises(ServiceError, match="does not let you describe templates"):
            OwnTemplates(Chosen(), lambda _service: spec).own()
        spec.close()
    with pytest.raises(ServiceError, match="could not be reached"):
        OwnTemplates(Chosen(), lambda _service: eka).save(LETTER_NEW)


LETTER_NEW = OwnTemplate("", "Letter", "## Dear colleague")
