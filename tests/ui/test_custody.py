"""Deleting for good, and the key of the recordings: asked clearly, done, said."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLineEdit, QMessageBox
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.dictation import Dictation
from scribe_desktop.domain.errors import CredentialError, Retry, ScribeError, ServiceError
from scribe_desktop.domain.order import Order, ServiceRef
from scribe_desktop.domain.retention import Left
from scribe_desktop.domain.session import Delivery, Remote, Session, SessionId
from scribe_desktop.protocol.responses import Gone
from scribe_desktop.services.address import Address, FixedToken
from scribe_desktop.services.client import Client
from scribe_desktop.services.key_envelope import SHORTEST_PASSPHRASE as SHORTEST_TAKEN
from scribe_desktop.services.key_envelope import WrongPassphrase, lock_key, unlock_key
from scribe_desktop.services.secret import Secret
from scribe_desktop.services.wire import Wire
from scribe_desktop.ui.custody import (
    SHORTEST_PASSPHRASE,
    Strength,
    after_deleting,
    before_deleting,
    strength_of,
)
from scribe_desktop.ui.settings.key_backup import KeyBackup
from scribe_desktop.ui.settings.passphrase import PassphraseDialog
from scribe_desktop.ui.settings.privacy import PrivacyPage
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from scribe_desktop.wiring.custody import Custody
from tests.faults.real_service import TOKEN, RealService
from tests.faults.story import WavSpool
from tests.server.conftest import Clock
from tests.services.deliveries import Desk, an_order
from tests.ui.fakes import ScriptedLine, session
from tests.ui.places import FakeCustody
from tests.ui.test_access import assert_named, focusable, tab_ring

FIRST = SessionId(f"ses_{1:024x}")
CLINIC = Order(service=ServiceRef("Clinic", "https://clinic.example/v1"))
REMOTE = Remote("ses_remote", "")
GOOD = "canary horse battery staple"


@pytest.fixture
def custody(workplace: Workplace, line: ScriptedLine) -> FakeCustody:
    assert isinstance(workplace.custody, FakeCustody)
    workplace.custody.delete_from = line.stored.pop
    return workplace.custody


def question(windows: Windows) -> QMessageBox:
    return next(one for one in windows.main.findChildren(QMessageBox) if one.isVisible())


def press(asked: QMessageBox, word: str) -> None:
    next(one for one in asked.buttons() if one.text() == word).click()


# --- deleting ---


def test_the_menu_of_a_dictation_deletes_it_after_a_question(
    windows: Windows, custody: FakeCustody, qtbot: QtBot
) -> None:
    main = windows.main
    main.show_session(FIRST)
    menu = main.list.menu_at(main.list.model.place_of(FIRST))
    assert menu is not None
    entry = next(one for one in menu.actions() if one.text() == "Delete now…")
    entry.trigger()
    asked = question(windows)
    assert asked.text() == "Delete this dictation now, for good? (Maria Lindqvist, 10:06)"
    assert "of this computer deletes its copy as well" in asked.informativeText()
    assert asked.textFormat() is Qt.TextFormat.PlainText
    press(asked, "Keep it")
    assert custody.deleted == []
    entry.trigger()
    custody.left = Left(on_service=True)
    press(question(windows), "Delete now")
    qtbot.waitUntil(lambda: main.strip.message == "Deleted for good on this computer.")
    assert custody.deleted == [FIRST]
    assert not main.list.model.place_of(FIRST).isValid()
    assert main.results.shown is None, "it is off the screen as well"
    assert main.results.reader.toPlainText() == ""
    menu.deleteLater()


def test_the_delete_key_asks_too(windows: Windows, custody: FakeCustody, qtbot: QtBot) -> None:
    main = windows.main
    main.show_session(FIRST)
    main.activateWindow()
    main.list.view.setFocus()
    QTest.keyClick(main.list.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: bool(windows.main.findChildren(QMessageBox)))
    QTest.keyClick(question(windows), Qt.Key.Key_Return)
    assert custody.deleted == [], "Return keeps it"


def test_what_records_is_not_asked_about(
    windows: Windows, custody: FakeCustody, line: ScriptedLine
) -> None:
    windows.deeds.toggle()
    line.heard()
    running = line.running()
    assert running is not None
    windows.service_screens.deletion.ask(running.session_id)
    assert not windows.main.findChildren(QMessageBox)


def test_a_refusal_is_said_and_nothing_goes(
    windows: Windows, custody: FakeCustody, qtbot: QtBot
) -> None:
    custody.refuse = ScribeError("The disk refuses.", "Try again.")
    windows.service_screens.deletion.ask(FIRST)
    press(question(windows), "Delete now")
    qtbot.waitUntil(lambda: windows.main.strip.message == "The disk refuses.")
    assert windows.main.list.model.place_of(FIRST).isValid()


def test_the_question_says_what_stays_where() -> None:
    assert "No service has any of it" in before_deleting([session(1)])
    done = {"remote": REMOTE, "delivery": Delivery.RESOLVED}
    assert "of this computer deletes its copy" in before_deleting([session(1, **done)])
    assert "Clinic keeps its copy" in before_deleting([session(1, order=CLINIC, **done)])
    open_ = session(1, order=CLINIC, remote=REMOTE, delivery=Delivery.OPEN)
    assert "Clinic is told to drop" in before_deleting([open_])
    assert after_deleting("Clinic", Left())[1].endswith("that is known here.")
    assert "Clinic may still" in after_deleting("Clinic", Left(on_service=True))[1]
    assert "until the times set" in after_deleting("this-computer", Left(on_service=True))[1]
    assert "A damaged store" in after_deleting("Clinic", Left(damaged_stores=1))[1]
    assert "2 damaged stores" in after_deleting("Clinic", Left(damaged_stores=2))[1]


# --- the key ---


@pytest.fixture
def key(windows: Windows, custody: FakeCustody) -> KeyBackup:
    page = windows.open_settings("privacy").page("privacy")
    assert isinstance(page, PrivacyPage)
    assert page.key is not None
    return page.key


def dialog(key: KeyBackup) -> PassphraseDialog:
    return next(one for one in key.findChildren(PassphraseDialog) if one.isVisible())


def test_the_key_is_saved_under_a_passphrase_typed_twice(
    key: KeyBackup, custody: FakeCustody, windows: Windows, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("/key.json", ""))
    key.save.click()
    asked = dialog(key)
    assert asked.first.echoMode() is QLineEdit.EchoMode.Password
    assert asked.again.echoMode() is QLineEdit.EchoMode.Password
    QTest.keyClicks(asked.first, "short")
    assert asked.strength.text() == "Too short"
    asked.first.setText(GOOD)
    assert asked.strength.text() == "Strong"
    assert not asked.go.isEnabled()
    QTest.keyClicks(asked.again, "canary")
    assert asked.strength.text() == "The two are not the same."
    assert not asked.go.isEnabled()
    asked.again.setText(GOOD)
    QTest.keyClick(asked.again, Qt.Key.Key_Return)
    settings = windows.open_settings()
    qtbot.waitUntil(lambda: settings.strip.message.startswith("The key is saved."))
    assert custody.keys == {"/key.json": GOOD}
    assert "canary" not in repr(custody)
    assert not asked.first.text()
    assert not asked.again.text()


def test_no_file_no_key(
    key: KeyBackup, custody: FakeCustody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    key.save.click()
    asked = dialog(key)
    asked.first.setText(GOOD)
    asked.again.setText(GOOD)
    asked.go.click()
    assert custody.keys == {}
    assert asked.isVisible()
    asked.drop.click()
    assert not asked.first.text()
    key.bring_back.click()
    assert not [one for one in key.findChildren(PassphraseDialog) if one.isVisible()]


def test_a_key_that_could_not_be_written_is_said(
    key: KeyBackup, custody: FakeCustody, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("/key.json", ""))
    custody.refuse = ScribeError("The key could not be written there.")
    key.save.click()
    asked = dialog(key)
    asked.first.setText(GOOD)
    asked.again.setText(GOOD)
    asked.go.click()
    qtbot.waitUntil(lambda: asked.strip.message == "The key could not be written there.")
    assert asked.go.isEnabled()
    asked.reject()


def test_a_key_is_brought_back(
    key: KeyBackup, custody: FakeCustody, windows: Windows, qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    custody.keys = {"/key.json": GOOD}
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("/key.json", ""))
    key.bring_back.click()
    asked = dialog(key)
    assert not asked.again.isVisibleTo(asked)
    asked.first.setText("wrong")
    asked.go.click()
    qtbot.waitUntil(lambda: "does not open the key" in asked.strip.message)
    assert not asked.first.text()
    asked.first.setText(GOOD)
    asked.go.click()
    settings = windows.open_settings()
    qtbot.waitUntil(lambda: settings.strip.message == "The key fits. 2 dictations came back.")
    assert not asked.isVisible()


def test_the_passphrase_by_ear_and_keyboard(key: KeyBackup) -> None:
    key.save.click()
    asked = dialog(key)
    assert_named(asked)
    assert set(focusable(asked)) <= tab_ring(asked)
    asked.first.setText(GOOD)
    QApplication.processEvents()
    assert asked.strength.accessibleName() == "Strength: Strong"
    asked.reject()


@pytest.mark.parametrize(
    ("passphrase", "strength"),
    [
        ("", Strength.NONE),
        ("horse", Strength.SHORT),
        ("aaaaaaaaaaaaaaaaaaaa", Strength.WEAK),
        ("12345678901234567890", Strength.WEAK),
        ("password", Strength.WEAK),
        ("horse battery", Strength.FAIR),
        ("horse battery staple lamp", Strength.STRONG),
        ("x7!Qm2#Lp9@Zw4$R", Strength.STRONG),
    ],
)
def test_strength_in_a_word(passphrase: str, strength: Strength) -> None:
    assert strength_of(passphrase) is strength


def test_the_shortest_passphrase_is_the_one_that_is_taken() -> None:
    assert SHORTEST_PASSPHRASE == SHORTEST_TAKEN


# --- the real thing behind it ---


@dataclass
class Chain:
    """A line whose dictation has two parts."""

    parts: tuple[Session, ...] = (session(1), session(2, follows=FIRST))

    def dictation(self, session_id: SessionId) -> Dictation:
        return Dictation(self.parts, {})


def nowhere() -> Address:
    raise ServiceError("The service could not be reached.", retry=Retry.LATER)


@dataclass
class Holder:
    line: Chain = field(default_factory=Chain)
    gone: list[SessionId] = field(default_factory=list)
    key: bytes = bytes(range(32))
    damaged: int = 0
    client: Client = field(default_factory=lambda: Client("here", nowhere))

    def delete(self, session_id: SessionId) -> bool:
        self.gone.append(session_id)
        return any(one.remote for one in self.line.parts if one.session_id == session_id)

    def damaged_stores(self) -> int:
        return self.damaged

    def client_for(self, session: Session) -> Client:
        return self.client

    def export_key(self, passphrase: Secret) -> str:
        return lock_key(self.key, passphrase)

    def import_key(self, text: str, passphrase: Secret) -> int:
        assert unlock_key(text, passphrase) == self.key
        return 1


def test_all_linked_sessions_go_from_the_end() -> None:
    holder = Holder()
    assert not Custody(holder).delete(FIRST)
    assert holder.gone == [SessionId(f"ses_{2:024x}"), FIRST]


def test_the_service_of_this_computer_deletes_it_too(tmp_path: Path) -> None:
    service = RealService(tmp_path, Clock())
    desk = Desk("", live=False)
    desk.spool = WavSpool()
    desk.rebuild(
        Wire(),
        lambda: Address(f"http://127.0.0.1:{service.port}/voice/v1", "onprem", FixedToken(TOKEN)),
    )
    ours = desk.deliver(desk.spool.speak(chunks=1, order=an_order(templates=("soap",))))
    assert ours.remote is not None
    holder = Holder(Chain((replace(ours, order=Order()),)), client=desk.client)
    assert not Custody(holder).delete(ours.session_id)
    service.restart()
    assert isinstance(desk.client.get(ours.remote), Gone), "the next sweep removes it"
    desk.close()
    service.close()


def test_a_damaged_store_that_may_have_it_is_said() -> None:
    left = Custody(Holder(Chain((session(1),)), damaged=1)).delete(FIRST)
    assert (left.on_service, left.damaged_stores, bool(left)) == (False, 1, True)


def test_what_another_service_holds_is_said() -> None:
    assert Custody(Holder(Chain((session(1, remote=REMOTE, order=CLINIC),)))).delete(FIRST)
    assert Custody(Holder(Chain((session(1, remote=REMOTE),)))).delete(FIRST), "it is not there"


def test_a_saved_key_opens_again_and_is_its_owners_only(tmp_path: Path) -> None:
    custody, file = Custody(Holder()), tmp_path / "key.json"
    custody.export_key(GOOD, str(file))
    assert GOOD not in file.read_text()
    assert file.stat().st_mode & 0o077 == 0
    assert custody.import_key(str(file), GOOD) == 1
    with pytest.raises(WrongPassphrase):
        custody.import_key(str(file), "another one")


def test_what_is_no_key_is_said(tmp_path: Path) -> None:
    custody = Custody(Holder())
    with pytest.raises(ScribeError, match="could not be written"):
        custody.export_key(GOOD, str(tmp_path / "nowhere" / "key.json"))
    with pytest.raises(CredentialError, match="could not be read"):
        custody.import_key(str(tmp_path / "nowhere.json"), GOOD)
    (tmp_path / "big.json").write_bytes(b"a" * 70_000)
    (tmp_path / "odd.json").write_bytes(b"\xff\xfe\xfa")
    for name in ("big.json", "odd.json"):
        with pytest.raises(CredentialError, match="not a key"):
            custody.import_key(str(tmp_path / name), GOOD)
