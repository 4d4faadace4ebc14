"""All windows of the program and what ties them together: one state, shown in many places.

The main window is built at once; settings, first run and the box for waiting
text are built when they are first needed, so that the program is on screen
within a second.
"""

from PySide6.QtCore import QObject, QSettings, Slot
from PySide6.QtGui import QAction, QShortcut
from PySide6.QtWidgets import QApplication, QStackedWidget, QSystemTrayIcon, QWidget
from shiboken6 import isValid

from scribe_desktop.domain.order import THIS_COMPUTER
from scribe_desktop.domain.reassurance import told_once
from scribe_desktop.domain.results import NoteStatus, Results
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.domain.settings import AfterStop, ShowAgain
from scribe_desktop.ui.accounts import account_of
from scribe_desktop.ui.bridge import Bridge
from scribe_desktop.ui.curtain import Curtain, Idleness
from scribe_desktop.ui.deeds import Telling
from scribe_desktop.ui.dictation_box import DictationBox
from scribe_desktop.ui.first_run import FirstRun
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.main_window import MainWindow
from scribe_desktop.ui.mini_recorder import MiniRecorder
from scribe_desktop.ui.note_text import note_markdown, plain_text
from scribe_desktop.ui.service_screens import ServiceScreens
from scribe_desktop.ui.settings.dialog import SettingsDialog
from scribe_desktop.ui.settings.page import Surroundings
from scribe_desktop.ui.settings.services import ServicesPage
from scribe_desktop.ui.stall import StallWatch
from scribe_desktop.ui.theme import Colours, colours_for, dress
from scribe_desktop.ui.tray import Tray
from scribe_desktop.ui.workplace import Workplace


