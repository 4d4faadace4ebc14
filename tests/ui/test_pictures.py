"""Draws every window in every look and keeps the pictures for a human eye.

With SCRIBE_PICTURES set to a folder the pictures stay there; without it they
go with the test's own folder, and only that they could be drawn is checked.
"""

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QApplication, QDialog, QMessageBox, QWidget
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.notices import MicrophoneState
from scribe_desktop.domain.order import Patient, ServiceRef
from scribe_desktop.domain.session import SessionId
from scribe_desktop.domain.settings import Theme
from scribe_desktop.ui.pictures import icon
from scribe_desktop.ui.service_shelf import OwnTemplate, PastDictation, StoredDocument
from scribe_desktop.ui.settings.dialog import PAGES
from scribe_desktop.ui.settings.passphrase import PassphraseDialog
from scribe_desktop.ui.settings.privacy import PrivacyPage
from scribe_desktop.ui.settings.template_editor import TemplateEditor
from scribe_desktop.ui.settings.templates import TemplatesPage
from scribe_desktop.ui.text_notes import TextNotes
from scribe_desktop.ui.theme import Colours, colours_for
from scribe_desktop.ui.windows import Windows
from scribe_desktop.ui.workplace import Workplace
from tests.ui.fakes import NOW, ScriptedLine, results
from tests.ui.places import FakeDocuments, FakeHistory, FakeLock, FakeTemplates

SAID = (
    "Chief complaint, follow-up for high blood pressure. She takes amlodipine 5 mg once daily and"
    " has no chest pain."
)
KEPT = os.environ.get("SCRIBE_PICTURES", "")
SCALES = (1, 2) if KEPT else (1,)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    chosen = Path(KEPT or tmp_path)
    chosen.mkdir(parents=True, exist_ok=True)
    return chosen


def draw(window: QWidget, file: Path, scale: int) -> QImage:
    """What the window looks like at this scale."""
    QApplication.processEvents()
    pixmap = QPixmap(window.size() * scale)
    pixmap.setDevicePixelRatio(scale)
    pixmap.fill(QColor("#777777"))
    window.render(pixmap)
    assert not KEPT or pixmap.save(str(file))
    return pixmap.toImage()


def colours_in(image: QImage, rect: QRect) -> set[str]:
    part = image.copy(rect).convertToFormat(QImage.Format.Format_RGB32)
    return {f"#{pixel & 0xFFFFFF:06x}" for pixel in set(memoryview(part.constBits()).cast("I"))}


def look_of(theme: Theme) -> Colours:
    return colours_for(theme)


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0, 3.0])
def test_a_drawing_is_as_fine_as_the_screen(qapp: QApplication, ratio: float) -> None:
    normal, faint = (
        icon("microphone", "#123456", "#abcdef").pixmap(QSize(20, 20), ratio, mode)
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Disabled)
    )
    assert normal.size() == faint.size() == QSize(20, 20) * ratio
    assert "#123456" in colours_in(normal.toImage(), normal.rect())
    assert "#abcdef" in colours_in(faint.toImage(), faint.rect())


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK, Theme.HIGH_CONTRAST])
def test_the_main_window_in_every_look(
    windows: Windows, line: ScriptedLine, qtbot: QtBot, folder: Path, theme: Theme, scale: int
) -> None:
    windows.deeds.set_setting("theme", theme)
    main, look = windows.main, look_of(theme)
    name = f"{theme}-{scale}00"
    main.show_session(next(iter(line.stored)))
    image = draw(main, folder / f"main-ready-{name}.png", scale)
    button = QRect(
        main.bar.record.mapTo(main, main.bar.record.rect().topLeft()) * scale, image.size()
    )
    button.setSize(main.bar.record.size() * scale)
    assert look.accent in colours_in(image, button)
    assert look.recording not in colours_in(image, image.rect())
    windows.deeds.toggle()
    qtbot.waitUntil(lambda: main.bar.state.word == "Opening the microphone…")
    image = draw(main, folder / f"main-opening-{name}.png", scale)
    assert look.recording not in colours_in(image, image.rect()), "red before the first sound"
    line.heard()
    line.spoken_s = 73
    line.understood(SAID)
    qtbot.waitUntil(lambda: "chest pain" in main.results.reader.toPlainText())
    qtbot.waitUntil(lambda: main.bar.clock.text() == "1:13")
    image = draw(main, folder / f"main-recording-{name}.png", scale)
    assert look.recording in colours_in(image, button)
    line.lose_sound(MicrophoneState.LOST)
    qtbot.waitUntil(lambda: windows.mini.state.word == "Not recording")
    for part, shown in (("main", main), ("mini", windows.mini)):
        image = draw(shown, folder / f"{part}-not-recording-{name}.png", scale)
        assert look.recording not in colours_in(image, image.rect()), "red with nothing recorded"
    line.find_sound()
    qtbot.waitUntil(lambda: main.bar.state.word == "Recording")
    windows.deeds.toggle_pause()
    qtbot.waitUntil(lambda: main.bar.state.word == "Paused")
    image = draw(main, folder / f"main-paused-{name}.png", scale)
    assert look.recording not in colours_in(image, button)
    draw(windows.mini, folder / f"mini-{name}.png", scale)


