"""The clipboard is lent and given back, and who fetched the text is known."""

from collections.abc import Generator

from PySide6.QtCore import QMimeData
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from scribe_desktop.ui.lent_clipboard import LentClipboard, run_steps

TARGET, HISTORY, UNNAMED = 77, 78, 0


def test_what_was_there_comes_back_in_every_format(qtbot: QtBot) -> None:
    clipboard = QGuiApplication.clipboard()
    before = QMimeData()
    before.setText("before")
    before.setHtml("<b>before</b>")
    before.setData("application/x-own", b"\x00\x01")
    clipboard.setMimeData(before)
    lent = LentClipboard()
    kept = lent.keep()
    lent.offer("text", selection=True)
    assert clipboard.text() == "text"
    assert lent.still_ours()
    lent.put_back(kept)
    restored = clipboard.mimeData()
    assert restored.text() == "before"
    assert restored.html() == "<b>before</b>"
    assert bytes(restored.data("application/x-own").data()) == b"\x00\x01"
    assert not lent.still_ours()


def test_an_empty_clipboard_comes_back_empty(qtbot: QtBot) -> None:
    QGuiApplication.clipboard().clear()
    lent = LentClipboard()
    kept = lent.keep()
    lent.offer("text", selection=False)
    lent.put_back(kept)
    assert QGuiApplication.clipboard().text() == ""


def test_only_the_target_counts_where_readers_have_names(qtbot: QtBot) -> None:
    readers = iter([HISTORY, TARGET, UNNAMED])
    lent = LentClipboard(lambda: next(readers))
    lent.offer("text", selection=False)
    counts = []
    for _ in range(3):
        assert QGuiApplication.clipboard().text() == "text"
        counts.append(lent.reads(TARGET))
    assert counts == [0, 1, 2]


def test_steps_run_to_their_end_without_blocking(qtbot: QtBot) -> None:
    order: list[str] = []

    def steps() -> Generator[float, None, str]:
        order.append("first")
        yield 0.001
        order.append("second")
        return "done"

    run_steps(steps(), order.append)
    order.append("not blocked")
    qtbot.waitUntil(lambda: len(order) == 4)
    assert order == ["first", "not blocked", "second", "done"]
