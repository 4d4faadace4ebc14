"""The main window: record on top, dictations on the left, what became of one on the right.

The window holds only the last snapshots. Every press goes to the line, and
what is drawn is what the line then says, so the window cannot disagree with
the spool.
"""

import time
from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QAction, QCloseEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from scribe_desktop.domain.notices import (
    LiveText,
    MicrophoneChanged,
)
from scribe_desktop.domain.offer import Offer
from scribe_desktop.domain.order import Patient
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.ui.accounts import account_of
from scribe_desktop.ui.as_one import (
    dictations,
    first_of,
    is_going_on,
    members,
    whole,
    whole_versions,
)
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.consent import Consent
from scribe_desktop.ui.deeds import Deeds
from scribe_desktop.ui.dialogs import (
    ask_to_close,
    ask_to_lose,
)
from scribe_desktop.ui.help import show_help
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.lists import Lists
from scribe_desktop.ui.main_menu import MainMenu
from scribe_desktop.ui.news import News
from scribe_desktop.ui.past_list import PastList
from scribe_desktop.ui.pictures import program_icon
from scribe_desktop.ui.pieces import card, label
from scribe_desktop.ui.record_bar import NARROW, RecordBar
from scribe_desktop.ui.results_pane import ResultsPane, Shown
from scribe_desktop.ui.session_list import SessionList
from scribe_desktop.ui.shown_dictation import ShownDictation
from scribe_desktop.ui.strip import Strip
from scribe_desktop.ui.theme import SPACE, Colours
from scribe_desktop.ui.titles import TITLE
from scribe_desktop.ui.view_state import foot_sentence
from scribe_desktop.ui.workplace import NOTHING_AROUND, Workplace

FOOT_TICK_MS = 1000
FRAME = 48
"""What a window manager may add around the window, so that it fits on a small screen."""
KEPT_WAIT_S = 0.2
"""How long a window that closes waits for the disk before it asks."""


