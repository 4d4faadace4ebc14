"""While the disk does not answer every press in the window takes effect, and none waits for it.

On a full one, which answers at once, it takes effect as well, except that no dictation begins.

A press that waited would never come back here: the disk answers only when the
test lets it, after all of them. What they did is on disk afterwards.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from scribe_desktop.domain.errors import DiskFull, UnknownSession
from scribe_desktop.domain.events import SpeechStarted
from scribe_desktop.domain.machine import apply
from scribe_desktop.domain.notices import Level, Notice, SpoolTrouble
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.order import Order, Patient
from scribe_desktop.domain.results import Author, Note, NoteStatus, Outcome, Results
from scribe_desktop.domain.session import Capture, Delivery, Session, SessionId
from scribe_desktop.domain.settings import Settings, Theme
from scribe_desktop.line import Line
from scribe_desktop.services import late_write
from scribe_desktop.services.disk_news import DiskNews
from scribe_desktop.services.late_write import LateWrites
from scribe_desktop.services.preferences import Preferences
from scribe_desktop.services.settings_file import SettingsFile
from scribe_desktop.services.spool import Spool
from scribe_desktop.ui.application import make_application
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.main_window import MainWindow
from tests.services.slow_disk import SlowDisk

FIRST = SessionId("ses_" + "1" * 24)
LAST = SessionId("ses_" + "2" * 24)
OTHER = SessionId("ses_" + "3" * 24)
MARIA = Patient(name="Maria")
SAID = Results(
    Outcome.COMPLETED, "Cough.", (Note("soap", NoteStatus.SUCCESS, "## Plan\nRest."),), ("en",)
)
WAIT_S = 20.0


class SlowFile:
    """The settings file on the same disk."""

    def __init__(self, folder: Path) -> None:
        self._file = SettingsFile(folder)
        self.answers = threading.Event()
        self.answers.set()

    def save(self, settings: Settings) -> None:
        assert self.answers.wait(WAIT_S)
        self._file.save(settings)


class Recording:
    """A recorder whose own writes wait with the disk."""

    recorded_frames = 16_000
    is_heard = True

    def __init__(self, session_id: SessionId) -> None:
        self.session_id = session_id
        self.is_stopped = False
        self.unkept_frames = 0

    def stop(self) -> None:
        self.is_stopped = True

    def level(self) -> Level:
        return Level()


class Around:
    """Workers and services with nothing of their own to say."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self.released: list[SessionId | None] = []

    def wake(self) -> None:
        """Nothing waits."""

    def release(self, session_id: SessionId | None = None) -> None:
        """As the uploader does it: by a change of the spool."""
        self._spool.update(session_id or FIRST, lambda session: replace(session, attempts=7))
        self.released.append(session_id)

    def ask_now(self) -> None:
        """Nothing is asked."""

    def prepare(self, _service: object) -> None:
        """Nothing has to be made ready."""

    def offer(self, _service: object) -> Offer:
        return Offer("this-computer")


@dataclass
class Desk:
    """The window over a real line, spool and settings, on a disk that can be stopped."""

    window: MainWindow
    line: Line
    spool: Spool
    disk: SlowDisk
    file: SlowFile
    preferences: Preferences
    around: Around
    made: list[Recording] = field(default_factory=list)
    told: list[Notice] = field(default_factory=list)

    def hang(self) -> None:
        self.disk.hang()
        self.file.answers.clear()

    def fill(self) -> None:
        """From now on the disk refuses everything, at once."""
        self.disk.is_full = True

    def free(self) -> None:
        """There is room again, and everything is written."""
        self.disk.is_full = False
        assert self.line.settle(WAIT_S)

    def edit(self, words: str) -> None:
        """Open the editor of the note and type."""
        pane = self.window.results
        pane.tab_bar.setCurrentIndex(1)
        pane.actions_row.edit.click()
        QTest.keyClicks(pane.editor, words)

    def answer(self) -> None:
        """The disk comes back, and everything is written."""
        assert not self.line.settle(0.0), "something was written although the disk hung"
        self.disk.answer()
        self.file.answers.set()
        assert self.line.settle(WAIT_S)
        assert self.preferences.settle(WAIT_S)


def question_of(window: MainWindow) -> QMessageBox:
    """The last that it asked."""
    return window.findChildren(QMessageBox)[-1]


