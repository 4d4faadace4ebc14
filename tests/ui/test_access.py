"""Every control is reached by Tab and has a name; nothing is clipped; contrast holds."""

import re
from dataclasses import fields

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QScrollArea, QWidget
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.notices import ImportProgressed, SilenceNoticed, Trouble
from scribe_desktop.domain.order import ServiceRef
from scribe_desktop.ui.service_shelf import PastDictation, StoredDocument
from scribe_desktop.ui.settings.dialog import PAGES
from scribe_desktop.ui.theme import DARK, HIGH_CONTRAST, LIGHT, Colours
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from tests.ui.fakes import ScriptedLine
from tests.ui.places import FakeDocuments, FakeHistory


def focusable(root: QWidget) -> list[QWidget]:
    return [
        one
        for one in root.findChildren(QWidget)
        if one.isVisibleTo(root)
        and one.isEnabled()
        and one.focusPolicy() & Qt.FocusPolicy.TabFocus
        and one.focusProxy() is None
        and not one.objectName().startswith("qt_")
    ]


def tab_ring(root: QWidget) -> set[QWidget]:
    """What Tab goes through, once round."""
    ring: set[QWidget] = set()
    one: QWidget | None = root
    while one is not None and one not in ring:
        ring.add(one)
        one = one.nextInFocusChain()
    return ring


def assert_named(root: QWidget) -> None:
    nameless = [type(one).__name__ for one in focusable(root) if not one.accessibleName()]
    assert not nameless


@pytest.mark.parametrize("key", [key for key, *_ in PAGES])
def test_settings_by_ear_and_keyboard(windows: Windows, key: str) -> None:
    dialog = windows.open_settings(key)
    dialog.page(key)
    assert_named(dialog)
    assert set(focusable(dialog)) <= tab_ring(dialog)