class MainWindow(QMainWindow):
    """Everything in one place."""

    settings_wanted = Signal(str)
    closed = Signal()

    def __init__(self, line: Line, bridge: Bridge, workplace: Workplace = NOTHING_AROUND) -> None:
        super().__init__()
        self._line = line
        self._sessions: dict[SessionId, Session] = {}
        self._live: dict[SessionId, str] = {}
        self._offer = line.offer()
        self._may_close = False
        self.is_sent_away = False
        self.setWindowTitle(TITLE)
        self.setWindowIcon(program_icon())
        self.deeds = Deeds(line, workplace, self)
        self.bar = RecordBar(line)
        self.list = SessionList()
        self.past = PastList()
        self.lists = Lists(self.list, self.past, has_history=workplace.history is not None)
        self.results = ResultsPane()
        self.results.actions_row.offer(workplace)
        self.strip = Strip()
        self.foot = label("", quiet=True)
        self.menu = MainMenu(self)
        self.bar.menu.setMenu(self.menu)
        self.menu.open_recording.triggered.connect(self.choose_file)
        self.menu.settings.triggered.connect(lambda: self.settings_wanted.emit(""))
        self.menu.help.triggered.connect(self.show_help)
        self._lay_out()
        self._connect_deeds()
        self.shown_dictation = ShownDictation(self.results, self.deeds, workplace)
        self.shown_dictation.settings_wanted.connect(self.settings_wanted)
        self.shown_dictation.running_changed.connect(self._show_running)
        self.consent = Consent(self.bar, self.results, self.deeds, line, time.time)
        self.consent.listen(bridge)
        self._news = News(self.strip, self.deeds)
        self._news.listen(bridge)
        self._connect_bridge(bridge)
        self._add_keys()
        self._foot_timer = QTimer(self)
        self._foot_timer.setInterval(FOOT_TICK_MS)
        self._foot_timer.timeout.connect(self._show_foot)
        self._foot_timer.start()
        self._show_all()

    # --- building ---
    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.addWidget(self.lists)
        self.splitter.addWidget(self.results)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setSizes([310, 870])
        self.lists.setMinimumWidth(200)
        self.results.setMinimumWidth(300)
        foot = card("foot")
        foot_row = QHBoxLayout(foot)
        foot_row.setContentsMargins(SPACE * 3, SPACE, SPACE * 3, SPACE)
        self.foot.setWordWrap(True)
        self.foot.setAccessibleName("State of all dictations")
        foot_row.addWidget(self.foot, 1)
        told = QVBoxLayout()
        told.setContentsMargins(SPACE * 2, SPACE, SPACE * 2, 0)
        told.addWidget(self.strip)
        centre = QWidget()
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addLayout(told)
        column.addWidget(self.splitter, 1)
        column.addWidget(foot)
        # At 300 % on a small screen the window is lower than its parts: then it
        # scrolls, so that nothing is out of reach.
        scroll = QScrollArea()
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(centre)
        # Queued, because a sentence gets its place only when the parts are laid out anew.
        self.strip.shown.connect(self._bring_strip_into_sight, Qt.ConnectionType.QueuedConnection)
        self._content = scroll
        self.setCentralWidget(scroll)
        room = self.screen().availableSize() - QSize(FRAME, FRAME)
        self.resize(QSize(1180, 760).boundedTo(room))

    def _connect_deeds(self) -> None:
        deeds = self.deeds
        self.bar.record_pressed.connect(deeds.toggle)
        self.bar.pause_pressed.connect(deeds.toggle_pause)
        self.bar.cancel_pressed.connect(deeds.cancel)
        self.bar.setting_chosen.connect(deeds.set_setting)
        self.bar.patient_edited.connect(self._give_patient)
        self.bar.service_pressed.connect(lambda: self.settings_wanted.emit("services"))
        self.bar.sessions.toggled.connect(self._show_narrow)
        self.list.session_chosen.connect(self.show_session)
        self.list.view.clicked.connect(lambda: self.bar.sessions.setChecked(False))
        self.list.restore_pressed.connect(deeds.restore)
        self.list.discard_pressed.connect(deeds.discard)
        self.list.send_pressed.connect(deeds.send_now)
        deeds.told.connect(self.strip.tell)
        deeds.running_changed.connect(self._show_running)
        deeds.settings_changed.connect(self.refresh)
        deeds.imported.connect(self.show_session)

    def _connect_bridge(self, bridge: Bridge) -> None:
        bridge.session_changed.connect(self.take_session)
        bridge.results_stored.connect(self._take_results)
        bridge.live_text_changed.connect(self._take_live_text)
        bridge.microphone_changed.connect(self._show_microphone)
        bridge.offer_changed.connect(self._take_offer)
        # Also by a button of a dictation microphone.
        bridge.setting_changed.connect(self.refresh)
        bridge.recordings_opened.connect(self.refresh)

    def _add_keys(self) -> None:
        self.toggle_action = QAction("Record or stop", self)
        self.toggle_action.triggered.connect(self.deeds.toggle)
        self.find_action = QAction("Find a dictation", self)
        self.find_action.setShortcut(QKeySequence.StandardKey.Find)
        self.find_action.triggered.connect(self._find)
        self.addActions([self.toggle_action, self.find_action, *self.menu.actions()])

    def take_content(self) -> QWidget:
        """Give everything inside the frame up, to be shown behind a curtain."""
        self.takeCentralWidget()
        return self._content

    # --- drawing what the line says ---
    def use(self, colours: Colours) -> None:
        """Draw in these colours."""
        for part in (
            self.bar,
            self.lists,
            self.results,
            self.strip,
            self.menu,
        ):
            part.use(colours)

    def _show_all(self) -> None:
        self.refresh()
        self.refresh_microphones()
        # Not now: the window itself comes first.
        QTimer.singleShot(0, self._rehearse)

    @Slot()
    def refresh(self) -> None:
        """Read everything anew from the line."""
        self._sessions = {one.session_id: one for one in self._line.sessions()}
        settings = self._line.settings()
        self._offer = self._line.offer()
        self.bar.show_offer(self._offer, settings, self._line.locked_settings())
        self._show_running()
        self.list.show_account(account_of(settings))
        self._list_sessions()
        shown = self.results.shown
        if shown and not shown.origin and not self.list.holds(shown.session.session_id):
            # Deleted, or another clinician's.
            self.results.keep_edit()
            self.results.show_nothing()
        self.toggle_action.setShortcut(QKeySequence(settings.key_toggle))
        self.results.welcome.show_key(settings.key_toggle, everywhere=settings.global_keys)
        self._show_foot()

    @Slot()
    def _rehearse(self) -> None:
        self.results.rehearse(self._offer)

    @Slot()
    def refresh_microphones(self) -> None:
        """Ask for the microphones, which may take two seconds, and list them."""
        self.deeds.errands.run(
            self._line.microphones,
            lambda found: self.bar.show_microphones(
                found, self._line.settings(), self._line.locked_settings()
            ),
            self.deeds.tell_error,
        )

    @Slot()
    def _show_running(self) -> None:
        running = self._line.running()
        self.bar.show_running(running, is_heard=self._line.is_heard())
        self.results.player.allow(running is None)
        if running is not None:
            self.deeds.stop_playing()

    @Slot(object)
    def _show_microphone(self, notice: MicrophoneChanged) -> None:
        """Also the lights that are not beside the meter; each draws only what differs."""
        self.bar.show_microphone_state(notice)
        self._show_running()
        is_heard = self._line.is_heard()
        if self.list.is_heard is not is_heard:
            self._list_sessions()
        shown = self.results.shown
        if shown and not shown.origin and shown.is_heard is not is_heard:
            self._draw(shown.session.session_id)

    def _list_sessions(self) -> None:
        self.list.show_sessions(dictations(self._sessions.values()), is_heard=self._line.is_heard())

    @Slot(object)
    def take_session(self, session: Session) -> None:
        """A session has a new snapshot."""
        before = self._sessions.get(session.session_id)
        self._sessions[session.session_id] = session
        self._list_sessions()
        self._show_running()
        stopped = session.capture is Capture.STOPPED
        if before is None and not stopped and not self._is_rolled_over(session):
            self._begin_with(session)
        elif self._shown_id() == first_of(self._sessions, session.session_id):
            self._draw(session.session_id)
        if before is not None and before.capture is not Capture.STOPPED and stopped:
            self._part_is_over(session)
        if session.resolved_at is not None:
            self._live.pop(session.session_id, None)
        self._show_foot()

    def _is_rolled_over(self, session: Session) -> bool:
        """Whether it only goes on with what is being recorded: nothing has begun to be shown."""
        former = self._sessions.get(session.follows) if session.follows else None
        return former is not None and former.capture is not Capture.STOPPED

    def _part_is_over(self, session: Session) -> None:
        self._news.part_is_over()
        if not is_going_on(self._sessions, session.session_id):
            # The next visit is another patient's until someone says otherwise.
            self.bar.show_patient(Patient())
            self.deeds.patient = Patient()

    def _begin_with(self, session: Session) -> None:
        """A dictation began, also by a key of the system: show it, and say whose it is."""
        self.list.search.clear()
        self.lists.show_here()
        self.show_session(session.session_id)
        running = self._line.running()
        if running is not None and running.session_id == session.session_id:
            self._give_patient()

    @Slot()
    def _give_patient(self) -> None:
        running, patient = self._line.running(), self.bar.chosen_patient()
        self.deeds.patient = patient
        if running is not None and running.order.patient != patient and not patient.is_empty:
            self.deeds.give_to(running.session_id, patient)

    @Slot(str)
    def show_session(self, session_id: SessionId) -> None:
        """Show one dictation on the right and select it on the left."""
        if session_id not in self._sessions:
            self._sessions = {one.session_id: one for one in self._line.sessions()}
            self._list_sessions()
        if session_id not in self._sessions:
            return
        first = first_of(self._sessions, session_id)
        if first != self._shown_id():
            self.deeds.stop_playing()
        self._draw(first)
        with QSignalBlocker(self.list):
            # It would have the same drawn once more.
            self.list.select(first)

    @Slot()
    def show_chosen(self) -> None:
        """Our own list is back: what is selected in it is what is shown."""
        chosen = self.list.chosen()
        if chosen is not None:
            self.show_session(chosen)

    def _draw(self, session_id: SessionId) -> None:
        parts = members(self._sessions, session_id)
        ask, line = self.deeds.ask, self._line
        written = ask(lambda: whole_versions(parts, line.shown_versions)) or ()
        heard = ask(lambda: whole_versions(parts, line.heard_versions)) or ()
        self.results.show_session(
            Shown(
                whole(parts),
                written,
                self._offer,
                self._live_of(parts),
                parts=parts,
                heard=heard,
                is_heard=line.is_heard(),
            )
        )

    def _live_of(self, parts: Sequence[Session]) -> str:
        return "\n".join(filter(None, (self._live.get(part.session_id) for part in parts)))

    def _shown_id(self) -> SessionId | None:
        shown = self.results.shown
        return shown.session.session_id if shown else None

    @Slot(str)
    def _take_results(self, session_id: SessionId) -> None:
        if session_id in self._sessions and self._shown_id() == first_of(
            self._sessions, session_id
        ):
            self._draw(session_id)

    @Slot(object)
    def _take_live_text(self, notice: LiveText) -> None:
        self._live[notice.session_id] = notice.text
        if notice.session_id not in self._sessions:
            return
        parts = members(self._sessions, notice.session_id)
        if self._shown_id() == parts[0].session_id:
            self.results.show_live_text(self._live_of(parts))

    @Slot(object)
    def _take_offer(self, offer: Offer) -> None:
        self._offer = offer
        self.bar.show_offer(offer, self._line.settings(), self._line.locked_settings())
        self._show_foot()

    @Slot()
    def _show_foot(self) -> None:
        sentence = foot_sentence(dictations(self._sessions.values()), self._offer, time.time())
        if self.foot.text() != sentence:
            self.foot.setText(sentence)

    # --- what is needed seldom ---
    @Slot()
    def show_help(self) -> None:
        """How a dictation goes, and the keys as they are set now."""
        show_help(self, self._line.settings())

    @Slot()
    def choose_file(self) -> None:
        """Let the clinician pick a recording to be written down."""
        path, _ = QFileDialog.getOpenFileName(self, "Open a recording")
        if path:
            self.deeds.import_file(path)

    @Slot()
    def _find(self) -> None:
        self.bar.sessions.setChecked(True)
        (self.past if self.lists.shows_service else self.list).search.setFocus()

    # --- size and leaving ---
    def resizeEvent(self, event: QResizeEvent) -> None:
        """Let list and result take turns when there is no room for both."""
        super().resizeEvent(event)
        self._show_narrow()

    @Slot()
    def _bring_strip_into_sight(self) -> None:
        # What can wait until it is come across must not take Record out of sight.
        if self.strip.action.isVisible() or self._line.running() is not None:
            self._content.ensureWidgetVisible(self.strip, 0, SPACE)

    @Slot()
    def _show_narrow(self) -> None:
        # Where words do not fit, list and result do not either: they take turns.
        narrow = self.width() < NARROW
        listed = self.bar.sessions.isChecked()
        self.bar.fit(self.width())
        self.lists.setVisible(not narrow or listed)
        self.results.setVisible(not narrow or not listed)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask before leaving what runs or is in memory only; one click must not end it."""
        self.results.keep_edit()
        if not self._may_close and self._asks_to_close():
            event.ignore()
            return
        event.accept()
        self.closed.emit()

    def _asks_to_close(self) -> bool:
        is_kept = self._line.is_kept(KEPT_WAIT_S) and not self.results.holds_edits
        if self._line.running() is not None:
            ask_to_close(self, self._stop_and_close, is_kept=is_kept)
        elif not is_kept:
            ask_to_lose(self, self._close_anyway)
        return self._line.running() is not None or not is_kept

    def _stop_and_close(self) -> None:
        self.deeds.stop()
        self._close_anyway()

    def _close_anyway(self) -> None:
        self._may_close = True
        self.close()

    @Slot()
    def close_without_asking(self) -> None:
        """The computer is going down: what was spoken is in the spool, and nobody may be there."""
        self.is_sent_away = True
        self._close_anyway()
