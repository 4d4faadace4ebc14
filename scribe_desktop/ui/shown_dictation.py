"""What is pressed under a result: play it, export it, give it to another patient."""

from functools import partial

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog

from scribe_desktop.domain.playback import STEP_S
from scribe_desktop.domain.session import SessionId
from scribe_desktop.ui.advice import Remedy
from scribe_desktop.ui.deeds import Deeds
from scribe_desktop.ui.dialogs import ask_patient
from scribe_desktop.ui.results_pane import ResultsPane
from scribe_desktop.ui.workplace import ExportFormat, Workplace


class ShownDictation(QObject):
    """Turns the presses under a result into deeds on its dictation."""

    settings_wanted = Signal(str)
    running_changed = Signal()
    play_there = Signal()

    def __init__(self, pane: ResultsPane, deeds: Deeds, workplace: Workplace) -> None:
        super().__init__(pane)
        self._pane = pane
        self._deeds = deeds
        self._workplace = workplace
        row = pane.actions_row
        pane.copy_pressed.connect(deeds.copy)
        pane.insert_pressed.connect(deeds.insert)
        pane.edited.connect(deeds.store_edit)
        deeds.edit_refused.connect(pane.hold_edit)
        pane.advice_taken.connect(self._take_advice)
        row.play_pressed.connect(self.play_there)
        row.export_pressed.connect(self._export)
        row.template_pressed.connect(self._run_template)
        row.patient_pressed.connect(self._change_patient)
        row.continue_pressed.connect(self._continue)
        deeds.playing_changed.connect(row.show_playing)
        pane.player.offer(workplace.player)
        pane.player.bookmark_pressed.connect(self._bookmark)
        pane.player.failed.connect(deeds.tell_error)
        deeds.silenced.connect(pane.player.silence)
        self._add_keys()

    def _add_keys(self) -> None:
        """Listening goes on by key while the hands correct the text."""
        player = self._pane.player
        for key, deed in (
            ("F7", partial(player.skip, -STEP_S)),
            ("F8", player.toggle),
            ("F9", partial(player.skip, STEP_S)),
            ("Ctrl+B", player.bookmark),
            ("F4", partial(self._pane.go_to_stop, 1)),
            ("Shift+F4", partial(self._pane.go_to_stop, -1)),
        ):
            shortcut = QShortcut(QKeySequence(key), self._pane.window())
            shortcut.activated.connect(deed)

    @Slot(float)
    def _bookmark(self, at_s: float) -> None:
        session_id = self._session_id()
        if session_id is not None:
            self._deeds.toggle_bookmark(session_id, at_s)

    def _session_id(self) -> SessionId | None:
        """The dictation of this computer that is shown."""
        shown = self._pane.shown
        return shown.session.session_id if shown and not shown.origin else None

    @Slot(object)
    def _take_advice(self, action: Remedy) -> None:
        session_id = self._session_id()
        if session_id is None:
            return
        if action is Remedy.RESTORE:
            self._deeds.restore(session_id)
        elif action is Remedy.SIGN_IN:
            self.settings_wanted.emit("services")
        elif action is Remedy.SEND_NOW:
            self._deeds.send_now(session_id)

    @Slot(object)
    def _export(self, form: ExportFormat) -> None:
        session_id = self._session_id()
        if session_id is None:
            return
        # The proposed name says nothing about the patient: names of files are seen.
        path, _ = QFileDialog.getSaveFileName(
            self._pane,
            "Export this dictation",
            f"dictation{form.suffix}",
            f"{form.name} (*{form.suffix})",
        )
        if path:
            self._deeds.export(session_id, form.format_id, path)

    @Slot(str)
    def _run_template(self, template_id: str) -> None:
        session_id = self._session_id()
        if session_id is not None:
            self._deeds.run_template(session_id, template_id)

    @Slot()
    def _change_patient(self) -> None:
        shown = self._pane.shown
        if shown is not None:
            session_id = shown.session.session_id
            ask_patient(
                self._pane,
                shown.session.order.patient,
                lambda patient: self._deeds.give_to(session_id, patient),
            )

    @Slot()
    def _continue(self) -> None:
        go_on, session_id = self._workplace.continue_session, self._session_id()
        if go_on is not None and session_id is not None:
            self._deeds.ask(lambda: go_on(session_id))
            self.running_changed.emit()