def test_main_window_by_ear_and_keyboard(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    main = windows.main
    main.show_session(next(iter(line.stored)))
    main.bar.patient.setChecked(True)
    assert_named(main)
    assert set(focusable(main)) <= tab_ring(main)
    windows.deeds.toggle()
    line.heard()
    qtbot.waitUntil(main.bar.pause.isEnabled)
    assert_named(main)
    assert set(focusable(main)) <= tab_ring(main)


def test_what_a_service_keeps_by_ear_and_keyboard(
    windows: Windows, line: ScriptedLine, workplace: Workplace, qtbot: QtBot
) -> None:
    main, first = windows.main, next(iter(line.stored))
    documents, history = workplace.documents, workplace.history
    assert isinstance(documents, FakeDocuments)
    assert isinstance(history, FakeHistory)
    documents.documents = [StoredDocument(first, "doc_1", name="Letter")]
    documents.texts = {"doc_1": "Dear colleague"}
    history.sessions = [PastDictation(ServiceRef(), "ses_far")]
    main.show_session(first)
    main.results.tab_bar.setCurrentIndex(2)
    main.lists.tabs.setCurrentIndex(1)
    qtbot.waitUntil(main.results.documents.edit.isEnabled)
    qtbot.waitUntil(lambda: main.past.model.rowCount() == 1)
    assert_named(main)
    assert set(focusable(main)) <= tab_ring(main)
    main.results.documents.edit.click()
    assert_named(main)
    assert set(focusable(main)) <= tab_ring(main)


def test_tab_goes_in_reading_order(windows: Windows) -> None:
    bar = windows.main.bar
    order = [bar.record, bar.menu, bar.microphone, bar.language, bar.templates, bar.patient]
    places: list[QWidget] = []
    one: QWidget | None = bar.record
    while one is not None and len(places) < len(order):
        if one in order:
            places.append(one)
        one = one.nextInFocusChain()
    assert places == order


def test_first_run_by_ear_and_keyboard(windows: Windows) -> None:
    first_run = windows.open_first_run()
    for _ in range(first_run.pages.count()):
        assert_named(first_run)
        first_run.next.click()


def test_the_mini_recorder_takes_no_focus(windows: Windows, line: ScriptedLine) -> None:
    windows.deeds.toggle()
    line.heard()
    mini = windows.mini
    assert mini.windowFlags() & Qt.WindowType.WindowDoesNotAcceptFocus
    assert mini.testAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
    assert focusable(mini) == []
    assert all(one.accessibleName() for one in mini.findChildren(QPushButton))


def luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4

    one = QColor(colour)
    red, green, blue = (linear(part) for part in (one.redF(), one.greenF(), one.blueF()))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("look", [LIGHT, DARK, HIGH_CONTRAST], ids=lambda look: look.name)
def test_every_text_colour_is_readable(look: Colours) -> None:
    wanted = 7.0 if look is HIGH_CONTRAST else 4.5
    grounds = (look.ground, look.surface, look.raised)
    for name in ("text", "muted", "accent", "recording", "warning", "good"):
        for ground in grounds:
            assert contrast(getattr(look, name), ground) >= wanted, (name, ground)
    for on, under in (
        ("on_accent", "accent"),
        ("on_accent", "accent_hover"),
        ("on_recording", "recording"),
        ("text", "accent_soft"),
        ("accent", "accent_soft"),
        ("warning", "warning_soft"),
        ("recording", "recording_soft"),
        ("good", "good_soft"),
        ("muted", "warning_soft"),
        ("muted", "hover"),
    ):
        assert contrast(getattr(look, on), getattr(look, under)) >= 4.5, (on, under)
    for name in ("field_border", "focus"):
        assert contrast(getattr(look, name), look.surface) >= 3.0, name


def test_every_colour_is_a_colour() -> None:
    for look in (LIGHT, DARK, HIGH_CONTRAST):
        for one in fields(look):
            value = getattr(look, one.name)
            assert one.name == "name" or re.fullmatch("#[0-9a-f]{6}", value), one.name


def clipped(root: QWidget) -> list[str]:
    """Buttons and labels whose words do not fit, or that lie outside of their parent."""
    found = []
    for one in root.findChildren(QWidget):
        if not one.isVisibleTo(root) or not isinstance(one, QPushButton | QLabel) or not one.text():
            continue
        wraps = isinstance(one, QLabel) and one.wordWrap()
        if not wraps and one.width() < one.minimumSizeHint().width() - 1:
            found.append(f"{one.text()}: {one.width()} < {one.minimumSizeHint().width()}")
        parent = one.parentWidget()
        if parent is not None and not parent.rect().adjusted(-1, -1, 1, 1).contains(one.geometry()):
            found.append(f"{one.text()}: outside")
    return found


@pytest.mark.parametrize("size", [(1180, 760), (800, 600), (600, 340)])
@pytest.mark.parametrize("mirrored", [False, True])
def test_nothing_is_clipped(
    windows: Windows,
    line: ScriptedLine,
    qtbot: QtBot,
    size: tuple[int, int],
    mirrored: bool,  # noqa: FBT001
) -> None:
    """600 × 340 is what a full-HD screen at 300 % leaves."""
    if mirrored:
        QApplication.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    main = windows.main
    main.resize(*size)
    main.bar.patient.setChecked(True)
    main.show_session(next(iter(line.stored)))
    windows.deeds.toggle()
    line.heard()
    line.spoken_s = 3 * 3600
    qtbot.waitUntil(lambda: main.bar.clock.text() == "3:00:00")

    def fits() -> None:
        assert clipped(main) == []

    qtbot.waitUntil(fits)
    assert main.width() == size[0]


def test_on_a_small_screen_at_200_percent_nothing_is_scrolled_to_sideways(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    # 1024 by 700, halved, less the frame.
    main = windows.main
    main.resize(464, 302)
    windows.deeds.toggle()
    qtbot.waitUntil(lambda: main.bar.state.word == "Opening the microphone…")
    line.heard()
    line.tell(SilenceNoticed(next(iter(line.stored)), 120.0, 20.0))
    area = main.findChild(QScrollArea)
    assert area is not None
    view = area.viewport().rect()

    def is_in_sight(part: QWidget) -> bool:
        place = QRect(part.mapTo(area.viewport(), QPoint(0, 0)), part.size())
        return part.isVisible() and view.contains(place)

    qtbot.waitUntil(lambda: is_in_sight(main.strip))
    assert is_in_sight(main.strip.action)
    qtbot.waitUntil(lambda: not area.horizontalScrollBar().isVisible())


def test_a_notice_before_a_dictation_leaves_record_in_sight(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    main = windows.main
    main.resize(464, 302)
    line.tell(Trouble("This computer has no keyring.", "Use one that has."))
    qtbot.waitUntil(main.strip.isVisible)
    QApplication.processEvents()
    area = main.findChild(QScrollArea)
    assert area is not None
    assert area.verticalScrollBar().value() == 0


def test_a_file_that_is_read_calls_nobody_back_from_his_text(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    main, session_id = windows.main, next(iter(line.stored))
    main.show_session(session_id)
    main.resize(1000, 330)
    line.tell(ImportProgressed(session_id, 10.0, 100.0))
    area = main.findChild(QScrollArea)
    assert area is not None
    bar = area.verticalScrollBar()
    qtbot.waitUntil(lambda: main.strip.isVisible() and bar.maximum() > 0)
    QApplication.processEvents()
    bar.setValue(bar.maximum())
    line.tell(ImportProgressed(session_id, 50.0, 100.0))
    qtbot.waitUntil(lambda: "0:50" in main.strip.message)
    QApplication.processEvents()
    assert bar.value() == bar.maximum()


def test_a_narrow_window_shows_one_thing_at_a_time(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    main = windows.main
    main.resize(600, 500)
    qtbot.waitUntil(lambda: main.results.isVisible() and not main.list.isVisible())
    main.bar.sessions.click()
    assert main.list.isVisible()
    assert not main.results.isVisible()
    main.resize(1100, 700)
    qtbot.waitUntil(lambda: main.results.isVisible() and main.list.isVisible())


def test_a_second_row_of_buttons_never_lies_on_the_text(
    windows: Windows, line: ScriptedLine, qtbot: QtBot
) -> None:
    main = windows.main
    main.show_session(next(iter(line.stored)))
    pane = main.results
    row = pane.actions_row
    main.resize(560, 420)
    qtbot.waitUntil(lambda: row.another.isVisible() and row.another.y() > row.copy.y())

    sheet = row.parentWidget()
    rows = sheet.layout() if sheet else None
    assert sheet is not None
    assert rows is not None
    qtbot.waitUntil(lambda: sheet.height() >= rows.totalMinimumHeightForWidth(sheet.width()))
