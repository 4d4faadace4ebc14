"""A dictation on paper: every line of it, on as many pages as it needs, made on any thread."""

import re
import threading

from PySide6.QtWidgets import QApplication

from scribe_desktop.ui.paper import Paper, _set, as_pdf

PAPER = Paper(
    "Dictation",
    ("Canary Patient", "2026-11-21 09:30"),
    (("Plan", "Rest.\n\n<b>5 mg</b> ![x](file:///etc/passwd)"), ("Transcript", "")),
)


def pages(content: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", content))


def test_every_line_is_set_as_the_text_it_is(qapp: QApplication) -> None:
    assert _set(PAPER).toPlainText().splitlines() == [
        "Dictation", "Canary Patient", "2026-11-21 09:30", "Plan", "Rest.", "",
        "<b>5 mg</b> ![x](file:///etc/passwd)", "Transcript",
    ]  # fmt: skip


def test_long_texts_take_more_pages(qapp: QApplication) -> None:
    long = Paper("Dictation", (), (("Transcript", "A line of speech.\n" * 200),))
    assert pages(as_pdf(PAPER)) == 1
    assert pages(as_pdf(long)) > 3


def test_it_is_made_beside_the_window(qapp: QApplication) -> None:
    made: list[bytes] = []
    thread = threading.Thread(target=lambda: made.append(as_pdf(PAPER)))
    thread.start()
    thread.join()
    assert pages(made[0]) == 1
    assert b"Canary" not in made[0]
