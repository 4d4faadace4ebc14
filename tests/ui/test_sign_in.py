"""Signing in to a service in the settings, in each way, and what the connection rows change."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import CredentialError
from scribe_desktop.domain.order import THIS_COMPUTER, UploadType
from scribe_desktop.domain.settings import EKA_CLOUD
from scribe_desktop.ui.settings.account import AccountPart
from scribe_desktop.ui.settings.dialog import SettingsDialog
from scribe_desktop.ui.settings.services import ServicesPage
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Proof, SignInWay, Workplace
from tests.ui.fakes import OFFER, ScriptedLine
from tests.ui.places import FakeAccounts


@pytest.fixture
def accounts(workplace: Workplace) -> FakeAccounts:
    assert isinstance(workplace.accounts, FakeAccounts)
    return workplace.accounts


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pages that a browser was asked to open."""
    pages: list[str] = []

    def open_url(url: QUrl) -> bool:
        pages.append(url.toString())
        return True

    monkeypatch.setattr(QDesktopServices, "openUrl", open_url)
    return pages


@pytest.fixture
def dialog(windows: Windows) -> SettingsDialog:
    windows.deeds.set_setting("service", "EkaScribe")
    return windows.open_settings("services")


@pytest.fixture
def page(dialog: SettingsDialog) -> ServicesPage:
    made = dialog.page("services")
    assert isinstance(made, ServicesPage)
    return made


@pytest.fixture
def account(page: ServicesPage, accounts: FakeAccounts, qtbot: QtBot) -> AccountPart:
    qtbot.waitUntil(lambda: page.account.way.count() == len(accounts.offered))
    qtbot.waitUntil(lambda: "Signed out" in page.account.state.text())
    return page.account


def choose(account: AccountPart, way: SignInWay) -> None:
    account.way.setCurrentIndex(account.way.findData(way))


