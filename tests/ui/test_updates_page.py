"""The page of the settings that follows the search for a newer version."""

from dataclasses import replace

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.updates import Progress, Stage
from scribe_desktop.ui.settings.updates import UpdatesPage
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from tests.ui.fakes import ScriptedLine
from tests.ui.places import FakeUpdates

READY = Progress(Stage.READY, "Version 9.0.0 was fetched, and its signature is right.", "", "9.0.0")


@pytest.fixture
def updates(workplace: Workplace) -> FakeUpdates:
    assert isinstance(workplace.updates, FakeUpdates)
    return workplace.updates


def opened(windows: Windows) -> UpdatesPage:
    page = windows.open_settings("updates").page("updates")
    assert isinstance(page, UpdatesPage)
    return page


def test_a_press_looks_at_once(windows: Windows, updates: FakeUpdates) -> None:
    page = opened(windows)
    page.look.click()
    assert updates.looks == 1
    assert page.sentence.text() == "Looking for a newer version …"
    assert not page.look.isEnabled()
    assert page.install.isHidden()


def test_a_download_is_followed_while_it_goes_on(
    windows: Windows, updates: FakeUpdates, qtbot: QtBot
) -> None:
    page = opened(windows)
    updates.state = Progress(
        Stage.FETCHING, "Version 9.0.0 is being fetched.", "", "9.0.0", 90_000_000, 360_000_000
    )
    qtbot.waitUntil(page.bar.isVisible)
    assert page.remedy.text() == "90 of 360 MB"
    assert page.bar.value() * 4 == page.bar.maximum()
    assert not page.look.isEnabled()


def test_what_was_fetched_is_handed_over(
    windows: Windows, updates: FakeUpdates, qtbot: QtBot
) -> None:
    updates.state = READY
    page = opened(windows)
    assert page.install.isVisible()
    page.install.click()
    qtbot.waitUntil(lambda: "installer of the system" in windows.open_settings().strip.message)
    assert updates.installs == 1
    assert page.install.isEnabled()


def test_nothing_is_offered_while_speech_waits_to_be_sent(
    windows: Windows, updates: FakeUpdates
) -> None:
    updates.state = READY
    updates.refusal = "One dictation is not delivered yet; install when nothing waits to be sent."
    page = opened(windows)
    assert not page.install.isEnabled()
    assert page.remedy.text() == updates.refusal


def test_a_dictation_that_began_meanwhile_stops_the_handing_over(
    windows: Windows, updates: FakeUpdates, qtbot: QtBot
) -> None:
    updates.state = READY
    page = opened(windows)
    updates.refusal = "A dictation is being recorded; install when it is over and delivered."
    page.install.click()
    dialog = windows.open_settings()
    qtbot.waitUntil(lambda: dialog.strip.message == updates.refusal)
    assert not page.install.isEnabled()


def test_off_by_policy_is_said_and_nothing_can_be_pressed(
    windows: Windows, line: ScriptedLine, updates: FakeUpdates
) -> None:
    line.locked = frozenset({"check_for_updates", "update_feed", "proxy"})
    updates.state = Progress(Stage.OFF, "Your organisation looks after updates.")
    page = opened(windows)
    assert page.sentence.text() == "Your organisation looks after updates."
    for control in (page.look, page.daily, page.feed, page.proxy):
        assert not control.isEnabled()


@pytest.mark.parametrize(
    ("field", "entered", "stored"),
    [
        ("feed", "https://updates.example/feed.json", "https://updates.example/feed.json"),
        ("feed", "http://updates.example/feed.json", ""),
        ("proxy", "http://proxy.example:3128", "http://proxy.example:3128"),
        ("proxy", "http://me:secret@proxy.example:3128", ""),
    ],
)
def test_addresses_are_stored_when_they_can_be(
    windows: Windows, line: ScriptedLine, field: str, entered: str, stored: str
) -> None:
    page = opened(windows)
    control = page.feed if field == "feed" else page.proxy
    control.setFocus()
    QTest.keyClicks(control, entered)
    control.editingFinished.emit()
    settings = line.settings()
    assert (settings.update_feed if field == "feed" else settings.proxy) == stored
    assert windows.open_settings().strip.isVisible() is (not stored)


def test_without_updates_the_page_says_so(windows: Windows, workplace: Workplace) -> None:
    page = opened(windows)
    page.workplace = replace(workplace, updates=None)
    page.pull()
    page.look.click()
    page.install.click()
    assert "cannot be looked for" in page.sentence.text()
