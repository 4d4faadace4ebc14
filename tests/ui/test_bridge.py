import threading
from typing import get_args

import pytest
from PySide6.QtCore import QObject, QThread, Slot
from pytestqt.qtbot import QtBot
from shiboken6 import delete

from scribe_desktop.domain.errors import MicrophoneError, ScribeError
from scribe_desktop.domain.notices import (
    ImportProgressed,
    LiveText,
    MicrophoneChanged,
    MicrophoneState,
    Notice,
    OfferChanged,
    PartEnding,
    RecordingsOpened,
    ResultsStored,
    SessionChanged,
    SettingChanged,
    SilenceNoticed,
    SpoolTrouble,
    Trouble,
)
from scribe_desktop.domain.session import SessionId
from scribe_desktop.ui.bridge import Bridge, Errands
from tests.ui.fakes import OFFER, ScriptedLine, session


class Witness(QObject):
    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []
        self.threads: set[bool] = set()

    @Slot(object)
    def note(self, notice: object) -> None:
        self.threads.add(QThread.currentThread() is self.thread())
        self.heard.append(notice)


def test_two_thousand_notices_from_threads_arrive_in_order_on_the_main_thread(
    line: ScriptedLine, bridge: Bridge, qtbot: QtBot
) -> None:
    witness = Witness()
    bridge.live_text_changed.connect(witness.note)

    def speak() -> None:
        for number in range(2000):
            line.tell(LiveText(SessionId("s"), str(number)))

    thread = threading.Thread(target=speak)
    thread.start()
    qtbot.waitUntil(lambda: len(witness.heard) == 2000)
    thread.join()
    assert [one.text for one in witness.heard if isinstance(one, LiveText)] == [
        str(number) for number in range(2000)
    ]
    assert witness.threads == {True}


EXAMPLES: tuple[tuple[str, Notice], ...] = (
    ("session_changed", SessionChanged(session(1))),
    ("results_stored", ResultsStored(SessionId("s"))),
    ("live_text_changed", LiveText(SessionId("s"), "text")),
    ("microphone_changed", MicrophoneChanged(MicrophoneState.HEARD)),
    ("offer_changed", OfferChanged(OFFER)),
    ("spool_troubled", SpoolTrouble("full", "make room")),
    ("setting_changed", SettingChanged("theme")),
    ("import_progressed", ImportProgressed(SessionId("s"), 1.0, 2.0)),
    ("silence_noticed", SilenceNoticed(SessionId("s"), 60.0, 30.0)),
    ("recordings_opened", RecordingsOpened()),
    ("part_ending", PartEnding(SessionId("s"), "soon", "go on")),
    ("troubled", Trouble("trouble")),
)


@pytest.mark.parametrize(("name", "notice"), EXAMPLES)
def test_every_notice_of_the_line_reaches_the_window(
    line: ScriptedLine, bridge: Bridge, qtbot: QtBot, name: str, notice: Notice
) -> None:
    assert {type(one) for _, one in EXAMPLES} == set(get_args(Notice)), "one of each"
    with qtbot.waitSignal(getattr(bridge, name)):
        line.tell(notice)


def test_a_closed_bridge_hears_no_more(line: ScriptedLine, bridge: Bridge) -> None:
    bridge.close()
    assert line.listeners == []
    bridge._unsubscribe = lambda: None
    line.tell(Trouble("nobody listens"))


def test_an_errand_comes_back_on_the_main_thread(qtbot: QtBot) -> None:
    errands = Errands()
    came: list[tuple[object, bool]] = []

    def note(result: object) -> None:
        came.append((result, threading.current_thread() is threading.main_thread()))

    errands.run(lambda: 42, note, note)
    qtbot.waitUntil(lambda: came == [(42, True)])

    def fail() -> None:
        raise MicrophoneError("It hangs.")

    failures: list[ScribeError] = []
    errands.run(fail, note, failures.append)
    qtbot.waitUntil(lambda: [one.message for one in failures] == ["It hangs."])


def test_a_bug_in_an_errand_reaches_the_last_resort(qtbot: QtBot) -> None:
    errands = Errands()

    def bug() -> None:
        raise KeyError("ours")

    with qtbot.captureExceptions() as caught:
        errands.run(bug, lambda _: None, lambda _: None)
        qtbot.waitUntil(lambda: bool(caught))
    assert caught[0][0] is KeyError


def test_an_errand_that_returns_after_the_window_was_closed_is_quiet(qtbot: QtBot) -> None:
    errands = Errands()
    begun, closed = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        closed.wait(10)

    told: list[None] = []
    errands.run(work, told.append, lambda _: None)
    assert begun.wait(10)
    (errand,) = [one for one in threading.enumerate() if one.name == "errand"]
    delete(errands)
    closed.set()
    errand.join(10)
    assert not errand.is_alive()
    assert told == []