@pytest.fixture
def desk(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    make_application()
    monkeypatch.setattr(late_write, "RETRY_S", 0.05)
    spool = Spool.open(tmp_path / "spool", bytes(range(32)), now=lambda: 5.0)
    old = Session(
        FIRST, 1.0, Order(templates=("soap",)), Capture.STOPPED, Delivery.RESOLVED, chunks=1,
        frames=16_000, stopped_at=2.0, resolved_at=3.0, outcome=Outcome.COMPLETED,
    )  # fmt: skip
    for session in (old, replace(old, session_id=LAST, created_at=4.0, follows=FIRST)):
        spool.add(session)
        spool.add_version(session.session_id, SAID, Author.SERVICE)
    file, around = SlowFile(tmp_path), Around(spool)
    told: list[Notice] = []
    disk_news = DiskNews(lambda notice: line.tell(notice))  # noqa: PLW0108  it is made below
    preferences = Preferences(file, Settings(note_consent=True), {}, LateWrites(disk_news.voice()))
    made: list[Recording] = []

    def record(session_id: SessionId, *_: object) -> Recording:
        made.append(Recording(session_id))
        return made[-1]

    nothing = cast("Any", around)
    line = Line(
        store=spool, settings=preferences, services=nothing, uploader=nothing, poller=nothing,
        microphones=tuple, record_microphone=cast("Any", record), record_file=cast("Any", record),
        now=lambda: 10.0, disk=disk_news,
    )  # fmt: skip
    line.subscribe(told.append)
    bridge = Bridge(line)
    window = MainWindow(line, bridge)
    qtbot.addWidget(window, before_close_func=lambda one: one.close_without_asking())
    window.show()
    window.show_session(FIRST)
    disk = SlowDisk(spool)
    yield Desk(window, line, spool, disk, file, preferences, around, made, told)
    disk.is_full = False
    disk.answer()
    file.answers.set()
    assert line.settle(WAIT_S)
    bridge.close()
    spool.close()


def test_discard_and_undo(desk: Desk, qtbot: QtBot) -> None:
    desk.hang()
    desk.window.deeds.discard(FIRST)
    qtbot.waitUntil(lambda: desk.window.results.state.word == "Cancelled")
    assert desk.line.session(LAST).is_cancelled
    assert not desk.spool.get(FIRST).is_cancelled, "the disk has not taken it yet"
    desk.window.strip.action.click()
    qtbot.waitUntil(lambda: desk.window.results.state.word == "Ready")
    desk.window.deeds.discard(LAST)
    desk.answer()
    assert desk.spool.get(FIRST).is_cancelled
    assert desk.spool.get(LAST).is_cancelled
    actions = [one.action for one in desk.spool.audit_lines() if one.session_id == FIRST]
    assert actions[-3:] == ["discarded", "restored", "discarded"]


def test_an_edit_is_read_at_once_and_edited_further(desk: Desk, qtbot: QtBot) -> None:
    desk.hang()
    pane = desk.window.results
    for words in ("one ", "two "):
        pane.tab_bar.setCurrentIndex(1)
        pane.actions_row.edit.click()
        QTest.keyClicks(pane.editor, words)
        pane.actions_row.keep.click()
        qtbot.waitUntil(lambda said=words: said in pane.reader.toPlainText())  # type: ignore[misc]
    assert pane.reader.toPlainText().startswith("two one Plan")
    assert [one.version for one in desk.line.versions(FIRST)] == [1, 2, 3]
    assert len(desk.spool.versions(FIRST)) == 1
    desk.answer()
    stored = desk.spool.versions(FIRST)
    assert [(one.version, one.author) for one in stored][1:] == [
        (2, Author.CLINICIAN), (3, Author.CLINICIAN),
    ]  # fmt: skip
    assert stored[-1].results.notes[0].content == "## two one Plan\nRest.\n\n## Plan\nRest."
    assert [one.version for one in desk.line.versions(FIRST)] == [1, 2, 3]


def test_another_patient_a_consent_a_bookmark_and_send_now(desk: Desk, qtbot: QtBot) -> None:
    desk.hang()
    desk.window.deeds.give_to(FIRST, MARIA)
    qtbot.waitUntil(lambda: desk.window.results.patient.text() == "Maria")
    desk.window.consent.note(FIRST)
    desk.window.deeds.toggle_bookmark(FIRST, 0.5)
    desk.window.deeds.send_now(FIRST)
    qtbot.waitUntil(lambda: "consent noted" in desk.window.results.facts.text())
    assert desk.line.session(FIRST).bookmarks == (8_000,)
    assert desk.around.released == []
    desk.answer()
    for session_id in (FIRST, LAST):
        order = desk.spool.get(session_id).order
        assert (order.patient, order.consented_at is None) == (MARIA, False)
    assert desk.spool.get(FIRST).bookmarks == (8_000,)
    assert desk.around.released == [FIRST, LAST]


def test_settings(desk: Desk, tmp_path: Path) -> None:
    desk.hang()
    deeds = desk.window.deeds
    deeds.set_setting("theme", Theme.DARK)
    deeds.set_setting("keep_notes_days", 12)
    deeds.set_setting("keep_notes_days", 13)
    assert desk.line.settings().theme is Theme.DARK
    assert desk.line.settings().keep_notes_days == 13
    assert SettingsFile(tmp_path).load().settings.keep_notes_days == Settings().keep_notes_days
    desk.window.deeds.discard(FIRST)
    desk.answer()
    stored = SettingsFile(tmp_path).load().settings
    assert (stored.theme, stored.keep_notes_days) == (Theme.DARK, 13)


def test_a_dictation_begins_gets_its_patient_and_is_cancelled_and_taken_back(
    desk: Desk, qtbot: QtBot
) -> None:
    desk.hang()
    QTest.keyClicks(desk.window.bar.form.name, "Maria")
    desk.window.bar.record.click()
    (recording,) = desk.made
    new = recording.session_id
    qtbot.waitUntil(lambda: desk.window.results.patient.text() == "Maria")
    assert desk.line.sessions()[0].session_id == new
    desk.line.bookmark_now()
    desk.window.deeds.cancel()
    assert recording.is_stopped
    assert desk.line.session(new).is_cancelled
    desk.window.strip.action.click()
    assert not desk.line.session(new).is_cancelled
    desk.answer()
    stored = desk.spool.get(new)
    assert stored.order.patient == MARIA
    assert stored.bookmarks == (16_000,)
    assert not stored.is_cancelled
    # The recorder's own news, which is late as well, are not laid over by old ones.
    desk.spool.update(new, lambda session: apply(session, SpeechStarted(11.0)))
    assert desk.line.session(new).capture is Capture.RECORDING


def test_what_the_disk_never_took_is_known_when_the_program_leaves(desk: Desk) -> None:
    desk.hang()
    desk.window.deeds.discard(FIRST)
    assert not desk.line.settle(0.01)


def test_last_is_the_one_that_the_disk_has_not_yet(desk: Desk) -> None:
    """`discard last` must not hit the patient before."""
    desk.hang()
    desk.window.bar.record.click()
    new = desk.made[0].session_id
    assert desk.line.find("last") == new
    assert desk.line.find(new[:20]) == new
    with pytest.raises(UnknownSession):
        desk.line.find("ses_0000")
    desk.answer()


# --- a disk that is full and says so at once ------------------------------------------------------


def test_cancel_on_a_full_disk_stops_the_recording_and_is_stored_later(
    desk: Desk, qtbot: QtBot
) -> None:
    desk.window.bar.record.click()
    (recording,) = desk.made
    desk.fill()
    desk.window.deeds.cancel()
    assert recording.is_stopped
    assert desk.line.session(recording.session_id).is_cancelled
    qtbot.waitUntil(lambda: "kept in memory" in desk.window.strip.message)
    desk.free()
    assert desk.spool.get(recording.session_id).is_cancelled
    qtbot.waitUntil(lambda: "safe on disk" in desk.window.strip.message)


def test_discard_and_undo_on_a_full_disk_are_whole(desk: Desk) -> None:
    desk.fill()
    desk.window.deeds.discard(FIRST)
    assert desk.line.session(FIRST).is_cancelled
    assert desk.line.session(LAST).is_cancelled, "half of a dictation was set aside"
    desk.window.deeds.restore(FIRST)
    assert not desk.line.session(LAST).is_cancelled
    desk.window.deeds.discard(FIRST)
    desk.free()
    assert desk.spool.get(FIRST).is_cancelled
    assert desk.spool.get(LAST).is_cancelled


def test_what_was_not_done_is_not_called_done(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    desk.window.deeds.told.connect(lambda telling: told.append(telling.message))
    desk.window.bar.record.click()

    def refuse(*_: object) -> None:
        raise DiskFull("The disk takes nothing.")

    monkeypatch.setattr(desk.line, "cancel", refuse)
    monkeypatch.setattr(desk.line, "discard", refuse)
    desk.window.deeds.cancel()
    desk.window.deeds.discard(FIRST)
    assert told == ["The disk takes nothing.", "The disk takes nothing."]


@pytest.mark.parametrize("by", ["keep", "another dictation", "locking"])
def test_an_edit_on_a_full_disk_is_read_at_once_and_stored_later(
    by: str, desk: Desk, qtbot: QtBot
) -> None:
    desk.spool.add(Session(OTHER, 9.0, Order(), Capture.STOPPED))
    desk.fill()
    desk.edit("typed for ten minutes ")
    if by == "keep":
        desk.window.results.actions_row.keep.click()
        qtbot.waitUntil(lambda: "typed for" in desk.window.results.reader.toPlainText())
    elif by == "locking":
        desk.window.results.keep_edit()
    else:
        desk.window.show_session(OTHER)
    qtbot.waitUntil(lambda: any(isinstance(one, SpoolTrouble) for one in desk.told))
    desk.free()
    notes = desk.spool.versions(FIRST)[-1].results.notes
    assert "typed for ten minutes" in str(notes[0].content)


def test_an_edit_that_cannot_be_stored_is_open_again_when_one_looks_at_its_dictation(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: SessionId) -> None:
        raise DiskFull("The disk takes nothing.")

    desk.edit("typed for ten minutes ")
    desk.spool.add(Session(OTHER, 9.0, Order(), Capture.STOPPED))
    with monkeypatch.context() as patch:
        patch.setattr(desk.line, "versions", broken)
        patch.setattr(desk.line, "shown_versions", lambda _: ())
        desk.window.show_session(OTHER)
        qtbot.wait(10)
        assert not desk.window.results.is_editing, "of another dictation"
        desk.window.close()
        assert desk.window.isVisible(), "the only copy of the edit is in the window"
    question_of(desk.window).reject()
    desk.window.show_session(FIRST)
    pane = desk.window.results
    pane.tab_bar.setCurrentIndex(1)
    pane.actions_row.edit.click()
    assert "typed for ten minutes" in pane.editor.text()
    with monkeypatch.context() as patch:
        patch.setattr(desk.line, "versions", broken)
        pane.actions_row.keep.click()
        qtbot.waitUntil(lambda: pane.is_editing)
    pane.actions_row.keep.click()
    assert desk.line.settle(WAIT_S)
    assert "typed for ten" in str(desk.spool.versions(FIRST)[-1].results.notes[0].content)
    assert not pane.holds_edits


def test_no_dictation_begins_on_a_full_disk_even_while_something_else_is_refused(
    desk: Desk, qtbot: QtBot
) -> None:
    desk.fill()
    desk.window.deeds.discard(FIRST)
    desk.window.bar.record.click()
    assert desk.made == []
    desk.free()
    assert len(desk.spool.sessions()) == 2, "one that was not recorded appeared later"


# --- one sentence for all, and a window that does not close over them ----------------------------


def test_safe_is_not_said_while_the_spool_still_waits(
    desk: Desk, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(late_write, "SLOW_S", 0.05)
    desk.hang()
    desk.window.deeds.set_setting("theme", Theme.DARK)
    desk.window.deeds.discard(FIRST)

    def troubles() -> list[SpoolTrouble]:
        return [one for one in desk.told if isinstance(one, SpoolTrouble)]

    qtbot.waitUntil(lambda: len(troubles()) == 2)
    desk.file.answers.set()
    assert desk.preferences.settle(WAIT_S)
    qtbot.waitUntil(lambda: len(troubles()) == 3)
    assert not any(one.recovered for one in troubles())
    qtbot.waitUntil(lambda: "kept in memory" in desk.window.strip.message)
    desk.answer()
    qtbot.waitUntil(lambda: troubles()[-1].recovered)


@pytest.mark.parametrize("answer", ["stay", "close"])
def test_a_window_with_unsaved_presses_asks_before_it_closes(
    answer: str, desk: Desk, qtbot: QtBot
) -> None:
    closed: list[bool] = []
    desk.window.closed.connect(lambda: closed.append(True))
    desk.hang()
    desk.edit("typed ")
    desk.window.close()
    assert not closed
    question = question_of(desk.window)
    assert "is lost" in question.informativeText()
    stay, go = (
        question.escapeButton(),
        next(one for one in question.buttons() if one is not question.escapeButton()),
    )
    (stay if answer == "stay" else go).click()
    assert bool(closed) == (answer == "close")
    desk.answer()


def test_a_window_that_records_in_memory_only_does_not_say_that_all_is_safe(desk: Desk) -> None:
    desk.window.bar.record.click()
    desk.window.close()
    safe = question_of(desk.window)
    assert "safe either way" in safe.informativeText()
    safe.reject()
    desk.made[0].unkept_frames = 5 * 16_000
    desk.window.close()
    assert "is lost" in question_of(desk.window).informativeText()


def test_a_window_whose_presses_are_all_on_disk_just_closes(desk: Desk) -> None:
    desk.window.deeds.discard(FIRST)
    desk.window.close()
    assert not desk.window.isVisible()
