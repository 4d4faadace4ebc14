"""The main window: record on top, dictations on the left, what became of one on the right.

The window holds only the last snapshots. Every press goes to the line, and
what is drawn is what the line then says, so the window cannot disagree with
the spool.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QMessageBox, QSplitter, QVBoxLayout, QWidget

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.notices import LiveText, MicrophoneChanged, SpoolTrouble, Trouble
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.ui import clipboard
from scribe_desktop.ui.bridge import Bridge, Errands
from scribe_desktop.ui.editing import edited_results
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.pictures import program_icon
from scribe_desktop.ui.pieces import card, label
from scribe_desktop.ui.record_bar import RecordBar
from scribe_desktop.ui.results_pane import ResultsPane, Shown
from scribe_desktop.ui.session_list import SessionList
from scribe_desktop.ui.strip import Strip
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.view_state import Remedy, Tone, foot_sentence
from scribe_desktop.ui.workplace import NOTHING_AROUND, Workplace

T = TypeVar("T")

FOOT_TICK_MS = 1000
TITLE = "Scribe Desktop"
"""The whole title: it never names a patient, because titles are seen by other programs."""


class MainWindow(QMainWindow):
    """Everything in one place."""

    settings_wanted = Signal(str)
    closed = Signal()

    def __init__(self, line: Line, bridge: Bridge, workplace: Workplace = NOTHING_AROUND) -> None:
        super().__init__()
        self._line = line
        self._workplace = workplace
        self._errands = Errands(self)
        self._sessions: dict[SessionId, Session] = {}
        self._live: dict[SessionId, str] = {}
        self._offer = line.offer()
        self._may_close = False
        self.setWindowTitle(TITLE)
        self.setWindowIcon(program_icon())
        self.bar = RecordBar(line)
        self.list = SessionList()
        self.results = ResultsPane()
        self.strip = Strip()
        self.foot = label("", quiet=True)
        self._lay_out()
        self._connect_panes()
        self._connect_bridge(bridge)
        self._add_keys()
        self._foot_timer = QTimer(self)
        self._foot_timer.setInterval(FOOT_TICK_MS)
        self._foot_timer.timeout.connect(self._show_foot)
        self._foot_timer.start()
        self.refresh()
        self.refresh_microphones()

    # --- building ---
    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.list)
        self.splitter.addWidget(self.results)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([320, 860])
        self.list.setMinimumWidth(200)
        self.results.setMinimumWidth(300)
        foot = card("foot")
        foot_row = QHBoxLayout(foot)
        foot_row.setContentsMargins(SPACE * 3, SPACE, SPACE * 3, SPACE)
        self.foot.setWordWrap(True)
        self.foot.setAccessibleName("State of all dictations")
        foot_row.addWidget(self.foot, 1)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        holder = QWidget()
        held = QVBoxLayout(holder)
        held.setContentsMargins(SPACE * 2, SPACE, SPACE * 2, 0)
        held.addWidget(self.strip)
        column.addWidget(holder)
        column.addWidget(self.splitter, 1)
        column.addWidget(foot)
        self.setCentralWidget(centre)
        self.resize(1120, 720)

    def _connect_panes(self) -> None:
        self.bar.record_pressed.connect(self.toggle)
        self.bar.pause_pressed.connect(self.toggle_pause)
        self.bar.cancel_pressed.connect(self.cancel)
        self.bar.setting_chosen.connect(self.set_setting)
        self.bar.patient_edited.connect(self._amend_patient)
        self.bar.service_pressed.connect(lambda: self.settings_wanted.emit("services"))
        self.list.session_chosen.connect(self.show_session)
        self.list.restore_pressed.connect(self.restore)
        self.list.discard_pressed.connect(self.discard)
        self.list.send_pressed.connect(self.send_now)
        self.results.copy_pressed.connect(self.copy)
        self.results.edited.connect(self.store_edit)
        self.results.advice_taken.connect(self._take_advice)
        place = self._workplace
        self.results.offer_to(
            insert=place.insert is not None,
            play=place.speaker is not None,
            export=place.exporter is not None,
            another=place.run_template is not None,
        )

    def _connect_bridge(self, bridge: Bridge) -> None:
        bridge.session_changed.connect(self.take_session)
        bridge.results_stored.connect(self._take_results)
        bridge.live_text_changed.connect(self._take_live_text)
        bridge.microphone_changed.connect(self.take_microphone)
        bridge.offer_changed.connect(self._take_offer)
        bridge.spool_troubled.connect(self._take_spool_trouble)
        bridge.troubled.connect(self._take_trouble)

    def _add_keys(self) -> None:
        self.toggle_action = QAction("Record or stop", self)
        self.toggle_action.triggered.connect(self.toggle)
        self.find_action = QAction("Find a dictation", self)
        self.find_action.setShortcut(QKeySequence.StandardKey.Find)
        self.find_action.triggered.connect(self.list.search.setFocus)
        self.addActions([self.toggle_action, self.find_action])

    # --- drawing what the line says ---
    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        for part in (self.bar, self.list, self.results, self.strip):
            part.use(colours)

    def refresh(self) -> None:
        """Read everything anew from the line."""
        self._sessions = {one.session_id: one for one in self._line.sessions()}
        settings = self._line.settings()
        self._offer = self._line.offer()
        self.bar.show_offer(self._offer, settings, self._line.locked_settings())
        self.bar.show_running(self._line.running())
        self.list.show_sessions(tuple(self._sessions.values()))
        self.toggle_action.setShortcut(QKeySequence(settings.key_toggle))
        self.results.welcome_with(settings.key_toggle if settings.global_keys else "")
        self._show_foot()

    def refresh_microphones(self) -> None:
        """Ask for the microphones, which may take two seconds, and list them."""
        self._errands.run(
            self._line.microphones,
            lambda found: self.bar.show_microphones(
                found, self._line.settings(), self._line.locked_settings()
            ),
            self.tell_error,
        )

    @Slot(object)
    def take_session(self, session: Session) -> None:
        """A session has a new snapshot."""
        known = session.session_id in self._sessions
        self._sessions[session.session_id] = session
        self.list.show_sessions(tuple(self._sessions.values()))
        self.bar.show_running(self._line.running())
        if not known and session.capture is not Capture.STOPPED:
            self.list.search.clear()
            self.show_session(session.session_id)
        elif self._shown_id() == session.session_id:
            self._draw(session.session_id)
        if session.resolved_at is not None:
            self._live.pop(session.session_id, None)
        self._show_foot()

    @Slot(str)
    def show_session(self, session_id: SessionId) -> None:
        """Show one dictation on the right and select it on the left."""
        if session_id in self._sessions:
            self._draw(session_id)
            self.list.select(session_id)

    def _draw(self, session_id: SessionId) -> None:
        session = self._sessions.get(session_id)
        if session is None:
            return
        versions = self.ask(lambda: self._line.versions(session_id)) or ()
        live = self._live.get(session_id, "")
        self.results.show_session(Shown(session, versions, self._offer, live))

    def _shown_id(self) -> SessionId | None:
        shown = self.results.shown
        return shown.session.session_id if shown else None

    @Slot(str)
    def _take_results(self, session_id: SessionId) -> None:
        if self._shown_id() == session_id:
            self._draw(session_id)

    @Slot(object)
    def _take_live_text(self, notice: LiveText) -> None:
        self._live[notice.session_id] = notice.text
        if self._shown_id() == notice.session_id:
            self.results.show_live_text(notice.text)

    @Slot(object)
    def take_microphone(self, notice: MicrophoneChanged) -> None:
        """The microphone changed; say so if something is wrong."""
        self.bar.show_microphone_state(notice)

    @Slot(object)
    def _take_offer(self, offer: Offer) -> None:
        self._offer = offer
        self.bar.show_offer(offer, self._line.settings(), self._line.locked_settings())
        self._show_foot()

    @Slot(object)
    def _take_spool_trouble(self, notice: SpoolTrouble) -> None:
        tone = Tone.GOOD if notice.recovered else Tone.WARNING
        self.strip.tell(notice.message, notice.remedy, tone=tone)

    @Slot(object)
    def _take_trouble(self, notice: Trouble) -> None:
        self.strip.tell(notice.message, notice.remedy)

    @Slot()
    def _show_foot(self) -> None:
        sentence = foot_sentence(tuple(self._sessions.values()), self._offer, time.time())
        if self.foot.text() != sentence:
            self.foot.setText(sentence)

    # --- what was pressed goes to the line ---
    def ask(self, question: Callable[[], T]) -> T | None:
        """Ask the line something; an error becomes a sentence on screen and None."""
        try:
            return question()
        except ScribeError as error:
            self.tell_error(error)
            return None

    def tell_error(self, error: ScribeError) -> None:
        """Show an error sentence."""
        self.strip.tell(error.message, error.remedy)

    @Slot()
    def toggle(self) -> None:
        """Start a dictation, or stop the one that runs."""
        if self._line.running() is not None:
            self.ask(self._line.stop)
        else:
            self._start()
        self.bar.show_running(self._line.running())

    def _start(self) -> None:
        session_id = self.ask(self._line.start)
        patient = self.bar.chosen_patient()
        if session_id is None or patient.is_empty:
            return
        # The order is the line's own default; only the patient is ours to add.
        running = self._line.running()
        if running is not None and running.session_id == session_id:
            order = replace(running.order, patient=patient)
            self.ask(lambda: self._line.amend(session_id, order))

    @Slot()
    def toggle_pause(self) -> None:
        """Pause, or go on."""
        running = self._line.running()
        if running is None:
            return
        self.ask(self._line.resume if running.capture is Capture.PAUSED else self._line.pause)
        self.bar.show_running(self._line.running())

    @Slot()
    def cancel(self) -> None:
        """Set the running dictation aside, and offer to take that back."""
        running = self._line.running()
        if running is None:
            return
        self.ask(self._line.cancel)
        self.bar.show_running(self._line.running())
        self._offer_undo(running.session_id, "The dictation was cancelled.")

    @Slot(str)
    def discard(self, session_id: SessionId) -> None:
        """Set a stored dictation aside, and offer to take that back."""
        self.ask(lambda: self._line.discard(session_id))
        self._offer_undo(session_id, "The dictation was set aside.")

    def _offer_undo(self, session_id: SessionId, message: str) -> None:
        self.strip.tell(
            message,
            "It is kept for 7 days.",
            tone=Tone.GOOD,
            action="Undo",
            act=lambda: self.restore(session_id),
        )

    @Slot(str)
    def restore(self, session_id: SessionId) -> None:
        """Take a cancelled dictation back."""
        self.ask(lambda: self._line.restore(session_id))

    @Slot(str)
    def send_now(self, session_id: SessionId) -> None:
        """Try at once what waits."""
        self.ask(lambda: self._line.send_now(session_id))

    @Slot(object)
    def _take_advice(self, action: Remedy) -> None:
        session_id = self._shown_id()
        if session_id is None:
            return
        if action is Remedy.RESTORE:
            self.restore(session_id)
        elif action is Remedy.SIGN_IN:
            self.settings_wanted.emit("services")
        elif action is Remedy.SEND_NOW:
            self.send_now(session_id)

    @Slot(str, object)
    def set_setting(self, name: str, value: Any) -> None:  # noqa: ANN401  JSON
        """Store a choice; what is shown afterwards is what was stored."""
        self.ask(lambda: self._line.set_setting(name, value))
        self.refresh()

    @Slot()
    def _amend_patient(self) -> None:
        running, patient = self._line.running(), self.bar.chosen_patient()
        if running is not None:
            order = replace(running.order, patient=patient)
            self.ask(lambda: self._line.amend(running.session_id, order))

    @Slot(str)
    def copy(self, text: str) -> None:
        """Put text on the clipboard."""
        clipboard.copy_text(text)
        self.strip.tell("Copied.", tone=Tone.GOOD)

    @Slot(str, str, str)
    def store_edit(self, session_id: SessionId, key: str, text: str) -> None:
        """Store the clinician's version beside the service's."""
        versions = self.ask(lambda: self._line.versions(session_id))
        if versions:
            results = edited_results(versions[-1].results, key, text)
            self.ask(lambda: self._line.edit(session_id, results))

    # --- leaving ---
    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask before leaving a dictation that is running; one click must not end it."""
        self.results.keep_edit()
        if self._line.running() is not None and not self._may_close:
            event.ignore()
            self._ask_to_close()
            return
        event.accept()
        self.closed.emit()

    def _ask_to_close(self) -> None:
        question = QMessageBox(self)
        question.setIcon(QMessageBox.Icon.Question)
        question.setWindowTitle(TITLE)
        question.setTextFormat(Qt.TextFormat.PlainText)
        question.setText("A dictation is still being recorded.")
        question.setInformativeText("What was spoken so far is safe either way.")
        stop = question.addButton("Stop, deliver and close", QMessageBox.ButtonRole.AcceptRole)
        on = question.addButton("Go on recording", QMessageBox.ButtonRole.RejectRole)
        question.setDefaultButton(on)
        question.setEscapeButton(on)
        question.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        stop.clicked.connect(self._stop_and_close)
        question.open()

    @Slot()
    def _stop_and_close(self) -> None:
        self.ask(self._line.stop)
        self._may_close = True
        self.close()

    def close_without_asking(self) -> None:
        """The computer is going down: what was spoken is in the spool."""
        self._may_close = True
        self.close()