class Windows(QObject):
    """Owns every window; `places` keeps where they were."""

    def __init__(
        self,
        application: QApplication,
        line: Line,
        bridge: Bridge,
        workplace: Workplace,
        places: QSettings,
    ) -> None:
        super().__init__()
        self._application = application
        self._line = line
        self._bridge = bridge
        self._workplace = workplace
        self._places = places
        self._fresh: set[SessionId] = set()
        self._last_text = ""
        self._account = account_of(line.settings())
        self._colours: Colours | None = None
        self._settings: SettingsDialog | None = None
        self._first_run: FirstRun | None = None
        self.stalls = StallWatch()
        self.main = MainWindow(line, bridge, workplace)
        self.deeds = self.main.deeds
        self.service_screens = ServiceScreens(self.main, line, workplace)
        self.curtain = Curtain(workplace.lock)
        self._hang_curtain()
        self.mini = MiniRecorder(line, self.deeds, places)
        self.box = DictationBox()
        self.tray = Tray(self.deeds, self.main)
        self.idleness = Idleness(application, workplace.idle_s)
        self._put_away: list[QWidget] = []
        self._resting_keys: list[QShortcut | QAction] = []
        self._ready_later: list[tuple[AfterStop, str]] = []
        self._connect()
        self._follow_settings()
        if workplace.insertion is not None:
            workplace.insertion.stand_aside_with(self._stand_aside)

    def _hang_curtain(self) -> None:
        """The curtain takes the place of everything in the main window."""
        self._stage = QStackedWidget()
        self._stage.addWidget(self.main.take_content())
        self._stage.addWidget(self.curtain)
        self.main.setCentralWidget(self._stage)

    def _connect(self) -> None:
        bridge, deeds = self._bridge, self.deeds
        bridge.session_changed.connect(self._take_session)
        bridge.results_stored.connect(self._take_results)
        bridge.microphone_changed.connect(self._show_running)
        deeds.running_changed.connect(self._show_running)
        deeds.settings_changed.connect(self._follow_settings)
        deeds.text_refused.connect(self._hold)
        deeds.told.connect(self._tell_on_curtain)
        self.box.copy_pressed.connect(deeds.copy)
        self.box.insert_pressed.connect(self._insert_from_box)
        self.main.settings_wanted.connect(self.open_settings)
        self.tray.show_pressed.connect(self.bring_to_front)
        self.tray.quit_pressed.connect(self._leave)
        self.idleness.fell_idle.connect(self._hide_from_the_idle)
        self.curtain.opened.connect(self.unlock)
        self._application.styleHints().colorSchemeChanged.connect(self._dress)
        self.main.menu.hide_text.triggered.connect(self.lock)

    # --- what everything follows ---
    @Slot()
    def _follow_settings(self) -> None:
        settings = self._line.settings()
        self._workplace.follow_settings()
        self.idleness.set_minutes(settings.lock_after_minutes)
        if self._account != account_of(settings):
            # Another clinician: the last text is not theirs to insert.
            self._account, self._last_text = account_of(settings), ""
            self.service_screens.hide_texts()
        if self._needs_a_new_pin():
            self.lock()
        colours = colours_for(settings.theme)
        if colours is not self._colours:
            self._dress()
        self._show_running()

    @Slot()
    def _dress(self) -> None:
        self._colours = colours_for(self._line.settings().theme)
        dress(self._application, self._colours)
        dressed = (self.main, self.service_screens, self.mini, self.tray, self.box)
        for part in (*dressed, self._settings, self._first_run):
            if part is not None:
                part.use(self._colours)

    @Slot()
    def _show_running(self) -> None:
        running, is_heard = self._line.running(), self._line.is_heard()
        wanted = self._line.settings().mini_recorder
        self.mini.show_running(running, is_heard=is_heard, wanted=wanted)
        self.tray.show_running(running, is_heard=is_heard)

    @Slot(object)
    def _take_session(self, session: Session) -> None:
        begins = session.session_id not in self._fresh
        if session.capture is not Capture.STOPPED and begins:
            self._fresh.add(session.session_id)
            if self._workplace.insertion is not None:
                self._workplace.insertion.remember(session.session_id, session.follows)
        self._show_running()

    # --- what happens with a text that is ready ---
    @Slot(str)
    def _take_results(self, session_id: SessionId) -> None:
        if session_id not in self._fresh:
            return
        versions = self.deeds.ask(lambda: self._line.shown_versions(session_id))
        text = text_of(versions[-1].results) if versions else ""
        if not text:
            return
        self._fresh.discard(session_id)
        self._last_text = text
        after = self._line.settings().after_stop
        if self.is_locked and after is not AfterStop.SHOW:
            self._ready_later.append((after, text))
        elif after is AfterStop.COPY:
            self.deeds.copy(text)
        elif after is AfterStop.INSERT:
            self.deeds.insert(text, session_id)

    @Slot()
    def insert_last(self) -> None:
        """Insert the text of the latest dictation where the cursor is now."""
        if self._last_text:
            self.deeds.insert_in_front(self._last_text)

    @Slot()
    def copy_last(self) -> None:
        """Copy the text of the latest dictation."""
        if self._last_text:
            self.deeds.copy(self._last_text)

    @Slot(str)
    def _insert_from_box(self, text: str) -> None:
        self.box.hide()
        self.deeds.insert_in_front(text)

    def _stand_aside(self) -> None:
        """Give the focus back to the program the clinician came from."""
        self.box.hide()
        if self._settings is not None:
            self._settings.hide()
        self.main.showMinimized()

    # --- the recording that is shown ---
    @Slot()
    def play_or_pause(self) -> None:
        """Play the shown recording, or pause it; nothing behind the curtain."""
        if not self.is_locked:
            self.main.results.player.toggle()

    def begin_skipping(self, direction: int) -> None:
        """Back or forward, and on while it is held."""
        if not self.is_locked:
            self.main.results.player.begin_skipping(direction)

    @Slot()
    def end_skipping(self) -> None:
        """The pedal or button came up."""
        self.main.results.player.end_skipping()

    @Slot()
    def bookmark(self) -> None:
        """Mark the place in the shown recording, or take the mark away."""
        if not self.is_locked:
            self.main.results.player.bookmark()

    def go_to_stop(self, direction: int) -> None:
        """To the next field or heading of the shown text, or back."""
        if not self.is_locked:
            self.main.results.go_to_stop(direction)

    # --- showing and hiding ---
    def open(self, *, hidden: bool = False) -> None:
        """Put the program on screen; `hidden`, only in the tray or the list of windows."""
        geometry = self._places.value("main_window")
        if geometry is not None:
            self.main.restoreGeometry(geometry)
        if QSystemTrayIcon.isSystemTrayAvailable():
            self.tray.show()
        if not hidden:
            self.main.show()
        elif not self.tray.isVisible():
            # Without a tray it could never be found again.
            self.main.showMinimized()
        self.stalls.start()
        self._lock_at_start()
        if not hidden:
            self._offer_first_run()
        self._look_for_model()

    def _look_for_model(self) -> None:
        """Say at once, and not after the first dictation, that the speech model is missing."""
        weights = self._workplace.weights
        if weights is not None and self._line.settings().service == THIS_COMPUTER:
            self.deeds.errands.run(weights.missing, self._say_missing, self.deeds.tell_error)

    def _say_missing(self, sentence: str) -> None:
        if sentence:
            self.deeds.told.emit(
                Telling(
                    sentence,
                    "What you dictate meanwhile is kept and written when it is here.",
                    action="Fetch the speech model",
                    act=self._fetch_model,
                )
            )

    def _fetch_model(self) -> None:
        page = self.open_settings("services").page("services")
        if isinstance(page, ServicesPage):
            page.fetch_model()

    def close(self) -> None:
        """Take everything off the screen."""
        self.stalls.stop()
        self._places.setValue("main_window", self.main.saveGeometry())
        self._places.sync()
        self.idleness.set_minutes(0)
        for window in (self._settings, self._first_run, self.mini, self.box):
            if window is not None:
                window.hide()
        self.tray.hide()

    @Slot()
    def bring_to_front(self) -> None:
        """Show the main window before all others."""
        self._offer_first_run()
        if self.main.isMinimized():
            self.main.showNormal()
        self.main.show()
        self.main.raise_()
        self.main.activateWindow()

    @Slot()
    def show_or_hide(self) -> None:
        """Show the main window, or put it away when it is in front."""
        if self.main.isVisible() and self.main.isActiveWindow():
            self.main.hide()
        else:
            self.bring_to_front()

    @Slot()
    def _leave(self) -> None:
        self.bring_to_front()
        self.main.close()

    @Slot(str)
    def open_settings(self, page: str = "") -> SettingsDialog:
        """Open the settings at a page."""
        if self._settings is None:
            surroundings = Surroundings(self._line, self.deeds, self._workplace, self.stalls)
            self._settings = SettingsDialog(surroundings, self.main)
            self._bridge.offer_changed.connect(self._settings.show_offer)
            if self._colours is not None:
                self._settings.use(self._colours)
        self._settings.open_page(page)
        return self._settings

    def _offer_first_run(self) -> None:
        if self._first_run is None and not self._line.settings().first_run_done:
            self.open_first_run()

    def open_first_run(self) -> FirstRun:
        """Open the three steps of the first minute."""
        self._first_run = FirstRun(self._line, self.deeds, self._workplace, self._bridge, self.main)
        if self._colours is not None:
            self._first_run.use(self._colours)
        self._first_run.show()
        return self._first_run

    # --- the lock ---
    @Slot()
    def lock(self) -> None:
        """Hide every text; a recording goes on."""
        if self.is_locked:
            return
        self.main.results.keep_edit()
        self.service_screens.hide_texts()
        self.main.results.player.silence()
        self._let_text_out(False)
        self._put_others_away()
        self.deeds.stop_playing()
        self.main.results.player.silence()
        self._take_keys_away()
        required = self._line.settings().require_pin
        self.curtain.draw(required=required, by_computer=self._by_computer())
        self._stage.setCurrentWidget(self.curtain)
        self.curtain.take_focus()

    @Slot()
    def unlock(self) -> None:
        """Show everything again, and what became ready meanwhile."""
        if not self.is_locked:
            return
        if self._needs_a_new_pin():
            # The forgotten one was taken away; now a new one is chosen.
            self.curtain.draw(required=True)
            self.curtain.take_focus()
            return
        self._stage.setCurrentIndex(0)
        self._let_text_out(True)
        resting, self._resting_keys = self._resting_keys, []
        for key in filter(isValid, resting):
            key.setEnabled(True)
        put_away, self._put_away = self._put_away, []
        for window in filter(isValid, put_away):
            window.show()
        later, self._ready_later = self._ready_later, []
        for after, text in later:
            if after is AfterStop.COPY:
                self.deeds.copy(text)
            else:
                # Its window was remembered long ago, so it is for a person to say where.
                self.box.hold(text)

    def _lock_at_start(self) -> None:
        lock = self._workplace.lock
        by_pin = self._line.settings().show_again_with is ShowAgain.PIN
        # Who has just signed in to the computer need not do so again.
        if lock is None or not by_pin:
            return
        if lock.is_set():
            self.lock()

        def looked(_: None) -> None:
            if lock.is_set():
                self.lock()

        self.deeds.errands.run(lock.look, looked, self.deeds.tell_error)

    @Slot()
    def _hide_from_the_idle(self) -> None:
        """Nobody is there: with the computer's sign-in, its lock screen comes too."""
        was_locked = self.is_locked
        self.lock()
        if self._by_computer() and not was_locked:
            self.curtain.lock_computer()

    def _by_computer(self) -> bool:
        lock, chosen = self._workplace.lock, self._line.settings().show_again_with
        return chosen is ShowAgain.COMPUTER and lock is not None and lock.can_prove_otherwise

    def _needs_a_new_pin(self) -> bool:
        lock = self._workplace.lock
        required = self._line.settings().require_pin and not self._by_computer()
        return required and lock is not None and not lock.is_set()

    def _let_text_out(self, allowed: bool) -> None:  # noqa: FBT001  a switch
        self.deeds.text_is_hidden = not allowed
        if self._workplace.insertion is not None:
            self._workplace.insertion.forbid(not allowed)

    def _take_keys_away(self) -> None:
        """Those of the window would open, play and change what is hidden; the record key stays."""
        stay = (self.main.toggle_action, self.main.menu.leave)
        children = self.main.findChildren(QShortcut)
        shortcuts = [child for child in children if isinstance(child, QShortcut)]
        keys: list[QShortcut | QAction] = [*shortcuts, *self.main.actions()]
        self._resting_keys = [key for key in keys if key.isEnabled() and key not in stay]
        for key in self._resting_keys:
            key.setEnabled(False)

    def _put_others_away(self) -> None:
        """Every other window may show text: settings, questions, what waits in the box."""
        while (popup := QApplication.activePopupWidget()) is not None:
            popup.close()
        for window in QApplication.topLevelWidgets():
            if window.isVisible() and window not in (self.main, self.mini):
                self._put_away.append(window)
                window.hide()

    @Slot(str)
    def _hold(self, text: str) -> None:
        if self.is_locked:
            self._ready_later.append((AfterStop.INSERT, text))
        else:
            self.box.hold(text)

    @Slot(object)
    def _tell_on_curtain(self, telling: Telling) -> None:
        if self.is_locked:
            self.curtain.say(told_once(telling.message, telling.remedy))

    @property
    def is_locked(self) -> bool:
        """Whether text is hidden."""
        return self._stage.currentWidget() is self.curtain


def text_of(results: Results) -> str:
    """What a clinician wants in the record: the first good note, else what was said."""
    for note in results.notes:
        text = plain_text(note_markdown(note.content))
        if note.status is NoteStatus.SUCCESS and text:
            return text
    return results.transcript or ""