@pytest.mark.parametrize("key", [key for key, *_ in PAGES])
def test_every_page_of_the_settings(windows: Windows, folder: Path, key: str) -> None:
    for theme in (Theme.LIGHT, Theme.DARK):
        windows.deeds.set_setting("theme", theme)
        dialog = windows.open_settings(key)
        dialog.page(key)
        for scale in SCALES:
            draw(dialog, folder / f"settings-{key}-{theme}-{scale}00.png", scale)


def test_first_run_and_the_others(windows: Windows, folder: Path) -> None:
    first = windows.open_first_run()
    for number in range(first.pages.count()):
        draw(first, folder / f"first-run-{number}.png", 1)
        first.next.click()
    windows.box.hold("This text waits.")
    draw(windows.box, folder / "box.png", 1)
    windows.lock()
    draw(windows.main, folder / "curtain.png", 1)


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK, Theme.HIGH_CONTRAST])
@pytest.mark.parametrize("pin", ["asked", "required", "computer"])
def test_the_lock(
    windows: Windows, workplace: Workplace, folder: Path, theme: Theme, pin: str
) -> None:
    assert isinstance(workplace.lock, FakeLock)
    windows.deeds.set_setting("theme", theme)
    if pin == "asked":
        workplace.lock.pin = "2468"
        windows.lock()
    elif pin == "computer":
        windows.deeds.set_setting("show_again_with", pin)
        windows.lock()
    else:
        windows.deeds.set_setting("require_pin", value=True)
        windows.curtain.new_pin.set_pin.click()
    assert windows.is_locked
    for scale in SCALES:
        draw(windows.main, folder / f"lock-{pin}-{theme}-{scale}00.png", scale)


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_what_the_service_remembers(
    windows: Windows, workplace: Workplace, qtbot: QtBot, folder: Path, theme: Theme
) -> None:
    windows.deeds.set_setting("theme", theme)
    main, history = windows.main, workplace.history
    assert isinstance(history, FakeHistory)
    here = ServiceRef()
    history.sessions = [
        PastDictation(here, "ses_1", Patient("k-1", "Ulla Nyström"), "dictation", "success", NOW),
        PastDictation(here, "ses_2", Patient("k-2"), "consultation", "in-progress", NOW - 90_000),
        PastDictation(here, "ses_3", Patient("", "Ravi Menon"), "dictation", "failed", NOW - 9e6),
    ]
    history.results = {"ses_1": results()}
    main.lists.tabs.setCurrentIndex(1)
    qtbot.waitUntil(lambda: main.past.model.rowCount() == 3)
    main.past.view.setCurrentIndex(main.past.model.index(0))
    qtbot.waitUntil(lambda: main.results.tab_bar.count() == 2)
    for scale in SCALES:
        draw(main, folder / f"on-the-service-{theme}-{scale}00.png", scale)


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_the_documents_of_a_dictation(
    windows: Windows,
    line: ScriptedLine,
    workplace: Workplace,
    qtbot: QtBot,
    folder: Path,
    theme: Theme,
) -> None:
    windows.deeds.set_setting("theme", theme)
    main, there = windows.main, workplace.documents
    assert isinstance(there, FakeDocuments)
    first = next(iter(line.stored))
    there.documents = [
        StoredDocument(first, "doc_1", "clinical_notes_template", "", "success", NOW),
        StoredDocument(first, "doc_2", "", "Letter to the GP", "in-progress", NOW - 3600),
    ]
    there.texts = {"doc_1": "## Plan\n\n1. Continue amlodipine 5 mg\n2. Reduce salt"}
    main.show_session(first)
    main.results.tab_bar.setCurrentIndex(2)
    panel = main.results.documents
    qtbot.waitUntil(panel.edit.isEnabled)
    for scale in SCALES:
        draw(main, folder / f"documents-{theme}-{scale}00.png", scale)
    panel.edit.click()
    for scale in SCALES:
        draw(main, folder / f"documents-edited-{theme}-{scale}00.png", scale)


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_notes_from_a_text(windows: Windows, folder: Path, theme: Theme) -> None:
    windows.deeds.set_setting("theme", theme)
    for scale in SCALES:
        draw(windows.main, folder / f"main-empty-{theme}-{scale}00.png", scale)
    windows.main.menu.from_text.trigger()
    (dialog,) = windows.main.findChildren(TextNotes)
    dialog.text.setPlainText(SAID)
    for scale in SCALES:
        draw(dialog, folder / f"from-text-{theme}-{scale}00.png", scale)


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_ones_own_templates(
    windows: Windows, workplace: Workplace, qtbot: QtBot, folder: Path, theme: Theme
) -> None:
    windows.deeds.set_setting("theme", theme)
    shelf = workplace.own_templates
    assert isinstance(shelf, FakeTemplates)
    shelf.shelf = {"own-1": OwnTemplate("own-1", "Letter to the GP", "## Dear colleague\n## Plan")}
    dialog = windows.open_settings("templates")
    page = dialog.page("templates")
    assert isinstance(page, TemplatesPage)
    qtbot.waitUntil(page.new.isEnabled)
    page.new.click()
    (editor,) = page.findChildren(TemplateEditor)
    editor.name.setText("Discharge")
    for scale in SCALES:
        draw(dialog, folder / f"own-templates-{theme}-{scale}00.png", scale)
        draw(editor, folder / f"template-editor-{theme}-{scale}00.png", scale)
    editor.name.setText("")
    editor.reject()


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_deleting_and_the_key(windows: Windows, folder: Path, theme: Theme) -> None:
    windows.deeds.set_setting("theme", theme)
    windows.service_screens.deletion.ask(SessionId(f"ses_{1:024x}"))
    (question,) = windows.main.findChildren(QMessageBox)
    page = windows.open_settings("privacy").page("privacy")
    assert isinstance(page, PrivacyPage)
    assert page.key is not None
    page.key.save.click()
    (asked,) = page.key.findChildren(PassphraseDialog)
    asked.first.setText("horse battery")
    for scale in SCALES:
        draw(question, folder / f"delete-{theme}-{scale}00.png", scale)
        draw(asked, folder / f"passphrase-{theme}-{scale}00.png", scale)
    asked.reject()


@pytest.mark.parametrize("theme", [Theme.LIGHT, Theme.DARK])
def test_consent_and_help(
    windows: Windows, line: ScriptedLine, qtbot: QtBot, folder: Path, theme: Theme
) -> None:
    windows.deeds.set_setting("theme", theme)
    windows.deeds.set_setting("note_consent", value=True)
    main = windows.main
    main.bar.record.click()
    line.heard()
    qtbot.waitUntil(lambda: "consent" in main.strip.message)
    for scale in SCALES:
        draw(main, folder / f"consent-{theme}-{scale}00.png", scale)
    main.menu.help.trigger()
    dialog = next(one for one in main.findChildren(QDialog) if one.isVisible())
    for scale in SCALES:
        draw(dialog, folder / f"help-{theme}-{scale}00.png", scale)
    dialog.close()
