"""What the pages of the settings do beyond storing a value at once."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QSpinBox
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import CredentialError
from scribe_desktop.domain.order import THIS_COMPUTER
from scribe_desktop.domain.results import NoteStatus, Outcome, Results
from scribe_desktop.ui import clipboard
from scribe_desktop.ui.addresses import refusal_of_address
from scribe_desktop.ui.editing import edited_results
from scribe_desktop.ui.languages import language_name
from scribe_desktop.ui.settings.devices import DevicesPage
from scribe_desktop.ui.settings.keys import KeysPage
from scribe_desktop.ui.settings.page import LOCKED, Page
from scribe_desktop.ui.settings.privacy import PrivacyPage
from scribe_desktop.ui.settings.services import ServicesPage
from scribe_desktop.ui.settings.text import TextPage
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from tests.ui.fakes import ScriptedLine, results
from tests.ui.places import FakeAccounts, FakeDevices, FakeKeys, FakeLock, FakeWeights


def page(windows: Windows, name: str) -> Page:
    return windows.open_settings(name).page(name)


def services(windows: Windows) -> ServicesPage:
    made = page(windows, "services")
    assert isinstance(made, ServicesPage)
    return made


@pytest.mark.parametrize(
    ("address", "word"),
    [
        ("https://scribe.clinic.example/voice/v1", ""),
        ("http://127.0.0.1:8000", ""),
        ("http://localhost:8000", ""),
        ("http://scribe.clinic.example", "https://"),
        ("ftp://x", "https://"),
        ("clinic", "https://"),
        ("https://user:secret@x.example", "password"),
        ("https://[x", "not a web address"),
    ],
)
def test_addresses(address: str, word: str) -> None:
    said = refusal_of_address(address)
    assert word in said
    assert bool(said) is bool(word)


def test_a_service_is_added_chosen_signed_in_and_removed(
    windows: Windows, workplace: Workplace, line: ScriptedLine, qtbot: QtBot
) -> None:
    accounts, made = workplace.accounts, services(windows)
    assert isinstance(accounts, FakeAccounts)
    made.add.click()
    assert "name" in made.new_refusal.text()
    made.new_name.setText("EkaScribe")
    made.add.click()
    assert "already" in made.new_refusal.text()
    made.new_name.setText("Our clinic")
    made.new_address.setText("http://clinic.example")
    made.add.click()
    assert "https://" in made.new_refusal.text()
    made.new_address.setText("https://clinic.example/voice/v1/")
    made.add.click()
    assert line.preferences.service == "Our clinic"
    assert line.preferences.profiles[-1].base_url == "https://clinic.example/voice/v1"
    assert made.radios["Our clinic"].isChecked()
    account = made.account
    qtbot.waitUntil(lambda: "Signed out" in account.state.text())
    account.secret.setText("secret-token")
    account.sign_in.click()
    qtbot.waitUntil(lambda: "Signed in" in account.state.text())
    assert accounts.tokens == {"Our clinic": "secret-token"}
    assert not account.secret.text()
    assert ("send_now", None) in line.asked
    account.sign_out.click()
    qtbot.waitUntil(lambda: "Signed out" in account.state.text())
    made.remove.click()
    assert line.preferences.service == THIS_COMPUTER
    assert line.preferences.profile("Our clinic") is None
    assert "Our clinic" not in made.radios
    assert not made.remove.isEnabled()


def test_the_speech_model_is_fetched_in_the_window(
    windows: Windows, workplace: Workplace, qtbot: QtBot
) -> None:
    assert isinstance(workplace.weights, FakeWeights)
    workplace.weights.absent = "The speech model is not here."
    made = services(windows)
    qtbot.waitUntil(lambda: made.weights_sentence.text() == "The speech model is not here.")
    made.fetch.click()
    qtbot.waitUntil(lambda: not made.fetch.isVisible())
    assert workplace.weights.fetched == 1
    assert made.progress.value() == 1000


@pytest.mark.parametrize(
    "name", ["keep_audio_hours", "service", "templates", "languages", "vocabulary", "theme"]
)
def test_what_a_policy_fixes_is_shown_and_cannot_be_changed(
    windows: Windows, line: ScriptedLine, name: str
) -> None:
    line.locked = frozenset({name})
    where = {
        "keep_audio_hours": "privacy",
        "service": "services",
        "templates": "templates",
        "languages": "appearance",
        "vocabulary": "text",
        "theme": "appearance",
    }[name]
    made = page(windows, where)
    made.refresh()
    said = [
        one for one in made.findChildren(QLabel) if LOCKED in (one.text(), one.accessibleName())
    ]
    assert any(one.isVisibleTo(made) for one in said)


def test_the_bar_keeps_to_the_policy_too(windows: Windows, line: ScriptedLine) -> None:
    line.locked = frozenset({"microphone", "languages", "templates"})
    windows.main.refresh()
    assert not windows.main.bar.language.isEnabled()
    assert not windows.main.bar.templates.isEnabled()


# --- keys ---


def keys(windows: Windows) -> KeysPage:
    made = page(windows, "keys")
    assert isinstance(made, KeysPage)
    return made


def test_a_key_is_taken_by_pressing_it(
    windows: Windows, workplace: Workplace, line: ScriptedLine
) -> None:
    assert isinstance(workplace.keys, FakeKeys)
    field = keys(windows).fields["key_pause"]
    field.click()
    assert workplace.keys.held == 1
    QTest.keyClick(field, Qt.Key.Key_Control)
    assert field.is_capturing
    chord = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
    QTest.keyClick(field, Qt.Key.Key_P, chord)
    assert line.preferences.key_pause == "Ctrl+Alt+P"
    assert workplace.keys.held == 0
    field.click()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert line.preferences.key_pause == "Ctrl+Alt+P"
    field.click()
    QTest.keyClick(field, Qt.Key.Key_Backspace)
    assert line.preferences.key_pause == ""
    field.click()
    at, back = QPointF(5, 5), Qt.MouseButton.BackButton
    press = QMouseEvent.Type.MouseButtonPress
    field.mousePressEvent(QMouseEvent(press, at, at, back, back, Qt.KeyboardModifier.NoModifier))
    assert line.preferences.key_pause == "MouseBack"


def test_a_key_that_cannot_be_is_refused_with_a_reason(
    windows: Windows, line: ScriptedLine
) -> None:
    made = keys(windows)
    field = made.fields["key_pause"]
    field.click()
    QTest.keyClick(field, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert "editing" in made.reports["key_pause"].text()
    field.click()
    both = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(field, Qt.Key.Key_Space, both)
    assert "already used" in made.reports["key_pause"].text()
    assert line.preferences.key_pause == ""


def test_how_each_key_fares_and_what_arrives(
    windows: Windows, workplace: Workplace, qtbot: QtBot
) -> None:
    assert isinstance(workplace.keys, FakeKeys)
    made = keys(windows)
    assert made.reports["key_toggle"].text() == "Works."
    assert "taken by another program" in made.reports["key_pause"].text()
    workplace.keys.watchers[0]("key_toggle")
    qtbot.waitUntil(lambda: made.pad.text() == "Arrived: Record or stop")
    windows.open_settings("text")
    assert workplace.keys.watchers == []


# --- devices, text, privacy ---


def test_a_pressed_button_finds_its_row(
    windows: Windows, workplace: Workplace, line: ScriptedLine, qtbot: QtBot
) -> None:
    assert isinstance(workplace.devices, FakeDevices)
    made = page(windows, "devices")
    assert isinstance(made, DevicesPage)
    workplace.devices.watchers[0]("speechmike/F1_A")
    qtbot.waitUntil(made.marks["speechmike/F1_A"].isVisible)
    choice = made.choices["speechmike/F1_A"]
    place = choice.findData("pause")
    choice.setCurrentIndex(place)
    choice.activated.emit(place)
    assert dict(line.preferences.device_buttons) == {"speechmike/F1_A": "pause"}
    place = choice.findData("nothing")
    choice.activated.emit(place)
    assert dict(line.preferences.device_buttons) == {}
    windows.open_settings("text")
    assert workplace.devices.watchers == []


def test_pairs_and_words_are_stored(windows: Windows, line: ScriptedLine, qtbot: QtBot) -> None:
    made = page(windows, "text")
    assert isinstance(made, TextPage)
    table = made.programs
    table.add.click()
    for column, text in enumerate(("epic.exe", "type")):
        item = table.table.item(0, column)
        assert item is not None
        item.setText(text)
    assert dict(line.preferences.insertion_by_program) == {"epic.exe": "type"}
    how = table.table.item(0, 1)
    assert how is not None
    how.setText("keystrokes")
    assert dict(line.preferences.insertion_by_program) == {}, "a word that would mean nothing"
    assert "paste, type or ask" in table.refused.text()
    how.setText("Type")
    assert dict(line.preferences.insertion_by_program) == {"epic.exe": "Type"}
    assert not table.refused.text()
    table.table.setCurrentCell(0, 0)
    table.remove.click()
    assert dict(line.preferences.insertion_by_program) == {}
    made.typing_rate.setValue(25)
    made.typing_rate.editingFinished.emit()
    assert line.preferences.typing_rate == 25
    made.vocabulary.setPlainText("metformin\n\n Lindqvist ")
    windows.open_settings("keys")
    assert line.preferences.vocabulary == ("metformin", "Lindqvist")


def test_a_pin_is_set_and_removed(windows: Windows, workplace: Workplace, qtbot: QtBot) -> None:
    assert isinstance(workplace.lock, FakeLock)
    made = page(windows, "privacy")
    assert isinstance(made, PrivacyPage)
    for again in ("2469", "2468"):
        QTest.keyClicks(made.new_pin.pin, "2468")
        QTest.keyClicks(made.new_pin.again, again)
        made.new_pin.set_pin.click()
        assert (workplace.lock.pin == "") or again == "2468"
        assert made.new_pin.sentence.isHidden() == (again == "2468")
    qtbot.waitUntil(lambda: "A PIN is set" in made.pin_state.text())
    assert workplace.lock.pin == "2468"
    made.drop_pin.click()
    qtbot.waitUntil(lambda: "Without a PIN" in made.pin_state.text())
    assert workplace.lock.pin == ""


# --- small things the window leans on ---


def test_the_menu_of_a_row(windows: Windows, line: ScriptedLine) -> None:
    listed = windows.main.list
    by_name = {one.order.patient.name: one for one in line.stored.values()}

    def entries(name: str) -> list[str]:
        menu = listed.menu_at(listed.model.place_of(by_name[name].session_id))
        assert menu is not None
        shown = [action.text() for action in menu.actions()]
        assert shown[-2:] == ["", "Delete now…"], "set apart from what can be undone"
        return shown[:-2]

    assert entries("Peter Novák") == ["Restore"]
    assert entries("Ruth Weiss") == ["Send now", "Set aside"]
    assert entries("Maria Lindqvist") == ["Set aside"]
    assert listed.menu_at(listed.model.place_of("nobody")) is None
    listed.view.customContextMenuRequested.emit(QPoint(-5, -5))


def test_edits_touch_only_what_was_edited() -> None:
    answer = results()
    assert edited_results(answer, "transcript", "new").transcript == "new"
    added = edited_results(Results(Outcome.PARTIAL), "soap", "text")
    assert added.notes[0].status is NoteStatus.SUCCESS
    assert edited_results(answer, "soap", "x").notes[0] == answer.notes[0]


def test_languages_by_name() -> None:
    assert language_name("en") == "English"
    assert language_name("en_IN") == "English (IN)"
    assert language_name("xx-unknown") == "xx-unknown"


@pytest.mark.usefixtures("qapp")
def test_the_clipboard_is_kept_and_put_back() -> None:
    clipboard.copy_text("one")
    kept = clipboard.read_all()
    assert "x-kde-passwordManagerHint" in kept
    clipboard.copy_text("two")
    clipboard.write_all(kept)
    assert clipboard.read_text() == "one"
    clipboard.write_all({})
    assert clipboard.read_text() == ""


def test_a_locked_setting_stays_after_a_refusal(windows: Windows, line: ScriptedLine) -> None:
    line.preferences = replace(line.preferences, keep_notes_days=30)
    line.refuse["set_setting"] = CredentialError("Not allowed.", "Ask.")
    made = page(windows, "privacy")
    assert isinstance(made, PrivacyPage)
    made.notes.setValue(31)
    made.notes.editingFinished.emit()
    assert made.notes.value() == 30


@pytest.mark.parametrize("name", ["services", "privacy"])
def test_a_number_is_wide_enough_to_be_read(
    windows: Windows, line: ScriptedLine, name: str
) -> None:
    line.preferences = replace(line.preferences, service="EkaScribe")
    made = page(windows, name)
    made.refresh()
    QApplication.processEvents()
    fields = made.findChildren(QSpinBox)
    assert fields
    for field in fields:
        text = field.lineEdit()
        needed = text.fontMetrics().horizontalAdvance(text.text())
        margins = text.textMargins()
        assert text.width() - margins.left() - margins.right() >= needed
