"""The patient's consent to a recording: noted, said when it is not, never waited for."""

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.audit import deeds
from scribe_desktop.domain.dictation import Dictation
from scribe_desktop.domain.events import OrderAmended
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.notices import Trouble
from scribe_desktop.domain.order import Order
from scribe_desktop.domain.record import order_record, read_order
from scribe_desktop.domain.session import Capture, SessionId
from scribe_desktop.domain.settings import with_value
from scribe_desktop.export.documents import as_markdown, as_text
from scribe_desktop.ui.consent import AGREES, NOT_NOTED
from scribe_desktop.ui.windows import Windows
from tests.ui.fakes import NOW, ScriptedLine, results, session

FIRST = SessionId(f"ses_{1:024x}")


@pytest.fixture
def asked(windows: Windows) -> Windows:
    windows.deeds.set_setting("note_consent", value=True)
    return windows


def running(line: ScriptedLine) -> Order:
    found = line.running()
    assert found is not None
    return found.order


def test_nobody_is_asked_who_does_not_want_it(windows: Windows, line: ScriptedLine) -> None:
    assert not windows.main.bar.consent.isVisible()
    assert not windows.main.results.actions_row.consent.isVisible()
    windows.deeds.toggle()
    line.heard()
    assert windows.main.strip.message != NOT_NOTED


def test_ticked_before_it_is_noted_with_the_first_word(
    asked: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    box = asked.main.bar.consent
    assert box.isVisible()
    assert box.accessibleName() == "Patient agrees to the recording"
    box.click()
    asked.main.bar.record.click()
    qtbot.waitUntil(lambda: running(line).consented_at == NOW)
    assert asked.main.strip.message != NOT_NOTED
    qtbot.waitUntil(lambda: "consent noted" in asked.main.results.facts.text())
    line.heard()
    asked.main.bar.record.click()
    qtbot.waitUntil(lambda: not box.isChecked())


def test_a_recording_without_it_says_so_and_goes_on(
    asked: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    asked.main.bar.record.click()
    line.heard()
    qtbot.waitUntil(lambda: asked.main.strip.message == NOT_NOTED)
    found = line.running()
    assert found is not None
    assert found.capture is Capture.RECORDING
    assert asked.main.strip.action.text() == AGREES
    asked.main.strip.action.click()
    assert running(line).consented_at == NOW
    assert asked.main.bar.consent.isChecked()
    asked.main.bar.consent.click()
    assert running(line).consented_at is None, "a slip is taken back"


def test_nothing_is_said_before_there_is_a_recording(
    asked: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    asked.main.bar.record.click()
    found = line.running()
    assert found is not None
    assert found.capture is Capture.STARTING
    qtbot.waitUntil(lambda: asked.main.results.shown is not None)
    line.tell(Trouble("The microphone could not be opened.", ""))
    qtbot.waitUntil(lambda: asked.main.strip.message.startswith("The microphone"))
    assert asked.main.strip.message != NOT_NOTED
    line.heard()
    qtbot.waitUntil(lambda: asked.main.strip.message == NOT_NOTED)
    assert "goes on" not in asked.main.strip.accessibleName(), "it may have stopped since"


def test_it_can_be_noted_afterwards(asked: Windows, line: ScriptedLine, qtbot: QtBot) -> None:
    main = asked.main
    main.show_session(FIRST)
    entry = main.results.actions_row.consent
    assert entry.isVisible()
    assert entry.text() == "Note the patient's consent"
    entry.trigger()
    assert line.stored[FIRST].order.consented_at == NOW
    qtbot.waitUntil(lambda: "consent noted" in main.results.facts.text())
    assert entry.text() == "Take the patient's consent back"
    entry.trigger()
    assert line.stored[FIRST].order.consented_at is None


def test_it_is_stored_audited_and_exported() -> None:
    before = session(1)
    after = replace(before, order=replace(before.order, consented_at=NOW))
    assert read_order(order_record(after.order)) == after.order
    assert deeds(before, after) == ("consent noted",)
    assert deeds(after, before) == ("consent taken back",)
    assert deeds(None, after) == ("created", "consent noted")
    both = replace(after, order=replace(after.order, templates=()))
    assert set(deeds(before, both)) == {"consent noted", "order changed"}
    held = {before.session_id: results()}
    for write in (as_text, as_markdown):
        assert "consent to the recording was noted on 2026-" in write(Dictation((after,), held))
        assert "consent" not in write(Dictation((before,), held)).casefold()


def test_no_service_is_told_of_it() -> None:
    before = session(1)
    noted = replace(before.order, consented_at=NOW)
    assert not apply(before, OrderAmended(noted)).amended
    changed = apply(before, OrderAmended(replace(noted, templates=())))
    assert changed.amended
    assert apply(changed, OrderAmended(before.order)).amended, "what was to be told still is"


def test_a_policy_can_ask_for_it(windows: Windows, line: ScriptedLine) -> None:
    line.preferences = with_value(line.preferences, "note_consent", value=True)
    line.locked = frozenset({"note_consent"})
    windows.deeds.settings_changed.emit()
    assert windows.main.bar.consent.isVisible()