@pytest.mark.parametrize(
    ("way", "name", "secret"),
    [
        (SignInWay.TOKEN, "", "Access token"),
        (SignInWay.CLIENT, "Client id", "Client secret"),
        (SignInWay.PASSWORD, "User name", "Password"),
    ],
)
def test_what_is_typed_signs_in_by_keys_alone(
    account: AccountPart,
    accounts: FakeAccounts,
    qtbot: QtBot,
    way: SignInWay,
    name: str,
    secret: str,
) -> None:
    choose(account, way)
    assert account.name.isVisibleTo(account) is bool(name)
    assert account.name.accessibleName() == name
    assert account.secret.accessibleName() == secret
    assert account.secret.echoMode() is QLineEdit.EchoMode.Password
    if name:
        QTest.keyClicks(account.name, "doctor")
    QTest.keyClicks(account.secret, "canary")
    QTest.keyClick(account.secret, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Signed in" in account.state.text())
    assert accounts.proofs == [Proof(way, "doctor" if name else "", "canary")]
    assert not account.secret.text()
    assert "canary" not in repr(accounts.proofs)
    assert account.sign_out.isEnabled()


def test_an_empty_field_is_said_and_nothing_is_sent(
    account: AccountPart, accounts: FakeAccounts
) -> None:
    choose(account, SignInWay.PASSWORD)
    account.sign_in.click()
    assert account.state.text() == "User name is empty. Type it first."
    QTest.keyClicks(account.name, "doctor")
    account.sign_in.click()
    assert account.state.text() == "Password is empty. Type it first."
    assert accounts.proofs == []


def test_a_secret_is_not_carried_to_another_way_or_service(
    account: AccountPart, windows: Windows
) -> None:
    QTest.keyClicks(account.secret, "canary")
    choose(account, SignInWay.PASSWORD)
    assert not account.secret.text()
    QTest.keyClicks(account.secret, "canary")
    windows.deeds.set_setting("service", "EkaScribe development")
    assert not account.secret.text()


def test_a_code_is_shown_opened_and_approved(
    account: AccountPart,
    accounts: FakeAccounts,
    opened: list[str],
    line: ScriptedLine,
    qtbot: QtBot,
) -> None:
    choose(account, SignInWay.DEVICE)
    assert not account.name.isVisibleTo(account)
    assert not account.secret.isVisibleTo(account)
    account.sign_in.click()
    assert account.progress.isVisibleTo(account)
    assert not account.sign_in.isEnabled()
    qtbot.waitUntil(lambda: account.code.text() == "BCDF-2345")
    assert account.code.accessibleName() == "Code: BCDF-2345"
    assert "https://clinic.example/device" in account.waiting_for.text()
    assert opened == ["https://clinic.example/device?code=BCDF-2345"]
    account.open_page.click()
    assert len(opened) == 2
    accounts.approved.set()
    qtbot.waitUntil(lambda: "Signed in" in account.state.text())
    assert not account.progress.isVisibleTo(account)
    assert account.sign_in.isEnabled()
    assert ("send_now", None) in line.asked


def test_the_page_of_the_service_is_opened(
    account: AccountPart, accounts: FakeAccounts, opened: list[str], qtbot: QtBot
) -> None:
    choose(account, SignInWay.BROWSER)
    QTest.keyClicks(account.name, "our-program")
    account.sign_in.click()
    qtbot.waitUntil(lambda: opened == ["https://clinic.example/authorize?state=x"])
    assert not account.code.isVisibleTo(account)
    accounts.approved.set()
    qtbot.waitUntil(lambda: "Signed in" in account.state.text())
    assert accounts.proofs == [Proof(SignInWay.BROWSER, "our-program")]


LEAVES: dict[str, Callable[[Windows, AccountPart], object]] = {
    "cancel": lambda _, account: account.give_up.click(),
    "another page": lambda windows, _: windows.open_settings("text"),
    "closing": lambda windows, _: windows.open_settings("services").close(),
    "another service": lambda windows, _: windows.deeds.set_setting("service", THIS_COMPUTER),
}


@pytest.mark.parametrize("leave", LEAVES)
def test_a_sign_in_that_waits_can_be_given_up(
    account: AccountPart, accounts: FakeAccounts, opened: list[str], windows: Windows, qtbot: QtBot,
    leave: str,
) -> None:  # fmt: skip
    choose(account, SignInWay.DEVICE)
    account.sign_in.click()
    qtbot.waitUntil(lambda: bool(opened))
    LEAVES[leave](windows, account)
    qtbot.waitUntil(accounts.cancelled.is_set)
    assert not account.progress.isVisibleTo(account)
    assert not account.code.text()
    assert accounts.tokens == {}
    if leave == "cancel":
        qtbot.waitUntil(lambda: account.state.text() == "The sign-in was cancelled.")
        assert account.sign_in.isEnabled()


def test_a_refusal_and_a_notice_are_sentences(
    account: AccountPart, accounts: FakeAccounts, dialog: SettingsDialog, qtbot: QtBot
) -> None:
    accounts.refuse = CredentialError("The keyring is locked.", "Unlock it.")
    QTest.keyClicks(account.secret, "canary")
    account.sign_in.click()
    qtbot.waitUntil(lambda: dialog.strip.message == "The keyring is locked.")
    assert account.state.text() == "Not signed in."
    accounts.refuse, accounts.notice = None, "The account is kept until the program ends."
    QTest.keyClicks(account.secret, "canary")
    account.sign_in.click()
    qtbot.waitUntil(lambda: dialog.strip.message == accounts.notice)


def test_where_no_browser_opens_it_is_said(
    account: AccountPart, dialog: SettingsDialog, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda _url: False)
    choose(account, SignInWay.DEVICE)
    account.sign_in.click()
    qtbot.waitUntil(lambda: dialog.strip.message == "No browser opened on this computer.")
    assert account.code.text() == "BCDF-2345"
    account.give_up.click()


def test_only_what_the_service_supports_is_offered(
    page: ServicesPage, accounts: FakeAccounts, windows: Windows, qtbot: QtBot
) -> None:
    accounts.offered = (SignInWay.TOKEN, SignInWay.CLIENT)
    windows.deeds.set_setting("service", "EkaScribe development")
    way = page.account.way
    qtbot.waitUntil(lambda: way.count() == 2)
    assert [way.itemData(place) for place in range(2)] == ["token", "client"]
    windows.deeds.set_setting("service", THIS_COMPUTER)
    assert not way.isVisibleTo(page)
    assert page.account.state.text() == "No account is needed."
    assert not page.connection.isVisibleTo(page)


def test_every_part_has_a_name_and_is_reached_by_tab(
    account: AccountPart, opened: list[str], qtbot: QtBot
) -> None:
    choose(account, SignInWay.PASSWORD)
    form: list[QWidget] = [account.way, account.name, account.secret, account.sign_in]
    account.way.setFocus()
    for one in form[1:]:
        QTest.keyClick(account.window().focusWidget(), Qt.Key.Key_Tab)
        assert account.window().focusWidget() is one
    choose(account, SignInWay.DEVICE)
    account.sign_in.click()
    qtbot.waitUntil(lambda: bool(opened))
    assert account.window().focusWidget() is account.give_up
    for kind in (QLineEdit, QComboBox, QPushButton):
        for control in account.findChildren(kind):
            assert not control.isVisibleTo(account) or control.accessibleName()
    account.give_up.click()
    assert account.window().focusWidget() is account.sign_in


# --- the connection ---


def test_the_patience_and_the_upload_type_are_stored_in_the_profile(
    page: ServicesPage, line: ScriptedLine, windows: Windows
) -> None:
    line.offered = replace(OFFER, service="EkaScribe", upload_types=("chunked", "stream"))
    page.refresh()
    upload, reply = page.connection.upload, page.connection.reply
    assert [upload.itemData(place) for place in range(upload.count())] == ["chunked", "stream"]
    place = upload.findData("stream")
    upload.setCurrentIndex(place)
    upload.activated.emit(place)
    reply.setValue(90)
    reply.editingFinished.emit()
    chosen = replace(EKA_CLOUD, reply_within_s=90, upload_type=UploadType.STREAM)
    assert line.preferences.profile("EkaScribe") == chosen
    assert upload.currentData() == "stream"


def test_an_offer_that_comes_later_is_shown(
    page: ServicesPage, line: ScriptedLine, qtbot: QtBot
) -> None:
    assert page.connection.upload.count() == 1
    line.change_offer(replace(OFFER, service="EkaScribe", upload_types=("chunked", "single")))
    qtbot.waitUntil(lambda: page.connection.upload.count() == 2)
    assert page.connection.upload.isEnabled()


def test_what_the_service_does_not_offer_cannot_be_chosen(
    page: ServicesPage, line: ScriptedLine
) -> None:
    assert page.connection.upload.count() == 1
    assert not page.connection.upload.isEnabled()
    streamed = replace(EKA_CLOUD, upload_type=UploadType.STREAM)
    line.preferences = replace(line.preferences, profiles=(streamed,))
    page.refresh()
    assert page.connection.upload.currentData() == "chunked"


def test_a_policy_that_fixes_the_services_fixes_their_connection(
    page: ServicesPage, line: ScriptedLine
) -> None:
    line.locked = frozenset({"profiles"})
    page.refresh()
    assert not page.connection.reply.isEnabled()
    assert not page.connection.upload.isEnabled()
