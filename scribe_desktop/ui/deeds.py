"""What a press does: every deed goes to the line, and a failure becomes a sentence.

The main window, the mini recorder, the tray and the keys all ask here, so
that "stop" is the same deed wherever it was pressed.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from scribe_desktop.domain.errors import ScribeError
from scribe_desktop.domain.order import Patient
from scribe_desktop.domain.playback import place_of
from scribe_desktop.domain.session import Capture, Session, SessionId
from scribe_desktop.ui import clipboard
from scribe_desktop.ui.as_one import edits, members
from scribe_desktop.ui.bridge import Errands
from scribe_desktop.ui.crossing import Crossing
from scribe_desktop.ui.lent_clipboard import run_steps
from scribe_desktop.ui.line import Line
from scribe_desktop.ui.view_state import Tone, unfilled
from scribe_desktop.ui.workplace import Inserted, InsertionSteps, Workplace

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Telling:
    """A sentence for the clinician, with at most one thing to do about it."""

    message: str
    remedy: str = ""
    tone: Tone = Tone.WARNING
    action: str = ""
    act: Callable[[], None] | None = None


HIDDEN = Telling("Text is hidden, so none leaves the program.", "Show it again first.")
NOTHING_TO_EDIT = Telling(
    "This dictation was set aside, so your edit was not stored.",
    "Take the dictation back, then keep the edit again.",
)


class Deeds(QObject):
    """The deeds, with what came of them as signals.

    `patient` is whom the next dictation is for. While `text_is_hidden` no text
    leaves the program.
    """

    told = Signal(object)
    running_changed = Signal()
    settings_changed = Signal()
    playing_changed = Signal(bool)
    silenced = Signal()
    text_refused = Signal(str)
    edit_refused = Signal(str, str, str)
    imported = Signal(str)

    def __init__(self, line: Line, workplace: Workplace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._line = line
        self._workplace = workplace
        self._errands = Errands(self)
        self._playing = False
        self._inserting = False
        self.patient = Patient()
        self.text_is_hidden = False
        self._play_ended = Crossing(self._end_playing)

    @property
    def errands(self) -> Errands:
        """For what may wait."""
        return self._errands

    def ask(self, question: Callable[[], T]) -> T | None:
        """Ask the line something; an error becomes a sentence on screen and None."""
        try:
            return question()
        except ScribeError as error:
            self.tell_error(error)
            return None

    def _did(self, deed: Callable[[], object]) -> bool:
        """Have it done; whether it was. If not a sentence says so, and nothing may deny it."""
        return self.ask(lambda: (deed(),)) is not None

    def tell_error(self, error: ScribeError) -> None:
        """Show an error's sentence."""
        self.told.emit(Telling(error.message, error.remedy))

    # --- the running dictation ---
    @Slot()
    def toggle(self) -> None:
        """Start a dictation, or stop the one that runs."""
        self.ask(self._start if self._line.running() is None else self._line.stop)
        self.running_changed.emit()

    def _start(self) -> SessionId:
        if self.patient.is_empty:
            return self._line.start()
        return self._line.start(replace(self._line.usual_order(), patient=self.patient))

    @Slot()
    def stop(self) -> None:
        """Stop the dictation that runs, if one does."""
        if self._line.running() is not None:
            self.ask(self._line.stop)
            self.running_changed.emit()

    @Slot()
    def toggle_pause(self) -> None:
        """Pause, or go on."""
        running = self._line.running()
        if running is not None and running.capture is not Capture.STARTING:
            paused = running.capture is Capture.PAUSED
            self.ask(self._line.resume if paused else self._line.pause)
            self.running_changed.emit()

    @Slot()
    def still_here(self) -> None:
        """Say that the dictation was not forgotten."""
        self.ask(self._line.still_here)

    @Slot()
    def cancel(self) -> None:
        """Set the running dictation aside, and offer to take that back."""
        running = self._line.running()
        if running is not None:
            is_done = self._did(self._line.cancel)
            self.running_changed.emit()
            if is_done:
                self._offer_undo(running.session_id, "The dictation was cancelled.")

    # --- stored dictations ---
    @Slot(str)
    def discard(self, session_id: SessionId) -> None:
        """Set a stored dictation aside, and offer to take that back."""
        if self._did(lambda: self._line.discard(session_id)):
            self._offer_undo(session_id, "The dictation was set aside.")

    def _offer_undo(self, session_id: SessionId, message: str) -> None:
        undo = Telling(
            message,
            "It is kept for 7 days.",
            Tone.GOOD,
            "Undo",
            lambda: self.restore(session_id),
        )
        self.told.emit(undo)

    @Slot(str)
    def restore(self, session_id: SessionId) -> None:
        """Take a cancelled dictation back."""
        self.ask(lambda: self._line.restore(session_id))

    @Slot(str)
    def send_now(self, session_id: SessionId) -> None:
        """Try at once what waits."""
        for part in self._parts(session_id):
            self.ask(partial(self._line.send_now, part.session_id))

    def _parts(self, session_id: SessionId) -> tuple[Session, ...]:
        """The linked sessions of a dictation: a deed is done to all of them."""
        stored = self.ask(self._line.sessions) or ()
        return members({one.session_id: one for one in stored}, session_id) if stored else ()

    @Slot(str, str, str)
    def store_edit(self, session_id: SessionId, key: str, text: str) -> None:
        """Store the clinician's version beside the service's."""
        parts = self._parts(session_id)
        wanted = self.ask(lambda: edits(parts, self._line.versions, key, text))
        stored = [self._did(partial(self._line.edit, *one)) for one in wanted or ()]
        if wanted is not None and not stored:
            self.told.emit(NOTHING_TO_EDIT)
        if not stored or not all(stored):
            # It exists nowhere else.
            self.edit_refused.emit(session_id, key, text)

    def give_to(self, session_id: SessionId, patient: Patient) -> None:
        """Change whose visit a dictation is."""
        for part in self._parts(session_id):
            order = replace(part.order, patient=patient)
            self.ask(partial(self._line.amend, part.session_id, order))

    def import_file(self, path: str) -> None:
        """Dictate a recording from a file."""
        self._errands.run(lambda: self._line.import_file(path), self.imported.emit, self.tell_error)

    def run_template(self, session_id: SessionId, template_id: str) -> None:
        """Have one more template filled from the same recording."""
        run = self._workplace.run_template
        if run is not None:
            self.told.emit(Telling("The template is being filled.", tone=Tone.BUSY))
            self._errands.run(
                lambda: run(session_id, template_id),
                lambda _: self.told.emit(Telling("The template is filled.", tone=Tone.GOOD)),
                self.tell_error,
            )

    # --- text ---
    @Slot(str)
    def copy(self, text: str) -> None:
        """Put text on the clipboard."""
        if self._is_hidden():
            return
        clipboard.copy_text(text)
        self.told.emit(Telling("Copied.", unfilled(text), Tone.GOOD))

    @Slot(str, str)
    def insert(self, text: str, session_id: SessionId) -> None:
        """Put a dictation's text into the window it was dictated for."""
        insertion = self._workplace.insertion
        if insertion is not None and not self._is_hidden():
            self._insert(text, insertion.into_remembered(text, session_id))

    @Slot(str)
    def insert_in_front(self, text: str) -> None:
        """Put text where the clinician has just put the cursor."""
        insertion = self._workplace.insertion
        if insertion is not None and not self._is_hidden():
            self._insert(text, insertion.into_front(text))

    def _is_hidden(self) -> bool:
        if self.text_is_hidden:
            self.told.emit(HIDDEN)
        return self.text_is_hidden

    def _insert(self, text: str, steps: InsertionSteps) -> None:
        # Two insertions at a time would paste each other's text.
        if self._inserting:
            self.told.emit(Telling("Another text is being inserted; this one waits."))
            self.text_refused.emit(text)
            return
        self._inserting = True
        run_steps(steps, lambda done: self._say_inserted(done, text))

    def _say_inserted(self, done: Inserted, text: str) -> None:
        self._inserting = False
        if done.arrived:
            self.told.emit(Telling(done.sentence or "Inserted.", unfilled(text), Tone.GOOD))
            return
        self.told.emit(Telling(done.sentence, done.remedy))
        self.text_refused.emit(done.waiting or text)

    # --- sound and files ---
    def toggle_bookmark(self, session_id: SessionId, at_s: float) -> None:
        """Mark a place in the recording, or take the mark away."""
        parts = self._parts(session_id)
        place = place_of(parts, at_s)
        if place is not None:
            part_id, frame = place
            marked = next(one.bookmarks for one in parts if one.session_id == part_id)
            wanted = frame not in marked
            self.ask(lambda: self._line.bookmark(part_id, frame, wanted=wanted))

    def play_sound(self, sound: Callable[[], bytes]) -> None:
        """Play what `sound` brings, which may wait, or stop what plays."""
        speaker = self._workplace.speaker
        if speaker is None:
            return
        if self._playing:
            speaker.stop()
            return
        self._playing = True
        self.playing_changed.emit(True)
        self._errands.run(
            lambda: speaker.play(sound(), self._play_ended.send),
            lambda _: None,
            self._could_not_play,
        )

    def stop_playing(self) -> None:
        """Be silent: another dictation is looked at, or one begins."""
        self.silenced.emit()
        if self._playing and self._workplace.speaker is not None:
            self._workplace.speaker.stop()

    def _could_not_play(self, error: ScribeError) -> None:
        self._end_playing()
        self.tell_error(error)

    @Slot()
    def _end_playing(self) -> None:
        self._playing = False
        self.playing_changed.emit(False)

    def export(self, session_id: SessionId, format_id: str, path: str) -> None:
        """Write a dictation to a file."""
        exporter = self._workplace.exporter
        if exporter is not None:
            self._errands.run(
                lambda: exporter.export(session_id, format_id, path),
                lambda _: self.told.emit(Telling("Exported.", tone=Tone.GOOD)),
                self.tell_error,
            )

    # --- settings ---
    @Slot(str, object)
    def set_setting(self, name: str, value: Any) -> None:  # noqa: ANN401  JSON
        """Store a choice; what is shown afterwards is what was stored."""
        self.ask(lambda: self._line.set_setting(name, value))
        self.settings_changed.emit()
