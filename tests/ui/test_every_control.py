"""Works every enabled control of every window and sees a stored setting or a change of view."""

from collections.abc import Callable
from functools import partial

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QRadioButton,
    QSpinBox,
    QToolButton,
    QWidget,
)
from pytestqt.exceptions import TimeoutError as Impatience
from pytestqt.qtbot import QtBot

from scribe_desktop.ui.settings.dialog import PAGES
from scribe_desktop.ui.windows import Windows
from tests.ui.fakes import ScriptedLine

FOCUSABLE = (QAbstractButton, QComboBox, QLineEdit, QPlainTextEdit, QSpinBox)


def seen(root: QWidget) -> list[QWidget]:
    return [one for one in root.findChildren(QWidget) if one.isVisibleTo(root)]


def picture_of(root: QWidget) -> tuple[object, ...]:
    """Everything about a window that a press may change."""
    state: list[object] = []
    for one in seen(root):
        text = one.text() if isinstance(one, QLabel | QAbstractButton | QLineEdit) else ""
        checked = one.isChecked() if isinstance(one, QAbstractButton) else None
        state.append((type(one).__name__, text, checked, one.isEnabled(), one.accessibleName()))
    state.append(QApplication.activePopupWidget() is not None)
    state += [type(one).__name__ for one in QApplication.topLevelWidgets() if one.isVisible()]
    return tuple(state)


def work(control: QWidget) -> None:
    """Do what a hand would do with this kind of control."""
    if isinstance(control, QComboBox):
        control.setFocus()
        place = (control.currentIndex() + 1) % control.count()
        control.setCurrentIndex(place)
        control.activated.emit(place)
    elif isinstance(control, QSpinBox):
        control.setValue(control.value() + 1)
        control.editingFinished.emit()
    elif isinstance(control, QLineEdit | QPlainTextEdit):
        QTest.keyClicks(control, "7")
    elif isinstance(control, QPushButton | QToolButton) and control.menu() is not None:
        # Opening a menu is a loop of its own; its entries are worked in other tests.
        menu = control.menu()
        assert menu.actions()
        menu.popup(control.mapToGlobal(control.rect().bottomLeft()))
    elif isinstance(control, QCheckBox | QRadioButton):
        mark = QPoint(control.height() // 2, control.height() // 2)
        QTest.mouseClick(control, Qt.MouseButton.LeftButton, pos=mark)
    elif isinstance(control, QAbstractButton):
        QTest.mouseClick(control, Qt.MouseButton.LeftButton)


def has_changed(root: QWidget, line: ScriptedLine, before: tuple[object, ...], asked: int) -> bool:
    return picture_of(root) != before or len(line.asked) != asked


def must_change(qtbot: QtBot, name: str, changed: Callable[[], bool]) -> None:
    try:
        qtbot.waitUntil(changed, timeout=2000)
    except Impatience:
        pytest.fail(f"“{name}” did nothing")


def put_back() -> None:
    for popup in iter(QApplication.activePopupWidget, None):
        popup.close()


@pytest.mark.parametrize("key", [key for key, *_ in PAGES])
def test_every_control_of_the_settings_does_something(
    windows: Windows, line: ScriptedLine, qtbot: QtBot, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getSaveFileName", lambda *_: ("/x.zip", ""))
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getOpenFileName", lambda *_: ("/x.csv", ""))
    dialog = windows.open_settings(key)
    page = dialog.page(key)
    qtbot.waitUntil(lambda: all(one.count() for one in page.findChildren(QComboBox)))
    controls = [one for one in seen(page) if isinstance(one, FOCUSABLE) and one.isEnabled()]
    controls = [one for one in controls if one.focusPolicy() != Qt.FocusPolicy.NoFocus]
    # The line inside a number field takes no digit that would make the number too large.
    controls = [one for one in controls if one.objectName() != "qt_spinbox_lineedit"]
    for control in controls:
        if not control.isEnabled() or not control.isVisibleTo(page):
            continue
        dialog.strip.put_away()
        changed = partial(has_changed, dialog, line, picture_of(dialog), len(line.asked))
        alone = isinstance(control, QRadioButton) and control.isChecked()
        work(control)
        if not alone:
            name = control.accessibleName()
            must_change(qtbot, name, changed)
        put_back()
    assert line.asked or key in ("diagnostics", "devices")


def test_every_control_of_the_main_window_does_something(
    windows: Windows, line: ScriptedLine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getSaveFileName", lambda *_: ("/x", ""))
    main = windows.main
    qtbot.waitUntil(lambda: main.bar.microphone.count() > 1)
    main.show_session(next(iter(line.stored)))
    main.results.player.seek(60.0)
    main.bar.patient.setChecked(True)
    names = {one.accessibleName() for one in seen(main) if isinstance(one, FOCUSABLE)}
    assert {
        "Record", "Microphone", "Spoken language", "Templates: Clinical note", "Patient", "Menu",
        "Service: This computer, Ready", "Search dictations", "Copy this text", "Edit this text",
        "Insert this text at the cursor of the other program", "Play the recording",
        "Back 3 seconds", "Forward 3 seconds", "Speed of playing", "Bookmark this place",
        "Export this dictation", "Run another template", "More",
    } <= names  # fmt: skip
    for name in sorted(names, key=lambda one: (not one.startswith("Patient "), one)):
        control = next(
            (
                one
                for one in seen(main)
                if isinstance(one, FOCUSABLE) and one.accessibleName() == name and one.isEnabled()
            ),
            None,
        )
        if control is None or control.focusPolicy() == Qt.FocusPolicy.NoFocus:
            continue
        main.strip.put_away()
        changed = partial(has_changed, main, line, picture_of(main), len(line.asked))
        work(control)
        must_change(qtbot, name, changed)
        put_back()


def test_every_entry_of_every_menu_does_something(
    windows: Windows, line: ScriptedLine, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getOpenFileName", lambda *_: ("/a.wav", ""))
    monkeypatch.setattr("PySide6.QtWidgets.QFileDialog.getSaveFileName", lambda *_: ("/a.txt", ""))
    main, row = windows.main, windows.main.results.actions_row
    main.show_session(next(iter(line.stored)))
    menus = (main.menu, row.export_menu, row.another_menu, row.more_menu)
    entries = [one for menu in menus for one in menu.actions() if not one.isSeparator()]
    ran: list[str] = []
    for entry in entries:
        if entry is main.menu.leave:
            continue
        main.strip.put_away()
        changed = partial(has_changed, main, line, picture_of(main), len(line.asked))
        with qtbot.waitSignal(entry.triggered):
            entry.trigger()
        ran.append(entry.text())
        if entry.text() in ("Continue this dictation", "SOAP", "Medications"):
            continue  # these ask the workplace, which says nothing here
        text = entry.text()
        must_change(qtbot, text, changed)
        windows.unlock()
        for dialog in main.findChildren(QDialog):
            dialog.close()
    assert {"Open a recording…", "Settings…", "Help and keys", "Text", "SOAP"} <= set(ran)
