"""What threads bring is taken in on the GUI thread; a window that goes meanwhile ends nothing."""

import subprocess
import sys
import threading
from pathlib import Path

from PySide6.QtCore import QObject, Slot
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from scribe_desktop.ui.crossing import Crossing

ROOT = Path(__file__).resolve().parents[2]
CLOSING = """
import sys, threading
from PySide6.QtCore import QCoreApplication, QObject
from shiboken6 import delete
from scribe_desktop.ui.bridge import Errands

loop = QCoreApplication([])
sys.setswitchinterval(1e-5)
for number in range(1500):
    window, answer = QObject(), threading.Event()
    errands = Errands(window)
    for _ in range(4):
        errands.run(answer.wait, lambda _: None, lambda _: None)
    answer.set()
    delete(window)
    if number % 50 == 0:
        loop.processEvents()
print("ended well")
"""


class Receiver(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.taken: list[tuple[object, threading.Thread]] = []
        self.crossing = Crossing(self.take)

    @Slot(object)
    def take(self, value: object) -> None:
        self.taken.append((value, threading.current_thread()))


def send_from_elsewhere(crossing: Crossing, *values: object) -> None:
    def send() -> None:
        for value in values:
            crossing.send(value)

    thread = threading.Thread(target=send)
    thread.start()
    thread.join()


def test_what_a_thread_sends_is_taken_in_its_order_on_the_gui_thread(qtbot: QtBot) -> None:
    receiver = Receiver()
    send_from_elsewhere(receiver.crossing, *range(2000))
    assert receiver.taken == []
    qtbot.waitUntil(lambda: len(receiver.taken) == 2000)
    assert receiver.taken == [(n, threading.main_thread()) for n in range(2000)]


def test_what_is_sent_to_a_window_that_is_gone_is_dropped(qtbot: QtBot) -> None:
    gone, there = Receiver(), Receiver()
    send_from_elsewhere(gone.crossing, "late")
    taken = gone.taken
    delete(gone)
    send_from_elsewhere(gone.crossing, "later")
    crossing = gone.crossing
    del gone
    send_from_elsewhere(crossing, "too late")
    send_from_elsewhere(there.crossing, "last")
    qtbot.waitUntil(lambda: bool(there.taken))
    assert taken == []


def test_a_window_that_closes_just_as_answers_come_does_not_end_the_program() -> None:
    """A segmentation fault within the first hundred rounds, before there were crossings."""
    done = subprocess.run(
        [sys.executable, "-c", CLOSING],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "ended well\n", "")
